package import Ledger
package import Screening

/// What a kind of database does for a ledger. What goes wrong is told as the ledger tells it.
package protocol LedgerConnection: Sendable {
    /// Where the ledger is, as a person wrote it; without a password.
    var path: String { get }

    /// One transaction: all of `changes`, or nothing. It is on disk when this returns.
    func write<Value>(_ changes: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value

    /// One statement by itself, which waits for no other change and has no audit entry: how long a lease lasts.
    func change<Value>(_ change: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value

    /// Whether several services may work on it at once.
    var isShared: Bool { get }

    /// Has every later `write` refused unless this station's lease holds; nil: none is.
    func fence(_ fence: StationFence?)

    /// One consistent view.
    func read<Value>(_ query: (any SQLDatabase) throws -> Value) throws(PapillaError) -> Value

    /// Has the database read everything that it holds, as far as it can be told to, in the transaction of the caller.
    ///
    /// - Throws: `damaged` where it is corrupt.
    func checkPages(_ db: any SQLDatabase) throws

    /// The tables with references to rows that are not there, in the transaction of the caller.
    func brokenReferences(_ db: any SQLDatabase) throws -> [String]

    /// Makes sure that what was blanked is not left in files beside the ledger's own.
    func fold()

    /// Copies the ledger, one moment's state, into a new SQLite file at `path`, and verifies the copy.
    ///
    /// - Throws: `damaged` where the copy does not verify.
    func backUp(to path: String) throws(PapillaError) -> Backup

    /// Ends it. Every later call throws.
    func close() throws(PapillaError)
}
