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
        let ledger = try LedgerStore(path: path, mode: .readOnly)
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
}
