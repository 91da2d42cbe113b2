internal import Glibc
internal import Screening

/// Files and folders that a person or the configuration named by their paths. Links on the way to it are followed: they are that person's.
package enum NamedPath {
    /// Whether there is anything.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Opens a folder that this user may list, and change what is in it.
    package static func usableFolder(_ path: String) throws(FileError) -> Folder {
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw FileError("a folder cannot be read and written", place: path)
        }
        return try Folder.open(path)
    }

    /// Whether this user may make something in a folder.
    package static func isWritable(_ path: String) -> Bool { access(path, W_OK | X_OK) == 0 }

    /// Whether this user may run what a path leads to.
    package static func isProgram(_ path: String) -> Bool { access(path, X_OK) == 0 }

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

extension NamedPath {
    /// All of the regular file that a path leads to; anything else is refused at once.
    package static func read(_ path: String) throws(FileError) -> [UInt8] {
        let file = try OpenFile.open(path)
        let kind = try file.status().kind
        guard kind == .file else { throw .notAFile(kind, at: path) }
        return try file.readAll()
    }

    /// Makes sure that something can be made in a folder, by making it and taking it away again: a missing right, a read-only and a full file
    /// system are found out before the hours of work whose end is to be written there.
    package static func tryWriting(in folder: String) throws(FileError) {
        let trial = "\(folder)/.\(getpid()).trial"
        unlink(trial)
        defer { unlink(trial) }
        do throws(FileError) { _ = try OpenFile.create(trial, mode: 0o600) } catch {
            throw FileError("a file could not be made", place: folder, number: error.number)
        }
    }

    /// Makes sure likewise that a file can be replaced, or made.
    package static func tryReplacing(_ path: String) throws(FileError) {
        switch try status(path)?.kind {
        case .folder: throw .notAFile(.folder, at: path)
        case nil, .file: try tryWriting(in: AbsolutePath.parent(of: AbsolutePath.of(path)))
        default:
            guard access(path, W_OK) == 0 else { throw FileError("a file could not be written", place: path) }
        }
    }

    /// Writes a file; one that is there is emptied first.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try OpenFile.create(path, isNew: false).write(bytes)
    }

    /// Replaces a file, or makes it: complete or not at all, also after a power cut. It keeps its mode; a device is written to.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let present = try look(at: path, 0)
        if let present, present.st_mode & S_IFMT != S_IFREG { return try write(bytes, to: path) }
        let folder = path.utf8.contains(UInt8(ascii: "/")) ? String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) : ""
        let draft = "\(folder).\(path.pathNames().last ?? path).\(getpid()).draft"
        do throws(FileError) {
            // What a process of this number left is taken away, and nothing is written through a link that somebody put there.
            unlink(draft)
            let file = try OpenFile.create(draft)
            if let present { try file.setMode(present.st_mode & 0o7777) }
            try file.write(bytes)
            try file.sync()
            try rename(draft, to: path)
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Makes a folder, with this mode less the umask; false where there is something of that name already.
    @discardableResult
    package static func makeFolder(_ path: String, mode: UInt32 = 0o777) throws(FileError) -> Bool {
        if mkdir(path, mode) == 0 { return true }
        guard errno == EEXIST else { throw FileError("a folder could not be made", place: path) }
        return false
    }

    /// Makes a folder and those above it where they are missing, with this mode less the umask.
    package static func makeFolders(_ path: String, mode: UInt32 = 0o777) throws(FileError) {
        if try status(path)?.kind == .folder { return }
        var partial = path.isAbsolutePath ? "" : "."
        for name in path.pathNames() {
            partial += "/" + name
            try makeFolder(partial, mode: mode)
        }
        guard try status(path)?.kind == .folder else {
            throw FileError("a folder could not be made", place: path, number: EEXIST)
        }
    }

    /// Makes a folder for this user alone, of a name that nobody else has, below $TMPDIR or /tmp.
    package static func makeTemporaryFolder(_ purpose: String) throws(FileError) -> String {
        // Where POSIX has temporary files: in the folder that TMPDIR names, else in /tmp, which every system has.
        let parent = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        // Six X, in whose place mkdtemp(3) puts what makes the name nobody else's.
        let blank = String(repeating: "X", count: 6)
        var template = Array("\(parent)/papilla-\(purpose)-\(blank)".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("a folder could not be made", place: parent) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes a folder of ours with everything below it, or another entry; nothing happens where there is none.
    package static func removeTree(_ path: String) throws(FileError) {
        guard let name = path.pathNames().last else { return }
        try Folder.open(AbsolutePath.parent(of: AbsolutePath.of(path))).removeTree(FileName(ours: name))
    }

    /// Removes a folder that is empty; false where it is not, or not there.
    @discardableResult
    package static func removeEmptyFolder(_ path: String) -> Bool { rmdir(path) == 0 }

    /// The names of a folder's entries as text, sorted.
    package static func names(in folder: String) throws(FileError) -> [String] { try Folder.open(folder).names().map(\.text) }

    /// The paths of everything below a folder, from there; links are named and not followed.
    package static func tree(below folder: String) throws(FileError) -> [String] {
        var paths: [String] = []
        func walk(_ folder: Folder, _ prefix: String) throws(FileError) {
            for name in try folder.names() {
                paths.append(prefix + name.text)
                if try folder.status(name)?.kind == .folder { try walk(folder.folder(name), prefix + name.text + "/") }
            }
        }
        try walk(Folder.open(folder), "")
        return paths
    }

    /// Makes a symbolic link.
    package static func link(_ path: String, to target: String) throws(FileError) {
        guard symlink(target, path) == 0 else { throw FileError("a link could not be made", place: path) }
    }
}

/// The streams that every process has: input, output and errors.
package enum StandardStreams {
    /// Occupies those that the caller closed, so that no file that is opened later gets what is printed. What goes to such a standard output
    /// fails, as it should.
    package static func reserve() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
