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
import TestSupport
import Testing

@testable import Deliveries
@testable import Service

/// Results that go to a target: each once, whatever stops the process; nothing is due that nobody knows of.
// One after the other: each test has an inbox, and the kernel allows a user 128 instances of inotify.
@Suite(.serialized) struct DeliveryTests {
    let sandbox: Sandbox
    let target: Configuration.Delivery
    /// The target's folder.
    let place: String

    init() throws {
        sandbox = try Sandbox()
        place = "\(sandbox.path)/ehr"
        target = Configuration.Delivery(name: "ehr", folder: place)
        _ = try Folder.make(place)
    }

    static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Drops an image, of a patient where one is named, and has it read.
    @discardableResult
    func screen(
        _ name: String, _ content: String = "image", patient: String? = "7", writers: [any BundleWriter] = [StandardBundle()],
        change: @escaping @Sendable (inout Configuration) -> Void = { _ in }
    ) async throws -> ScreeningID {
        try sandbox.drop(name, content + name)
        if let patient {
            try sandbox.drop("\(name.prefix { $0 != "." }).json", #"{"patient": "\#(patient)"}"#)
        }
        let finished = try await sandbox.drain(FakeScreener(writers: writers)) { [target] in
            $0.deliveries = [target]
            change(&$0)
        }
        return try #require(finished.first?.report.id)
    }

    func open() throws -> (ServiceFolders, any WholeLedger) {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        return (folders, try folders.ledger(sandbox.configuration.paths.ledger))
    }

    func pass(
        _ folders: ServiceFolders, _ ledger: any WholeLedger,
        boundary: @escaping @Sendable (FolderTarget.Step) throws -> Void = { _ in }
    ) async throws -> Deliverer.Pass {
        try await Deliverer(ledger: ledger, folders: folders, target: FolderTarget(target, boundary: boundary)).pass()
    }

    /// The only row of a target.
    func row(_ ledger: any WholeLedger) async throws -> DeliveryRow {
        let rows = try await ledger.deliveries()
        #expect(rows.count == 1)
        return try #require(rows.first)
    }

    // MARK: - Carried out

    @Test(arguments: FolderTarget.Step.allCases) func aStopAtEveryStepDeliversOnce(_ step: FolderTarget.Step) async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        await #expect(throws: Stopped.self) {
            try await pass(folders, ledger) { if $0 == step { throw Stopped() } }
        }
        #expect(try await row(ledger).state == .due)
        let ehr = try Folder.open(place)
        let there = try ehr.status(FileName(ours: "\(id).json"))
        #expect((there != nil) == (step == .named))
        #expect(try await pass(folders, ledger).delivered == 1)
        #expect(try sandbox.files("ehr") == ["\(id).json"])
        // What was there already was not written again, and no draft is left.
        if let there { #expect(try ehr.status(FileName(ours: "\(id).json")) == there) }
        #expect(try ehr.names().map(\.text) == [".papilla", "\(id).json"])
        let bundle = RelativePath(ours: try #require(try await row(ledger).bundle))
        let published = try folders.publisher.outbox.folder(bundle).read(FileName(ours: "report.json"), limit: 1 << 20)
        #expect(try ehr.read(FileName(ours: "\(id).json"), limit: 1 << 20) == published)
        #expect(try await pass(folders, ledger) == .init(last: 0))
        #expect(try await ledger.auditEntries(AuditFilter(event: "delivered")).map(\.subject) == ["\(id)"])
        #expect(try await sandbox.verify() == [])
    }

    /// The word that it was delivered could not be written: it is found there, and said then.
    @Test func aLedgerThatCannotBeWrittenDeliversOnce() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        await #expect(throws: PapillaError.self) {
            try await pass(folders, ledger) { step in
                guard step == .named else { return }
                throw PapillaError(.system, "The ledger could not be written", isRetryable: true)
            }
        }
        let (_, other) = try open()
        #expect(try await pass(folders, other).delivered == 1)
        #expect(try sandbox.files("ehr") == ["\(id).json"])
    }

    @Test(arguments: [Stage.read, .staged, .published, .stored])
    func aStopBeforeTheEndMakesItDueOnce(_ stage: Stage) async throws {
        try sandbox.drop("eye.jpg")
        try sandbox.drop("eye.json", #"{"patient": "7"}"#)
        let set = { @Sendable [target] (configuration: inout Configuration) in configuration.deliveries = [target] }
        // A drain tries three times; it may get over the stop by itself.
        _ = try? await sandbox.drain(
            change: set,
            checkpoint: { if $0 == stage { throw PapillaError(.system, "a stop", isRetryable: true) } })
        try await sandbox.drain(change: set)
        let (folders, ledger) = try open()
        #expect(try await pass(folders, ledger).delivered == 1)
        #expect(try await row(ledger).state == .delivered)
        #expect(try sandbox.files("ehr").count == 1)
        #expect(try await sandbox.verify() == [])
    }

    @Test func theyGoInTheirOrder() async throws {
        var ids: [ScreeningID] = []
        for number in 0..<3 { ids.append(try await screen("\(number).jpg")) }
        let (folders, ledger) = try open()
        #expect(try await pass(folders, ledger).delivered == 3)
        #expect(try await ledger.auditEntries(AuditFilter(event: "delivered")).map(\.subject) == ids.map(\.description))
        #expect(try Set(sandbox.files("ehr")) == Set(ids.map { "\($0).json" }))
    }

    @Test func whatCouldNotBeReadGoesNowhere() async throws {
        try sandbox.drop("text.jpg", "not an image")
        try sandbox.drop("text.json", #"{"patient": "7"}"#)
        try await sandbox.drain { [target] in $0.deliveries = [target] }
        let (_, ledger) = try open()
        #expect(try await ledger.deliveries() == [])
    }

    // MARK: - Targets that are not there

    @Test func aMissingFolderIsWaitedForAndNeverMade() async throws {
        try await screen("eye.jpg")
        let (folders, ledger) = try open()
        rmdir(place)
        await #expect { try await pass(folders, ledger) } throws: { ($0 as? PapillaError)?.place == place }
        #expect(!NamedPath.exists(place))
        #expect(try await row(ledger).state == .due)
        _ = try Folder.make(place)
        #expect(try await pass(folders, ledger).delivered == 1)
    }

    /// A share that is not mounted leaves an empty folder in its place: what was put there would reach nobody.
    @Test func anotherFolderInItsPlaceIsNotTaken() async throws {
        try await screen("a.jpg")
        let (folders, ledger) = try open()
        #expect(try await pass(folders, ledger).delivered == 1)
        try await ledger.close()
        try await screen("b.jpg")
        #expect(rename(place, place + "-away") == 0)
        let empty = try Folder.make(place)
        let (_, again) = try open()
        await #expect { try await pass(folders, again) } throws: { error in
            let error = error as? PapillaError
            return error?.code == .notFound && error?.isRetryable == true && error?.hint?.contains(".papilla") == true
        }
        #expect(try empty.isEmpty())
        // A person says that it is meant.
        try empty.write([], as: FileName(ours: ".papilla"))
        #expect(try await pass(folders, again).delivered == 1)
    }

    @Test func whatBearsItsNameIsReplacedAndNoLinkIsFollowed() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        try Folder.open(sandbox.path).write(Array("secret".utf8), as: FileName(ours: "elsewhere"))
        for name in ["\(id).json", ".\(id).json.part"] {
            #expect(symlink("\(sandbox.path)/elsewhere", "\(place)/\(name)") == 0)
        }
        #expect(try await pass(folders, ledger).delivered == 1)
        let ehr = try Folder.open(place)
        #expect(try ehr.status(FileName(ours: "\(id).json"))?.kind == .file)
        #expect(try Folder.open(sandbox.path).read(FileName(ours: "elsewhere"), limit: 100) == Array("secret".utf8))
    }

    @Test func aBundleThatIsNotThereHoldsUpNoOther() async throws {
        let gone = try await screen("a.jpg")
        let changed = try await screen("b.jpg")
        let whole = try await screen("c.jpg")
        let (folders, ledger) = try open()
        let outbox = folders.publisher.outbox
        let rows = try await ledger.deliveries()
        let paths = try rows.map { try #require(RelativePath(ours: $0.bundle ?? "")) }
        try outbox.folder(paths[0].parent).removeTree(paths[0].name)
        try outbox.folder(paths[1]).replace(FileName(ours: "report.json"), with: Array("{}".utf8))
        let pass = try await pass(folders, ledger)
        #expect(pass.delivered == 1 && pass.stuck == 2)
        #expect(try sandbox.files("ehr") == ["\(whole).json"])
        #expect(try await ledger.due(to: "ehr", limit: 10).map(\.arrival) == [gone, changed])
    }

    // MARK: - What must not leave the house

    @Test func whatNobodyNamedIsWithheldUnlessTheTargetTakesIt() async throws {
        try await screen("eye.jpg", patient: nil)
        let (folders, ledger) = try open()
        var row = try await row(ledger)
        #expect(row.state == .withheld && row.why == .noIdentity)
        #expect(try await pass(folders, ledger).delivered == 0)
        try await ledger.close()
        try await screen("other.jpg", patient: nil) { $0.deliveries[0].withoutIdentity = true }
        let (_, again) = try open()
        row = try #require(try await again.deliveries().last)
        #expect(row.state == .due)
        #expect(try await again.statement().withheld == 1)
        #expect(try await again.statement().undelivered == 1)
    }

    @Test(arguments: [Report.Decision.Verdict.accept, .reject])
    func aDoubtedIdentityWaitsForAReadersWord(_ verdict: Report.Decision.Verdict) async throws {
        let id = try await screen("8.jpg") { $0.namePattern = "(?<patient>[0-9]+)" }
        let (folders, ledger) = try open()
        #expect(try await row(ledger).why == .identityConflict)
        #expect(try await pass(folders, ledger).delivered == 0)
        _ = try await ledger.decide(NewDecision(id, reader: "Anna", verdict: verdict, note: "looked"), actor: "anna@1000")
        #expect(try await row(ledger).state == (verdict == .accept ? .due : .withheld))
        #expect(try await pass(folders, ledger).delivered == (verdict == .accept ? 1 : 0))
        #expect(try await sandbox.verify() == [])
    }

    @Test func whatAReaderRejectsStaysInTheHouseUntilOneAcceptsIt() async throws {
        let id = try await screen("8.jpg")
        let (folders, ledger) = try open()
        #expect(try await row(ledger).state == .due)
        _ = try await ledger.decide(NewDecision(id, reader: "Anna", verdict: .reject, note: "not hers"), actor: "anna@1000")
        let rejected = try await row(ledger)
        #expect(rejected.state == .withheld && rejected.why == .rejected)
        #expect(try await pass(folders, ledger).delivered == 0)
        #expect(try await ledger.statement().withheld == 1)
        _ = try await ledger.decide(NewDecision(id, reader: "Bert", verdict: .accept, note: "hers"), actor: "bert@1001")
        #expect(try await pass(folders, ledger).delivered == 1)
        try await ledger.close()
        // What was on its way meanwhile is there, and the ledger says so.
        let other = try await screen("9.jpg")
        let (_, again) = try open()
        let number = try #require(try await again.deliveries().last).number
        #expect(try await again.beginDelivery(number) != nil)
        _ = try await again.decide(NewDecision(other, reader: "Anna", verdict: .reject, note: "not hers"), actor: "anna@1000")
        try await again.deliver(number)
        #expect(try await again.deliveries().last?.state == .delivered)
        #expect(try await sandbox.verify() == [])
    }

    /// A reader's outlines for an image of 200 x 160 px.
    private func correct(_ id: ScreeningID, _ folders: ServiceFolders, _ ledger: any WholeLedger) async throws {
        let mask = Data(try ImageEncoder.png(Ellipse(cx: 100, cy: 80, a: 30, b: 20, angle: 90).mask(width: 200, height: 160)))
        let reviewing = Reviewing(
            ledger: ledger, folders: folders,
            configuration: { [target] in
                var configuration = Configuration()
                configuration.deliveries = [target]
                return configuration
            })
        _ = try await reviewing.run(
            ReviewRequest(arrival: "\(id)", verdict: .correct, reader: "Anna", masks: ["polyp": mask]), actor: "anna@1000")
    }

    @Test(arguments: [true, false]) func aCorrectionGoesInItsPlace(_ isDelivered: Bool) async throws {
        let raster = Raster(width: 200, height: 160, fill: (120, 60, 20))
        try sandbox.drop([Array("eye.png".utf8)], try ImageEncoder.png(raster))
        try sandbox.drop("eye.json", #"{"patient": "7"}"#)
        try await sandbox.drain { [target] in $0.deliveries = [target] }
        let (folders, ledger) = try open()
        if isDelivered { _ = try await pass(folders, ledger) }
        let id = try #require(try await ledger.arrivals().first?.id)
        try await correct(id, folders, ledger)
        let rows = try await ledger.deliveries()
        #expect(rows.map(\.version) == [1, 2])
        #expect(rows.map(\.state) == [isDelivered ? .delivered : .cancelled, .due])
        #expect(rows[0].why == (isDelivered ? nil : .superseded))
        #expect(try await pass(folders, ledger).delivered == 1)
        #expect(try sandbox.files("ehr") == (isDelivered ? ["\(id).json"] : []) + ["\(id).v2.json"])
        #expect(try await sandbox.verify() == [])
    }

    // MARK: - Forgetting

    private func forget(_ id: ScreeningID, _ folders: ServiceFolders, _ ledger: any WholeLedger) async throws -> ForgottenArrival
    {
        var configuration = sandbox.configuration
        configuration.deliveries = [target]
        return try await Forget(ledger: ledger, folders: folders, withdraw: configuration.withdraw).run(
            "\(id)", actor: "anna@1000")
    }

    @Test func whatIsDueIsCancelledWithItsArrival() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        #expect(try await forget(id, folders, ledger).deliveries == [])
        let row = try await row(ledger)
        #expect(row.state == .cancelled && row.why == .forgotten && row.bundle == nil)
        #expect(try await pass(folders, ledger) == .init())
        #expect(try sandbox.files("ehr") == [])
        #expect(try await sandbox.verify() == [])
    }

    /// As when a station is silent for so long that another one forgets the arrival.
    @Test func whatIsForgottenOnItsWayIsTakenBack() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        let (others, _) = try open()
        let late = LateTarget(target: FolderTarget(target), place: place) { [self] in _ = try await forget(id, others, ledger) }
        let pass = try await Deliverer(ledger: ledger, folders: folders, target: late).pass()
        #expect(pass.delivered == 0 && pass.stuck == 0)
        #expect(try sandbox.files("ehr") == [])
        #expect(try await row(ledger).why == .forgotten)
        let noted = try await ledger.auditEntries(AuditFilter(subject: "\(id)", event: "delivered_forgotten"))
        #expect(noted.map(\.detail) == [#"{"target":"ehr","version":1,"withdrawn":true}"#])
        #expect(try await sandbox.verify() == [])
    }

    /// A folder that a result is put into only after something else was done.
    private struct LateTarget: DeliveryTarget, OpenTarget {
        let target: FolderTarget
        let place: String
        let before: @Sendable () async throws -> Void
        var name: String { target.name }

        func open(for identity: String, isNew: Bool) async throws -> any OpenTarget { self }

        func withdraw(_ row: DeliveryRow) -> Bool { target.withdraw(row) }

        func put(_ bundle: PublishedFiles, of row: DeliveryRow) async throws -> Bool {
            try await before()
            try Folder.open(place).write([1], as: FileName(ours: "\(row.arrival).json"))
            return true
        }
    }

    @Test(arguments: ["there", "read", "unmounted"]) func whatLeftTheHouseIsNamed(_ now: String) async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        _ = try await pass(folders, ledger)
        switch now {
        case "read": try Folder.open(place).remove(FileName(ours: "\(id).json"))
        case "unmounted": #expect(rename(place, place + "-away") == 0)
        default: break
        }
        let left = try await forget(id, folders, ledger).deliveries
        #expect(left.map(\.target) == ["ehr"] && left.map(\.version) == [1])
        #expect(left.map(\.withdrawn) == [now == "there"])
        #expect(try sandbox.files("ehr") == [])
        #expect(try await row(ledger).state == .delivered)
        #expect(try await sandbox.verify() == [])
    }

    /// The process died between a file and the word that it is there, and the arrival is forgotten before the next pass.
    @Test func whatWasPutThereBeforeAStopIsTakenAwayToo() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        await #expect(throws: Stopped.self) { try await pass(folders, ledger) { if $0 == .named { throw Stopped() } } }
        #expect(try await forget(id, folders, ledger).deliveries.map(\.withdrawn) == [true])
        #expect(try sandbox.files("ehr") == [])
        #expect(try await row(ledger).why == .forgotten)
        #expect(try await sandbox.verify() == [])
    }

    @Test func nothingGoesWhileItIsBeingForgotten() async throws {
        let id = try await screen("eye.jpg")
        let (folders, ledger) = try open()
        try await ledger.beginForgetting(id, actor: "anna@1000")
        #expect(try await pass(folders, ledger).delivered == 0)
        #expect(try sandbox.files("ehr") == [])
    }

    // MARK: - What else is in a bundle

    /// A file of a later format, named for the arrival.
    private struct Letter: BundleWriter {
        func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
            [("letter.hl7", Array("\(draft.report.id) \(draft.report.version) \(try draft.original().count)".utf8))]
        }
    }

    @Test func aBundleOfMoreFilesIsVerifiedReusedRestoredAndForgotten() async throws {
        let writers: [any BundleWriter] = [StandardBundle(), Letter()]
        try sandbox.drop("a.jpg")
        var finished = try await sandbox.drain(FakeScreener(writers: writers))
        try sandbox.drop("b.jpg")
        finished += try await sandbox.drain(FakeScreener(writers: writers))
        let again = try #require(finished.first { $0.report.reusedFrom != nil }?.report)
        #expect(again.files.map(\.name) == ["overlay.jpg", "letter.hl7"])
        let letters = try sandbox.files("outbox").filter { $0.hasSuffix("letter.hl7") }
        #expect(letters.count == 2)
        let outbox = try Folder.open("\(sandbox.path)/outbox")
        for one in finished {
            let letter = try outbox.folder(RelativePath(ours: one.bundle)).read(FileName(ours: "letter.hl7"), limit: 1000)
            #expect(String(decoding: letter ?? [], as: UTF8.self) == "\(one.report.id) 1 5")
        }
        #expect(try await sandbox.verify() == [])
        // A ledger made of the bundles knows them too.
        for suffix in ["", "-wal", "-shm"] { unlink("\(sandbox.path)/ledger.sqlite\(suffix)") }
        let restored = try await Restore(sandbox.configuration, actor: "root@0", ledgers: SQLiteLedgers()).run(from: .bundles)
        #expect(restored.adopted.finished == 2 && restored.adopted.damaged == [])
        // What is changed is named, whatever file it is.
        let path = try #require(RelativePath(ours: finished[0].bundle))
        let letter = try #require(try outbox.folder(path).read(FileName(ours: "letter.hl7"), limit: 1000))
        try outbox.folder(path).replace(FileName(ours: "letter.hl7"), with: Array("forged".utf8))
        #expect(try await sandbox.verify() == ["file_changed \(finished[0].report.id)"])
        try outbox.folder(path).replace(FileName(ours: "letter.hl7"), with: letter)
        let (folders, ledger) = try open()
        let forgotten = try await forget(again.id, folders, ledger)
        #expect(forgotten.bundles == 1)
        #expect(try sandbox.files("outbox").filter { $0.hasSuffix("letter.hl7") }.count == 1)
        #expect(try await sandbox.verify() == [])
    }
}
