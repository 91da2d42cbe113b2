public import Screening

/// What custody and housekeeping need of a ledger: retention, forgetting, reading again, the regular reading of all files, backups, and
/// what holding the folders against the rows asks of it.
///
/// Statements, verification and taking up of folders are the same for every database, and made of these.
public protocol MaintenanceLedger: Sendable {
    // MARK: Reading again

    /// Writes down that a failed arrival is read again as a new one. That happens once: the new arrival can be read again in its turn.
    ///
    /// - Parameters:
    ///   - station: whose copy of the original is meant; nil: there is one service.
    ///   - actor: `user@uid` who asked for it.
    /// - Throws: `notFound`; `refused` where the arrival did not fail, was forgotten or is being forgotten, or was read again before.
    func requeue(_ id: ScreeningID, station: String?, actor: String) async throws(PapillaError)

    /// The arrivals that were read again as new ones.
    func requeued() async throws(PapillaError) -> Set<ScreeningID>

    // MARK: Forgetting

    /// Writes down that an arrival is about to be forgotten, before anything of it is removed: no later version is begun from then on.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `refused` where another station is publishing a later version of it.
    func beginForgetting(_ id: ScreeningID, actor: String) async throws(PapillaError)

    /// Forgets whom an arrival was of: its names, paths, subject and study, and the details of its audit entries. Counts, outcome,
    /// figures and digests stay, and the audit's chain still verifies.
    ///
    /// Remove its bundle and original first: afterwards the ledger no longer knows where they are (`audit verify` says if they remain).
    /// Calling it again does nothing.
    /// - Parameter actor: `user@uid` who asked for it.
    /// - Throws: `notFound`; `refused` where the arrival has not ended.
    func forget(_ id: ScreeningID, actor: String) async throws(PapillaError)

    /// Arrivals whose forgetting this service began, or one that it took over from, and did not end, and who asked for it.
    func halfForgotten() async throws(PapillaError) -> [(id: ScreeningID, actor: String)]

    /// Other arrivals of the same patient or the same image whose names are still known, oldest first.
    func related(to id: ScreeningID) async throws(PapillaError) -> [ScreeningID]

    /// Arrivals that were forgotten.
    func forgotten() async throws(PapillaError) -> Set<ScreeningID>

    // MARK: Retention

    /// Bytes of the originals in a folder, as the ledger knows them.
    func bytes(in place: OriginalsFolder) async throws(PapillaError) -> Int

    /// Which ends are old that came before a time.
    func ageLimit(_ time: Timestamp) async throws(PapillaError) -> AgeLimit

    /// A piece of the originals in a folder that nobody has decided upon, the longest kept first. It is small: whoever goes through all of
    /// them lets everybody else have the ledger in between.
    ///
    /// What a reader has decided upon is never among them, nor what is pending: both are needed.
    /// - Parameters:
    ///   - limit: what is old; nil: nothing is.
    ///   - entry: the `last` of the piece before; 0 for the first.
    func expirable(in place: OriginalsFolder, olderThan limit: AgeLimit?, after entry: Int64) async throws(PapillaError)
        -> ExpirablePiece

    /// Writes down that an original was kept long enough, before it is removed.
    ///
    /// - Parameter why: `age` or `size`.
    /// - Throws: `refused` for what has not ended, has no original, or was decided upon meanwhile.
    func expire(_ id: ScreeningID, because why: String) async throws(PapillaError)

    /// Arrivals whose original was written down as kept long enough since `time`: where a stop came before it was removed, it still is there.
    func expired(since time: Timestamp) async throws(PapillaError) -> [ArrivalRow]

    // MARK: The regular reading of all files

    /// How it stands.
    func fileChecks() async throws(PapillaError) -> FileChecks

    /// Arrivals that have ended and are not forgotten, in the order of their IDs.
    func ended(after id: ScreeningID?, limit: Int) async throws(PapillaError) -> [ScreeningID]

    /// What the ledger knows of an arrival's files; nil for what has not ended, and for what was forgotten.
    func files(of id: ScreeningID) async throws(PapillaError) -> ArrivalFiles?

    // MARK: Folders against rows

    /// What is needed to find the files of the arrivals received on `day`, or of all.
    func whereabouts(day: String?) async throws(PapillaError) -> [Whereabouts]

    /// Those of these IDs that no arrival has.
    func unknown(among ids: Set<ScreeningID>) async throws(PapillaError) -> Set<ScreeningID>

    /// Takes up an arrival that had ended, from its bundles, in one transaction.
    ///
    /// - Parameter found: with one version or more.
    func takeUp(_ found: FoundArrival, actor: String) async throws(PapillaError)

    // MARK: The whole

    /// Copies the ledger, also while the service writes to it: one moment's state, whole. The copy is verified before it gets its name.
    ///
    /// - Parameter path: the file to be made; what is there already is never replaced.
    /// - Throws: `refused` where something is at `path`; `damaged` where the copy does not verify; `system`.
    func backUp(to path: String) async throws(PapillaError) -> Backup

    /// Lets go of the database, with everything in it that was written. Every later call throws.
    ///
    /// - Throws: `internal` where it is closed already.
    func close() async throws(PapillaError)
}
