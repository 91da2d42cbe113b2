internal import Glibc

extension Folder {
    /// Gives an entry of this folder a place in another one of the same file system. An entry already there is replaced.
    package func rename(_ name: FileName, to other: Folder, as newName: FileName) throws(FileError) {
        let result = name.withCString { old in newName.withCString { new in renameat(descriptor, old, other.descriptor, new) } }
        guard result == 0 else { throw FileError("an entry could not be moved", place: place(name)) }
    }

    /// Gives a file of this folder a place in another one of the same file system, unless there is an entry of that name already.
    ///
    /// - Returns: false where there is one.
    package func rename(_ name: FileName, to other: Folder, asNew newName: FileName) throws(FileError) -> Bool {
        // A link is never made over anything; a rename always is.
        let result = name.withCString { old in newName.withCString { new in linkat(descriptor, old, other.descriptor, new, 0) } }
        if result == 0 { return try remove(name) }
        if errno == EEXIST { return false }
        guard errno == EPERM || errno == ENOTSUP || errno == ENOSYS else {
            throw FileError("an entry could not be moved", place: place(name))
        }
        // SMB and others know no links: looking first leaves only a moment.
        guard try other.status(newName) == nil else { return false }
        try rename(name, to: other, as: newName)
        return true
    }

    /// How many names a file has.
    package func links(_ name: FileName) throws(FileError) -> Int {
        var status = stat()
        guard name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw FileError("an entry could not be examined", place: place(name))
        }
        return Int(status.st_nlink)
    }

    /// Removes an entry that is not a folder; whether there was one.
    @discardableResult
    package func remove(_ name: FileName) throws(FileError) -> Bool {
        if name.withCString({ unlinkat(descriptor, $0, 0) }) == 0 { return true }
        guard errno == ENOENT else { throw FileError("an entry could not be removed", place: place(name)) }
        return false
    }

    /// Removes an empty folder; false where it is not empty or not there.
    @discardableResult
    package func removeEmpty(_ name: FileName) throws(FileError) -> Bool {
        if name.withCString({ unlinkat(descriptor, $0, AT_REMOVEDIR) }) == 0 { return true }
        guard errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT else {
            throw FileError("a folder could not be removed", place: place(name))
        }
        return false
    }

    /// Removes an entry with everything below it; only ever called on what is ours. Nothing happens where there is none.
    package func removeTree(_ name: FileName) throws(FileError) {
        guard let status = try status(name) else { return }
        guard status.kind == .folder else {
            try remove(name)
            return
        }
        let inner = try folder(name)
        for child in try inner.names() { try inner.removeTree(child) }
        try removeEmpty(name)
    }

    /// Writes a new file, mode 0640 whatever the umask; its content is on disk when this returns, its name after `sync()`.
    package func write(_ bytes: [UInt8], as name: FileName) throws(FileError) {
        let file = try OpenFile.create(name, in: self)
        try file.write(bytes)
        try file.sync()
    }

    /// Replaces a file by one with this content: complete or not at all, also after a power cut.
    package func replace(_ name: FileName, with bytes: [UInt8]) throws(FileError) {
        let draft = FileName(ours: ".papilla-draft")
        try remove(draft)
        try write(bytes, as: draft)
        try rename(draft, to: self, as: name)
        try sync()
    }

    /// The whole of a regular file; nil where there is none.
    package func read(_ name: FileName, limit: Int) throws(FileError) -> [UInt8]? {
        let file: OpenFile
        do { file = try OpenFile.open(name, in: self) } catch  where error.number == ENOENT { return nil }
        guard try file.status().size <= limit else {
            throw FileError("a file is larger than expected", place: place(name), number: EFBIG)
        }
        return try file.readAll()
    }
}
