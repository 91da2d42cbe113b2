import Custody
import Files
import Glibc
import Ledger
import LedgerSQLite
import Reading
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

/// An arrival ends once, with one bundle and one original, wherever the process stops on the way.
@Suite struct ArrivalProcessorTests {
    private let sandbox: Sandbox
    private let screener = FakeScreener()
    init() throws { sandbox = try Sandbox() }

    private func receive(_ ledger: any WholeLedger, _ name: String) async throws -> Arrival {
        var random = SystemRandomNumberGenerator()
        let received = Timestamp.now
        let id = ScreeningID(at: received, using: &random)
        let path = try #require(RelativePath(escaped: name))
        let status = try #require(try sandbox.inbox.folder(path.parent).status(path.name))
        try await ledger.receive(
            NewArrival(
                id: id, path: name, name: "\(path.name)", isUrgent: false, received: received, device: status.device,
                inode: status.inode))
        return Arrival(id: id, path: path, received: received)
    }

    /// What a later life of the process does with what is pending.
    private func recover(_ folders: ServiceFolders, _ ledger: any WholeLedger, _ screener: FakeScreener) async throws
        -> [ArrivalProcessor.Finished]
    {
        try folders.publisher.clean()
        var finished: [ArrivalProcessor.Finished] = []
        for row in try await ledger.pending() {
            finished.append(
                try await sandbox.processor(folders, ledger, screener).carryOn(try #require(Arrival(row)), from: sandbox.inbox))
        }
        return finished
    }

    @Test(arguments: Stage.allCases, ["image", "not an image"])
    func aStopAtEveryStageEndsOnce(stage: Stage, content: String) async throws {
        try sandbox.drop("sub/eye.jpg", content)
        try sandbox.drop("sub/eye.json", #"{"patient": "7", "eye": "OD"}"#)
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "sub/eye.jpg")
        if stage != .received {
            await #expect(throws: (any Error).self) {
                try await sandbox.processor(folders, ledger, screener, stopAt: stage).carryOn(arrival, from: sandbox.inbox)
            }
        }
        let isOver = stage == .finished
        #expect(try await ledger.pending().count == (isOver ? 0 : 1))
        let finished = try await recover(folders, ledger, screener)
        #expect(finished.count == (isOver ? 0 : 1))

        let day = arrival.day
        let place = content == "image" ? "archive" : "quarantine"
        let other = content == "image" ? "quarantine" : "archive"
        let originals = try sandbox.files(place).filter { !$0.hasSuffix("reason.json") }
        #expect(originals == ["\(day)/\(arrival.id)/eye.jpg", "\(day)/\(arrival.id)/eye.json"])
        #expect(try sandbox.files(place).contains { $0.hasSuffix("reason.json") } == (content != "image"))
        #expect(try sandbox.files(other) == [] && sandbox.files("spool") == [] && sandbox.files("inbox") == [])
        let reports = try sandbox.files("outbox").filter { $0.hasSuffix("report.json") }
        #expect(reports == ["\(day)/eye.\(arrival.id)/report.json"])
        #expect(try folders.publisher.outbox.folder(Publisher.staging).isEmpty())
        let row = try #require(try await ledger.arrival(arrival.id))
        #expect(row.state == .finished && row.patient == "7" && row.eye == .right && row.sidecar == "eye.json")
        #expect(try await sandbox.verify() == [])
    }

    @Test func aHalfTakenPairIsCompleted() async throws {
        // The process died between the two renames.
        try sandbox.drop("eye.jpg")
        try sandbox.drop("eye.json", "{}")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        let folder = try folders.spool.root.make(folders.spool.name(of: arrival.id))
        try sandbox.inbox.rename(FileName(ours: "eye.jpg"), to: folder, as: FileName(ours: "eye.jpg"))
        #expect(try await recover(folders, ledger, screener).count == 1)
        #expect(try sandbox.files("inbox") == [])
        #expect(try sandbox.files("archive").count == 2)
    }

    @Test func aCopyThatWasCompleteRemovesItsOriginal() async throws {
        // Between file systems the process died after the copy, before the original was removed.
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        let folder = try folders.spool.root.make(folders.spool.name(of: arrival.id))
        try folder.write(Array("image".utf8), as: FileName(ours: "eye.jpg"))
        try folder.write(Array("half of an ima".utf8), as: Transfer.draft)
        #expect(try await recover(folders, ledger, screener).count == 1)
        #expect(try sandbox.files("inbox") == [])
        #expect(try sandbox.files("archive").count == 1)
    }

    @Test func anotherFileOfTheSameNameIsLeftAlone() async throws {
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        await #expect(throws: Stopped.self) {
            try await sandbox.processor(folders, ledger, screener, stopAt: .spooled).carryOn(arrival, from: sandbox.inbox)
        }
        try sandbox.drop("eye.jpg", "another image")
        #expect(try await recover(folders, ledger, screener).count == 1)
        #expect(try sandbox.files("inbox") == ["eye.jpg"])
    }

