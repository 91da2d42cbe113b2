package import Files
package import Ledger
package import Screening
package import Settings

/// The folders that the service works in, open.
package struct ServiceFolders: Sendable {
    package var spool: Spool
    package var publisher: Publisher
    package let originals: Originals
    /// Where the inbox is meant to be: it may not be there.
    package let inbox: String
    /// Who works on an arrival that has ended.
    package let arrivals = KeyedLock<ScreeningID>()

    /// Opens the folders, making those that are missing. The inbox is not among them: a missing one is never made.
    package init(_ paths: Configuration.Paths) throws(PapillaError) {
        inbox = paths.inbox
        do {
            spool = Spool(root: try Folder.make(paths.spool))
            publisher = Publisher(outbox: try Folder.make(paths.outbox))
            originals = Originals(archive: try Folder.make(paths.archive), quarantine: try Folder.make(paths.quarantine))
            if !paths.isShared { _ = try Folder.make(AbsolutePath.parent(of: paths.ledger)) }
        } catch { throw PapillaError(any: error) }
    }

    /// The folders by name, for checks of space.
    package var all: [(name: String, folder: Folder)] {
        [
            ("spool", spool.root), ("outbox", publisher.outbox), ("archive", originals.archive),
            ("quarantine", originals.quarantine),
        ]
    }

    /// Whether the open folders are still what is under their paths: nothing was mounted over them, unmounted, or moved away.
    package func isInPlace(_ paths: Configuration.Paths) -> Bool {
        let places = [paths.spool, paths.outbox, paths.archive, paths.quarantine]
        return zip(all, places).allSatisfy { held, path in
            guard let held = try? held.folder.status(), let found = try? Folder.open(path).status() else { return false }
            return held.device == found.device && held.inode == found.inode
        }
    }

    /// Makes sure that a ledger that is not there may be made: one that is missing while our folders hold what it should know of is not.
    package func checkUnused(_ path: String) throws(PapillaError) {
        guard try isUnused() else {
            throw PapillaError(
                .damaged, "The ledger is missing, but there are bundles or originals that it should know of", place: path,
                hint:
                    "Put it back, or run papilla restore with a backup or --from-bundles; for a new beginning, move outbox, spool, archive and quarantine away"
            )
        }
    }

    private func isUnused() throws(PapillaError) -> Bool {
        do {
            for (_, folder) in all {
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

extension Configuration.Paths {
    /// For the ledger's checks.
    package var folders: Folders { Folders(inbox: inbox, outbox: outbox, spool: spool, archive: archive, quarantine: quarantine) }
}
