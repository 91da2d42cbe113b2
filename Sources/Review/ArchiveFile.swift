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
        let names = path.pathNames(keepingEmpty: true)
        guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }) else {
            throw PapillaError(.badInput, "This is no path below the folder", place: path)
        }
        var place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for (index, name) in names.enumerated() where place >= 0 {
            let flags = index + 1 < names.count ? O_DIRECTORY : O_NONBLOCK
            let next = openat(place, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags)
            let number = errno
            close(place)
            (place, errno) = (next, number)
        }
        guard place >= 0 else {
            if errno == ENOENT { throw PapillaError(.notFound, "A file is gone", place: path, hint: "Run papilla audit verify") }
            throw .system(
                "A file could not be opened", errno: errno, place: path,
                hint: "Only members of the group papilla may read the service's folders")
        }
        defer { close(place) }
        var status = stat()
        guard fstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) <= limit else {
            throw PapillaError(.damaged, "This is not a file of the expected kind and size", place: path)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(place, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system("A file could not be read", errno: errno, place: path) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
