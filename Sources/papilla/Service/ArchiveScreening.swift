internal import Files
internal import Glibc
internal import Screening

/// `papilla screen --resume`: every file of an archive, or of one share of it, is read once, however often the command is stopped. What is held
/// in memory is one file, and 32 bytes of each that is done.
struct ArchiveScreening {
    /// What a run came to.
    struct Summary: Encodable, Equatable {
        /// Images read now, by outcome.
        var outcomes: [String: Int] = [:]
        /// Files whose content was read under another path.
        var copies = 0
        /// Files that the list had already.
        var earlier = 0
        /// Files of other shares.
        var elsewhere = 0
        /// Files and folders that could not be opened.
        var unopened = 0

        var read: Int { outcomes.values.reduce(0, +) }

        /// One line for a person.
        var text: String {
            let kinds = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            return "\(read) images read\(kinds.isEmpty ? "" : " (\(kinds))"), \(copies) copies, \(earlier) in the list before, "
                + "\(elsewhere) of other shares, \(unopened) not opened"
        }
    }

    private let shard: Shard
    private var list: ResultList
    private let listStatus: FileStatus
    private let limit: Int
    private let read: (InputFile, String) async throws -> Report
    private let bar: ProgressBar
    private(set) var summary = Summary()

    /// - Parameters:
    ///   - list: the file of results; what it has is not read again.
    ///   - limit: the most bytes of a file that are decoded.
    ///   - read: reads a file's content, found under a path.
    init(
        _ shard: Shard, list: String, limit: Int, on bar: ProgressBar, read: @escaping (InputFile, String) async throws -> Report
    ) throws {
        self.shard = shard
        self.list = try ResultList(list)
        listStatus = try self.list.file.status()
        self.limit = limit
        self.bar = bar
        self.read = read
    }

    /// Goes through files, and folders with everything below them.
    /// - Returns: whether it came to the end; false where it was asked to stop.
    mutating func run(_ paths: [String]) async throws -> Bool {
        for path in paths {
            guard (try? NamedPath.status(path))?.kind == .folder else {
                guard try await take(path, { () throws(FileError) in try OpenFile.open(path) }) else { return false }
                continue
            }
            let walk = try FileWalk(below: path)
            let stem = path.hasSuffix("/") ? path : path + "/"
            while true {
                do {
                    guard let (folder, name, relative) = try walk.next() else { break }
                    let isWanted = try await take(
                        stem + relative.description, { () throws(FileError) in try OpenFile.open(name, in: folder) })
                    guard isWanted else { return false }
                } catch let error as FileError { leave(error) }
            }
        }
        return true
    }

    /// Reads a file where that is due; false where the command was asked to stop before it.
    private mutating func take(_ path: String, _ opening: () throws(FileError) -> OpenFile) async throws -> Bool {
        guard !StopRequest.isSet else { return false }
        let (content, digest, size): (InputFile, Digest, Int)
        do throws(FileError) {
            let file = try opening()
            let status = try file.status()
            guard status.kind == .file else { throw FileError.notAFile(status.kind, at: path) }
            // The list may lie in the folder that it is a list of.
            if status.device == listStatus.device, status.inode == listStatus.inode { return true }
            if status.size <= limit {
                let bytes = try file.readAll()
                (content, digest, size) = (.bytes(bytes), Digest(of: bytes), bytes.count)
            } else {
                (digest, size) = try file.digest()
                content = .tooLarge(size, limit: limit)
            }
        } catch {
            leave(error)
            return true
        }
        guard shard.holds(digest) else {
            summary.elsewhere += 1
            return true
        }
        switch list.state(of: path, digest) {
        case .listed: summary.earlier += 1
        case .copy:
            try list.add(ScreenedFile(path: path, bytes: size, sha256: digest, report: nil))
            summary.copies += 1
        case .new:
            let report = try await read(content, path)
            try list.add(ScreenedFile(path: path, bytes: size, sha256: digest, report: report))
            summary.outcomes[report.outcome.rawValue, default: 0] += 1
            bar.show(nil, summary.text)
        }
        return true
    }

    /// What cannot be opened gets no line, so that it is tried again; the exit status tells.
    private mutating func leave(_ error: FileError) {
        bar.note("papilla: \(error.place): \(error.message): \(error.words)")
        summary.unopened += 1
    }
}

/// The file of results, and what of it must be known: which contents have a report there, and which paths a line.
private struct ResultList {
    /// 128 bits of a digest.
    private struct Key: Hashable {
        let first: UInt64
        let second: UInt64
        init(_ digest: Digest) { (first, second) = digest.leading }
    }

    /// What of a line must be known.
    private struct Line: Decodable {
        let schema: String
        let path: String
        let sha256: Digest
    }

    /// Whether a file is in the list, a copy of one that is, or neither.
    enum State { case listed, copy, new }

    let file: LineFile
    private let path: String
    private var contents: Set<Key> = []
    private var places: Set<Key> = []

    init(_ path: String) throws {
        self.path = path
        do throws(FileError) { file = try LineFile(path) } catch {
            guard error.number == EWOULDBLOCK else {
                throw PapillaError.system(
                    "The list of results cannot be opened", errno: error.number, words: error.words, place: path,
                    hint: "Name a file, new or begun by an earlier run, in a folder that you may write to")
            }
            throw PapillaError(
                .refused, "Another run is writing to this list of results", place: path,
                hint: "Each run, and each share, needs a list of its own")
        }
        var number = 0
        var (contents, places): (Set<Key>, Set<Key>) = ([], [])
        try file.forEachLine { bytes in
            number += 1
            guard let line = try? CanonicalJSON.decode(Line.self, from: bytes), line.schema == ScreenedFile.schema else {
                throw PapillaError(
                    .damaged, "Line \(number) of the list of results is none of \(ScreenedFile.schema)", place: path,
                    hint: "Take the line out, and its file is read again; or name another list")
            }
            contents.insert(Key(line.sha256))
            places.insert(Self.place(line.path, line.sha256))
        }
        (self.contents, self.places) = (contents, places)
    }

    func state(of path: String, _ digest: Digest) -> State {
        if places.contains(Self.place(path, digest)) { return .listed }
        return contents.contains(Key(digest)) ? .copy : .new
    }

    mutating func add(_ line: ScreenedFile) throws {
        let text = try CanonicalJSON.line(line)
        try PapillaError.telling("The list of results cannot be added to", at: path) { () throws(FileError) in
            try file.append(text)
        }
        contents.insert(Key(line.sha256))
        places.insert(Self.place(line.path, line.sha256))
    }

    private static func place(_ path: String, _ digest: Digest) -> Key { Key(Digest(of: "\(digest) \(path)".utf8)) }
}
