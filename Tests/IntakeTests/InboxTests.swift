import Files
import Glibc
import Intake
import Screening
import TestSupport
import Testing

import Settings

/// The rules of the inbox, with a clock that stands still.
@Suite struct InboxTests {
    private let sandbox: Sandbox
    private var now = Duration.seconds(100)

    init() throws { sandbox = try Sandbox() }

    private func inbox(isWatching: Bool = true, _ change: (inout InboxRules) -> Void = { _ in }) throws -> Inbox {
        var rules = InboxRules()
        change(&rules)
        return Inbox(path: "\(sandbox.path)/inbox", spool: try sandbox.spool, rules: rules, isWatching: isWatching)
    }

    /// The paths whose turn it is, in order, each as if it were taken.
    private func due(_ inbox: Inbox, at now: Duration) -> [String] {
        var paths: [String] = []
        while let candidate = inbox.next(now: now) { paths.append("\(candidate.path)") }
        return paths
    }

    @Test func aFileThatDoesNotChangeIsWholeAfterSettle() throws {
        let inbox = try inbox(isWatching: false) { $0.settle.remote = .seconds(2) }
        try sandbox.drop("a.jpg")
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .milliseconds(1999)) == [])
        #expect(due(inbox, at: now + .seconds(2)) == ["a.jpg"])
    }

    @Test func aFileThatGrowsStartsAnew() throws {
        let inbox = try inbox(isWatching: false) { $0.settle.remote = .seconds(2) }
        try sandbox.drop("a.jpg", "one")
        inbox.sweep(now: now)
        try sandbox.drop("a.jpg", "longer")
        // The change is found when its turn comes, without an event.
        #expect(due(inbox, at: now + .seconds(2)) == [])
        #expect(due(inbox, at: now + .seconds(3)) == [])
        #expect(due(inbox, at: now + .seconds(4)) == ["a.jpg"])
    }

    @Test func aClosedFileWithASidecarIsWholeAfterAMoment() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop("a.json", "{}")
        try sandbox.drop("a.jpg")
        inbox.poll(now: now)
        // Another image of the same sidecar may be on its way.
        #expect(due(inbox, at: now) == [])
        #expect(due(inbox, at: now + .milliseconds(500)) == ["a.jpg"])
    }

    @Test func aSidecarIsWaitedForUpToSettle() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop("a.jpg")
        inbox.poll(now: now)
        #expect(due(inbox, at: now + .seconds(1)) == [])
        #expect(due(inbox, at: now + .seconds(2)) == ["a.jpg"])
    }

    @Test func aMovedInFileIsSeen() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop(".upload", "image")
        try sandbox.inbox.rename(FileName(ours: ".upload"), to: sandbox.inbox, as: FileName(ours: "a.jpg"))
        inbox.poll(now: now)
        #expect(inbox.factsNow().waiting == 1)
        #expect(due(inbox, at: now + .seconds(2)) == ["a.jpg"])
    }

    @Test func aHardLinkIsSeen() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.spool.write([1], as: FileName(ours: "elsewhere"))
        #expect(link("\(sandbox.path)/spool/elsewhere", "\(sandbox.path)/inbox/a.jpg") == 0)
        inbox.poll(now: now)
        #expect(due(inbox, at: now + .seconds(2)) == ["a.jpg"])
    }

    @Test func filesOfAFolderThatAppearsAreFound() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop("new/deeper/a.jpg")
        inbox.poll(now: now)
        #expect(due(inbox, at: now + .seconds(2)) == ["new/deeper/a.jpg"])
        // Its watch works too.
        try sandbox.drop("new/deeper/b.jpg")
        inbox.poll(now: now + .seconds(3))
        #expect(due(inbox, at: now + .seconds(5)) == ["new/deeper/b.jpg"])
    }

    @Test func entriesThatAreNoFilesAreJudgedAtOnceAndNeverOpened() throws {
        let inbox = try inbox(isWatching: false)
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/link.jpg") == 0)
        #expect(mkfifo("\(sandbox.path)/inbox/fifo.jpg", 0o600) == 0)
        #expect(symlink("/etc", "\(sandbox.path)/inbox/folder") == 0)
        inbox.sweep(now: now)
        #expect(Set(due(inbox, at: now)) == ["link.jpg", "fifo.jpg", "folder"])
    }

    @Test func ignoredNames() throws {
        let inbox = try inbox(isWatching: false) { $0.ignore = IgnoreRules(globs: ["*.bak", "old/*"]) }
        for name in [
            ".hidden", "a.tmp", "a.PART", "a.partial", "a.crdownload", "a.filepart", "a.swp", "a.jpg~", "Thumbs.db",
            "desktop.ini",
            "@eaDir/a.jpg", "x.bak", "old/a.jpg",
        ] { try sandbox.drop(name) }
        try sandbox.drop("kept.jpg")
        try sandbox.drop("other/a.jpg")
        inbox.sweep(now: now)
        #expect(Set(due(inbox, at: now + .seconds(20))) == ["kept.jpg", "other/a.jpg"])
        #expect(inbox.factsNow().ignored == 13)
    }

    @Test func namesAreBytes() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop([[0xE9, 0x2E, 0x6A]], [1])
        try sandbox.drop("größe 👁\n.jpg")
        inbox.sweep(now: now)
        #expect(Set(due(inbox, at: now + .seconds(20))) == ["\\xE9.j", "größe 👁\n.jpg"])
    }

    @Test func urgentIsFirstAndNobodyStarves() throws {
        let inbox = try inbox(isWatching: false)
        for index in 0..<3 { try sandbox.drop("plain\(index).jpg") }
        for index in 0..<10 { try sandbox.drop("urgent/\(index).jpg") }
        inbox.sweep(now: now)
        let order = due(inbox, at: now + .seconds(20)).map { $0.hasPrefix("urgent/") ? "u" : "p" }.joined()
        #expect(order == "uuuupuuuupuup")
    }

    @Test func aTruncatedFileIsLookedAtAgainAfterTwoFourEight() throws {
        let inbox = try inbox(isWatching: false) { $0.settle.remote = .zero }
        try sandbox.drop("a.jpg")
        inbox.sweep(now: now)
        let path = try #require(RelativePath(escaped: "a.jpg"))
        var time = now
        var looks: [Duration] = []
        var isLast = false
        while !isLast, let candidate = inbox.next(now: time) {
            looks.append(time - now)
            isLast = candidate.isLast
            inbox.left(path, id: nil, now: time)
            time = inbox.observations[path]?.notBefore ?? time
        }
        #expect(looks.prefix(5) == [.zero, .seconds(2), .seconds(6), .seconds(14), .seconds(30)])
        #expect(looks.last == .seconds(600))
        // A change: at once, and from the beginning.
        try sandbox.drop("a.jpg", "it goes on")
        inbox.sweep(now: time)
        let again = try #require(inbox.next(now: time))
        #expect(!again.isLast)
    }

    @Test func anEmptyFileWaitsForTheDeadlineUnlessDraining() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop("a.jpg", "")
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(599)) == [])
        inbox.rules.isDraining = true
        #expect(due(inbox, at: now + .seconds(10)) == ["a.jpg"])
    }

    @Test func aLoneSidecarIsAnArrivalInTheEnd() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop("a.json", "{}")
        try sandbox.drop("b.jpg.json", "{}")
        try sandbox.drop("b.jpg")
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(20)) == ["b.jpg"])
        #expect(due(inbox, at: now + .seconds(600)) == ["a.json"])
        // Its image was taken, and it was not: it stands alone now.
        inbox.conclude(try #require(RelativePath(escaped: "b.jpg")), now: now + .seconds(600))
        try sandbox.removeFromInbox("b.jpg")
        inbox.sweep(now: now + .seconds(601))
        #expect(due(inbox, at: now + .seconds(700)) == ["b.jpg.json"] || due(inbox, at: now + .seconds(1300)) == ["b.jpg.json"])
    }

    @Test func emptiedFoldersAreRemovedAfterAWhileAndUrgentNever() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop("camera/a.jpg")
        _ = try sandbox.inbox.make(InboxRules.urgent)
        inbox.sweep(now: now)
        let camera = try sandbox.inbox.folder(FileName(ours: "camera"))
        try camera.remove(FileName(ours: "a.jpg"))
        inbox.sweep(now: now + .seconds(60))
        inbox.sweep(now: now + .seconds(60) + .seconds(3599))
        #expect(try sandbox.inbox.status(FileName(ours: "camera")) != nil)
        inbox.sweep(now: now + .seconds(60) + .seconds(3600))
        #expect(try sandbox.inbox.status(FileName(ours: "camera")) == nil)
        #expect(try sandbox.inbox.status(InboxRules.urgent) != nil)
    }

    @Test func foldersThatAreTooDeepAreCountedAndNotWalked() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop((Array(repeating: "d", count: 32) + ["a.jpg"]).joined(separator: "/"))
        try sandbox.drop((Array(repeating: "e", count: 33) + ["b.jpg"]).joined(separator: "/"))
        inbox.sweep(now: now)
        #expect(due(inbox, at: now + .seconds(20)).map { String($0.suffix(5)) } == ["a.jpg"])
        #expect(inbox.factsNow().tooDeep == 1)
    }

    @Test func whatGoesAwayUntakenIsForgotten() throws {
        let inbox = try inbox(isWatching: false)
        try sandbox.drop("a.jpg")
        inbox.sweep(now: now)
        try sandbox.removeFromInbox("a.jpg")
        #expect(due(inbox, at: now + .seconds(20)) == [])
        #expect(inbox.factsNow().waiting == 0)
    }

    @Test func aPendingArrivalWhoseFileIsGoneHasVanished() throws {
        let inbox = try inbox(isWatching: false)
        var random = SystemRandomNumberGenerator()
        let id = ScreeningID(at: .now, using: &random)
        let device = try sandbox.inbox.status().device
        inbox.know(
            try #require(RelativePath(escaped: "a.jpg")), id: id, status: FileStatus(device: device, inode: 1), received: .now,
            now: now)
        inbox.know(
            try #require(RelativePath(escaped: "b.jpg")), id: id, status: FileStatus(device: device + 1, inode: 1),
            received: .now, now: now)
        inbox.sweep(now: now)
        let gone = try #require(inbox.next(now: now + .seconds(20)))
        #expect("\(gone.path)" == "a.jpg" && gone.status == nil && gone.id == id)
        // The other was on a file system that is not here: nothing is concluded.
        #expect(inbox.next(now: now + .seconds(20)) == nil)
    }

    @Test("Of a file that another machine saw, its own number of the device says nothing") func goneFromASharedInbox() throws {
        let inbox = Inbox(
            path: "\(sandbox.path)/inbox", spool: try sandbox.spool, rules: InboxRules(), commonMarker: "all", isWatching: false)
        var random = SystemRandomNumberGenerator()
        let id = ScreeningID(at: .now, using: &random)
        let device = try sandbox.inbox.status().device
        inbox.know(
            try #require(RelativePath(escaped: "ward/b.jpg")), id: id, status: FileStatus(device: device + 1, inode: 1),
            received: .now, now: now)
        inbox.sweep(now: now)
        let gone = try #require(inbox.next(now: now + .seconds(20)))
        #expect("\(gone.path)" == "ward/b.jpg" && gone.status == nil && gone.id == id)
    }

    @Test func eventsThatWereLostMeanASweep() throws {
        let inbox = try inbox()
        inbox.sweep(now: now)
        try sandbox.drop("a.jpg")
        // Nothing is read from inotify; the next sweep finds it all the same.
        inbox.sweepIfDue(now: now + .seconds(59))
        #expect(inbox.factsNow().waiting == 0)
        inbox.sweepIfDue(now: now + .seconds(60))
        #expect(inbox.factsNow().waiting == 1)
        #expect(inbox.factsNow().mode == "inotify and sweep")
    }

    @Test func aBacklogOfAnySizeTakesBoundedMemoryAndAllOfItHasItsTurn() throws {
        let inbox = try inbox(isWatching: false) {
            $0.observationLimit = 50
            $0.settle = .init(local: .zero, remote: .zero)
        }
        for index in 0..<300 { try sandbox.drop("many/\(index).jpg") }
        for index in 0..<20 { try sandbox.drop("urgent/\(index).jpg") }
        for index in 0..<20 { try sandbox.drop("many/\(index).json", "{}") }
        inbox.sweep(now: now)
        #expect(inbox.factsNow().waiting == 340)
        var done: Set<String> = []
        var time = now
        while done.count < 320 {
            #expect(inbox.observations.count <= 100)
            guard let candidate = inbox.next(now: time) else {
                time += .seconds(1)
                inbox.sweepIfDue(now: time)
                // More rounds than this and something is never found.
                guard time < now + .seconds(1000) else { break }
                continue
            }
            #expect(!candidate.path.name.hasSuffix(".json"), "a sidecar is not an arrival while its image may be here")
            done.insert("\(candidate.path)")
            try sandbox.removeFromInbox(candidate.path)
            let sidecar = try #require(FileName(candidate.path.name.stem + Array(".json".utf8)))
            try sandbox.removeFromInbox(RelativePath(candidate.path.parent, sidecar))
            inbox.conclude(candidate.path, now: time)
        }
        #expect(done.count == 320)
        inbox.sweep(now: time + .seconds(1))
        #expect(inbox.factsNow().waiting == 0)
    }
}
