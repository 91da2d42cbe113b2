package import Ledger
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

    /// Every database that a ledger can be kept in: who adds one adds it here.
    package static let all = [sqlite]

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
                Issue.record(error, "on \(subject.name)")
            }
        }
    }
}

extension Trait where Self == OnEveryDatabase {
    /// Once on each database.
    package static var onEveryDatabase: Self { OnEveryDatabase() }
}
