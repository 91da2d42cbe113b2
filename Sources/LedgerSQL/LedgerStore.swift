public import Ledger
public import Screening

/// A ledger in an SQL database: it knows every arrival, image, screening, decision and audit entry.
///
/// Every change of state shares a transaction with its audit entry, and a change that cannot be written to disk did not happen.
public actor LedgerStore: ArrivalLedger, DecisionLedger, AuditLedger, MaintenanceLedger, DeliveryLedger, VisitLedger, RereadLedger
{
    /// How to open it.
    public typealias Mode = LedgerMode

    /// The database. Reads that stream (export, verification) use it without the actor.
    package nonisolated let connection: any LedgerConnection
    /// The station that this service is, once it has entered.
    var station: StationFence?
    /// The clock of `received`, `finished` and audit entries.
    package let now: @Sendable () -> Timestamp

    /// A ledger that is open.
    package init(_ connection: any LedgerConnection, now: @escaping @Sendable () -> Timestamp) {
        (self.connection, self.now) = (connection, now)
    }

    /// Where the ledger is.
    public nonisolated var path: String { connection.path }

    /// Closes it, once a reading in progress has ended. Every later call throws.
    ///
    /// - Throws: `internal` where it is closed already.
    public func close() throws(PapillaError) { try connection.close() }

    /// Makes sure that what was blanked is not left in files beside the ledger's own.
    func fold() { connection.fold() }

    /// One transaction: all of `changes`, or nothing.
    package func write<Value>(_ changes: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        try connection.write(changes)
    }

    /// One consistent view.
    package nonisolated func read<Value>(_ query: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value {
        try connection.read(query)
    }
}
