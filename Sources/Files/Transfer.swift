internal import Glibc

/// Moves an entry between folders of ours: by rename, and between file systems by a copy that is verified before the original goes.
///
/// May be called again after a stop at any point: what was done already is found and not done twice.
package enum Transfer {
    /// The name of a copy that is not complete.
    package static let draft = FileName(ours: ".papilla-part")

    /// Moves `name` out of `source` into `target`, as `newName`. Both folders are on disk afterwards.
    ///
    /// - Parameter byCopy: it is copied where a rename would do, too, so that who has the file open cannot write to ours.
    /// - Returns: false where there is nothing to move (any more).
    /// - Throws: `FileError`; with EAGAIN where the file was changed while it was copied.
    @discardableResult
    package static func move(_ name: FileName, from source: Folder, to target: Folder, as newName: FileName, byCopy: Bool = false)
        throws(FileError) -> Bool
    {
        guard try source.status(name) != nil else { return false }
        if try target.status(newName) != nil {
            // A copy was complete when we stopped, and only the original was still there; or this is another file of the same name.
            guard try isCopy(name, source, newName, target) else { return false }
            try source.remove(name)
        } else {
            do throws(FileError) {
                guard !byCopy else { throw FileError("a copy is wanted", place: source.place(name), number: EXDEV) }
                try source.rename(name, to: target, as: newName)
            } catch {
                guard error.number == EXDEV else { throw error }
                try copy(name, from: source, to: target, as: newName)
                try source.remove(name)
            }
        }
        try target.sync()
        try source.sync()
        return true
    }

    /// Copies an entry and verifies the copy; it is on disk under its name when this returns.
    package static func copy(_ name: FileName, from source: Folder, to target: Folder, as newName: FileName) throws(FileError) {
        guard let status = try source.status(name) else {
            throw FileError("a file to be copied is gone", place: source.place(name), number: ENOENT)
        }
        guard status.kind == .file else { return try copySpecial(name, status, from: source, to: target, as: newName) }
        try target.remove(draft)
        let original = try OpenFile.open(name, in: source)
        let before = try original.status()
        let written = try OpenFile.create(draft, in: target)
        try original.forEachChunk { (bytes) throws(FileError) in try written.write(bytes) }
        try written.sync()
        guard try original.digest() == written.digest(), try original.status() == before, try source.status(name) == before else {
            try target.remove(draft)
            throw FileError("a file changed while it was copied", place: source.place(name), number: EAGAIN)
        }
        try target.rename(draft, to: target, as: newName)
        try target.sync()
    }

    /// Makes a file of a folder of ours our own: mode 0640, and a copy in its place where it is another user's or has another name.
    /// Who dropped it cannot write to it then.
    package static func own(_ name: FileName, in folder: Folder) throws(FileError) {
        guard try folder.status(name)?.kind == .file, try !OpenFile.open(name, in: folder).restrict() else { return }
        try copy(name, from: folder, to: folder, as: name)
    }

    /// A link is made anew; of what cannot be (a socket, a device) an empty file keeps the name.
    private static func copySpecial(
        _ name: FileName, _ status: FileStatus, from source: Folder, to target: Folder, as newName: FileName
    ) throws(FileError) {
        if status.kind == .link {
            var text = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let length = name.withCString { readlinkat(source.descriptor, $0, &text, Int(PATH_MAX)) }
            guard length >= 0 else { throw FileError("a link could not be read", place: source.place(name)) }
            guard newName.withCString({ symlinkat(text, target.descriptor, $0) }) == 0 else {
                throw FileError("a link could not be made", place: target.place(newName))
            }
        } else {
            try target.write([], as: newName)
        }
        try target.sync()
    }

    private static func isCopy(_ name: FileName, _ source: Folder, _ newName: FileName, _ target: Folder) throws(FileError)
        -> Bool
    {
        // What is no file has no content to compare; ours was made from it.
        guard try source.status(name)?.kind == .file else { return true }
        guard try target.status(newName)?.kind == .file else { return false }
        return try OpenFile.open(name, in: source).digest() == OpenFile.open(newName, in: target).digest()
    }
}
