internal import Crypto
internal import Glibc
package import Screening

/// An open regular file. A symbolic link, FIFO, socket or device is refused before anything is read.
package final class OpenFile: Sendable {
    private let descriptor: Int32
    private let place: String
    private static let chunk = 1 << 20

    /// Takes over a descriptor, which is closed with it.
    init(descriptor: Int32, place: String) {
        self.descriptor = descriptor
        self.place = place
    }

    deinit { close(descriptor) }

    /// Opens a file for reading. Not blocking, so that a FIFO put in its place cannot hold us up.
    package static func open(_ name: FileName, in folder: Folder) throws(FileError) -> OpenFile {
        let opened = name.withCString { openat(folder.descriptor, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) }
        guard opened >= 0 else { throw FileError("a file could not be opened", place: folder.place(name)) }
        let file = OpenFile(descriptor: opened, place: folder.place(name))
        let kind = try file.status().kind
        guard kind == .file else { throw .notAFile(kind, at: file.place) }
        return file
    }

    /// Makes a new file for writing, mode 0640 whatever the umask.
    package static func create(_ name: FileName, in folder: Folder) throws(FileError) -> OpenFile {
        let made = name.withCString { openat(folder.descriptor, $0, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640) }
        guard made >= 0 else { throw FileError("a file could not be made", place: folder.place(name)) }
        let file = OpenFile(descriptor: made, place: folder.place(name))
        try file.setMode(0o640)
        return file
    }

    /// Opens what a path leads to for reading, links followed, whatever it is: its kind is for the caller to look at. Not blocking, so that
    /// a FIFO cannot hold us up.
    package static func open(_ path: String) throws(FileError) -> OpenFile {
        let opened = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard opened >= 0 else { throw FileError("a file could not be opened", place: path) }
        return OpenFile(descriptor: opened, place: path)
    }

    /// Makes a file for writing at a path, with this mode less the umask.
    ///
    /// - Parameter isNew: one that is there already is refused (EEXIST), and not emptied.
    package static func create(_ path: String, mode: UInt32 = 0o666, isNew: Bool = true) throws(FileError) -> OpenFile {
        let made = Glibc.open(path, O_WRONLY | O_CREAT | (isNew ? O_EXCL : O_TRUNC) | O_CLOEXEC, mode)
        guard made >= 0 else { throw FileError("a file could not be made", place: path) }
        return OpenFile(descriptor: made, place: path)
    }

    /// Gives the file another mode.
    package func setMode(_ mode: UInt32) throws(FileError) {
        guard fchmod(descriptor, mode) == 0 else { throw FileError("a file's mode could not be set", place: place) }
    }

    /// What the file system says of the open file.
    package func status() throws(FileError) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("a file could not be examined", place: place) }
        return FileStatus(status)
    }

    /// Whether anyone has the file open for writing; nil where the kernel does not say: on what is not a local file system, and for files
    /// of other users.
    ///
    /// A read lease is granted only where nobody has (fcntl(2)); it is given back at once.
    package func hasWriter() -> Bool? {
        // Of <fcntl.h>, hidden behind _GNU_SOURCE: F_SETSIG and F_SETLEASE. SIGURG is ignored by default: someone who opens the file while
        // the lease is held must not end this process.
        let (setSignal, setLease): (Int32, Int32) = (10, 1024)
        guard fcntl(descriptor, setSignal, SIGURG) == 0 else { return nil }
        if fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 {
            _ = fcntl(descriptor, setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN ? true : nil
    }

    /// The user whose file it is.
    package func owner() throws(FileError) -> UInt32 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("a file could not be examined", place: place) }
        return status.st_uid
    }

    /// Makes the file one that only its owner writes to, where it is ours alone.
    ///
    /// - Returns: false where it is another user's, or has another name through which it can be written to.
    package func restrict() throws(FileError) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("a file could not be examined", place: place) }
        guard status.st_uid == geteuid(), status.st_nlink == 1 else { return false }
        if status.st_mode & 0o7777 != 0o640 { try setMode(0o640) }
        return true
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = FileError("a file could not be read", place: place) }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything, from the start.
    package func readAll() throws(FileError) -> [UInt8] {
        let size = Int(try status().size)
        var bytes = try read(at: 0, count: size)
        // It may have grown since it was examined.
        while true {
            let more = try read(at: Int64(bytes.count), count: Self.chunk)
            if more.isEmpty { return bytes }
            bytes += more
        }
    }

    /// Calls `body` with every piece of the file in turn: a file need not fit into memory.
    package func forEachChunk(_ body: ([UInt8]) throws(FileError) -> Void) throws(FileError) {
        var offset: Int64 = 0
        while true {
            let bytes = try read(at: offset, count: Self.chunk)
            if bytes.isEmpty { return }
            try body(bytes)
            offset += Int64(bytes.count)
        }
    }

    /// Adds bytes at the end of what was written so far.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("a file could not be written", place: place) }
            written += count
        }
    }

    /// Takes away what stands behind so many bytes.
    func truncate(to size: Int64) throws(FileError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileError("a file could not be cut", place: place) }
    }

    /// Makes the content last.
    package func sync() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("a file could not be written to disk", place: place) }
    }
}

extension OpenFile {
    /// The digest and size of the content, which need not fit into memory.
    package func digest() throws(FileError) -> (digest: Screening.Digest, bytes: Int) {
        var hash = SHA256()
        var count = 0
        try forEachChunk { (bytes) throws(FileError) in
            hash.update(data: bytes)
            count += bytes.count
        }
        let digits = Array("0123456789abcdef")
        let text = String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        guard let digest = Screening.Digest(text) else { preconditionFailure("64 hexadecimal digits are a digest") }
        return (digest, count)
    }
}
