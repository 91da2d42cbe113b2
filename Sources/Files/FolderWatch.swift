package import Dispatch
internal import Glibc
internal import Synchronization

/// inotify, one watch a folder. What it says is a hint of where to look, never the truth: the sweep is.
///
/// The kernel's queue is the only buffer, so a flood of events costs no memory: what does not fit is one overflow.
package final class FolderWatch {
    /// Something that happened.
    package enum Event: Hashable {
        /// An entry appeared or changed. `isWhole`: it was closed after writing, or moved in.
        case entry(RelativePath, isWhole: Bool)
        /// A folder appeared.
        case folder(RelativePath)
        /// The folder itself went away, was moved or unmounted; nil: the inbox.
        case lost(RelativePath?)
        /// Events were lost.
        case overflow
    }

    private let descriptor: Int32
    private let gate: SourceGate
    private var folders: [Int32: RelativePath?] = [:]
    /// Files that were written to and not closed since.
    private var writing: Set<RelativePath> = []
    /// The kernel's number of the last move of one of them; the other half of it comes next.
    private var moved: UInt32?
    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
            | IN_ONLYDIR)
    /// How long nothing is read after news of nothing but writing: a file that is copied in tells of every piece.
    private static let lull = DispatchTimeInterval.milliseconds(50)

    /// - Parameter ring: called on a thread of its own when there is something to read; not again before `read()`.
    /// - Throws: `FileError`, EMFILE where this user has too many of them.
    package init(ring: @escaping @Sendable () -> Void) throws(FileError) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor >= 0 else { throw FileError("inotify is not to be had", place: "inotify") }
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        let gate = SourceGate(source)
        self.gate = gate
        source.setEventHandler {
            // Quiet until the events are read: the descriptor stays readable, and this would be called without end.
            gate.close()
            ring()
        }
        let descriptor = descriptor
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    deinit { gate.cancel() }

    /// Whether a file was written to and not closed since, as far as we were told: one that was opened before it was watched is not known.
    package func isWriting(_ path: RelativePath) -> Bool { writing.contains(path) }

    /// How many folders are watched.
    package var count: Int { folders.count }

    /// Watches a folder; again where it is watched already, under its present path.
    ///
    /// - Returns: the watch; nil where the kernel refuses (too many watches).
    package func add(_ folder: Folder, _ path: RelativePath?) -> Int32? {
        // By its descriptor: no link on the way can lead elsewhere.
        let watch = inotify_add_watch(descriptor, "/proc/self/fd/\(folder.descriptor)", Self.mask)
        guard watch >= 0 else { return nil }
        folders[watch] = .some(path)
        return watch
    }

    /// Ends all watches but these: folders that are gone or elsewhere now.
    package func keep(only watches: Set<Int32>) {
        for watch in folders.keys where !watches.contains(watch) {
            inotify_rm_watch(descriptor, watch)
            folders[watch] = nil
        }
    }

    /// Everything that happened since the last call.
    package func read() -> [Event] {
        var events: [Event] = []
        var seen: Set<Event> = []
        var isNews = false
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            isNews = true
            var offset = 0
            while offset + 16 <= count {
                let (watch, mask, cookie, length) = buffer.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self),
                        bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                        bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
                    )
                }
                let name = buffer[(offset + 16)..<min(count, offset + 16 + length)].prefix { $0 != 0 }
                if let event = event(watch, mask, cookie, name), seen.insert(event).inserted { events.append(event) }
                offset += 16 + length
            }
        }
        if isNews, events.isEmpty {
            DispatchQueue.global().asyncAfter(deadline: .now() + Self.lull) { [gate] in gate.open() }
        } else {
            gate.open()
        }
        return events
    }

    private func event(_ watch: Int32, _ mask: UInt32, _ cookie: UInt32, _ name: ArraySlice<UInt8>) -> Event? {
        func has(_ bits: Int32) -> Bool { mask & UInt32(bitPattern: bits) != 0 }
        if has(IN_Q_OVERFLOW) {
            // The end of a writing may be among what was lost.
            writing = []
            moved = nil
            return .overflow
        }
        guard let folder = folders[watch] else { return nil }
        if has(IN_IGNORED) { folders[watch] = nil }
        if has(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT) {
            writing = writing.filter { $0.parent != folder }
            return .lost(folder)
        }
        guard let name = FileName(name) else { return nil }
        let path = RelativePath(folder, name)
        if has(IN_ISDIR) { return has(IN_CREATE | IN_MOVED_TO) ? .folder(path) : nil }
        if has(IN_MODIFY) { writing.insert(path) }
        if has(IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM), writing.remove(path) != nil, has(IN_MOVED_FROM) { moved = cookie }
        if has(IN_MOVED_TO), moved == cookie {
            writing.insert(path)
            return .entry(path, isWhole: false)
        }
        return has(IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE) ? .entry(path, isWhole: has(IN_CLOSE_WRITE | IN_MOVED_TO)) : nil
    }
}

/// Suspends and resumes a dispatch source, each at most once in a row: dispatch counts, and traps where the counts do not match.
package final class SourceGate: Sendable {
    // Suspending, resuming and cancelling are safe from any thread (dispatch_suspend(3)); nothing else is done with it.
    nonisolated(unsafe) private let source: any DispatchSourceProtocol
    private let isClosed = Mutex(false)

    package init(_ source: any DispatchSourceProtocol) { self.source = source }

    /// No more events until `open`.
    package func close() {
        isClosed.withLock { isClosed in
            if !isClosed { source.suspend() }
            isClosed = true
        }
    }

    /// Events come again.
    package func open() {
        isClosed.withLock { isClosed in
            if isClosed { source.resume() }
            isClosed = false
        }
    }

    /// No more events ever.
    package func cancel() {
        open()
        source.cancel()
    }
}
