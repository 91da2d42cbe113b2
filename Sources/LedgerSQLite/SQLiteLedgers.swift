public import Ledger
internal import LedgerSQL
public import Screening

/// Ledgers in SQLite files.
public struct SQLiteLedgers: LedgerProvider {
    /// All of them.
    public init() {}

    /// Opens the file at `path`.
    public func open(_ path: String, _ mode: LedgerMode) throws(PapillaError) -> any WholeLedger {
        try LedgerStore(path: path, mode: mode)
    }

    /// Reads a backup whole: SQLite's integrity check, the audit's chain, and what must hold between the rows.
    ///
    /// - Throws: `damaged` where anything is wrong with it; `notFound`.
    public func verify(backup path: String) throws(PapillaError) -> Backup {
        let ledger: LedgerStore
        do throws(PapillaError) { ledger = try LedgerStore(path: path, mode: .readOnly) } catch {
            throw Self.refusal(error, ofBackup: path)
        }
        func damaged(_ cause: String) -> PapillaError {
            var error = PapillaError(.damaged, "The backup does not verify", place: path, hint: "Take another one")
            error.cause = cause
            return error
        }
        let findings = try ledger.read { db in
            try db.rows(sql: "PRAGMA integrity_check(10)", arguments: [], limit: .max).compactMap { String($0.values[0]) }
        }
        guard findings == ["ok"] else { throw damaged(findings.joined(separator: "; ")) }
        let chain = try ledger.verifyChain(expecting: nil)
        if let fault = chain.faults.first { throw damaged("audit entry \(fault.seq): \(fault.problem)") }
        if let fault = chain.rows.first { throw damaged("\(fault.row): \(fault.problem)") }
        if let violation = try ledger.violatedInvariants().first { throw damaged("\(violation.subject): \(violation.invariant)") }
        let arrivals = try ledger.read { db in
            try db.rows(sql: "SELECT count(*) FROM arrival", arguments: [], limit: 1).first.flatMap { Int($0.values[0]) } ?? 0
        }
        guard let digest = try FileDigest.of(path), let status = try FolderListing.status(of: path) else {
            throw PapillaError(.notFound, "There is no backup", place: path)
        }
        return Backup(
            file: path, bytes: status.bytes, sha256: digest, arrivals: arrivals, head: chain.head, entries: chain.entries)
    }

    /// Why a file cannot be opened, in words of backups: what is said of the service's own ledger would mislead.
    private static func refusal(_ error: PapillaError, ofBackup path: String) -> PapillaError {
        let hint = "Expected a file that papilla backup made, and that this user may read: name one"
        var refusal = error
        (refusal.place, refusal.hint) = (path, hint)
        switch error.code {
        case .notFound: refusal.message = "There is no such backup"
        case .damaged:
            refusal.message = "This is no backup of a ledger"
            refusal.cause = error.cause.map { "\(error.message): \($0)" } ?? error.message
        case .system where error.systemWords != nil: refusal.message = "The backup could not be opened"
        default: return error
        }
        return refusal
    }
}
