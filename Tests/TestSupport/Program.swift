package import Foundation
package import Testing

/// The built program, run as a user runs it.
package struct Program {
    /// What a finished command left.
    package struct Result {
        package let status: Int32
        package let output: String
        package let errors: String

        /// Standard output as one JSON value.
        package func json() throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "not a JSON object: \(output)")
        }
    }

    /// Beside the test bundle, where `swift build` puts it.
    package static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(
            path: "papilla"
        ).path
    /// The models that ship.
    package static let models = Checkout.path("Deploy/models")

    /// Runs to the end; another program where one is named.
    @discardableResult
    package static func run(
        _ arguments: [String], in directory: URL? = nil, program: String = path, environment: [String: String] = [:]
    ) throws -> Result {
        let process = try start(arguments, in: directory)
        process.executableURL = URL(fileURLWithPath: program)
        process.environment?.merge(environment) { $1 }
        let output = Pipe()
        let errors = Pipe()
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
    package static func start(_ arguments: [String], in directory: URL? = nil) throws -> Process {
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
package final class Site {
    package var folder: URL { root.url }
    private let root: TemporaryFolder
    package var inbox: URL { folder.appending(path: "inbox") }
    package var outbox: URL { storage.appending(path: "outbox") }
    /// Where outbox, spool, archive and quarantine are.
    private let storage: URL
    package var configuration: String { folder.appending(path: "papilla.yaml").path }

    /// - Parameters:
    ///   - name: the folder that holds outbox, spool, archive and quarantine; not made, so that something can be mounted there.
    ///   - models: the folder of models, relative to the site's own; the models that ship unless another is named.
    package init(
        settings: String = "settle: {local: 200 ms, remote: 200 ms}\n", storage name: String? = nil,
        models: String = Program.models
    ) throws {
        let root = try TemporaryFolder("site")
        let folder = root.url
        self.root = root
        storage = name.map { folder.appending(path: $0) } ?? folder
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

    deinit { ReportSchema.check(outbox) }

    /// `papilla COMMAND... --config FILE`
    @discardableResult
    package func papilla(_ arguments: String...) throws -> Program.Result {
        try Program.run(arguments + ["--config", configuration])
    }

    /// Drops frames of two endoscopies as `0.jpg`, `1.jpg` and so on. Each has other bytes, so that none is answered from an earlier reading.
    package func dropFrames(_ count: Int, seed: Int) throws {
        let files = try phantoms("endoscopy", count: 2, seed: seed)
        for index in 0..<count {
            let bytes = try Data(contentsOf: files[index % 2]) + Data("\(index)".utf8)
            try bytes.write(to: inbox.appending(path: "\(index).jpg"))
        }
    }

    /// Makes phantoms and returns their files.
    package func phantoms(_ kind: String, count: Int, seed: Int = 1) throws -> [URL] {
        let folder = folder.appending(path: "phantoms-\(kind)-\(seed)")
        let made = try Program.run(["phantom", "--kind", kind, "--count", "\(count)", "--seed", "\(seed)", "--out", folder.path])
        try #require(made.status == 0, "\(made.errors)")
        return try FileManager.default.contentsOfDirectory(at: folder.appending(path: "images"), includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    package func drop(_ file: URL, as name: String? = nil) throws {
        let target = inbox.appending(path: name ?? file.lastPathComponent)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file, to: target)
    }

    /// Every published bundle's folder.
    package func bundles() throws -> [URL] {
        let days = try FileManager.default.contentsOfDirectory(at: outbox, includingPropertiesForKeys: nil).filter {
            $0.lastPathComponent.first?.isNumber == true && $0.hasDirectoryPath
        }
        return try days.flatMap { try FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil) }.filter {
            !FileManager.default.fileExists(atPath: $0.appending(path: "visit.json").path)
        }
    }

    /// Every published visit's folder, sorted by its path.
    package func visits() throws -> [URL] {
        let found = FileManager.default.enumerator(at: outbox, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return found.filter { $0.lastPathComponent == "visit.json" }.map { $0.deletingLastPathComponent() }.sorted {
            $0.path < $1.path
        }
    }

    /// Every published report, by the dropped file's path in the inbox.
    package func reports() throws -> [String: [[String: Any]]] {
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
    package func expectAccounted(_ received: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let statement = try papilla("statement", "--json").json()
        #expect(statement["received"] as? Int == received, sourceLocation: sourceLocation)
        #expect(statement["unexplained"] as? Int == 0, sourceLocation: sourceLocation)
        #expect(statement["pending"] as? Int == 0, sourceLocation: sourceLocation)
        let verdict = try papilla("audit", "verify", "--json")
        #expect(verdict.status == 0, "\(verdict.output) \(verdict.errors)", sourceLocation: sourceLocation)
        let originals = ["archive", "quarantine"].map { name in
            FileManager.default.enumerator(
                at: storage.appending(path: name), includingPropertiesForKeys: [], options: .skipsHiddenFiles)?
                .compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath && $0.pathExtension != "json" }.count ?? 0
        }
        #expect(originals.reduce(0, +) == received, "one original each", sourceLocation: sourceLocation)
        #expect(try reports().values.reduce(0) { $0 + $1.count } == received, "one bundle each", sourceLocation: sourceLocation)
    }
}
