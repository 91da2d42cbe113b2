import Foundation
import TestSupport
import Testing

/// Real faults, made by real means: the service says what it waits for, loses nothing, does not spin, and goes on by itself.
///
/// Tests/System drives the built program through many more of them, with a shim that fails single calls.
@Suite("Faults", .serialized)
struct FaultTests {
    private static let quick = "settle: {local: 100 ms, remote: 100 ms}\nrescan: {local: 1 s, remote: 500 ms}\n"

    /// Makes a fault, drops files, waits until the service says `telling`, ends the fault, and expects everything to end well.
    private func expectRecovery(
        _ site: Site, telling words: [String], wrapper: [String] = [], dropsMeanwhile: Bool = true, fault: (Site) throws -> Void,
        end: (Site) throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let files = try site.phantoms("endoscopy", count: 3, seed: 31)
        let running = try Running(site, wrapper: wrapper)
        try site.drop(files[0])
        try running.waitForAll(1, sourceLocation: sourceLocation)
        try fault(site)
        if dropsMeanwhile { try site.drop(files[1]) }
        try running.eventually("an alarm: \(words)", sourceLocation: sourceLocation) {
            let alarms = try running.alarms().joined(separator: "\n")
            return words.allSatisfy(alarms.contains)
        }
        #expect(running.said.contains("error: "), sourceLocation: sourceLocation)
        // Waiting costs next to nothing: a loop that spins takes all of a processor.
        let before = try running.processorSeconds()
        Thread.sleep(forTimeInterval: 3)
        #expect(try running.processorSeconds() - before < 2, sourceLocation: sourceLocation)
        try end(site)
        if !dropsMeanwhile { try site.drop(files[1]) }
        try site.drop(files[2])
        try running.waitForAll(3, sourceLocation: sourceLocation)
        try running.eventually("the alarm ends", sourceLocation: sourceLocation) { try running.alarms() == [] }
        running.stop()
        try site.expectAccounted(3, sourceLocation: sourceLocation)
        let outcomes = try site.reports().values.flatMap { $0.compactMap { $0["outcome"] as? String } }
        #expect(!outcomes.contains("failed"), "\(outcomes)", sourceLocation: sourceLocation)
    }

    @Test("No space where bundles are published", .enabled(if: Machine.mounts, "needs the right to mount"))
    func noSpace() throws {
        let site = try Site(settings: Self.quick + "disk_floor: {space: 0 B, share: 0 %}\n", storage: "storage")
        let disk = try Mounted(site.folder.appending(path: "storage").path, "size=24m")
        let filler = site.folder.appending(path: "storage/filler")
        try expectRecovery(site, telling: ["storage: ", "No space left on device"]) { _ in
            // All but nothing: `cat` stops where the disk is full.
            Machine.run("sh", "-c", "cat /dev/zero > \(filler.path)")
        } end: { _ in
            try FileManager.default.removeItem(at: filler)
        }
        withExtendedLifetime(disk) {}
    }

    @Test("Below the floor nothing new is taken in", .enabled(if: Machine.mounts, "needs the right to mount"))
    func belowTheFloor() throws {
        let site = try Site(settings: Self.quick + "disk_floor: {space: 8 MiB, share: 50 %}\n", storage: "storage")
        let disk = try Mounted(site.folder.appending(path: "storage").path, "size=32m")
        let filler = site.folder.appending(path: "storage/filler")
        try expectRecovery(site, telling: ["disk: nothing new is taken in"]) { _ in
            Machine.run("sh", "-c", "head -c 27M /dev/zero > \(filler.path)")
        } end: { _ in
            try FileManager.default.removeItem(at: filler)
        }
        withExtendedLifetime(disk) {}
    }

    @Test("No inodes", .enabled(if: Machine.mounts, "needs the right to mount"))
    func noInodes() throws {
        let site = try Site(settings: Self.quick, storage: "storage")
        let disk = try Mounted(site.folder.appending(path: "storage").path, "size=64m,nr_inodes=400")
        let many = site.folder.appending(path: "storage/many").path
        try expectRecovery(site, telling: ["disk: ", "nothing new is taken in"]) { _ in
            Machine.run("sh", "-c", "mkdir \(many); i=0; while : > \(many)/$i; do i=$((i+1)); done 2>/dev/null")
        } end: { _ in
            try FileManager.default.removeItem(atPath: many)
        }
        withExtendedLifetime(disk) {}
    }

    @Test("A file system that turns read-only", .enabled(if: Machine.mounts, "needs the right to mount"))
    func readOnly() throws {
        let site = try Site(settings: Self.quick, storage: "storage")
        let disk = try Mounted(site.folder.appending(path: "storage").path, "size=64m")
        try expectRecovery(site, telling: ["storage: ", "Read-only file system"]) { _ in
            disk.remount("ro")
        } end: { _ in
            disk.remount("rw")
        }
    }

