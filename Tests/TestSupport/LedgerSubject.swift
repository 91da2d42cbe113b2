package import Ledger
import LedgerPostgreSQL
import LedgerSQL
import LedgerSQLite
package import Screening
package import Testing

/// A database that the contract of ledgers is tested on.
package struct LedgerSubject: Sendable {
    /// Opens the ledger that belongs to a folder, making it where there is none.
    package typealias Open =
        @Sendable (
            _ folder: String, _ now: @escaping @Sendable () -> Timestamp
        ) async throws -> any WholeLedger

    /// What it is called.
    package let name: String
    /// Opens a ledger.
    package let open: Open

    /// A database.
    package init(_ name: String, open: @escaping Open) { (self.name, self.open) = (name, open) }

    /// A file beside the folders.
    package static let sqlite = LedgerSubject("SQLite") { folder, now in
        try LedgerStore(path: folder + "/papilla.sqlite", mode: .create, now: now)
    }

    /// A database of a server, named for the folders.
    private static let postgresql = LedgerSubject("PostgreSQL") { folder, now in
        let name =
            "ledger_"
            + folder.utf8.reduce(into: UInt64(14_695_981_039_346_656_037)) { hash, byte in
                hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
            }.description
        guard let server = PostgresServer.shared else { throw CancellationError() }
        return try LedgerStore(uri: try server.address(of: name), mode: .create, now: now)
    }

    /// Every database that a ledger can be kept in, as far as it is installed: who adds one adds it here.
    package static let all = [sqlite] + (PostgresServer.shared == nil ? [] : [postgresql])

    /// The one under test.
    @TaskLocal package static var current = sqlite
}

/// Runs every test of a suite once on each database.
package struct OnEveryDatabase: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? nil : self }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for subject in LedgerSubject.all {
            do { try await LedgerSubject.$current.withValue(subject) { try await function() } } catch {
                Issue.record(error, "on \(subject.name): \((error as? PapillaError)?.detailed ?? "")")
            }
        }
    }
}

extension Trait where Self == OnEveryDatabase {
    /// Once on each database.
    package static var onEveryDatabase: Self { OnEveryDatabase() }
}
