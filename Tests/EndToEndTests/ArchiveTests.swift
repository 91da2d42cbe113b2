import Dicom
import Foundation
import TestSupport
import Testing

/// Results that go to a real archive: every object, once, whatever happens meanwhile.
@Suite("Results in an archive", .serialized, .enabled(if: Orthanc.isInstalled, "needs the packages orthanc, dcmtk and curl"))
struct ArchiveTests {
    private let archive: Orthanc

    init() throws {
        archive = try Orthanc()
        try archive.start()
    }

    private func settings(title: String = Orthanc.title, more: String = "") -> String {
        """
        settle: {local: 100 ms, remote: 100 ms}
        rescan: {local: 1 s, remote: 500 ms}
        dicom: {sr: true, seg: true, overlay: true, image: true}
        deliveries:
          - name: pacs
            archive: {host: 127.0.0.1, port: \(archive.port), title: \(title), ask: true}
            without_identity: true
            \(more)

        """
    }

    /// All objects in the outbox.
    private func objects(_ site: Site) throws -> [[UInt8]] {
        try site.bundles().flatMap { bundle in
            try FileManager.default.contentsOfDirectory(at: bundle, includingPropertiesForKeys: nil).filter {
                $0.pathExtension == "dcm"
            }.map { try Array(Data(contentsOf: $0)) }
        }
    }

