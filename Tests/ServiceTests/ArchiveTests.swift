import Custody
import Files
import Imaging
import Ledger
import Logging
import Reading
import Screening
import Settings
import TestSupport
import Testing

@testable import Deliveries
@testable import Service

/// Deliveries to a real archive that are cut at each boundary.
@Suite(.serialized, .enabled(if: Orthanc.isInstalled, "needs the packages orthanc, dcmtk and curl"))
struct ArchiveTests {
    private let sandbox: Sandbox
    private let archive: Orthanc
    private var target: Configuration.Delivery {
        .init(name: "pacs", to: .archive(.init(host: "127.0.0.1", port: archive.port, title: Orthanc.title, asks: true)))
    }

    init() throws {
        sandbox = try Sandbox()
        archive = try Orthanc()
        try archive.start()
    }

    private struct Stopped: Error {}

    /// Two objects, named for the arrival.
    private struct Objects: BundleWriter {
        var sopClass = "1.2.840.10008.5.1.4.1.1.7"

        func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
            let number = draft.report.id.description.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
            return ["overlay", "seg"].enumerated().map { index, name in
                var sample = DicomSample(sopClass: sopClass)
                sample.draw([Raster(width: 8, height: 8)])
                sample.put(0x0010_0020, "LO", "7")
                sample.put(0x0008_0060, "CS", "OT")
                sample.put(0x0008_0018, "UI", "2.25.\(number)\(index)")
                return ("\(name).dcm", sample.bytes)
            }
        }
    }

    private func screen(_ objects: Objects = Objects()) async throws {
        try sandbox.drop("eye.jpg", "image")
        try sandbox.drop("eye.json", #"{"patient": "7"}"#)
        _ = try await sandbox.drain(FakeScreener(writers: [StandardBundle(), objects])) { [target] in $0.deliveries = [target] }
    }

    private func open() throws -> (ServiceFolders, any WholeLedger) {
        let folders = try ServiceFolders(sandbox.configuration.paths)
        return (folders, try folders.ledger(sandbox.configuration.paths.ledger))
    }

    private func pass(
        _ folders: ServiceFolders, _ ledger: any WholeLedger,
        boundary: @escaping @Sendable (ArchiveTarget.Step) throws -> Void = { _ in }
    ) async throws -> Deliverer.Pass {
        guard case .archive(let place) = target.destination else { return Deliverer.Pass() }
        let target = ArchiveTarget(name: "pacs", place, boundary: boundary)
        return try await Deliverer(ledger: ledger, folders: folders, target: target).pass()
    }

    @Test(arguments: ArchiveTarget.Step.allCases)
    func aStopAtEveryStepStoresOnce(_ step: ArchiveTarget.Step) async throws {
        archive.stop()
        try await screen()
        let (folders, ledger) = try open()
        await #expect { try await pass(folders, ledger) } throws: { ($0 as? PapillaError)?.isRetryable == true }
        try archive.start()
        await #expect(throws: Stopped.self) { try await pass(folders, ledger) { if $0 == step { throw Stopped() } } }
        #expect(try await ledger.deliveries().map(\.state) == [.due])
        let stored = try archive.instances()
        #expect(stored.count == 2)
        #expect(try await pass(folders, ledger).delivered == 1)
        #expect(try archive.instances() == stored)
        #expect(try await ledger.deliveries().map(\.state) == [.delivered])
        #expect(try await ledger.violatedInvariants() == [])
    }

    @Test("An archive that takes others, but not these: they stay due, and it is said")
    func notTheseObjects() async throws {
        // Nobody knows this class.
        try await screen(Objects(sopClass: "1.2.3.4"))
        let (folders, ledger) = try open()
        let outcome = try await pass(folders, ledger)
        #expect(outcome.stuck == 1 && outcome.refusal?.contains("takes no object of the class") == true)
        #expect(try archive.instances() == [])
        #expect(try await ledger.deliveries().map(\.state) == [.due])
    }
}
