internal import Files
internal import Glibc
internal import Screening

/// Files of models, there in full or not at all, also after a power cut; what the system refuses is told in words of models.
enum DurableFile {
    /// The whole of a regular file.
    /// - Throws: `.notFound`; `.damaged` if it is no regular file or larger than `limit` bytes; `.system` for what the operating system refuses.
    static func read(_ path: String, limit: Int) throws(PapillaError) -> [UInt8] {
        let file: OpenFile
        do throws(FileError) { file = try OpenFile.open(path) } catch {
            if error.number == ENOENT { throw PapillaError(.notFound, "A file of the model is missing", place: path) }
            throw .system("A file of the model cannot be opened", errno: error.number, place: path)
        }
        let unreadable = "A file of the model cannot be read"
        let status = try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.status() }
        guard status.kind == .file, status.size <= limit else {
            throw PapillaError(
                .damaged, "Expected a regular file of at most \(limit) bytes, not one of \(status.size)", place: path)
        }
        return try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.readAll() }
    }

    /// Writes a new file and waits until it is on the disk.
    static func write(_ bytes: [UInt8], to path: String) throws(PapillaError) {
        let file = try PapillaError.telling("A file of the model cannot be written", at: path) { () throws(FileError) in
            let file = try OpenFile.create(path, mode: 0o644)
            try file.write(bytes)
            return file
        }
        try PapillaError.telling("A file of the model did not reach the disk", at: path) { () throws(FileError) in try file.sync()
        }
    }

    /// Gives a file or folder its final name and waits until the folder's entry is on the disk.
    static func move(_ path: String, to final: String, in folder: String) throws(PapillaError) {
        try PapillaError.telling("A file of the model cannot be renamed", at: final) { () throws(FileError) in
            try NamedPath.rename(path, to: final)
        }
        try sync(folder)
    }

    /// Waits until a folder's entries are on the disk.
    static func sync(_ folder: String) throws(PapillaError) {
        let opened = try Self.open(folder)
        try PapillaError.telling("The models' folder did not reach the disk", at: folder) { () throws(FileError) in
            try opened.sync()
        }
    }

    /// Opens a folder.
    static func open(_ folder: String) throws(PapillaError) -> Folder {
        try PapillaError.telling("The models' folder cannot be opened", at: folder) { () throws(FileError) in
            try Folder.open(folder)
        }
    }
}
