import Custody
import Files
import FoundationEssentials
import Glibc
import Intake
import Ledger
import LedgerSQL
import LedgerSQLite
import Reading
import Screening
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Service

/// What comes in, from files as sites drop them to what reports and the ledger say of them.
@Suite struct IntakeTests {
    private let sandbox: Sandbox
    private var now = Duration.seconds(100)
    init() throws { sandbox = try Sandbox() }

    private func inbox(_ change: (inout InboxRules) -> Void = { _ in }) throws -> Inbox {
        var rules = InboxRules()
        change(&rules)
        return Inbox(path: "\(sandbox.path)/inbox", spool: try sandbox.spool, rules: rules)
    }

    private func due(_ inbox: Inbox, at now: Duration) -> [String] {
        var paths: [String] = []
        while let candidate = inbox.next(now: now) { paths.append("\(candidate.path)") }
        return paths
    }

    /// Reports by the name of the file.
    private func reports(change: @Sendable (inout Configuration) -> Void = { _ in }) async throws -> [String: Report] {
        let finished = try await sandbox.drain(change: change)
        return Dictionary(uniqueKeysWithValues: finished.map { ($0.report.source.name, $0.report) })
    }

    private func row(_ report: Report?) async throws -> ArrivalRow {
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        let id = try #require(report).id
        return try #require(try await ledger.arrival(id))
    }

    // MARK: - B1, B12

