internal import Glibc

/// The regular files below a folder, one by one and in no order: a folder may hold more than memory should. Links are not followed, and what
/// begins with a dot is passed over.
package final class FileWalk {
    /// From the folder that was named to the one in hand.
    private var levels: [(folder: Folder, names: FolderNames, path: RelativePath?)]

    package init(below path: String) throws(FileError) {
        let folder = try Folder.open(path)
        levels = [(folder, try FolderNames(folder), nil)]
    }

    /// The next file: its folder, its name there, and its way from the folder that the walk began in. Nil at the end.
    ///
    /// A folder that cannot be read is told of once; the walk goes on behind it.
    package func next() throws(FileError) -> (folder: Folder, name: FileName, path: RelativePath)? {
        while let (folder, names, above) = levels.last {
            let name: FileName?
            do throws(FileError) { name = try names.next() } catch {
                levels.removeLast()
                throw error
            }
            guard let name else {
                levels.removeLast()
                continue
            }
            guard name.bytes.first != UInt8(ascii: "."), let kind = try folder.status(name)?.kind else { continue }
            let path = above.map { RelativePath($0, name) } ?? RelativePath(name)
            if kind == .file { return (folder, name, path) }
            if kind == .folder {
                let inner = try folder.folder(name)
                levels.append((inner, try FolderNames(inner), path))
            }
        }
        return nil
    }
}

/// The names of a folder's entries, in no order, read as they are asked for.
final class FolderNames {
    private let stream: OpaquePointer
    private let place: String

    init(_ folder: Folder) throws(FileError) {
        // A descriptor of its own: the position in a folder belongs to the open file.
        let own = openat(folder.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw FileError("a folder could not be read", place: folder.path) }
        guard let stream = fdopendir(own) else {
            let error = FileError("a folder could not be read", place: folder.path)
            close(own)
            throw error
        }
        self.stream = stream
        place = folder.path
    }

    deinit { closedir(stream) }

    /// The next name; nil after the last.
    func next() throws(FileError) -> FileName? {
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw FileError("a folder could not be read", place: place) }
                return nil
            }
            let length = withUnsafePointer(to: &entry.pointee.d_name) {
                strlen(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { Array(UnsafeRawBufferPointer(start: $0, count: length)) }
            if let name = FileName(bytes) { return name }
        }
    }
}
