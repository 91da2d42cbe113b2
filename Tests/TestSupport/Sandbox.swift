package import Custody
package import Files
package import Ledger
import LedgerSQL
import LedgerSQLite
package import Logging
package import Reading
package import Screening
@testable package import Service
package import Settings
internal import Synchronization

/// Folders of a service in a temporary folder, gone when the test is over.
package final class Sandbox: Sendable {
    package let path: String
    /// Removes it; nil where it is another process's.
    private let folder: TemporaryFolder?

    /// The folders of another process.
    package init(at path: String) {
        self.path = path
        folder = nil
    }

    package init() throws {
        let folder = try TemporaryFolder("service")
        for name in ["inbox", "spool"] { try folder.makeFolder(name) }
        path = folder.path
        self.folder = folder
    }

    package var configuration: Configuration {
        var configuration = Configuration()
        configuration.paths = Configuration.Paths(
            inbox: "\(path)/inbox", outbox: "\(path)/outbox", spool: "\(path)/spool", archive: "\(path)/archive",
            quarantine: "\(path)/quarantine", ledger: "\(path)/ledger.sqlite", models: "\(path)/models", socket: "\(path)/socket")
        configuration.settle = .init(local: .zero, remote: .zero)
        configuration.diskFloor.space = 0
        return configuration
    }

    package var inbox: Folder { get throws { try Folder.open("\(path)/inbox") } }
    package var spool: Folder { get throws { try Folder.open("\(path)/spool") } }

    /// Puts a file into the inbox, folders on the way included.
    package func drop(_ name: String, _ content: String = "image") throws {
        try drop(name.split(separator: "/").map { Array($0.utf8) }, Array(content.utf8))
    }

    /// Puts a file whose name need not be text into the inbox.
    package func drop(_ names: [[UInt8]], _ content: [UInt8]) throws {
        var folder = try inbox
        let names = names.compactMap { FileName($0) }
        for name in names.dropLast() { folder = try folder.make(name) }
        guard let name = names.last else { return }
        try folder.remove(name)
        try folder.write(content, as: name)
    }

    /// Every file below a folder of the service, by its path from there; names that begin with a dot left out.
    package func files(_ folder: String) throws -> [String] {
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

    package func removeFromInbox(_ name: String) throws { try inbox.remove(FileName(ours: name)) }
    package func removeFromInbox(_ path: RelativePath) throws { try inbox.folder(path.parent).remove(path.name) }
}

/// A clock that stands until it is told to go on.
package final class FakeClock: Sendable {
    private let state = Mutex(Duration.seconds(1000))
    package init() {}
    package var now: Duration { state.withLock(\.self) }
    package func advance(_ time: Duration) { state.withLock { $0 += time } }
}

/// Reads nothing, counts everything: what a file says is what becomes of it.
package final class FakeScreener: ImageScreener {
    package let key = Digest(of: "fake".utf8)
    package let described: [Report.Model] = []
    package let writers: [any BundleWriter]
    private let screened = Mutex<[String]>([])

    package init(writers: [any BundleWriter] = [StandardBundle()]) { self.writers = writers }

    /// The paths that were read, in order.
    package var reads: [String] { screened.withLock(\.self) }

    package func engine() async -> Report.Engine { Report.Engine(version: "0", isa: "none", threads: 1, batch: 1) }

    package func screen(
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
package struct Stopped: Error {
    package init() {}
}

/// Calls at the boundaries between steps, counted from 1.
package final class Steps: Sendable {
    private let count = Mutex(0)
    private let number: Int
    private let body: @Sendable () throws -> Void

    package init(at number: Int, _ body: @escaping @Sendable () throws -> Void) {
        self.number = number
        self.body = body
    }
    package convenience init(stopAt number: Int) { self.init(at: number) { throw Stopped() } }

    package func next() throws {
        let isIt = count.withLock { count in
            count += 1
            return count == number
        }
        if isIt { try body() }
    }

    /// How many boundaries were passed.
    package var passed: Int { count.withLock(\.self) }
}

extension Logger {
    /// A log that nobody reads.
    package static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

extension Sandbox {
    /// A processor over these folders; `stopAt` is where it stops, as if the process had died.
    package func processor(
        _ folders: ServiceFolders, _ ledger: any WholeLedger, _ screener: FakeScreener, stopAt: Stage? = nil,
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
    package func drain(
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
            log: .silent, checkpoint: checkpoint, reload: { ($0, screener) },
            ended: { one in finished.withLock { $0.append(one) } })
        try await Pipeline(tools, screener: screener, isDraining: true).run()
        return finished.withLock(\.self)
    }

    /// The folders and their ledger, opened as the service opens them.
    package func open() throws -> (ServiceFolders, any WholeLedger) {
        let folders = try ServiceFolders(configuration.paths)
        return (folders, try folders.ledger(configuration.paths.ledger))
    }

    /// Whether ledger, bundles and folders agree.
    package func verify() async throws -> [String] {
        let ledger = try LedgerStore(path: configuration.paths.ledger, mode: .readOnly)
        return try await ledger.verify(configuration.paths.folders).problems.map { "\($0.kind.rawValue) \($0.subject)" }
    }
}

extension ServiceFolders {
    /// The ledger in a file, as a service opens it.
    package func ledger(_ path: String) throws(PapillaError) -> any WholeLedger {
        do { return try LedgerStore(path: path, mode: .open) } catch {
            guard error.code == .notFound else { throw error }
            try checkUnused(path)
            return try LedgerStore(path: path, mode: .create)
        }
    }
}
