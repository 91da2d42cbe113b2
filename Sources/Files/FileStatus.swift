package import Glibc

/// An entry as the file system describes it, without following it where it is a symbolic link.
package struct FileStatus: Sendable, Hashable {
    /// The kinds of entry that matter.
    package enum Kind: Sendable {
        case file
        case folder
        case link
        case socket
        /// A FIFO or device.
        case special
    }

    /// What kind of entry it is.
    package let kind: Kind
    /// The file system that it is on.
    package let device: UInt64
    /// Its number there.
    package let inode: UInt64
    /// Bytes.
    package let size: Int64
    /// Its modification time in nanoseconds: only ever compared with itself, since a foreign clock wrote it.
    package let modified: Int64

    package init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFSOCK: .socket
            default: .special
            }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// A regular file of which only device and inode are known: whatever is found in its place has changed.
    package init(device: UInt64, inode: UInt64) {
        kind = .file
        self.device = device
        self.inode = inode
        size = -1
        modified = 0
    }

    /// Whether only device and inode are known, from another life of the process or another machine.
    package var isRemembered: Bool { size < 0 }

    /// Whether it is still the same entry, with the same content as far as can be seen without reading it.
    package func isUnchanged(since other: FileStatus) -> Bool { self == other }
}
