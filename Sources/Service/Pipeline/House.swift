internal import Ledger
internal import Screening

/// The folders that the service works in, open.
struct House: Sendable {
    let spool: Spool
    let publisher: Publisher
    let originals: Originals

    /// Opens the folders, making those that are missing. The inbox is not among them: a missing one is never made.
    init(_ paths: Configuration.Paths) throws(PapillaError) {
        do {
            spool = Spool(root: try Folder.make(paths.spool))
            publisher = Publisher(outbox: try Folder.make(paths.outbox))
            originals = Originals(archive: try Folder.make(paths.archive), quarantine: try Folder.make(paths.quarantine))
            _ = try Folder.make(AbsolutePath.parent(of: paths.ledger))
        } catch { throw PapillaError(any: error) }
    }

    /// The folders by name, for checks of space.
    var folders: [(name: String, folder: Folder)] {
        [
            ("spool", spool.root), ("outbox", publisher.outbox), ("archive", originals.archive),
            ("quarantine", originals.quarantine),
        ]
    }

    /// Opens the ledger. One that is missing while our folders hold what it should know of is never made anew.
    func ledger(_ path: String) throws(PapillaError) -> Ledger {
        do { return try Ledger(path: path, mode: .open) } catch {
            guard error.code == .notFound else { throw error }
            guard try isUnused() else {
                throw PapillaError(
                    .damaged, "The ledger is missing, but there are bundles or originals that it should know of", place: path,
                    hint: "Restore the ledger from a backup; for a new beginning, move outbox, spool, archive and quarantine away"
                )
            }
            return try Ledger(path: path, mode: .create)
        }
    }

    private func isUnused() throws(PapillaError) -> Bool {
        do {
            for (_, folder) in folders {
                // Ours are named for a day or an arrival.
                for name in try folder.names().map(\.description)
                where Timestamp(name + "T00:00:00Z") != nil || ScreeningID(name) != nil {
                    return false
                }
            }
            return true
        } catch { throw PapillaError(any: error) }
    }
}
