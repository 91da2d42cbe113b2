internal import CSystemd
internal import Glibc
package import Screening

/// The space on the file system of a folder.
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

/// The kind of a file system: whether inotify tells everything that happens there.
package enum FileSystemKind: Sendable, Hashable {
    /// Every change is made through this kernel.
    case local
    /// Others change it too, and inotify is silent about that: NFS, SMB, FUSE and the like.
    case remote

    /// Magic numbers of statfs(2).
    private static let remoteTypes: Set<UInt32> = [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546, 0x0102_1997, 0x00C3_6400, 0x5346_414F, 0x7375_7245, 0x0BD0_0BD0,
        0x0116_1970,
        0x7461_636F,
    ]

    /// What a folder lies on; remote where that cannot be told, since sweeping more often does no harm.
    package init(of folder: Folder) {
        var status = statfs()
        guard fstatfs(folder.descriptor, &status) == 0 else {
            self = .remote
            return
        }
        self = Self.remoteTypes.contains(UInt32(truncatingIfNeeded: status.f_type)) ? .remote : .local
    }
}