    @Test("An inbox that is unmounted and comes back", .enabled(if: Machine.mounts, "needs the right to mount"))
    func inboxUnmounted() throws {
        let site = try Site(settings: Self.quick)
        let away = site.folder.appending(path: "away").path
        let share = try Mounted(away, "size=64m")
        #expect(Machine.run("mount", "--bind", away, site.inbox.path))
        defer { Machine.run("umount", "-l", site.inbox.path) }
        try expectRecovery(site, telling: ["inbox: "], dropsMeanwhile: false) { _ in
            #expect(Machine.run("umount", "-l", site.inbox.path))
            // What is put under the bare mount point meanwhile is nobody's: it must not be taken for the inbox.
            try Data("a stray".utf8).write(to: site.inbox.appending(path: "stray.jpg"))
        } end: { _ in
            #expect(FileManager.default.fileExists(atPath: site.inbox.appending(path: "stray.jpg").path))
            #expect(Machine.run("mount", "--bind", away, site.inbox.path))
        }
        withExtendedLifetime(share) {}
    }

    @Test("Storage that is unmounted and comes back", .enabled(if: Machine.mounts, "needs the right to mount"))
    func storageUnmounted() throws {
        let site = try Site(settings: Self.quick, storage: "storage")
        let away = site.folder.appending(path: "away").path
        let share = try Mounted(away, "size=64m")
        let storage = site.folder.appending(path: "storage").path
        for name in ["outbox", "spool", "archive", "quarantine"] {
            try FileManager.default.createDirectory(atPath: "\(away)/\(name)", withIntermediateDirectories: true)
        }
        try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
        try #require(Machine.run("mount", "--bind", away, storage))
        defer { Machine.run("umount", "-l", storage) }
        try expectRecovery(site, telling: ["storage: the start waits: ", "is not the one that was used before"]) { _ in
            #expect(Machine.run("umount", "-l", storage))
        } end: { _ in
            #expect(Machine.run("mount", "--bind", away, storage))
        }
        withExtendedLifetime(share) {}
    }

    @Test(
        "Permission taken away and given back",
        .enabled(if: geteuid() != 0 || Machine.run("setpriv", "--bounding-set=-dac_override", "true"), "root needs setpriv"),
        arguments: ["inbox", "outbox", "spool", "archive"])
    func permission(name: String) throws {
        let site = try Site(settings: Self.quick)
        let folder = site.folder.appending(path: name).path
        try expectRecovery(
            site, telling: [name == "inbox" ? "inbox: " : "in the \(name): ", "Permission denied"],
            wrapper: Machine.obeysPermissions
        ) { _ in
            chmod(folder, 0)
        } end: { _ in
            chmod(folder, 0o750)
        }
    }

    @Test(
        "B3: a folder in the inbox that may not be read is an alarm until it may",
        .enabled(if: geteuid() != 0 || Machine.run("setpriv", "--bounding-set=-dac_override", "true"), "root needs setpriv"))
    func lockedFolder() throws {
        let site = try Site(settings: Self.quick)
        let folder = site.inbox.appending(path: "locked").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try expectRecovery(
            site, telling: ["folders: a folder in the inbox cannot be read"], wrapper: Machine.obeysPermissions
        ) { _ in
            chmod(folder, 0)
        } end: { _ in
            chmod(folder, 0o750)
        }
    }

    @Test("A ledger that another process holds")
    func ledgerLocked() throws {
        let site = try Site(settings: Self.quick)
        var held: LedgerHold?
        try expectRecovery(site, telling: ["storage: ", "another process holds it"]) { site in
            held = try LedgerHold(site.folder.appending(path: "ledger.sqlite").path)
        } end: { _ in
            held = nil
        }
        withExtendedLifetime(held) {}
    }

    @Test("What is missing at the start is waited for, and the wait can be ended")
    func missingAtTheStart() throws {
        let site = try Site(settings: Self.quick)
        try site.drop(try #require(try site.phantoms("endoscopy", count: 1, seed: 32).first))
        #expect(try site.papilla("serve", "--drain").status == 0)
        let held = try LedgerHold(site.folder.appending(path: "ledger.sqlite").path)
        let running = try Running(site)
        try running.eventually("the start waits") { try running.alarms().contains { $0.contains("the start waits: The ledger") } }
        running.stop()
        #expect(!running.isRunning)
        withExtendedLifetime(held) {}
    }
}

/// The lock that a writer of the ledger takes, held by this process: the byte of the write lock in the shared-memory file of SQLite's
/// write-ahead log (120 in `-shm`, "Write-ahead Log File Format", 2.3.1).
private final class LedgerHold {
    private let descriptor: Int32

    init(_ ledger: String) throws {
        descriptor = open(ledger + "-shm", O_RDWR)
        try #require(descriptor >= 0)
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 120
        lock.l_len = 1
        try #require(fcntl(descriptor, F_SETLKW, &lock) == 0)
    }

    deinit { close(descriptor) }
}
