import Imaging
import Registry
import Screening
import Synchronization
import Testing

@testable import Reading

struct EndoscopyReaderTests {
    private let field = FieldOfView(of: Raster(width: 1000, height: 800, fill: (180, 90, 80)))

    private func read(_ look: PaintedLook, _ overrides: [String: Double] = [:]) async throws -> EndoscopyReader.Result {
        var thresholds = Thresholds()
        try thresholds.override(overrides)
        let reader = EndoscopyReader(thresholds: thresholds, look: { _, view in look.look(view) })
        return try await reader.read(field, width: 1000, height: 800)
    }

    @Test func polypsLargestFirst() async throws {
        let small = Ellipse.circle(200, 200, 50)
        let large = Ellipse(cx: 650, cy: 500, a: 130, b: 90, angle: 20)
        let result = try await read(PaintedLook(ellipses: [small, large], softness: 3))
        let polyps = result.findings.polyps
        #expect(polyps.count == 2)
        #expect(abs(polyps[0].area / large.area - 1) < 0.03 && abs(polyps[1].area / small.area - 1) < 0.06)
        #expect(abs(polyps[0].centroid[0] - 650) < 2 && abs(polyps[0].centroid[1] - 500) < 2)
        #expect(abs(polyps[0].areaFraction - large.area / 800_000) < 0.003)
        #expect(abs(result.findings.polypAreaFraction - (large.area + small.area) / 800_000) < 0.004)
        #expect(abs(Double(polyps[1].box[2]) - 100) < 6 && abs(polyps[1].box[0] - 150) <= 4)
        #expect((0.9...1).contains(polyps[0].confidence ?? 0))
        #expect(polyps.allSatisfy { $0.contour.count <= 200 && $0.contour.count >= 8 })
        #expect(result.mask.area == Int(polyps[0].area + polyps[1].area))
        #expect(abs(Contour.signedArea(polyps[0].contour.map { Point(x: $0[0], y: $0[1]) }) / polyps[0].area - 1) < 0.02)
        #expect(result.borderline == nil)
    }

