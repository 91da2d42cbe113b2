internal import Files
internal import Glibc
internal import Screening
internal import Settings

/// Why an arrival could not go on, or nobody can: the service's choice between waiting and giving up.
///
/// The manual's table "What is waited for, and what is given up" (050) is this file and `PapillaError.isRetryable` in words.
struct Obstacle: Error {
    /// Whose trouble it is: that decides who waits.
    enum Scope {
        /// The file's own: the others go on.
        case file
        /// Storage's (ledger, spool, outbox, archive): nobody can go on.
        case storage
        /// Not yet whole; it stays in the inbox.
        case incomplete
    }

    let scope: Scope
    let error: PapillaError

    /// An error in a scope. A full or read-only disk is never one file's own trouble, and what stands in the way of one is never everybody's.
    private init(_ error: any Error, within scope: Scope) {
        let own: Scope =
            switch (error as? FileError)?.number {
            case ENOSPC, EDQUOT, EROFS: .storage
            case EEXIST, ENOTEMPTY: .file
            default: scope
            }
        self.init(scope: own, error: PapillaError(any: error))
    }

    init(scope: Scope, error: PapillaError) { (self.scope, self.error) = (scope, error) }

    /// What it waits for, in words that name no patient and no file.
    ///
    /// - Parameter paths: so that it can be said in which folder.
    func waitsFor(in paths: Configuration.Paths) -> String {
        guard error.code == .system else { return error.message }
        let place = paths.name(of: error.place).map { $0 == "ledger" ? "" : "in the \($0): " } ?? ""
        // What SQLite was doing is of no use to whoever reads this.
        let cause = error.cause.map { ": " + ($0.split(separator: " - while").first.map(String.init) ?? $0) } ?? ""
        return place + error.message + cause
    }

    /// Calls `body`, and puts what it throws into a scope.
    static func within<Value>(_ scope: Scope, _ body: () throws -> Value) throws(Obstacle) -> Value {
        do { return try body() } catch let obstacle as Obstacle { throw obstacle } catch {
            throw Obstacle(error, within: scope)
        }
    }

    /// Calls `body`, and puts what it throws into a scope.
    static func within<Value: Sendable>(_ scope: Scope, _ body: () async throws -> Value) async throws(Obstacle) -> Value {
        do { return try await body() } catch let obstacle as Obstacle { throw obstacle } catch {
            throw Obstacle(error, within: scope)
        }
    }
}