    @Test("B1: report, ledger and export have every field of a sidecar, and attention what could not be used")
    func sidecar() async throws {
        try sandbox.drop("eye.jpg")
        try sandbox.drop(
            [Array("eye.json".utf8)],
            Array(
                #"{"Patient": 123456789012345678901, "issuer": "H", "study": 5.0, "eye": "both", "accession": "A", "operator": "M"#
                    .utf8)
                + [0xFC]
                + Array(#"ller", "device": ["x"], "taken": "2026-11-24T10:41:07+01:00", "last": true,}"#.utf8))
        let report = try #require(try await reports()["eye.jpg"])
        #expect(report.schema == "papilla.report/2")
        #expect(report.subject == Subject(identifier: "123456789012345678901", issuer: "H"))
        #expect(report.source.patient == "123456789012345678901" && report.source.study == "5" && report.source.eye == .unknown)
        let examination = report.examination
        #expect(examination.study == "5" && examination.accession == "A" && examination.operatorName == "Müller")
        #expect(examination.device == nil && examination.taken?.description == "2026-11-24T09:41:07.000Z")
        #expect(examination.eye == .init(.unknown, from: .sidecar))
        #expect(report.attention.map(\.code) == [.sidecar])
        for word in ["eye", "both", "device", "comma"] { #expect(report.attention[0].detail.contains(word)) }
        let row = try await row(report)
        #expect(row.identification.subject == report.subject && row.identification.examination == examination && row.isLast)
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        var rows: [ExportRow] = []
        try ledger.export(ArrivalFilter()) { rows.append($0) }
        #expect(
            rows[0].issuer == "H" && rows[0].accession == "A" && rows[0].operatorName == "Müller"
                && rows[0].taken == examination.taken)
        #expect(try await sandbox.verify() == [])
    }

    @Test("B1: a sidecar that is not used leaves its image without a guess, and says why", arguments: ["not JSON", "{}", ""])
    func uselessSidecar(content: String) async throws {
        try sandbox.drop("eye.jpg")
        try sandbox.drop("eye.json", content)
        let report = try #require(try await reports()["eye.jpg"])
        #expect(report.attention.map(\.code) == [.sidecar] && report.source.sidecar == "eye.json" && report.subject == nil)
    }

    @Test("B1: a sidecar that is too large to be read travels, and says so")
    func largeSidecar() async throws {
        try sandbox.drop("eye.jpg")
        try sandbox.drop("eye.json", "{\"patient\": \"7\"" + String(repeating: " ", count: Sidecar.sizeLimit) + "}")
        let report = try #require(try await reports()["eye.jpg"])
        #expect(report.attention.map(\.code) == [.sidecar] && report.subject == nil)
        #expect(try sandbox.files("archive").count == 2 && sandbox.files("inbox") == [])
    }

    @Test("B1: a reading is used again only under the same attention, since that is drawn")
    func reuse() async throws {
        for name in ["a", "b", "c"] { try sandbox.drop("\(name).jpg") }
        try sandbox.drop("a.json", #"{"eye": "OU", "patient": "1"}"#)
        try sandbox.drop("b.json", #"{"patient": "2"}"#)
        try sandbox.drop("c.json", #"{"patient": "3"}"#)
        let reports = try await reports()
        #expect(reports.values.count { $0.reusedFrom != nil } == 1 && reports["a.jpg"]?.reusedFrom == nil)
        #expect(["a", "b", "c"].map { reports["\($0).jpg"]?.subject?.identifier } == ["1", "2", "3"])
        #expect(reports["b.jpg"]?.attention == [] && reports["c.jpg"]?.attention == [])
    }

    @Test("B12: accession, operator and time of a name are in the report, and the sidecar counts over them")
    func namePattern() async throws {
        try sandbox.drop("7_A1_Ob_20261124.jpg")
        try sandbox.drop("8_A2_Ob_20261124.jpg")
        try sandbox.drop("8_A2_Ob_20261124.json", #"{"accession": "other"}"#)
        let reports = try await reports {
            $0.namePattern = "^(?<patient>[^_]+)_(?<accession>[^_]+)_(?<operator>[^_]+)_(?<taken>[0-9]+)"
        }
        let first = try #require(reports["7_A1_Ob_20261124.jpg"])
        #expect(first.subject?.identifier == "7" && first.examination.accession == "A1" && first.examination.operatorName == "Ob")
        #expect(first.examination.taken?.description == "2026-11-24" && first.attention == [])
        let second = try #require(reports["8_A2_Ob_20261124.jpg"])
        #expect(second.examination.accession == "other" && second.attention.map(\.code) == [.identityConflict])
    }

    // MARK: - B2

    @Test(
        "B2: a sidecar is its image's whatever the Unicode form and case of their names",
        arguments: [
            ("M\u{FC}ller.jpg", "Mu\u{308}ller.json"), ("Mu\u{308}ller.JPG", "m\u{FC}LLER.Json"), ("IMG_1.JPG", "img_1.jpg.json"),
            ("img_1.jpg", "IMG_1.JSON"), ("\u{E9}t\u{E9}/A.png", "\u{E9}t\u{E9}/a.json"),
        ])
    func names(image: String, sidecar: String) async throws {
        try sandbox.drop(image)
        try sandbox.drop(sidecar, #"{"patient": "7"}"#)
        let reports = try await reports()
        #expect(reports.count == 1 && reports.values.first?.subject?.identifier == "7")
        #expect(try sandbox.files("archive").count == 2 && sandbox.files("quarantine") == [] && sandbox.files("inbox") == [])
        #expect(try await sandbox.verify() == [])
    }

    @Test("B2: one sidecar counts for every image that it is beside, and travels with each")
    func shared() async throws {
        for name in ["a.jpg", "a.png", "A.JPEG", "b.jpg"] { try sandbox.drop(name, name) }
        try sandbox.drop("a.json", #"{"patient": "7"}"#)
        let reports = try await reports()
        #expect(Set(reports.keys) == ["a.jpg", "a.png", "A.JPEG", "b.jpg"])
        for name in ["a.jpg", "a.png", "A.JPEG"] { #expect(reports[name]?.subject?.identifier == "7", "\(name)") }
        #expect(reports["b.jpg"]?.subject == nil)
        #expect(try sandbox.files("archive").count { $0.hasSuffix("/a.json") } == 3)
        #expect(try sandbox.files("inbox") == [] && sandbox.files("quarantine") == [] && sandbox.files("spool") == [])
        #expect(try await sandbox.verify() == [])
    }

    @Test(
        "B2: two images of one sidecar each keep it, wherever the process stops on the way of the first",
        arguments: Stage.allCases)
    func sharedAndStopped(stage: Stage) async throws {
        for name in ["a.jpg", "a.png"] { try sandbox.drop(name, name) }
        try sandbox.drop("a.json", #"{"patient": "7"}"#)
        try await die(at: stage, with: "a.jpg")
        try await sandbox.drain()
        #expect(try sandbox.files("archive").count { $0.hasSuffix("/a.json") } == 2)
        #expect(try sandbox.files("inbox") == [] && sandbox.files("quarantine") == [] && sandbox.files("spool") == [])
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        #expect(try await ledger.arrivals().map(\.patient) == ["7", "7"])
        #expect(try await sandbox.verify() == [])
    }

    @Test("B2: where names differ in case alone, each image has the sidecar of its own letters")
    func ownLetters() async throws {
        for (name, patient) in [("IMG", "1"), ("img", "2")] {
            try sandbox.drop("\(name).jpg", name)
            try sandbox.drop("\(name).json", "{\"patient\": \(patient)}")
        }
        let reports = try await reports()
        #expect(reports["IMG.jpg"]?.subject?.identifier == "1" && reports["img.jpg"]?.subject?.identifier == "2")
        #expect(try sandbox.files("inbox") == [] && sandbox.files("quarantine") == [])
    }

    @Test("B2: another file of an image's name keeps what lies beside it")
    func anotherFileKeepsItsSidecar() async throws {
        try sandbox.drop("eye.jpg", "first")
        try await die(at: .spooled, with: "eye.jpg")
        try sandbox.drop("eye.jpg", "second")
        try sandbox.drop("eye.json", #"{"patient": "2"}"#)
        let finished = try await sandbox.drain()
        let ledger = try LedgerStore(path: sandbox.configuration.paths.ledger, mode: .readOnly)
        let patients = try await ledger.arrivals().map { ($0.sha256, $0.patient) }
        #expect(finished.count == 2 && patients.count == 2)
        #expect(patients.first { $0.0 == Digest(of: "first".utf8) }?.1 == nil)
        #expect(patients.first { $0.0 == Digest(of: "second".utf8) }?.1 == "2")
    }

    @Test("B2: a failed image called reason keeps its sidecar beside our own reason.json")
    func reason() async throws {
        try sandbox.drop("reason.jpg", "not an image")
        try sandbox.drop("reason.json", #"{"patient": "7"}"#)
        #expect(try await reports()["reason.jpg"]?.subject?.identifier == "7")
        #expect(
            Set(try sandbox.files("quarantine").compactMap { $0.split(separator: "/").last }) == [
                "reason.jpg", "reason.json", "papilla-reason.json",
            ])
    }

    /// A life of the process that ends when an arrival has come to a stage.
    private func die(at stage: Stage, with name: String) async throws {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        var random = SystemRandomNumberGenerator()
        let (path, received) = (RelativePath(FileName(ours: name)), Timestamp.now)
        let status = try #require(try sandbox.inbox.status(path.name))
        let arrival = Arrival(id: ScreeningID(at: received, using: &random), path: path, received: received)
        try await ledger.receive(
            NewArrival(
                id: arrival.id, path: name, name: name, isUrgent: false, received: received, device: status.device,
                inode: status.inode))
        guard stage != .received else { return }
        await #expect(throws: (any Error).self) {
            try await sandbox.processor(folders, ledger, FakeScreener(), stopAt: stage).carryOn(arrival, from: sandbox.inbox)
        }
    }

    // MARK: - B3

    /// Runs something as who obeys permissions, which root does not.
    @discardableResult
    private func asNobody<Value>(_ body: () throws -> Value) throws -> Value {
        guard geteuid() == 0 else { return try body() }
        // Of this thread alone (setfsuid(2)); files of the sandbox are given to that user.
        typealias Change = @convention(c) (UInt32) -> Int32
        let change = unsafeBitCast(try #require(dlsym(nil, "setfsuid")), to: Change.self)
        _ = change(65534)
        defer { _ = change(0) }
        return try body()
    }

    @Test("B3: a folder in the inbox that may not be read is counted", arguments: [0o000, 0o111, 0o444] as [mode_t])
    func lockedFolder(mode: mode_t) throws {
        try sandbox.drop("locked/a.jpg")
        try sandbox.drop("open/b.jpg")
        for name in ["", "/inbox", "/inbox/locked", "/inbox/open", "/inbox/open/b.jpg", "/spool"] {
            #expect(chown(sandbox.path + name, 65534, 65534) == 0 || geteuid() != 0)
        }
        let locked = "\(sandbox.path)/inbox/locked"
        #expect(chmod(locked, mode) == 0)
        defer { chmod(locked, 0o700) }
        let inbox = try inbox()
        try asNobody {
            inbox.sweep(now: now)
            #expect(inbox.factsNow().unreadable == 1)
            #expect(due(inbox, at: now + .seconds(20)) == ["open/b.jpg"])
        }
        chmod(locked, 0o755)
        try asNobody { inbox.sweep(now: now + .seconds(60)) }
        #expect(inbox.factsNow().unreadable == 0)
    }

    @Test("B3: doctor names the folders that may not be read")
    func surveyOfLockedFolders() throws {
        try sandbox.drop("locked/a.jpg")
        for name in ["", "/inbox", "/inbox/locked"] { _ = chown(sandbox.path + name, 65534, 65534) }
        #expect(chmod("\(sandbox.path)/inbox/locked", 0) == 0)
        defer { chmod("\(sandbox.path)/inbox/locked", 0o700) }
        let survey = try asNobody { try #require(InboxSurvey(of: "\(sandbox.path)/inbox", IgnoreRules())) }
        #expect(survey.locked.count == 1 && survey.locked.text == "locked")
    }

    // MARK: - B4

    /// A file that is open for writing, as another program has it.
    private final class Writer {
        let descriptor: Int32
        init(_ path: String) { descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644) }
        func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } }
        func close() { Glibc.close(descriptor) }
    }

    @Test("B4: a file that someone writes to is not whole, however long nothing comes")
    func openWriter() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        let writer = Writer("\(sandbox.path)/inbox/a.jpg")
        writer.write("one")
        inbox.poll(now: now)
        #expect(due(inbox, at: now + .seconds(5)) == [])
        #expect(due(inbox, at: now + .seconds(300)) == [])
        writer.write("two")
        writer.close()
        inbox.poll(now: now + .seconds(301))
        #expect(due(inbox, at: now + .seconds(302)) == [])
        #expect(due(inbox, at: now + .seconds(304)) == ["a.jpg"])
    }

    @Test("B4: a writer is followed when its file is renamed into its name")
    func openWriterRenames() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        let writer = Writer("\(sandbox.path)/inbox/.upload")
        writer.write("one")
        #expect(rename("\(sandbox.path)/inbox/.upload", "\(sandbox.path)/inbox/a.jpg") == 0)
        inbox.poll(now: now)
        #expect(inbox.watch?.isWriting(try #require(RelativePath(escaped: "a.jpg"))) == true)
        #expect(due(inbox, at: now + .seconds(20)) == [])
        writer.close()
        inbox.poll(now: now + .seconds(20))
        #expect(due(inbox, at: now + .seconds(23)) == ["a.jpg"])
    }

    @Test("B4: a writer that was there before the service is known, too, where the kernel tells", arguments: [true, false])
    func earlierWriter(isDraining: Bool) throws {
        let writer = Writer("\(sandbox.path)/inbox/a.jpg")
        writer.write("one")
        let inbox = try inbox { $0.isDraining = isDraining }
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(5)) == [])
        writer.close()
        inbox.poll(now: now + .seconds(6))
        #expect(due(inbox, at: now + .seconds(20)) == ["a.jpg"])
    }

    @Test("B4: a sidecar that someone writes to is waited for")
    func openSidecar() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop("a.jpg")
        let writer = Writer("\(sandbox.path)/inbox/a.json")
        writer.write("{\"patient\": ")
        inbox.poll(now: now)
        #expect(due(inbox, at: now + .seconds(30)) == [])
        writer.write("7}")
        writer.close()
        inbox.poll(now: now + .seconds(31))
        #expect(due(inbox, at: now + .seconds(60)) == ["a.jpg"])
    }

    @Test("B4: what is held open beyond the deadline is copied: its writer cannot change what was read")
    func heldOpen() async throws {
        let writer = Writer("\(sandbox.path)/inbox/a.jpg")
        writer.write("image")
        let finished = try await sandbox.drain { $0.deadline = .milliseconds(1) }
        writer.write(" and more")
        writer.close()
        let report = try #require(finished.first?.report)
        #expect(report.source.sha256 == Digest(of: "image".utf8))
        let original = try #require(try sandbox.files("archive").first)
        #expect(
            try Folder.open("\(sandbox.path)/archive").folder(RelativePath(ours: original)?.parent).read(
                FileName(ours: "a.jpg"), limit: 99) == Array("image".utf8))
    }

    @Test(
        "B4: a file that is written to while it is read is read again: the archive has what the ledger says",
        arguments: [Stage.spooled, .claimed, .begun, .read])
    func writtenWhileRead(stage: Stage) async throws {
        try sandbox.drop("a.jpg", "image")
        let path = sandbox.path
        let stops = Mutated(stage) {
            guard let spool = try? Folder.open("\(path)/spool"),
                let own = try? spool.names().first(where: { $0.bytes.first != 46 })
            else { return }
            let writer = Writer("\(path)/spool/\(own)/a.jpg")
            writer.write(" and more")
            writer.close()
        }
        let finished = try await sandbox.drain(checkpoint: stops.checkpoint)
        #expect(finished.first?.report.source.sha256 == Digest(of: "image and more".utf8))
        #expect(try await row(finished.first?.report).sha256 == Digest(of: "image and more".utf8))
        #expect(try await sandbox.verify() == [])
    }

    // MARK: - B5

    @Test(
        "B5: what belongs to a share, a system or a browser is nobody's image",
        arguments: [
            "#recycle/a.jpg", "@Recycle/a.jpg", "@Recently-Snapshot/a.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
            "$RECYCLE.BIN/S-1-5/a.jpg",
            "RECYCLER/a.jpg", "System Volume Information/a", "lost+found/a.jpg", ".Trash-1000/files/a.jpg", ".Trashes/501/a.jpg",
            ".Spotlight-V100/a", ".fseventsd/a", ".TemporaryItems/a", ".AppleDouble/a.jpg", "._a.jpg", ".DS_Store",
            "Network Trash Folder/a",
            "Temporary Items/a", "__MACOSX/a.jpg", "Icon\r", "Thumbs.db", "ehthumbs.db", "desktop.ini", "#snapshot/a.jpg",
            "@tmp/a.jpg",
            "a.jpg@SynoEAStream", "a.jpg@SynoResource", "Network Recycle Bin 1/a.jpg", "trashbox/a.jpg", "a.jpg:Zone.Identifier",
            "a.jpg:Zone.Identifier:$DATA", "a.jpg\u{F03A}Zone.Identifier", "a.jpg\u{F022}AFP_AfpInfo",
            "a.jpg:com.apple.quarantine",
            "a.jpg.Zone.Identifier", "~$report.docx", "FOUND.000/a.jpg", "Recycle Bin/a.jpg", "@GMT-2026.11.24-10.00.00/a.jpg",
        ])
    func ignored(path: String) throws {
        try sandbox.drop(path)
        let inbox = try inbox()
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(1000)) == [])
        #expect(inbox.factsNow().ignored == 1)
        #expect(try #require(InboxSurvey(of: "\(sandbox.path)/inbox", IgnoreRules())).ignored.count == 1)
    }

    @Test(
        "B5: what only looks like it is an image",
        arguments: ["recycled_eye.jpg", "#1.jpg", "@home/a.jpg", "found.01.jpg", "a:b.jpg", "trash1.jpg"])
    func notIgnored(path: String) throws {
        try sandbox.drop(path)
        let inbox = try inbox()
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(20)) == [path])
    }
}

/// Does something once, when a stage is reached.
private final class Mutated: Sendable {
    private let stage: Stage
    private let body: @Sendable () -> Void
    private let isOver = Flag()
    init(_ stage: Stage, _ body: @escaping @Sendable () -> Void) {
        self.stage = stage
        self.body = body
    }

    var checkpoint: Checkpoint {
        { [self] reached in if reached == stage, !isOver.isSet { isOver.set(); body() } }
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock(\.self) }
    func set() { state.withLock { $0 = true } }
}