    /// 0.1 % of 1000 x 800 is 800 px².
    @Test func smallerThanAThousandthIsLeftOut() async throws {
        let result = try await read(PaintedLook(ellipses: [.circle(300, 300, 13)], softness: 0.5))
        #expect(result.findings.polyps.isEmpty && result.mask.area == 0)
        #expect(try await read(PaintedLook(ellipses: [.circle(300, 300, 20)], softness: 0.5)).findings.polyps.count == 1)
        #expect(
            try await read(PaintedLook(ellipses: [.circle(300, 300, 13)], softness: 0.5), ["polyp_area": 0.0003]).findings.polyps
                .count == 1)
    }

    @Test func emptyFrame() async throws {
        let result = try await read(PaintedLook(ellipses: []))
        #expect(result.findings.polyps.isEmpty && result.findings.polypAreaFraction == 0 && result.findings.disagreement == nil)
        #expect(result.mask.width == 1000 && result.mask.height == 800)
    }

    @Test func regionBelowTheThresholdIsBorderline() async throws {
        let result = try await read(PaintedLook(ellipses: [.circle(300, 300, 60)], softness: 2, peak: 0.45))
        #expect(result.findings.polyps.isEmpty)
        #expect(abs(try #require(result.borderline).value - 0.45) < 0.01)
        #expect(try await read(PaintedLook(ellipses: [.circle(300, 300, 60)], softness: 2, peak: 0.25)).borderline == nil)
        #expect(try await read(PaintedLook(ellipses: [.circle(300, 300, 12)], softness: 1, peak: 0.45)).borderline == nil)
    }

    /// Depth and cells tell two regions of one size and probability apart; a manifest's function, not their mean, decides.
    @Test func aLearntConfidenceDecides() async throws {
        let confidence = RegionConfidence(
            bias: 0,
            terms: [
                .init(.distance, mean: 0.3, deviation: 0.1, weight: -1), .init(.highestCell, mean: 0, deviation: 1, weight: 1),
                .init(.size, mean: -5, deviation: 1, weight: 0.1),
            ])
        var thresholds = Thresholds()
        try thresholds.override(["polyp_confidence": 0.8, "polyp_borderline": 0.2])
        let reader = EndoscopyReader(
            thresholds: thresholds, confidence: confidence,
            look: { _, view in
                let ellipses: [Ellipse] = [.circle(200, 400, 60), .circle(500, 400, 60), .circle(800, 400, 60)]
                var look = PaintedLook(ellipses: ellipses, softness: 2).look(view)
                // The left third is deep and sure, the middle middling, the right one shallow and empty.
                func third(_ x: Int, _ side: Int) -> Int { 3 * x / side }
                let depths: [Float] = [0.1, 0.3, 0.5]
                let answers: [Float] = [2, 0, -4]
                let side = view.side
                look.distance = Plane(
                    width: side, height: side, values: (0..<side * side).map { depths[third($0 % side, side)] })
                look.cells = Plane(width: 8, height: 8, values: (0..<64).map { answers[third($0 % 8, 8)] })
                return look
            })
        let result = try await reader.read(field, width: 1000, height: 800)
        let judged = try #require(result.judged)
        let byPlace = judged.regions.sorted { $0.component.centroid.x < $1.component.centroid.x }
        #expect(byPlace.map(\.verdict) == [.polyp, .borderline, .dismissed])
        #expect(result.findings.polyps.count == 1 && result.findings.polyps[0].confidence == byPlace[0].confidence)
        #expect(result.borderline?.value == byPlace[1].confidence && result.borderline?.threshold == 0.8)
        #expect(byPlace.allSatisfy { $0.evidence[.others] == 2 && $0.evidence[.frame] == nil })
        #expect(abs(try #require(byPlace[0].evidence[.distance]) - 0.1) < 1e-6)
        #expect(result.mask.area == byPlace[0].component.area)
    }

    /// A glance is enough where nothing is seen, a speck, or what the network is sure of.
    @Test(arguments: [
        (peak: 0.97, radius: 100.0, isEnough: true), (0.6, 100, false), (0.2, 100, false), (0.05, 100, true), (0.6, 8, true),
    ]) func mirrorImagesWhereAGlanceLeavesADoubt(peak: Double, radius: Double, isEnough: Bool) async throws {
        let painted = PaintedLook(ellipses: [.circle(500, 400, radius)], softness: 0.5, peak: peak)
        let looks = Mutex((glances: 0, looks: 0))
        let reader = EndoscopyReader(
            thresholds: Thresholds(),
            glance: { _, view in
                looks.withLock { $0.glances += 1 }
                return painted.look(view)
            },
            look: { _, view in
                looks.withLock { $0.looks += 1 }
                return painted.look(view)
            })
        let result = try await reader.read(field, width: 1000, height: 800)
        let made = looks.withLock { $0 }
        #expect(made.glances == 1 && made.looks == (isEnough ? 0 : 1))
        #expect(result.findings.polyps.count == (peak > 0.5 && radius > 50 ? 1 : 0))
    }

    /// The heads may disagree about a speck that nobody is shown; that is nothing to ask a person about.
    @Test(arguments: [(-9.0, false), (9.0, true)]) func headsDisagreeAboutWhatIsShown(bias: Double, isShown: Bool) async throws {
        var thresholds = Thresholds()
        try thresholds.override(["polyp_confidence": 0.8, "polyp_borderline": 0.2])
        let reader = EndoscopyReader(
            thresholds: thresholds, confidence: RegionConfidence(bias: bias, terms: []),
            look: { _, view in
                PaintedLook(ellipses: [.circle(500, 400, 100)], softness: 0.5, auxiliaryGrowth: 30).look(view)
            })
        let result = try await reader.read(field, width: 1000, height: 800)
        #expect(result.judged?.regions.map(\.verdict) == [isShown ? .polyp : .dismissed])
        #expect((result.findings.disagreement != nil) == isShown)
        if isShown { #expect((result.findings.disagreement ?? 0) > 0.1) }
    }

    @Test func holesAreFilled() async throws {
        let ring = NetworkView(whole: field, side: 256)
        var look = PaintedLook(ellipses: [.circle(500, 400, 150)], softness: 2).look(ring)
        let hole = PaintedLook(ellipses: [.circle(500, 400, 60)], softness: 2).look(ring)
        for index in look.probability.values.indices { look.probability.values[index] -= hole.probability.values[index] }
        let thresholds = Thresholds()
        let result = EndoscopyReader(thresholds: thresholds, look: { _, _ in throw CancellationError() })
            .measure(look, in: ring, field, width: 1000, height: 800)
        #expect(result.findings.polyps.count == 1)
        #expect(abs(result.findings.polyps[0].area / (Double.pi * 150 * 150) - 1) < 0.03)
        #expect(result.mask[500, 400])
    }

    @Test func onlyTheWindowIsCarriedBack() {
        let view = NetworkView(whole: field, side: 256)
        let plane = PaintedLook(ellipses: [.circle(300, 300, 40)], softness: 2).look(view).probability
        let window = EndoscopyReader.window(of: plane, above: 0.3, in: view)
        #expect(window.width < 120 && window.height < 120)
        #expect(window.x <= 258 && window.x + window.width >= 342)
    }

    @Test func headsThatDisagree() async throws {
        // The auxiliary head's region is larger by 30 px: radius 130 instead of 100.
        let result = try await read(PaintedLook(ellipses: [.circle(500, 400, 100)], softness: 0.5, auxiliaryGrowth: 30))
        let (inner, outer): (Double, Double) = (100 * 100, 130 * 130)
        let expected = 1 - 2 * inner / (inner + outer)
        #expect(try abs(#require(result.findings.disagreement) - expected) < 0.02)
    }
}
