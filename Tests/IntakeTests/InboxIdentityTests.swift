import Files
import Glibc
import Intake
import Screening
import TestSupport
import Testing

@Suite struct InboxIdentityTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    private func isGone(_ inbox: Inbox) -> Bool { inbox.root == nil }

    private func moveInbox(_ from: String, _ to: String) {
        #expect(rename("\(sandbox.path)/\(from)", "\(sandbox.path)/\(to)") == 0)
    }

    @Test func anInboxThatIsNotThereIsAnAlarmAndComesBack() throws {
        let inbox = Inbox(path: "\(sandbox.path)/inbox", spool: try sandbox.spool, rules: InboxRules())
        inbox.sweep(now: .zero)
        #expect(!isGone(inbox))
        try sandbox.drop("a.jpg")
        inbox.poll(now: .zero)
        moveInbox("inbox", "elsewhere")
        inbox.poll(now: .seconds(5))
        #expect(inbox.sweepIfDue(now: .seconds(5)))
        #expect(isGone(inbox))
        // Nothing is concluded from what is not seen.
        #expect(inbox.next(now: .seconds(100)) == nil)
        #expect(inbox.factsNow().waiting == 1)
        moveInbox("elsewhere", "inbox")
        #expect(inbox.sweepIfDue(now: .seconds(200)))
        #expect(inbox.next(now: .seconds(300)) != nil)
    }

    @Test func aNewFolderOnTheSameFileSystemIsTheInbox() throws {
        let identity = InboxIdentity(spool: try sandbox.spool, path: "/x")
        #expect(try identity.check(sandbox.inbox) == .adopted)
        #expect(try identity.check(sandbox.inbox) == .known)
        try sandbox.inbox.remove(InboxIdentity.markerName)
        #expect(try identity.check(sandbox.inbox) == .known)
        moveInbox("inbox", "elsewhere")
        _ = try Folder.make("\(sandbox.path)/inbox")
        #expect(try identity.check(sandbox.inbox) == .adopted)
        #expect(try identity.check(sandbox.inbox) == .known)
    }

    @Test("A9: whatever others put in the marker's place, the inbox stays the inbox", .enabled(if: geteuid() == 0))
    func markersOfOthers() throws {
        let identity = InboxIdentity(spool: try sandbox.spool, path: "/x")
        let marker = "\(sandbox.path)/inbox/.papilla-inbox"
        #expect(try identity.check(sandbox.inbox) == .adopted)
        let text = try #require(try sandbox.inbox.read(InboxIdentity.markerName, limit: 100))
        func write(_ bytes: [UInt8]) throws {
            try sandbox.inbox.replace(InboxIdentity.markerName, with: bytes)
            #expect(chown(marker, 65534, 65534) == 0)
        }
        for strange in [Array("x\n".utf8), [], [0xFF], [UInt8](repeating: 65, count: 100_000)] {
            try write(strange)
            #expect(try identity.check(sandbox.inbox) == .known)
            // Ours is put back, where it can be.
            #expect(try sandbox.inbox.read(InboxIdentity.markerName, limit: 200_000) == text)
        }
        for make in [
            { mkdir($0, 0o755) }, { symlink("/etc/passwd", $0) }, { mkfifo($0, 0o666) },
        ] as [(String) -> Int32] {
            try sandbox.inbox.removeTree(InboxIdentity.markerName)
            #expect(make(marker) == 0)
            #expect(try identity.check(sandbox.inbox) == .known)
        }
        try sandbox.inbox.removeTree(InboxIdentity.markerName)
        #expect(mkdir("\(sandbox.path)/inbox/.papilla-draft", 0o755) == 0)
        #expect(try identity.check(sandbox.inbox) == .known)
        // Nor do they say that another folder is meant.
        let record = InboxIdentity.Record(path: "/x", marker: "1234", device: try sandbox.inbox.status().device + 1)
        try sandbox.spool.replace(InboxIdentity.recordName, with: Array(CanonicalJSON.document(record).utf8))
        try sandbox.inbox.removeTree(FileName(ours: ".papilla-draft"))
        try write([])
        #expect(try identity.check(sandbox.inbox) == .other)
    }

    @Test func aFolderOnAnotherDeviceIsNotUnlessAPersonSaysSo() throws {
        let identity = InboxIdentity(spool: try sandbox.spool, path: "/x")
        let record = InboxIdentity.Record(path: "/x", marker: "1234", device: try sandbox.inbox.status().device + 1)
        try sandbox.spool.replace(InboxIdentity.recordName, with: Array(CanonicalJSON.document(record).utf8))
        #expect(try identity.check(sandbox.inbox) == .other)
        try sandbox.inbox.write([], as: InboxIdentity.markerName)
        #expect(try identity.check(sandbox.inbox) == .adopted)
        #expect(try identity.check(sandbox.inbox) == .known)
    }

    @Test func aMarkerTellsTheInboxWhereverItIsMounted() throws {
        let identity = InboxIdentity(spool: try sandbox.spool, path: "/x")
        let record = InboxIdentity.Record(path: "/x", marker: "1234", device: 1)
        try sandbox.spool.replace(InboxIdentity.recordName, with: Array(CanonicalJSON.document(record).utf8))
        try sandbox.inbox.write(Array("1234".utf8), as: InboxIdentity.markerName)
        #expect(try identity.check(sandbox.inbox) == .known)
        try sandbox.inbox.replace(InboxIdentity.markerName, with: Array("5678".utf8))
        #expect(try identity.check(sandbox.inbox) == .other)
    }

    @Test func anotherPathInTheConfigurationIsAnotherInbox() throws {
        let record = InboxIdentity.Record(path: "/y", marker: "1234", device: 1)
        try sandbox.spool.replace(InboxIdentity.recordName, with: Array(CanonicalJSON.document(record).utf8))
        #expect(try InboxIdentity(spool: try sandbox.spool, path: "/x").check(sandbox.inbox) == .adopted)
    }
}
