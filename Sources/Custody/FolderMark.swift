package import Files
package import Ledger
package import Screening

/// How our folders are known from others that may lie under the same paths, such as the empty mount point of a disk that is not there:
/// by a file in each that names the ledger.
package enum FolderMark {
    /// Ignored as every name that begins with a dot.
    package static let name = FileName(ours: ".papilla")

    /// Makes sure that the folders are this ledger's. A ledger that knows of no arrival takes folders as they are.
    ///
    /// - Parameter isSpoolNew: the spool may be a new one: another station has moved away the one before.
    /// - Throws: `notFound`, to be tried again, where a folder bears no mark, or another ledger's.
    package static func check(
        _ folders: ServiceFolders, _ ledger: any ArrivalLedger & AuditLedger, isSpoolNew: Bool = false
    ) async throws {
        let identity = try await ledger.identity()
        let isNew = try await ledger.arrivals(ArrivalFilter(limit: 1)).isEmpty
        for (name, folder) in folders.all {
            try check(folder, identity, isNew: isNew || isSpoolNew && name == "spool", called: "The folder under paths.\(name)")
        }
    }

    /// Makes sure that a folder is the one that a ledger used before.
    ///
    /// - Parameters:
    ///   - isNew: none was: it is taken as it is.
    ///   - name: the folder, in the words of a message.
    /// - Throws: `notFound`, to be tried again, where it bears no mark, or another ledger's.
    package static func check(_ folder: Folder, _ identity: String, isNew: Bool, called name: String) throws(PapillaError) {
        let found = try read(folder)
        if found == identity { return }
        guard isNew || found == "" else {
            throw PapillaError(
                .notFound, "\(name) is not the one that was used before", place: folder.path,
                hint: "Mount the disk that belongs there; if this folder is meant, make the empty file \(Self.name) in it",
                isRetryable: true)
        }
        do { try write(identity, folder) } catch { throw PapillaError(any: error) }
    }

    /// Whether a folder bears a ledger's mark, or may be taken for its own.
    package static func isOurs(_ folder: Folder, _ identity: String) throws(PapillaError) -> Bool {
        guard let found = try read(folder) else { return false }
        return found == identity || found.isEmpty
    }

    /// Marks folders as a ledger's, whatever they bear.
    package static func set(_ folders: ServiceFolders, _ identity: String) throws {
        for (_, folder) in folders.all { try write(identity, folder) }
    }

    private static func read(_ folder: Folder) throws(PapillaError) -> String? {
        do {
            return try folder.read(name, limit: 4096).map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
        } catch {
            throw PapillaError(any: error)
        }
    }

    private static func write(_ identity: String, _ folder: Folder) throws(PapillaError) {
        do { try folder.replace(name, with: Array("\(identity)\n".utf8)) } catch { throw PapillaError(any: error) }
    }
}
