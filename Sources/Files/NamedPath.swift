internal import Glibc

/// What a person or the configuration named by its path. Links on the way to it are followed: they are that person's.
package enum NamedPath {
    /// Whether there is anything.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether this user may list a folder and change what is in it.
    package static func isUsable(_ path: String) -> Bool { access(path, R_OK | W_OK | X_OK) == 0 }

    /// Whether this user may make something in a folder.
    package static func isWritable(_ path: String) -> Bool { access(path, W_OK | X_OK) == 0 }

    /// What the file system says of what a path leads to; nil where there is nothing.
    package static func status(_ path: String) throws(FileError) -> FileStatus? {
        try look(at: path, 0).map(FileStatus.init)
    }

    /// The same of the entry itself, which may be a link.
    package static func entry(_ path: String) throws(FileError) -> FileStatus? {
        try look(at: path, AT_SYMLINK_NOFOLLOW).map(FileStatus.init)
    }

    /// The user whose file or folder it is; nil where there is none.
    package static func owner(of path: String) throws(FileError) -> UInt32? { try look(at: path, 0)?.st_uid }

    private static func look(at path: String, _ flags: Int32) throws(FileError) -> stat? {
        var status = stat()
        if fstatat(AT_FDCWD, path, &status, flags) == 0 { return status }
        guard errno == ENOENT || errno == ENOTDIR else { throw FileError("an entry could not be examined", place: path) }
        return nil
    }

    /// Removes what is no folder; whether there was anything.
    @discardableResult
    package static func remove(_ path: String) throws(FileError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw FileError("an entry could not be removed", place: path) }
        return false
    }

    /// Gives a file or folder another path on the same file system. What is there already is replaced.
    package static func rename(_ path: String, to other: String) throws(FileError) {
        guard Glibc.rename(path, other) == 0 else { throw FileError("an entry could not be moved", place: path) }
    }
}
