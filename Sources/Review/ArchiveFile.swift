internal import Files
internal import Glibc
package import Screening

/// A file below one of the service's folders. Nothing outside of that folder is ever opened: no name is `..`, and no link is followed.
package enum ArchiveFile {
    /// All of an original, if it is still the image that was screened.
    ///
    /// - Parameters:
    ///   - original: as the ledger names it, `archive/2026-11-24/ID/NAME`.
    ///   - id: whose it is; the error names it, and no file.
    ///   - digest: what the ledger says of its bytes.
    /// - Throws: `damaged` where it is another one; as `read`.
    package static func original(
        _ original: String, of id: ScreeningID, in archive: String, expecting digest: Digest
    ) throws(PapillaError) -> [UInt8] {
        let bytes = try read(String(original.dropFirst("archive/".count)), in: archive)
        guard Digest(of: bytes) == digest else {
            throw PapillaError(
                .damaged, "The original of \(id) in the archive is not the image that was screened", place: original,
                hint: "papilla audit verify names all that were changed; put this one back from a backup")
        }
        return bytes
    }

    /// All of a published file, if it is still as it was published.
    /// - Throws: `damaged` where it is another one; as `read`.
    package static func read(_ path: String, in folder: String, expecting digest: Digest) throws(PapillaError) -> [UInt8] {
        let bytes = try read(path, in: folder)
        guard Digest(of: bytes) == digest else {
            throw PapillaError(
                .damaged, "A published file is not the one that was published", place: path, hint: "Run papilla audit verify")
        }
        return bytes
    }

    /// All of a file.
    ///
    /// - Parameters:
    ///   - path: relative to the folder, as the ledger has it.
    ///   - folder: one that the configuration names.
    ///   - limit: bytes at most.
    /// - Throws: `badInput` for a path that leaves the folder, `notFound` for a file that is not there, `system`.
    package static func read(_ path: String, in folder: String, limit: Int = 1 << 30) throws(PapillaError) -> [UInt8] {
        guard let relative = RelativePath(ours: path) else {
            throw PapillaError(.badInput, "This is no path below the folder", place: path)
        }
        let unexpected = PapillaError(.damaged, "This is not a file of the expected kind and size", place: path)
        let file: OpenFile
        do throws(FileError) { file = try OpenFile.open(relative.name, in: Folder.open(folder).folder(relative.parent)) } catch {
            switch error.number {
            case ENOENT: throw PapillaError(.notFound, "A file is gone", place: path, hint: "Run papilla audit verify")
            case EINVAL: throw unexpected
            default:
                throw .system(
                    "A file could not be opened", errno: error.number, place: path,
                    hint: "Only members of the group papilla may read the service's folders")
            }
        }
        let unreadable = "A file could not be read"
        let status = try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.status() }
        guard status.size <= limit else { throw unexpected }
        return try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.readAll() }
    }
}
