internal import Glibc
package import Screening

/// How full the file system of a folder is.
package struct DiskSpace: Sendable, Codable, Hashable {
    /// Bytes that this user can still write.
    package let free: Int
    /// Bytes in all.
    package let size: Int
    /// Entries that can still be made; nil where the file system does not count them.
    @Nullable package var entries: Int?

    /// Of the file system of an open folder.
    package init(of folder: Folder) throws(FileError) {
        var status = statvfs()
        guard fstatvfs(folder.descriptor, &status) == 0 else {
            throw FileError("a file system could not be examined", place: folder.path)
        }
        free = Int(status.f_bavail) * Int(status.f_frsize)
        size = Int(status.f_blocks) * Int(status.f_frsize)
        entries = status.f_files == 0 ? nil : Int(status.f_favail)
    }
}
