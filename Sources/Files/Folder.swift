internal import Glibc
internal import Screening

/// An open folder. Everything in it is reached through its descriptor, one name at a time, and no symbolic link is ever followed.
package final class Folder: Sendable {
    /// Closed when the folder is released.
    package let descriptor: Int32
    /// For messages.
    package let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a folder by its path: one that the configuration names, which may be a symbolic link.
    package static func open(_ path: String) throws(FileError) -> Folder {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError("a folder could not be opened", place: path) }
        return Folder(descriptor: descriptor, path: path)
    }

    /// Opens a folder by its path, making it and those above it where they are missing (mode 0750).
    package static func make(_ path: String) throws(FileError) -> Folder {
        do throws(FileError) { return try open(path) } catch {
            guard error.number == ENOENT else { throw error }
            let parent = path.pathNames().dropLast()
            guard !parent.isEmpty || path.isAbsolutePath, let name = path.pathNames().last else { throw error }
            let above = try make((path.isAbsolutePath ? "/" : "") + parent.joined(separator: "/"))
            return try above.make(FileName(ours: name))
        }
    }

    /// The folder's own status.
    package func status() throws(FileError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("a folder could not be examined", place: path) }
        return FileStatus(status)
    }

    /// An entry's status; nil where there is no such entry.
    package func status(_ name: FileName) throws(FileError) -> FileStatus? {
        var status = stat()
        guard name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            // No entry can have a name that is too long, such as that of the sidecar of a long one.
            if errno == ENOENT || errno == ENAMETOOLONG { return nil }
            throw FileError("an entry could not be examined", place: place(name))
        }
        return FileStatus(status)
    }

    /// Opens a folder in this one; a symbolic link is refused.
    package func folder(_ name: FileName) throws(FileError) -> Folder {
        let opened = name.withCString { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
        guard opened >= 0 else { throw FileError("a folder could not be opened", place: place(name)) }
        return Folder(descriptor: opened, path: place(name))
    }

    /// Opens a folder further below; this one where `path` is nil.
    package func folder(_ path: RelativePath?) throws(FileError) -> Folder {
        var folder = self
        for name in path?.names ?? [] { folder = try folder.folder(name) }
        return folder
    }

    /// Opens a folder in this one, made where it is missing, mode 0750 whatever the umask, and on disk when this returns.
    package func make(_ name: FileName) throws(FileError) -> Folder {
        if name.withCString({ mkdirat(descriptor, $0, 0o750) }) == 0 {
            let made = try folder(name)
            guard fchmod(made.descriptor, 0o750) == 0 else {
                throw FileError("a folder's mode could not be set", place: made.path)
            }
            try sync()
            return made
        }
        guard errno == EEXIST else { throw FileError("a folder could not be made", place: place(name)) }
        return try folder(name)
    }

    /// Lets the folder's group write to it, too, where that may be.
    package func share() { _ = fchmod(descriptor, 0o770) }

    /// Whether this user may list and change what is in it.
    package var isUsable: Bool { faccessat(descriptor, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 }

    /// Keeps other processes that ask for it out of what is done here, waiting for them first: flock(2), until the folder is released.
    package func lock() throws(FileError) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError("a folder could not be locked", place: path) }
        }
    }

    /// Makes what was done to the folder's entries last.
    package func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("a folder could not be written to disk", place: path) }
    }

    /// The names of all entries, in no order, one by one: a folder may hold more than memory should.
    package func forEachName(_ body: (FileName) throws(FileError) -> Void) throws(FileError) {
        let names = try FolderNames(self)
        while let name = try names.next() { try body(name) }
    }

    /// The names of all entries, sorted: for folders of our own, which are small.
    package func names() throws(FileError) -> [FileName] {
        var names: [FileName] = []
        try forEachName { (name) throws(FileError) in names.append(name) }
        return names.sorted()
    }

    /// Whether it has no entries.
    package func isEmpty() throws(FileError) -> Bool { try names().isEmpty }

    /// An entry for messages.
    package func place(_ name: FileName) -> String { "\(path)/\(name)" }
}
