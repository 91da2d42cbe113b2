public import Screening

/// What several services on one ledger need: who works on it, who has which arrival, and that who was given up changes nothing any more.
///
/// The database's clock says how long a lease lasts. A ledger in a file has one writer and no stations: there every requirement throws
/// `refused`, but for `isKeeper`, which is true, and `stations`.
public protocol StationLedger: Sendable {
    /// Begins to work as a station. Arrivals that it had when it stopped, and those that nobody has, are its own: those on their way, those
    /// of which a later version is under way, and those that are half forgotten.
    ///
    /// From then on every change is refused as ``PapillaError/leaseLost(_:)`` once the lease ran out, or another process entered under the
    /// same name, and as ``PapillaError/tablesChanged(_:)`` once the tables have another schema.
    /// - Parameters:
    ///   - name: what it is called.
    ///   - spool: the path of its spool folder, the same on every station.
    ///   - lease: how long it may be silent.
    /// - Throws: `refused` where a station of this name lives that has another spool.
    func enter(_ name: String, spool: String, lease: Duration) async throws(PapillaError)

    /// Says that the station lives, for as long again.
    ///
    /// - Throws: ``PapillaError/leaseLost(_:)`` where its lease ran out: it must enter anew. ``PapillaError/tablesChanged(_:)`` where
    ///   another Papilla brought the tables to another schema: the lease is left to run out, and the ledger must be opened anew.
    func renew(lease: Duration) async throws(PapillaError)

    /// Says that the station ends: others may have its arrivals at once.
    func leave() async throws(PapillaError)

    /// Every station that ever entered, by name; of a file those of the database that it was copied from, whose spools may hold files.
    func stations() async throws(PapillaError) -> [StationRow]

    /// Whether what is done once for all stations is this one's: of those that live it is the one that entered first.
    func isKeeper() async throws(PapillaError) -> Bool

    /// Makes sure that a station whose lease ran out cannot have it back, and finds its spool. Called before its folders are taken.
    ///
    /// - Returns: nil where it lives, or left nothing.
    func shutOut(_ name: String) async throws(PapillaError) -> StationRow?

    /// Makes the arrivals of a station that was shut out this one's. Called once its folders are taken.
    ///
    /// - Returns: the arrivals.
    func inherit(from name: String) async throws(PapillaError) -> [ScreeningID]

    /// Takes hold of a path in the inbox, so that no other station takes in what lies there, until the arrival is claimed.
    ///
    /// - Parameter known: the arrival that what lies there may be already.
    /// - Returns: whether it was free: no other station has it, and no other arrival, also of this station's, is to be fetched from it.
    func reserve(_ path: String, for known: ScreeningID?) async throws(PapillaError) -> Bool

    /// Lets go of a path where nothing lay any more.
    func release(_ path: String) async throws(PapillaError)
}

/// A station as the ledger knows it.
public struct StationRow: Sendable, Codable, Hashable {
    /// What it is called.
    public var name: String
    /// Where its spool is.
    public var spool: String
    /// The program that it runs.
    public var version: String
    /// When it entered, by the database's clock.
    public var entered: Timestamp
    /// Whether its lease holds.
    public var lives: Bool
    /// Arrivals in hand.
    public var arrivals: Int
    /// Counts how often the name was entered or shut out.
    public var epoch: Int64

    /// As a database has it.
    package init(
        name: String, spool: String, version: String, entered: Timestamp, lives: Bool, arrivals: Int, epoch: Int64
    ) {
        self.name = name
        self.spool = spool
        self.version = version
        self.entered = entered
        self.lives = lives
        self.arrivals = arrivals
        self.epoch = epoch
    }
}
