import Custody
import Files
import Glibc
import Ledger
import Screening
import TestSupport
import Testing

@testable import Service
import Settings

@Suite struct ServiceFoldersTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    @Test func anEmptyFolderInThePlaceOfOursIsNotTakenForIt() async throws {
        let (folders, ledger) = try sandbox.open()
        try await FolderMark.check(folders, ledger)
        try await ledger.close()
        try sandbox.drop("a.jpg")
        try await sandbox.drain()
        #expect(rename("\(sandbox.path)/archive", "\(sandbox.path)/elsewhere") == 0)
        #expect(!folders.isInPlace(sandbox.configuration.paths))
        // As when the disk is not mounted: the mount point is there, and empty.
        let (other, again) = try sandbox.open()
        await #expect { try await FolderMark.check(other, again) } throws: { error in
            let error = error as? PapillaError
            return error?.isRetryable == true && error?.message.contains("paths.archive") == true
        }
        let checks = await Doctor(sandbox.configuration).examine()
        let marks = try #require(checks.first { $0.name == "folders" })
        #expect(!marks.ok && marks.found.hasPrefix("archive: "))
        // A person says that it is meant.
        try other.originals.archive.write([], as: FolderMark.name)
        try await FolderMark.check(other, again)
        try await FolderMark.check(other, again)
        #expect(other.isInPlace(sandbox.configuration.paths))
    }

    @Test func whatIsMissingAtTheStartIsWaitedForAndTold() async throws {
        let telemetry = Telemetry()
        let patience = StartRetrier(log: .silent, telemetry: telemetry, paths: sandbox.configuration.paths, limit: nil)
        var tries = 0
        let value = try await patience.wait {
            tries += 1
            guard tries > 1 else {
                throw PapillaError.system("a folder could not be made", errno: EROFS, place: "\(sandbox.path)/outbox/x")
            }
            #expect(
                telemetry.now.alarms.map(\.text) == [
                    "the start waits: in the outbox: a folder could not be made: Read-only file system"
                ])
            return tries
        }
        #expect(value == 2 && telemetry.now.alarms.isEmpty)
        // What trying again cannot help is not waited for.
        await #expect(throws: PapillaError.self) { try await patience.wait { throw PapillaError(.damaged, "no ledger") } }
    }

    @Test(arguments: [
        (ENOSPC, true), (EDQUOT, true), (EROFS, true), (EIO, true), (EACCES, true), (EPERM, true), (EMFILE, true), (ESTALE, true),
        (ETIMEDOUT, true), (ENOENT, true), (EAGAIN, true), (ENAMETOOLONG, false), (ELOOP, false), (EINVAL, false),
        (EISDIR, false),
    ]) func whatComesBackIsWaitedFor(number: Int32, isRetryable: Bool) {
        #expect(PapillaError(any: FileError("it failed", place: "/x", number: number)).isRetryable == isRetryable)
    }

    @Test func aFullDiskIsNeverOneFilesOwnTrouble() throws {
        for (number, scope) in [
            (ENOSPC, Obstacle.Scope.storage), (EROFS, .storage), (EDQUOT, .storage), (EIO, .file), (EACCES, .file),
        ] {
            do throws(Obstacle) {
                try Obstacle.within(.file) { throw FileError("it failed", place: "/x", number: number) }
            } catch { #expect(error.scope == scope) }
        }
    }
}
