internal import GRDB
internal import LedgerSQL
internal import Screening

extension PapillaError {
    /// What SQLite said, as ours. An error of ours passes through. The ordinary text holds no values of the ledger: GRDB keeps them out.
    static func ledger(_ error: any Error, _ message: String, path: String) -> PapillaError {
        if let error = error as? PapillaError { return error }
        guard let database = error as? DatabaseError else { return PapillaError(.internal, message, place: path, cause: error) }
        switch database.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return PapillaError(.damaged, "\(message): it is damaged", place: path, hint: LedgerDamage.hint, cause: database)
        case .SQLITE_FULL:
            return PapillaError(
                .system, "\(message): no space is left", place: path, hint: "Make room.", cause: database, isRetryable: true)
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            return PapillaError(
                .system, "\(message): another process holds it", place: path,
                hint: "Only one papilla serve may write to it; look for a second one.", cause: database, isRetryable: true)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN:
            return PapillaError(
                .system, "\(message): not permitted", place: path,
                hint: "The ledger belongs to the group papilla; its folder must let this user in.", cause: database,
                isRetryable: true)
        case .SQLITE_IOERR:
            return PapillaError(
                .system, "\(message): its disk or file system fails", place: path, hint: "Look at the disk and its cables.",
                cause: database, isRetryable: true)
        case .SQLITE_NOMEM:
            return PapillaError(
                .system, "\(message): no memory is left", place: path, hint: "Free memory.", cause: database, isRetryable: true)
        case .SQLITE_INTERRUPT:
            return PapillaError(.system, "\(message): it was interrupted", place: path, cause: database, isRetryable: true)
        default:
            // SQLite's own message names tables and columns, and no value.
            let words = database.message.map { "\(message): \($0)" } ?? message
            return PapillaError(.internal, words, place: path, cause: database)
        }
    }
}