    /// Their UIDs, sorted.
    private func published(_ site: Site) throws -> [String] {
        try objects(site).map { try #require(ObjectIdentifiers($0)).instance }.sorted()
    }

    /// An object's data set as DCMTK encodes it: in explicit VR where it is not compressed.
    private func dataSet(_ object: [UInt8], _ folder: TemporaryFolder) throws -> Data {
        try folder.write(object, "object.dcm")
        let files = ["object.dcm", "object.set"].map { "\(folder.path)/\($0)" }
        let isCompressed = object.prefix(400).contains("1.2.840.10008.1.2.4.50".utf8)
        let converted = try Program.run(["-F", isCompressed ? "+t=" : "+te"] + files, program: "/usr/bin/dcmconv")
        try #require(converted.status == 0, "\(converted.errors)")
        return try Data(contentsOf: URL(filePath: files[1]))
    }

    /// The archive has every object, once, and the ledger says so once for each result.
    private func expectStored(_ site: Site, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let published = try published(site)
        #expect(Set(published).count == published.count && published.count >= 3 * count, sourceLocation: sourceLocation)
        #expect(try archive.instances() == published, sourceLocation: sourceLocation)
        let entries = try site.papilla("audit", "list", "--event", "delivered", "--json").output
        #expect(entries.ranges(of: "\"event\":\"delivered\"").count == count, sourceLocation: sourceLocation)
        let statement = try site.papilla("statement", "--json").json()
        #expect(statement["delivered"] as? Int == count, sourceLocation: sourceLocation)
        #expect(statement["undelivered"] as? Int == 0, sourceLocation: sourceLocation)
        #expect(try site.papilla("audit", "verify").status == 0, sourceLocation: sourceLocation)
    }

    @Test("A drain gives the archive every object, and nothing goes a second time")
    func drain() throws {
        let site = try Site(settings: settings())
        for file in try site.phantoms("fundus", count: 2, seed: 61) + site.phantoms("endoscopy", count: 1, seed: 62) {
            try site.drop(file)
        }
        let doctor = try site.papilla("doctor").output
        #expect(doctor.contains("\(Orthanc.title) at 127.0.0.1, port \(archive.port) answers"), "\(doctor)")
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(3)
        try expectStored(site, 3)
        let folder = try TemporaryFolder("objects")
        for object in try objects(site) {
            let kept = try archive.file(try #require(ObjectIdentifiers(object)).instance)
            #expect(try dataSet(kept, folder) == dataSet(object, folder))
        }
        if Orthanc.hasWeb { #expect(try archive.instancesByWeb() == published(site)) }
        let studies = try #require(try archive.ask("/studies?expand") as? [[String: Any]])
        #expect(studies.count == 3)
        let series = try #require(try archive.ask("/series?expand") as? [[String: Any]])
        let kinds = Set(series.compactMap { ($0["MainDicomTags"] as? [String: Any])?["Modality"] as? String })
        #expect(kinds.isSuperset(of: ["SR", "SEG", "OT"]), "\(kinds)")
        #expect(try site.papilla("serve", "--drain").status == 0)
        try expectStored(site, 3)
        // Forgetting says what the archive still has.
        let id = try #require(try site.reports().values.first?.first?["id"] as? String)
        let running = try Running(site)
        try running.eventually("the service answers") { try running.service()["state"] != nil }
        let left = try #require(try site.papilla("forget", id, "--json").json()["deliveries"] as? [[String: Any]])
        #expect(left.map { $0["target"] as? String } == ["pacs"] && left.map { $0["withdrawn"] as? Bool } == [false])
        let again = try site.papilla("deliveries", "--again", id)
        #expect(again.status == 1 && again.errors.contains("Nothing is due"), "\(again.errors)")
        running.stop()
    }

    @Test("An archive that takes no JPEG is given plain pixels, under the same UIDs")
    func plain() throws {
        archive.stop()
        let plain = try Orthanc(takesJpeg: false)
        try plain.start()
        let site = try Site(settings: settings().replacingOccurrences(of: "\(archive.port)", with: "\(plain.port)"))
        try site.drop(try #require(try site.phantoms("fundus", count: 1, seed: 66).first))
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        #expect(try plain.instances() == published(site))
        for instance in try published(site) {
            #expect(!(try plain.file(instance)).prefix(400).contains("1.2.840.10008.1.2.4.50".utf8))
        }
    }

    @Test("An archive that is away for a minute: images are read on, and every object arrives once")
    func away() throws {
        let site = try Site(settings: settings())
        let files = try site.phantoms("fundus", count: 3, seed: 63)
        let running = try Running(site)
        try site.drop(files[0])
        try running.eventually("the first is delivered") { try archive.instances().count >= 3 }
        archive.stop()
        let back = Date.now + 60
        try site.drop(files[1])
        try site.drop(files[2])
        try running.waitForAll(3)
        try running.eventually("an alarm") {
            try running.alarms().contains { $0.hasPrefix("deliveries: results do not reach pacs: ") }
        }
        Thread.sleep(until: back)
        try archive.start()
        try running.eventually("the alarm ends") { try running.alarms() == [] }
        running.stop()
        try site.expectAccounted(3)
        try expectStored(site, 3)
    }

    @Test("An archive that refuses: given up after the time, with an alarm; nothing is lost, and it goes when it is tried again")
    func refused() throws {
        let site = try Site(settings: settings(title: "OTHER", more: "give_up: 2 s"))
        let running = try Running(site)
        try site.drop(try #require(try site.phantoms("fundus", count: 1, seed: 64).first))
        try running.waitForAll(1)
        try running.eventually("given up") {
            try running.alarms() == ["deliveries: 1 given up for pacs: papilla deliveries lists them"]
        }
        #expect(try archive.instances() == [])
        let statement = try site.papilla("statement", "--json").json()
        #expect(statement["undelivered"] as? Int == 1 && statement["given_up"] as? Int == 1)
        #expect(try site.papilla("deliveries").output.contains("given up"))
        #expect(try site.papilla("status").output.contains("1 of them given up"))
        let doctor = try site.papilla("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("1 given up"), "\(doctor.output)")
        // The archive learns our name for it.
        try String(contentsOfFile: site.configuration, encoding: .utf8).replacingOccurrences(
            of: "title: OTHER", with: "title: \(Orthanc.title)"
        ).replacingOccurrences(of: "give_up: 2 s", with: "give_up: 1 h").write(
            toFile: site.configuration, atomically: true, encoding: .utf8)
        running.reload()
        try running.eventually("the reload") { running.said.contains("read again") }
        #expect(try site.papilla("deliveries", "--again").status == 0)
        try running.eventually("it is delivered") { try running.alarms() == [] && archive.instances().count >= 3 }
        try running.eventually("the ledger says so") {
            try site.papilla("statement", "--json").json()["undelivered"] as? Int == 0
        }
        running.stop()
        try expectStored(site, 1)
    }

    @Test("kill -9 again and again while objects flow: every one arrives, once")
    func killed() throws {
        let site = try Site(settings: settings())
        let images = Machine.isSoak ? 40 : 6
        try site.dropFrames(images, seed: 65)
        for kill in 0..<(Machine.isSoak ? 40 : 8) {
            let running = try Running(site, drains: true)
            // Moments spread over the start and the flow.
            Thread.sleep(forTimeInterval: 0.8 + Double(kill * 7 % 10) * 0.2)
            running.kill9()
        }
        let drained = try site.papilla("serve", "--drain")
        #expect(drained.status == 0, "\(drained.errors)")
        try site.expectAccounted(images)
        let failed = try site.reports().values.joined().filter { $0["outcome"] as? String == "failed" }.count
        try expectStored(site, images - failed)
    }
}
