internal import Ledger
internal import Screening

extension DeliveryRow {
    static let select = """
        SELECT delivery.*, screening.arrival, screening.version, screening.bundle, screening.bundle_sha256
        FROM delivery JOIN screening ON screening.id = delivery.screening
        """

    init(_ row: SQLRow) throws {
        guard let arrival = ScreeningID(row["arrival"]), let state = State(rawValue: row["state"]),
            let due = Timestamp(row["due"] as String), let changed = Timestamp(row["changed"] as String),
            let bundleDigest = Digest(row["bundle_sha256"] as String)
        else { throw PapillaError(.damaged, "A delivery of the ledger cannot be read", hint: LedgerDamage.hint) }
        self.init(
            number: row["id"], arrival: arrival, version: row["version"], target: row["target"], state: state,
            why: (row["why"] as String?).flatMap(Why.init), due: due, changed: changed, bundle: row["bundle"],
            bundleDigest: bundleDigest)
    }
}
