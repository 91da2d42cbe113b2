public import Screening

/// A ledger in every role. Who needs one or two of them says which.
public typealias WholeLedger = ArrivalLedger & DecisionLedger & AuditLedger & MaintenanceLedger & DeliveryLedger & VisitLedger
    & RereadLedger & StationLedger

/// How to open a ledger.
public enum LedgerMode: Sendable {
    /// For the service: make the ledger if there is none. One that is there is opened, never replaced.
    case create
    /// For a writer that expects the ledger to be there.
    case open
    /// For commands that only read.
    case readOnly
}

/// A kind of database that ledgers are kept in: how they are made, opened and restored. Only who starts the service or runs a command
/// knows which one it is.
public protocol LedgerProvider: Sendable {
    /// Opens the ledger at `path`.
    ///
    /// - Throws: `notFound` where there is none (unless `mode` is `.create`), `damaged` for what is not a ledger or is corrupt, `refused`
    ///   for one that a newer Papilla wrote, `system` where the system refuses. A ledger that is there is never recreated.
    func open(_ path: String, _ mode: LedgerMode) async throws(PapillaError) -> any WholeLedger

    /// Reads a backup whole: the database's own check, the audit's chain, and what must hold between the rows.
    ///
    /// - Throws: `damaged` where anything is wrong with it; `notFound`.
    func verify(backup path: String) async throws(PapillaError) -> Backup

    /// Copies a ledger into a new one, of this kind or a file, every row as it is, and verifies the new one: its chain ends with the same
    /// head, every row is as the audit binds it, and what must hold between rows does.
    ///
    /// - Parameters:
    ///   - address: where the new one will be.
    ///   - replacing: what is there is kept under another name; otherwise nothing may be there.
    ///   - copied: told how many rows are copied so far.
    /// - Throws: `refused` where something is at `address`; `damaged` where the new one does not verify: it is not there then.
    func copy(
        _ ledger: any WholeLedger, to address: String, replacing: Bool, copied: @escaping (Int) -> Void
    ) async throws(PapillaError) -> LedgerCopyResult
}

/// A ledger that was copied.
public struct LedgerCopyResult: Sendable, Codable, Hashable {
    /// Where it is, without a password.
    public var ledger: String
    /// Where what was there before is kept; null where nothing was.
    @Nullable public var before: String?
    /// Rows.
    public var rows: Int
    /// Audit entries.
    public var entries: Int64
    /// The audit's last hash, the same as in the ledger that was copied.
    public var head: String

    /// As a database has it.
    package init(ledger: String, before: String?, rows: Int, entries: Int64, head: String) {
        self.ledger = ledger
        self.before = before
        self.rows = rows
        self.entries = entries
        self.head = head
    }
}

/// A copy of the ledger that was verified.
public struct Backup: Sendable, Codable, Hashable {
    /// Where it is.
    public var file: String
    /// Its size.
    public var bytes: Int
    /// Of its content.
    public var sha256: Digest
    /// Arrivals in it.
    public var arrivals: Int
    /// The audit's last hash in it: note it elsewhere.
    public var head: String
    /// Audit entries in it.
    public var entries: Int64

    /// As a database has it.
    package init(
        file: String, bytes: Int, sha256: Digest, arrivals: Int, head: String, entries: Int64
    ) {
        self.file = file
        self.bytes = bytes
        self.sha256 = sha256
        self.arrivals = arrivals
        self.head = head
        self.entries = entries
    }
}
