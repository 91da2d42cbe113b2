internal import Glibc
internal import Screening

/// How full the file system of a folder is.
struct DiskSpace: Sendable, Codable, Hashable {
    /// Bytes that this user can still write.
    let free: Int
    /// Bytes in all.
    let size: Int
    /// Entries that can still be made; nil where the file system does not count them.
    @Nullable var entries: Int?

    /// Of the file system of an open folder.
    init(of folder: Folder) throws(FileError) {
        var status = statvfs()
        guard fstatvfs(folder.descriptor, &status) == 0 else {
            throw FileError("a file system could not be examined", place: folder.path)
        }
        free = Int(status.f_bavail) * Int(status.f_frsize)
        size = Int(status.f_blocks) * Int(status.f_frsize)
        entries = status.f_files == 0 ? nil : Int(status.f_favail)
    }

    /// Whether it is fuller than allowed.
    func isBelow(_ floor: Configuration.DiskFloor) -> Bool { free < floor.bytes(of: size) || entries.map { $0 < 100 } ?? false }
}
