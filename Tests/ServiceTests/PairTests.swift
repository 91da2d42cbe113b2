import Control
import Custody
import Files
import FoundationEssentials
import Glibc
import Imaging
import Ledger
import LedgerSQLite
import Logging
import Reading
import Screening
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Deliveries
@testable import Service

/// Two requests on one arrival at once: whoever is first, nothing is left between the chairs, and both answers are true.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct PairTests {
    /// What may be done to an arrival.
    enum Act: String, CaseIterable, Sendable { case forget, correct, accept, requeue, retain, deliver }

    private struct Resources: Sendable {
        let sandbox: Sandbox
        let folders: ServiceFolders
        let ledger: any WholeLedger
        let id: ScreeningID
        let executor = WorkExecutor()

        private var configuration: Configuration { PairTests.configuration(sandbox) }

        func act(_ act: Act, _ boundary: @escaping @Sendable () throws -> Void = {}) async throws {
            let log = Logger.silent
            switch act {
            case .forget:
                var forget = Forget(ledger: ledger, folders: folders, withdraw: configuration.withdraw)
                forget.boundary = boundary
                _ = try await forget.run("\(id)", actor: "root@0")
            case .correct, .accept:
                let mask = Data(
                    try ImageEncoder.png(Ellipse(cx: 100, cy: 80, a: 30, b: 20, angle: 90).mask(width: 200, height: 160)))
                let masks = act == .correct ? ["disc": mask, "cup": mask] : [:]
                let request = ReviewRequest(
                    arrival: "\(id)", verdict: act == .correct ? .correct : .accept, reader: "Anna", masks: masks)
                let reviewing = Reviewing(
                    ledger: ledger, folders: folders, configuration: { [configuration] in configuration },
                    checkpoint: { _ in try boundary() })
                _ = try await reviewing.run(request, actor: "anna@1000")
            case .requeue:
                var requeue = Requeue(ledger: ledger, folders: folders)
                requeue.boundary = boundary
                _ = try await requeue.run(["\(id)"], allFailed: false, actor: "anna@1000")
            case .retain:
                var rules = Configuration.Retention()
                rules.archive.size = 0
                rules.quarantine.size = 0
                var retention = Retention(ledger: ledger, folders: folders, log: log)
                retention.boundary = boundary
                _ = try await retention.run(rules)
            case .deliver:
                let target = FolderTarget(configuration.deliveries[0]) { _ in try boundary() }
                _ = try await Deliverer(ledger: ledger, folders: folders, target: target).pass()
            }
        }

        /// Runs an act to its end, or until it waits for its turn.
        func start(_ act: Act) -> Task<Void, any Error> {
            let isOver = Flag()
            let task = Task(executorPreference: executor) {
                defer { isOver.set() }
                try await self.act(act)
            }
            while !isOver.isSet, folders.arrivals.waiting(for: id) == 0 { usleep(1000) }
            return task
        }

        func entries(_ folder: String) throws -> [String] {
            var found: [String] = []
            func walk(_ folder: Folder) throws {
                for name in try folder.names() {
                    found.append("\(name)")
                    if try folder.status(name)?.kind == .folder { try walk(folder.folder(name)) }
                }
            }
            try walk(Folder.open("\(sandbox.path)/\(folder)"))
            return found
        }

        /// What must be so at the end, whoever was first.
        func check(_ done: [Act], _ what: Comment) async throws {
            #expect(try await sandbox.verify() == [], what)
            #expect(try await ledger.statement(in: sandbox.configuration.paths.folders).unexplained == 0, what)
            #expect(try await ledger.pendingCorrections().isEmpty, what)
            #expect(try await ledger.halfForgotten().isEmpty, what)
            #expect(try Folder.open("\(sandbox.path)/outbox/.staging").isEmpty(), what)
            let row = try #require(try await ledger.arrival(id))
            #expect((row.forgotten != nil) == done.contains(.forget), what)
            let everything: [String] = try entries("outbox") + entries("archive") + entries("quarantine")
            let left = everything.filter { $0.contains("\(id)") }
            let versions = try await ledger.versions(of: id)
            #expect(versions.count == 1 + done.count { $0 == .correct }, what)
            if row.forgotten != nil {
                #expect(left == [], what)
            } else {
                for version in versions { #expect(try folders.publisher.has(version.bundle ?? "?"), what) }
                if row.expired == nil { #expect(try folders.originals.has(row.original ?? "?"), what) }
                // What a reader decided upon stays.
                if done.contains(.correct) || done.contains(.accept), row.expired != nil {
                    let decided = try await ledger.decisions(of: id).first?.at
                    #expect(try #require(decided) >= #require(row.expired), what)
                }
            }
            let ehr = try entries("ehr").filter { $0.contains("\(id)") }
            #expect(!ehr.contains { $0.hasPrefix(".") } && (row.forgotten == nil || ehr == []), what)
            if row.forgotten == nil {
                let delivered = try await ledger.deliveries(of: id, to: nil, in: [.delivered], limit: nil)
                #expect(
                    ehr.count == delivered.count && (row.outcome == .failed || !done.contains(.deliver) || !ehr.isEmpty), what)
            }
            let decisions = try await ledger.decisions(of: id).map(\.verdict)
            #expect(decisions.count == done.count { $0 == .correct || $0 == .accept }, what)
            #expect(try entries("inbox").filter { $0 != ".papilla-inbox" } == (done.contains(.requeue) ? ["eye.png"] : []), what)
        }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock(\.self) }
        func set() { value.withLock { $0 = true } }
    }

    private static func content(_ isImage: Bool) throws -> [UInt8] {
        try isImage ? ImageEncoder.png(Raster(width: 200, height: 160, fill: (120, 60, 20))) : Array("no image".utf8)
    }

    /// With a target that takes everything.
    private static func configuration(_ sandbox: Sandbox) -> Configuration {
        var configuration = sandbox.configuration
        configuration.deliveries = [.init(name: "ehr", folder: "\(sandbox.path)/ehr", withoutIdentity: true)]
        return configuration
    }

    private static func tools(
        _ sandbox: Sandbox, _ folders: ServiceFolders, _ ledger: any WholeLedger, _ checkpoint: @escaping Checkpoint = { _ in }
    )
        -> Pipeline
    {
        let screener = ReviewingTests.BlindScreener(modality: .fundus)
        _ = try? Folder.make("\(sandbox.path)/ehr")
        var folders = folders
        folders.publisher.checkpoint = checkpoint
        return Pipeline(
            Pipeline.Tools(
                configuration: configuration(sandbox), folders: folders, ledger: ledger, executor: WorkExecutor(),
                telemetry: Telemetry(),
                log: .silent, checkpoint: checkpoint, reload: { ($0, screener) }),
            screener: screener, isDraining: true)
    }

    /// An arrival that has ended: in the archive, or failed and in quarantine.
    private static func resources(isImage: Bool) async throws -> Resources {
        let sandbox = try Sandbox()
        try sandbox.drop([Array("eye.png".utf8)], try content(isImage))
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        try await tools(sandbox, folders, ledger).run()
        return Resources(
            sandbox: sandbox, folders: folders, ledger: ledger, id: try #require(try await ledger.arrivals().first?.id))
    }

    @Test("A3: any two requests on one arrival, one at each step of the other", arguments: Act.allCases, [true, false])
    func pairs(first: Act, isImage: Bool) async throws {
        for second in Act.allCases {
            var (step, isReached) = (1, true)
            while isReached {
                let resources = try await Self.resources(isImage: isImage)
                let started = Shared<Task<Void, any Error>?>(nil)
                let steps = Steps(at: step) { started.set(resources.start(second)) }
                var done: [Act] = []
                let work = Task(executorPreference: resources.executor) { try await resources.act(first) { try steps.next() } }
                if case .success = await work.result, first != .retain { done.append(first) }
                // Where the first has no such step, the second comes after it.
                isReached = steps.passed >= step
                if case .success = await (started.get ?? resources.start(second)).result, second != .retain {
                    done.append(second)
                }
                try await resources.check(done, "\(first) at step \(step), \(second), \(isImage ? "an image" : "failed")")
                try await resources.ledger.close()
                step += 1
            }
        }
    }

    private final class Shared<Value: Sendable>: Sendable {
        private let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
        var get: Value { value.withLock(\.self) }
        func set(_ new: Value) { value.withLock { $0 = new } }
    }

    @Test("A3: nothing is done to an arrival that is on its way, at any stage", arguments: Act.allCases, [true, false])
    func onItsWay(act: Act, isImage: Bool) async throws {
        for stage in Stage.allCases where stage != .finished {
            let sandbox = try Sandbox()
            try sandbox.drop([Array("eye.png".utf8)], try Self.content(isImage))
            let folders = try ServiceFolders(sandbox.configuration.paths)
            let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
            let results = Shared<[Bool]>([])
            let checkpoint: Checkpoint = { at in
                guard at == stage else { return }
                let isOver = Flag()
                Task(executorPreference: WorkExecutor()) {
                    defer { isOver.set() }
                    guard let id = try await ledger.arrivals().first?.id else { return }
                    let resources = Resources(sandbox: sandbox, folders: folders, ledger: ledger, id: id)
                    do {
                        try await resources.act(act)
                        results.set(results.get + [[.retain, .deliver].contains(act)])
                    } catch { results.set(results.get + [true]) }
                }
                while !isOver.isSet { usleep(1000) }
            }
            try await Self.tools(sandbox, folders, ledger, checkpoint).run()
            #expect(results.get == [true], "\(act) at \(stage)")
            let resources = Resources(
                sandbox: sandbox, folders: folders, ledger: ledger, id: try #require(try await ledger.arrivals().first?.id))
            try await resources.check([], "\(act) at \(stage)")
            try await ledger.close()
        }
    }
}
