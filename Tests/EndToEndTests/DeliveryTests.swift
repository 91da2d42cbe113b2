import Foundation
import TestSupport
import Testing

/// Results in the folder of a target: every one, once, whatever happens meanwhile.
@Suite("Deliveries", .serialized)
struct DeliveryTests {
    private static let quick = """
        settle: {local: 100 ms, remote: 100 ms}
        rescan: {local: 1 s, remote: 500 ms}
        deliveries:
          - {name: ehr, folder: ehr, without_identity: true}

        """

    /// A site with the target's folder; not made where something is to be mounted there.
    private func site(makes: Bool = true) throws -> Site {
        let site = try Site(settings: Self.quick)
        if makes { try FileManager.default.createDirectory(at: folder(site), withIntermediateDirectories: false) }
        return site
    }

    private func folder(_ site: Site) -> URL { site.folder.appending(path: "ehr") }

    /// What lies in the target's folder, the mark left out.
    private func delivered(_ site: Site) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder(site).path).filter { $0 != ".papilla" }.sorted()
    }

    /// Every report of the outbox is there under its ID, as it was published, and the ledger says so once for each.
    private func expectDelivered(_ site: Site, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var expected: [String] = []
        for bundle in try site.bundles() {
            let published = try Data(contentsOf: bundle.appending(path: "report.json"))
            let report = try #require(JSONSerialization.jsonObject(with: published) as? [String: Any])
            guard report["outcome"] as? String != "failed" else { continue }
            let name = try #require(report["id"] as? String) + ".json"
            expected.append(name)
            let there = try Data(contentsOf: folder(site).appending(path: name))
            #expect(there == published, sourceLocation: sourceLocation)
        }
        #expect(try delivered(site) == expected.sorted(), sourceLocation: sourceLocation)
        #expect(expected.count == count, sourceLocation: sourceLocation)
        let entries = try site.papilla("audit", "list", "--event", "delivered", "--json").output
        let subjects = entries.ranges(of: "\"event\":\"delivered\"").count
        #expect(subjects == count, sourceLocation: sourceLocation)
        let statement = try site.papilla("statement", "--json").json()
        #expect(statement["delivered"] as? Int == count, sourceLocation: sourceLocation)
        #expect(statement["undelivered"] as? Int == 0, sourceLocation: sourceLocation)
        #expect(
            try site.papilla("deliveries", "--json").output.filter { !$0.isWhitespace } == "[]", sourceLocation: sourceLocation)
    }

    @Test("A drain carries every report out, once")
    func drain() throws {
        let site = try site()
        for file in try site.phantoms("fundus", count: 2, seed: 51) + site.phantoms("endoscopy", count: 2, seed: 52) {
            try site.drop(file)
        }
        try Data("no picture".utf8).write(to: site.inbox.appending(path: "text.jpg"))
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(5)
        try expectDelivered(site, 4)
        // Nothing goes a second time, also where it was taken away.
        try FileManager.default.removeItem(at: folder(site).appending(path: try #require(try delivered(site).first)))
        let left = try delivered(site)
        #expect(try site.papilla("serve", "--drain").status == 0)
        #expect(try delivered(site) == left)
        let table = try site.papilla("deliveries", "--state", "delivered", "--limit", "2").output
        #expect(table.split(separator: "\n").count == 3, "\(table)")
        #expect(try site.papilla("status").output.contains("delivery to ehr"))
        #expect(try site.papilla("statement").output.contains("undelivered"))
    }

    @Test("A drain whose target is not there says so, and the next one carries it out")
    func drainWithoutTarget() throws {
        let site = try site(makes: false)
        try site.drop(try #require(try site.phantoms("endoscopy", count: 1, seed: 53).first))
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 1 && drained.errors.contains("still to be delivered, to ehr"), "\(drained.errors)")
        let doctor = try site.papilla("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("delivery, ehr"), "\(doctor.output)")
        try FileManager.default.createDirectory(at: folder(site), withIntermediateDirectories: false)
        #expect(try site.papilla("serve", "--drain").status == 0)
        try expectDelivered(site, 1)
    }

    @Test("kill -9 again and again while results flow: every one arrives, once")
    func killed() throws {
        let site = try site()
        let images = Machine.isSoak ? 60 : 12
        try site.dropFrames(images, seed: 54)
        for kill in 0..<(Machine.isSoak ? 60 : 10) {
            let running = try Running(site, drains: true)
            // Moments spread over the start and the flow.
            Thread.sleep(forTimeInterval: 0.6 + Double(kill * 7 % 10) * 0.17)
            running.kill9()
            // Never half a report under its name.
            for name in try delivered(site) where !name.hasPrefix(".") {
                _ = try JSONSerialization.jsonObject(with: Data(contentsOf: folder(site).appending(path: name)))
            }
        }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(images)
        let failed = try site.reports().values.joined().filter { $0["outcome"] as? String == "failed" }.count
        try expectDelivered(site, images - failed)
    }

    /// Makes a fault of the target, and expects images to be read on, an alarm, and everything delivered when it is over.
    private func expectRecovery(
        _ site: Site, telling words: String, wrapper: [String] = [], fault: () throws -> Void, end: () throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let files = try site.phantoms("endoscopy", count: 2, seed: 55)
        let running = try Running(site, wrapper: wrapper)
        try site.drop(files[0])
        try running.eventually("the first is delivered", sourceLocation: sourceLocation) { try delivered(site).count == 1 }
        try fault()
        try site.drop(files[1])
        try running.waitForAll(2, sourceLocation: sourceLocation)
        try running.eventually("an alarm: \(words)", sourceLocation: sourceLocation) {
            try running.alarms().contains { $0.hasPrefix("deliveries: results do not reach ehr: ") && $0.contains(words) }
        }
        try end()
        try running.eventually("the alarm ends", sourceLocation: sourceLocation) { try running.alarms() == [] }
        running.stop()
        try site.expectAccounted(2, sourceLocation: sourceLocation)
        try expectDelivered(site, 2, sourceLocation: sourceLocation)
    }

    @Test("A target's disk that is full", .enabled(if: Machine.mounts, "needs the right to mount"))
    func full() throws {
        let site = try site(makes: false)
        let disk = try Mounted(folder(site).path, "size=256k")
        let filler = folder(site).appending(path: ".filler")
        try expectRecovery(site, telling: "No space left on device") {
            Machine.run("sh", "-c", "cat /dev/zero > \(filler.path)")
        } end: {
            try FileManager.default.removeItem(at: filler)
        }
        withExtendedLifetime(disk) {}
    }

    @Test("A target that turns read-only", .enabled(if: Machine.mounts, "needs the right to mount"))
    func readOnly() throws {
        let site = try site(makes: false)
        let disk = try Mounted(folder(site).path, "size=1m")
        try expectRecovery(site, telling: "Read-only file system") {
            disk.remount("ro")
        } end: {
            disk.remount("rw")
        }
    }

    @Test(
        "A share that is unmounted: nothing goes into what lies under it",
        .enabled(if: Machine.mounts, "needs the right to mount"))
    func unmounted() throws {
        let site = try site()
        let away = site.folder.appending(path: "away").path
        let share = try Mounted(away, "size=1m")
        #expect(Machine.run("mount", "--bind", away, folder(site).path))
        defer { Machine.run("umount", "-l", folder(site).path) }
        try expectRecovery(site, telling: "not the one that was used before") {
            #expect(Machine.run("umount", "-l", folder(site).path))
        } end: {
            let under = try FileManager.default.contentsOfDirectory(atPath: folder(site).path)
            #expect(under == [])
            #expect(Machine.run("mount", "--bind", away, folder(site).path))
        }
        withExtendedLifetime(share) {}
    }

    @Test(
        "A target that may not be written",
        .enabled(if: geteuid() != 0 || Machine.run("setpriv", "--bounding-set=-dac_override", "true"), "root needs setpriv"))
    func permission() throws {
        let site = try site()
        try expectRecovery(site, telling: "Permission denied", wrapper: Machine.obeysPermissions) {
            chmod(folder(site).path, 0o500)
        } end: {
            chmod(folder(site).path, 0o750)
        }
    }

    @Test("A target that is named later is given what ends from then on, and forgetting says what it had")
    func reloadedAndForgotten() throws {
        let site = try Site(
            settings: Self.quick.replacingOccurrences(of: "deliveries:", with: "# deliveries:").replacingOccurrences(
                of: "  - {name: ehr", with: "#  - {name: ehr"))
        try FileManager.default.createDirectory(at: folder(site), withIntermediateDirectories: false)
        let files = try site.phantoms("endoscopy", count: 2, seed: 56)
        let running = try Running(site)
        try site.drop(files[0])
        try running.waitForAll(1)
        let text = try String(contentsOfFile: site.configuration, encoding: .utf8).replacingOccurrences(
            of: "# deliveries:", with: "deliveries:"
        ).replacingOccurrences(of: "#  - {name: ehr", with: "  - {name: ehr")
        try text.write(toFile: site.configuration, atomically: true, encoding: .utf8)
        running.reload()
        try running.eventually("the reload") { running.said.contains("read again") }
        try site.drop(files[1])
        try running.eventually("the second is delivered") { try delivered(site).count == 1 }
        let id = String(try #require(try delivered(site).first).dropLast(".json".count))
        let forgotten = try site.papilla("forget", id, "--json").json()
        let left = try #require(forgotten["deliveries"] as? [[String: Any]])
        #expect(left.map { $0["target"] as? String } == ["ehr"] && left.map { $0["withdrawn"] as? Bool } == [true])
        #expect(try delivered(site) == [])
        running.stop()
        #expect(try site.papilla("audit", "verify").status == 0)
    }
}
