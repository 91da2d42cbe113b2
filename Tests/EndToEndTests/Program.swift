import Foundation
import Testing

/// The built program, run as a user runs it.
struct Program {
    /// What a finished command left.
    struct Result {
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as one JSON value.
        func json() throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "not a JSON object: \(output)")
        }
    }

    /// Beside the test bundle, where `swift build` puts it.
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(
        path: "papilla"
    ).path
    /// The models that ship.
    static let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Deploy/models")
        .standardized.path

    /// Runs to the end; another program where one is named.
    @discardableResult
    static func run(_ arguments: [String], in directory: URL? = nil, program: String = path) throws -> Result {
        let process = try start(arguments, in: directory)
        process.executableURL = URL(fileURLWithPath: program)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both ends are drained at once: a full pipe would stop the program.
        let reader = Reader(errors.fileHandleForReading)
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let errorText = reader.wait()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: errorText, as: UTF8.self))
    }

    /// A process that is not started yet.
    static func start(_ arguments: [String], in directory: URL? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    private final class Reader: @unchecked Sendable {  // `data` is written before `done` is signalled and read after
        private var data = Data()
        private let done = DispatchSemaphore(value: 0)
        init(_ handle: FileHandle) {
            Thread.detachNewThread {
                self.data = handle.readDataToEndOfFile()
                self.done.signal()
            }
        }
        func wait() -> Data {
            done.wait()
            return data
        }
    }
}

/// A clinic in a temporary folder: configuration, folders, and phantoms to drop.
final class Site {
    let folder: URL
    var inbox: URL { folder.appending(path: "inbox") }
    var outbox: URL { house.appending(path: "outbox") }
    /// Where outbox, spool, archive and quarantine are.
    private let house: URL
    var configuration: String { folder.appending(path: "papilla.yaml").path }

    /// - Parameters:
    ///   - name: the folder that holds outbox, spool, archive and quarantine; not made, so that something can be mounted there.
    ///   - models: the folder of models, relative to the site's own; the models that ship unless another is named.
    init(
        settings: String = "settle: {local: 200 ms, remote: 200 ms}\n", house name: String? = nil, models: String = Program.models
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "papilla-\(UUID().uuidString.prefix(8))")
        (self.folder, house) = (folder, name.map { folder.appending(path: $0) } ?? folder)
        for name in ["inbox"] + (name == nil ? ["outbox", "spool", "archive", "quarantine"] : []) {
            try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        let place = name.map { "\($0)/" } ?? ""
        let text = """
            paths:
              inbox: inbox
              outbox: \(place)outbox
              spool: \(place)spool
              archive: \(place)archive
              quarantine: \(place)quarantine
              ledger: ledger.sqlite
              socket: control.socket
              models: \(models)
            """
        let floor = settings.contains("disk_floor:") ? "" : "disk_floor: {space: 1 MiB, share: 0.1 %}\n"
        try (text + "\n" + floor + settings).write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    deinit {
        ReportSchema.check(outbox)
        try? FileManager.default.removeItem(at: folder)
    }

    /// `papilla COMMAND... --config FILE`
    @discardableResult
    func papilla(_ arguments: String...) throws -> Program.Result { try Program.run(arguments + ["--config", configuration]) }

    /// Makes phantoms and returns their files.
    func phantoms(_ kind: String, count: Int, seed: Int = 1) throws -> [URL] {
        let folder = folder.appending(path: "phantoms-\(kind)-\(seed)")
        let made = try Program.run(["phantom", "--kind", kind, "--count", "\(count)", "--seed", "\(seed)", "--out", folder.path])
        try #require(made.status == 0, "\(made.errors)")
        return try FileManager.default.contentsOfDirectory(at: folder.appending(path: "images"), includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    func drop(_ file: URL, as name: String? = nil) throws {
        let target = inbox.appending(path: name ?? file.lastPathComponent)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file, to: target)
    }

    /// Every published bundle's folder.
    func bundles() throws -> [URL] {
        let days = try FileManager.default.contentsOfDirectory(at: outbox, includingPropertiesForKeys: nil).filter {
            $0.lastPathComponent.first?.isNumber == true && $0.hasDirectoryPath
        }
        return try days.flatMap { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }
    }

    /// Every published report, by the dropped file's path in the inbox.
    func reports() throws -> [String: [[String: Any]]] {
        var result: [String: [[String: Any]]] = [:]
        for bundle in try bundles() {
            let data = try Data(contentsOf: bundle.appending(path: "report.json"))
            let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            let source = try #require(report["source"] as? [String: Any])
            result[try #require(source["path"] as? String), default: []].append(report)
        }
        return result
    }

    /// What `statement`, `audit verify` and the folders must say when nothing is left to do.
    func expectAccounted(_ received: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let statement = try papilla("statement", "--json").json()
        #expect(statement["received"] as? Int == received, sourceLocation: sourceLocation)
        #expect(statement["unexplained"] as? Int == 0, sourceLocation: sourceLocation)
        #expect(statement["pending"] as? Int == 0, sourceLocation: sourceLocation)
        let verdict = try papilla("audit", "verify", "--json")
        #expect(verdict.status == 0, "\(verdict.output) \(verdict.errors)", sourceLocation: sourceLocation)
        let originals = ["archive", "quarantine"].map { name in
            FileManager.default.enumerator(
                at: house.appending(path: name), includingPropertiesForKeys: [], options: .skipsHiddenFiles)?
                .compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath && $0.pathExtension != "json" }.count ?? 0
        }
        #expect(originals.reduce(0, +) == received, "one original each", sourceLocation: sourceLocation)
        #expect(try reports().values.reduce(0) { $0 + $1.count } == received, "one bundle each", sourceLocation: sourceLocation)
    }
}
