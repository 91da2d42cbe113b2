import Custody
import Files
import Glibc
import Ledger
import Logging
import Reading
import Screening
import Settings
import Synchronization

@testable import Service

/// Folders of a service in a temporary folder, gone when the test is over.
final class Sandbox: Sendable {
    let path: String
    private let isOwn: Bool

    /// The folders of another process.
    init(at path: String) { (self.path, isOwn) = (path, false) }

    init() throws {
        var template = Array("/tmp/papilla-service-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError("no temporary folder", place: "/tmp") }
        isOwn = true
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for name in ["inbox", "spool"] { _ = try Folder.make("\(path)/\(name)") }
    }

    deinit {
        guard isOwn, let folder = try? Folder.open("/tmp"), let name = path.split(separator: "/").last else { return }
        try? folder.removeTree(FileName(ours: String(name)))
    }

    var configuration: Configuration {
        var configuration = Configuration()
        configuration.paths = Configuration.Paths(
            inbox: "\(path)/inbox", outbox: "\(path)/outbox", spool: "\(path)/spool", archive: "\(path)/archive",
            quarantine: "\(path)/quarantine", ledger: "\(path)/ledger.sqlite", models: "\(path)/models", socket: "\(path)/socket")
        configuration.settle = .init(local: .zero, remote: .zero)
        configuration.diskFloor.space = 0
        return configuration
    }

    var inbox: Folder { get throws { try Folder.open("\(path)/inbox") } }
    var spool: Folder { get throws { try Folder.open("\(path)/spool") } }

    /// Puts a file into the inbox, folders on the way included.
    func drop(_ name: String, _ content: String = "image") throws {
        try drop(name.split(separator: "/").map { Array($0.utf8) }, Array(content.utf8))
    }

    /// Puts a file whose name need not be text into the inbox.
    func drop(_ names: [[UInt8]], _ content: [UInt8]) throws {
        var folder = try inbox
        let names = names.compactMap { FileName($0) }
        for name in names.dropLast() { folder = try folder.make(name) }
        guard let name = names.last else { return }
        try folder.remove(name)
        try folder.write(content, as: name)
    }

    /// Every file below a folder of the service, by its path from there; names that begin with a dot left out.
    func files(_ folder: String) throws -> [String] {
        guard let root = try? Folder.open("\(path)/\(folder)") else { return [] }
        var found: [String] = []
        func walk(_ folder: Folder, _ prefix: String) throws {
            for name in try folder.names() where name.bytes.first != UInt8(ascii: ".") {
                if try folder.status(name)?.kind == .folder {
                    try walk(folder.folder(name), prefix + "\(name)/")
                } else {
                    found.append(prefix + "\(name)")
                }
            }
        }
        try walk(root, "")
        return found.sorted()
    }

    func removeFromInbox(_ name: String) throws { try inbox.remove(FileName(ours: name)) }
    func removeFromInbox(_ path: RelativePath) throws { try inbox.folder(path.parent).remove(path.name) }
}

/// A clock that stands until it is told to go on.
final class FakeClock: Sendable {
    private let state = Mutex(Duration.seconds(1000))
    var now: Duration { state.withLock(\.self) }
    func advance(_ time: Duration) { state.withLock { $0 += time } }
}

/// Reads nothing, counts everything: what a file says is what becomes of it.
final class FakeScreener: ImageScreener {
    let key = Digest(of: "fake".utf8)
    let described: [Report.Model] = []
    let writers: [any BundleWriter]
    private let screened = Mutex<[String]>([])

    init(writers: [any BundleWriter] = [StandardBundle()]) { self.writers = writers }

    /// The paths that were read, in order.
    var reads: [String] { screened.withLock(\.self) }

    func engine() async -> Report.Engine { Report.Engine(version: "0", isa: "none", threads: 1, batch: 1) }

    func screen(
        _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification, waited: Double
    ) async throws -> Bundle {
        screened.withLock { $0.append(source.path) }
        switch String(decoding: bytes, as: UTF8.self) {
        case "truncated":
            return try Bundle.failed(
                id: id, source: source, identification: identification, reason: Reason(.truncated, "It ends too early."),
                engine: await engine())
        case "not an image":
            return try Bundle.failed(
                id: id, source: source, identification: identification, reason: Reason(.notAnImage, "It is none."),
                engine: await engine())
        case let text where text.hasPrefix("forever"): await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        case "trap": fatalError("a decoder trapped")
        case "broken": throw PapillaError(.internal, "The engine broke")
        case "busy": throw PapillaError(.system, "There is no memory just now", isRetryable: true)
        default: break
        }
        let report = Report(
            id: id, source: source, identification: identification, outcome: .noFinding,
            attention: identification.attention, engine: await engine())
        let drawn = try Bundle(report: report, files: [(name: "overlay.jpg", bytes: Array("drawn".utf8))])
        var draft = BundleDraft(report: report, pictures: .taken(from: drawn)) { () throws(PapillaError) in bytes }
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }
}

/// What the tests stop a processor with.
struct Stopped: Error {}

extension Sandbox {
    /// A processor over these folders; `stopAt` is where it stops, as if the process had died.
    func processor(
        _ folders: ServiceFolders, _ ledger: LedgerStore, _ screener: FakeScreener, stopAt: Stage? = nil,
        change: (inout Configuration) -> Void = { _ in }
    )
        -> ArrivalProcessor
    {
        var configuration = configuration
        change(&configuration)
        let checkpoint: Checkpoint = { stage in if stage == stopAt { throw Stopped() } }
        var publisher = folders.publisher
        publisher.checkpoint = checkpoint
        return ArrivalProcessor(
            ledger: ledger, spool: folders.spool, publisher: publisher, originals: folders.originals, screener: screener,
            configuration: configuration, executor: WorkExecutor(), checkpoint: checkpoint)
    }

    /// Runs the whole pipeline until nothing is left.
    @discardableResult
    func drain(
        _ screener: FakeScreener = FakeScreener(), change: @Sendable (inout Configuration) -> Void = { _ in },
        checkpoint: @escaping Checkpoint = { _ in }
    ) async throws -> [ArrivalProcessor.Finished] {
        var configuration = configuration
        change(&configuration)
        var folders = try ServiceFolders(configuration.paths)
        folders.publisher.checkpoint = checkpoint
        let ledger = try folders.ledger(configuration.paths.ledger)
        let finished = Mutex<[ArrivalProcessor.Finished]>([])
        let tools = Pipeline.Tools(
            configuration: configuration, folders: folders, ledger: ledger, executor: WorkExecutor(), telemetry: Telemetry(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, checkpoint: checkpoint, reload: { ($0, screener) },
            ended: { one in finished.withLock { $0.append(one) } })
        try await Pipeline(tools, screener: screener, isDraining: true).run()
        return finished.withLock(\.self)
    }

    /// Whether ledger, bundles and folders agree.
    func verify() async throws -> [String] {
        let ledger = try LedgerStore(path: configuration.paths.ledger, mode: .readOnly)
        return try await ledger.verify(configuration.paths.folders).problems.map { "\($0.kind.rawValue) \($0.subject)" }
    }
}
