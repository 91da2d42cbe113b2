import Foundation
import Neural
import Registry
import Screening
import TestSupport
import Testing

@testable import Ledger
@testable import Review

@Suite("Measurement error")
struct MeasurementErrorTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder("error") }

    private func report(cup: String? = nil, disc: String = "disc-1", ratio: Double? = nil, isDrawn: Bool = false) throws -> Report
    {
        let engine = Report.Engine(version: "0", isa: "none", threads: 1, batch: 1)
        let id = try #require(ScreeningID("20261124-k7q2m9xd"))
        let source = Report.Source(name: "a", path: "a", sha256: nil, bytes: 0, received: .now)
        var report = Report(id: id, source: source, outcome: .measured, engine: engine)
        if let cup {
            report.models = [(ModelTask.disc, disc), (.cup, cup)].map {
                .init(task: $0.0, name: $0.1, sha256: Digest(of: []), precision: "fp32")
            }
        }
        guard let ratio else { return report }
        report.fundus = PageSite.fundus
        report.fundus?.cdr = CupToDiscRatio(vertical: ratio, horizontal: 0.5, area: 0.3, interval: isDrawn ? [] : [0.4, 0.8])
        return report
    }

    /// A store with one cup model.
    private func store(_ calibration: [String: Double], _ errors: [(split: String, error: Double, images: Int)]) throws
        -> ModelStore
    {
        let architecture = try Architecture(named: "1enc-1dec-m")
        let store = ModelStore(directory: folder.path)
        try store.save(
            Weights(of: architecture),
            manifest: ModelManifest(
                name: "cup-1", task: .cup, architecture: architecture.name, width: 1, side: 32, view: "crop",
                normalisation: .init(mean: [0, 0, 0], std: [1, 1, 1]), calibration: calibration,
                trained: .init(at: .now, commit: "", data: [], epochs: 0, seed: 0, losses: []),
                metrics: errors.map {
                    .init(data: "s", split: $0.split, images: $0.images, values: ["cdr_vertical_mae": $0.error])
                }))
        return store
    }

    @Test("Without a model's figures, what two readers differ by counts")
    func fallback() throws {
        #expect(try MeasurementError(of: report(), ModelStore(directory: "/nowhere")) == .betweenReaders)
        #expect(try MeasurementError(of: report(cup: "cup-1"), ModelStore(directory: "/nowhere")) == .betweenReaders)
        #expect(try MeasurementError(of: report(cup: "cup-1"), store([:], [("val", 0.01, 5)])) == .betweenReaders)
    }

    @Test("C5: the model's own repeatability counts; else one photograph's error times the square root of 2")
    func limits() throws {
        let errors = [("test", 0.06, 30), ("test", 0.04, 10), ("val", 0.9, 100)]
        let derived = MeasurementError(of: try report(cup: "cup-1"), try store([:], errors))
        // 1.96 x sqrt(pi / 2) x sqrt(2) x 0.055
        #expect(derived.limit == 0.191 && derived.source.contains("40 test images"))
        try FileManager.default.removeItem(atPath: folder.path + "/cup-1")
        let measured = MeasurementError(
            of: try report(cup: "cup-1"), try store(["repeat_limit": 0.0712, "repeat_bias": 0.001], errors))
        #expect(measured.limit == 0.071 && measured.source == "cup-1 on eyes photographed twice in simulation")
    }

    @Test("C5: a change is told where the same models measured, or a reader drew; else it is not")
    func comparisons() throws {
        let error = MeasurementError(limit: 0.05, source: "test")
        func result(
            disc: String = "disc-1", cup: String = "cup-1", drawnBefore: Bool = false, drawnNow: Bool = false,
            ratio: Double = 0.56
        )
            throws -> EarlierResult
        {
            var row = try CanonicalJSON.decode(ExportRow.self, from: Self.row.utf8)
            if drawnBefore {
                row.vcdrLow = nil
                row.vcdrHigh = nil
            }
            let now = try report(cup: "cup-1", ratio: ratio, isDrawn: drawnNow)
            let earlier = EarlierScreening(row: row, examined: "2026-11-01", disc: disc, cup: cup)
            return try #require(EarlierResult(earlier, than: now, error))
        }
        let same = try result()
        #expect(same.change.map { abs($0 - 0.06) < 1e-9 } == true && same.isWithinError == false && same.error == error)
        #expect(try result(ratio: 0.54).isWithinError == true)
        for other in [try result(cup: "cup-0"), try result(disc: "disc-0")] {
            #expect(other.change == nil && other.isWithinError == nil && other.error == nil && other.otherModels.count == 1)
        }
        // Outlines of readers are compared whatever measured: with what readers differ by.
        for drawn in [
            try result(cup: "cup-0", drawnBefore: true), try result(cup: "cup-0", drawnNow: true), try result(drawnNow: true),
        ] {
            #expect(drawn.isWithinError == true && drawn.error == .betweenReaders && drawn.otherModels.isEmpty)
        }
    }

    private static let row = """
        {"id": "20261101-00000001", "received": "2026-11-01T10:00:00.000Z", "file": null, "subject": "7", "study": null, "eye": "left",
        "outcome": "measured", "reason": null, "modality": "fundus", "quality": "good", "vcdr": 0.5, "vcdr_low": 0.4, "vcdr_high": 0.6,
        "hcdr": 0.5, "area_ratio": 0.25, "rim_minimum": 0.1, "polyps": null, "polyp_area_fraction": null, "max_confidence": null,
        "attention": [], "models": [], "version": 1, "decision": null, "reader": null, "blind": null, "bundle": null}
        """
}
