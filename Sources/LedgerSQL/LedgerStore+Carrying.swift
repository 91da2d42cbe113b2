public import Ledger
public import Screening

/// What a station carries to a target just now: a reservation of a path that nothing in the inbox has, under the station's epoch. It counts
/// while that station lives; whoever takes over from it lets go of it.
extension LedgerStore {
    /// Takes a delivery in hand. See ``DeliveryLedger``.
    public func beginDelivery(_ number: Int64) throws(PapillaError) -> DeliveryRow? {
        guard let station else { return try due(number) }
        return try write { db in
            guard let row = try Self.due(db, number) else { return nil }
            // What an earlier start of this station left counts no more.
            try db.execute(
                sql: "DELETE FROM reservation WHERE station = ? AND path LIKE '\(Self.carried)%' AND path NOT LIKE ?",
                arguments: [station.station, "%/\(station.epoch)"])
            try db.execute(
                sql: "INSERT INTO reservation (path, station) VALUES (?, ?) ON CONFLICT (path) DO NOTHING",
                arguments: [Self.mark(row.arrival, station), station.station])
            return row
        }
    }

    /// Lets go of a delivery that was not carried out. See ``DeliveryLedger``.
    public func dropDelivery(of id: ScreeningID) throws(PapillaError) {
        guard station != nil else { return }
        try write { db in try letGoOfDelivery(db, of: id) }
    }

    /// Lets go of it in the caller's transaction.
    func letGoOfDelivery(_ db: any SQLDatabase, of id: ScreeningID) throws {
        guard let station else { return }
        try release(db, Self.mark(id, station))
    }

    /// Another station that lives and carries a result of an arrival to a target; nil: none does.
    func carrier(_ db: any SQLDatabase, of id: ScreeningID) throws -> String? {
        guard let station else { return nil }
        return try String.fetchOne(
            db,
            sql: """
                SELECT station.name FROM station JOIN reservation ON reservation.station = station.name
                    AND reservation.path = '\(Self.carried)\(id)/' || station.name || '/' || CAST(station.epoch AS TEXT)
                WHERE station.name <> ? AND station.lease_until > clock_timestamp()
                """, arguments: [station.station])
    }

    /// A path in the inbox never begins like that.
    private static let carried = "/delivery/"

    private static func mark(_ id: ScreeningID, _ station: StationFence) -> String {
        "\(carried)\(id)/\(station.station)/\(station.epoch)"
    }
}