    @Test func threeDeathsAreACrash() async throws {
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        var arrival = try await receive(ledger, "eye.jpg")
        for attempts in 0..<3 {
            arrival.attempts = attempts
            await #expect(throws: Stopped.self) {
                try await sandbox.processor(folders, ledger, screener, stopAt: .begun).carryOn(arrival, from: sandbox.inbox)
            }
        }
        let finished = try #require(try await recover(folders, ledger, screener).first)
        #expect(finished.report.reasons.map(\.code) == [.crashed])
        #expect(screener.reads == [])
        #expect(try sandbox.files("quarantine").count == 2)
        #expect(try await sandbox.verify() == [])
    }

    @Test("An end that was written down, and not heard of, is the end") func anEndThatWasNotHeardOf() async throws {
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        let processor = sandbox.processor(folders, ledger, screener)
        let first = try await processor.carryOn(arrival, from: sandbox.inbox)
        let head = try await ledger.head().hash
        let again = try await processor.carryOn(arrival, from: sandbox.inbox)
        #expect(again.report == first.report && again.bundle == first.bundle)
        let error = PapillaError(.refused, "The state finished cannot take the step finish")
        #expect(try await processor.fail(arrival, error).report.outcome == .noFinding)
        #expect(try await ledger.head().hash == head)
        // Nor does anything come where its bundle was: it was forgotten since, or the site took it away.
        _ = try folders.publisher.erase(arrival.id, day: arrival.day)
        await #expect(throws: ArrivalProcessor.Ended.self) { try await processor.carryOn(arrival, from: sandbox.inbox) }
        await #expect(throws: ArrivalProcessor.Ended.self) { try await processor.fail(arrival, error) }
        #expect(try sandbox.files("outbox") == [])
        #expect(try await ledger.head().hash == head)
    }

    @Test("A bundle that is out stands, and what is wrong with it holds up nobody else") func aBundleThatCannotBeRead()
        async throws
    {
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        await #expect(throws: Stopped.self) {
            try await sandbox.processor(folders, ledger, screener, stopAt: .published).carryOn(arrival, from: sandbox.inbox)
        }
        let bundle = try folders.publisher.outbox.folder(RelativePath(ours: "\(arrival.day)/eye.\(arrival.id)"))
        try bundle.replace(FileName(ours: "report.json"), with: Array("{".utf8))
        try await ledger.close()
        try sandbox.drop("other.jpg", "another image")
        await #expect { try await sandbox.drain(screener) } throws: {
            ($0 as? PapillaError)?.message == "1 arrival is still pending"
        }
        #expect(try bundle.read(FileName(ours: "report.json"), limit: 10) == Array("{".utf8))
        let (_, reopened) = try sandbox.open()
        #expect(try await reopened.pending().map(\.waitsFor) == ["A published bundle's report cannot be read"])
        #expect(try sandbox.files("archive").map { String($0.suffix(9)) } == ["other.jpg"])
        #expect(try sandbox.files("outbox").count { $0.hasSuffix("report.json") } == 2)
    }

    @Test func aReadingThatMustWaitDoesNotCountAsADeath() async throws {
        try sandbox.drop("eye.jpg", "busy")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        for _ in 0..<5 {
            do {
                _ = try await sandbox.processor(folders, ledger, screener).carryOn(arrival, from: sandbox.inbox)
                Issue.record("it did not wait")
            } catch let obstacle as Obstacle {
                #expect(obstacle.error.isRetryable && obstacle.scope == .file)
                try await ledger.wait(arrival.id, for: obstacle.waitsFor(in: sandbox.configuration.paths))
            }
        }
        #expect(try await ledger.arrival(arrival.id)?.attempts == 0)
        #expect(try await ledger.arrival(arrival.id)?.waitsFor == "There is no memory just now")
    }

    @Test func aFileOfForeignBytesIsAccountedForToo() async throws {
        try sandbox.drop([[0xE9, 0x5C, 0x0A, 0x2E, 0x6A, 0x70, 0x67]], Array("image".utf8))
        let finished = try await sandbox.drain(screener)
        #expect(finished.map(\.report.source.name) == ["\\xE9\\\\\n.jpg"])
        #expect(try sandbox.files("inbox") == [] && sandbox.files("spool") == [])
        #expect(try await sandbox.verify() == [])
    }

    @Test func theSameContentIsReadOnceAndAnsweredTwice() async throws {
        try sandbox.drop("a.jpg")
        try await sandbox.drain(screener)
        try sandbox.drop("b.jpg")
        try sandbox.drop("c.jpg")
        try sandbox.drop("c.json", #"{"eye": "left"}"#)
        let finished = try await sandbox.drain(screener)
        // Another eye is another reading.
        #expect(Set(screener.reads) == ["a.jpg", "c.jpg"])
        let b = try #require(finished.first { $0.report.source.name == "b.jpg" })
        #expect(b.report.reusedFrom != nil)
        #expect(try sandbox.files("outbox").filter { $0.hasSuffix("overlay.jpg") }.count == 3)
        #expect(try await sandbox.verify() == [])
    }

    @Test func aBundleThatWasTamperedWithIsNotReused() async throws {
        try sandbox.drop("a.jpg")
        let first = try #require(try await sandbox.drain(screener).first)
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let folder = try folders.publisher.outbox.folder(RelativePath(ours: first.bundle))
        try folder.replace(FileName(ours: "overlay.jpg"), with: Array("painted over".utf8))
        try sandbox.drop("b.jpg")
        let finished = try await sandbox.drain(screener)
        #expect(finished.first?.report.reusedFrom == nil)
        #expect(screener.reads == ["a.jpg", "b.jpg"])
    }

    @Test func aFileThatIsNotWholeStaysInTheInboxUnderItsRow() async throws {
        try sandbox.drop([Array("half.jpg".utf8)], [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10])
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "half.jpg")
        await #expect {
            _ = try await sandbox.processor(folders, ledger, screener).carryOn(arrival, from: sandbox.inbox)
        } throws: { ($0 as? Obstacle)?.scope == .incomplete }
        try await ledger.wait(arrival.id, for: "The rest of the file is missing")
        try await ledger.close()
        #expect(try sandbox.files("inbox") == ["half.jpg"] && sandbox.files("spool") == [])
        // The next life judges it, under the same ID.
        let finished = try await sandbox.drain(screener)
        #expect(finished.map(\.report.id) == [arrival.id])
        #expect(try await sandbox.verify() == [])
    }

    @Test func aPendingFileThatIsGoneHasVanishedAndIsAnsweredFor() async throws {
        try sandbox.drop("eye.jpg")
        let folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        _ = try await receive(ledger, "eye.jpg")
        try await ledger.close()
        try sandbox.removeFromInbox("eye.jpg")
        let finished = try await sandbox.drain(screener)
        #expect(finished.flatMap(\.report.reasons).map(\.code) == [.vanished])
        #expect(try sandbox.files("outbox").count { $0.hasSuffix("report.json") } == 1)
        #expect(try await sandbox.verify() == [])
    }

    @Test("What lies in a station's spool that is not there has not vanished: it waits until the spool is there")
    func otherSpools() async throws {
        try sandbox.drop("eye.jpg")
        var folders = try ServiceFolders(sandbox.configuration.paths)
        let ledger = try folders.ledger(sandbox.configuration.paths.ledger)
        let arrival = try await receive(ledger, "eye.jpg")
        await #expect(throws: Stopped.self) {
            try await sandbox.processor(folders, ledger, screener, stopAt: .claimed).carryOn(arrival, from: sandbox.inbox)
        }
        let (other, away) = ("\(sandbox.path)/spool-b", "\(sandbox.path)/spool-c")
        try Folder.make(away).sync()
        try folders.spool.root.rename(
            FileName(ours: "\(arrival.id)"), to: try Folder.open(away), as: FileName(ours: "\(arrival.id)"))
        folders.spool.isShared = true
        let others = [other]
        folders.spool.others = { others }
        await #expect {
            _ = try await sandbox.processor(folders, ledger, screener).carryOn(arrival, from: sandbox.inbox)
        } throws: { error in
            let obstacle = error as? Obstacle
            return obstacle?.error.isRetryable == true && obstacle?.error.message.contains(other) == true
        }
        #expect(try await ledger.arrival(arrival.id)?.state != .finished)
        try Folder.open(sandbox.path).rename(
            FileName(ours: "spool-c"), to: try Folder.open(sandbox.path), as: FileName(ours: "spool-b"))
        let finished = try await sandbox.processor(folders, ledger, screener).carryOn(arrival, from: sandbox.inbox)
        #expect(finished.report.outcome == .noFinding)
        #expect(try await sandbox.verify() == [])
    }

    @Test func aMissingLedgerIsNotMadeAnewOverOurFolders() async throws {
        try sandbox.drop("a.jpg")
        try await sandbox.drain(screener)
        for suffix in ["", "-wal", "-shm"] { try Folder.open(sandbox.path).remove(FileName(ours: "ledger.sqlite\(suffix)")) }
        let folders = try ServiceFolders(sandbox.configuration.paths)
        #expect { _ = try folders.ledger(sandbox.configuration.paths.ledger) } throws: { ($0 as? PapillaError)?.code == .damaged }
    }

    /// Who drops a file and keeps a way to write to it (another name, an owner's right) writes to a file that is not ours.
    @Test("A7: who dropped a file cannot write to it in the archive", arguments: ["image", "not an image"], [false, true])
    func whoDroppedAFileCannotWriteToIt(_ content: String, isAnotherUsers: Bool) async throws {
        try sandbox.drop("a.jpg", content)
        try sandbox.drop("a.json", #"{"patient": "P"}"#)
        for name in ["a.jpg", "a.json"] {
            let path = "\(sandbox.path)/inbox/\(name)"
            #expect(chmod(path, 0o666) == 0)
            if isAnotherUsers {
                // Only root can give files away; elsewhere the other name alone is tested.
                guard geteuid() == 0 else { return }
                #expect(chown(path, 12345, 12345) == 0)
            } else {
                #expect(link(path, "\(sandbox.path)/\(name)") == 0)
            }
        }
        try await sandbox.drain()
        let folder = content == "image" ? "archive" : "quarantine"
        for file in try sandbox.files(folder) {
            var status = stat()
            #expect(stat("\(sandbox.path)/\(folder)/\(file)", &status) == 0)
            #expect(status.st_uid == geteuid() && status.st_nlink == 1 && status.st_mode & 0o7777 == 0o640, "\(file)")
        }
        if !isAnotherUsers {
            for name in ["a.jpg", "a.json"] {
                let file = open("\(sandbox.path)/\(name)", O_WRONLY | O_TRUNC)
                #expect(file >= 0)
                close(file)
            }
        }
        #expect(try await sandbox.verify() == [])
    }
}
