import Imaging
import Registry
import Screening
import Testing

@testable import Reading

struct AttentionTests {
    private let rules = AttentionRules(thresholds: Thresholds())

    private func modality(_ probability: Double) -> Report.ModalityFinding {
        Report.ModalityFinding(
            value: .fundus, probabilities: ["fundus": probability, "endoscopy": 1 - probability, "neither": 0])
    }

    @Test func nothingToSeeNothingSaid() throws {
        #expect(rules.common(quality: Quality(grade: .good, checks: [:]), modality: modality(1)).isEmpty)
        #expect(rules.fundus(try result(ratio: 0.4)).isEmpty)
    }

    @Test func usableQualityAndNearOutOfDomain() {
        let check = Quality.Check(value: 0.1, threshold: 0.2, pass: false)
        let list = rules.common(quality: Quality(grade: .usable, checks: ["focus": check]), modality: modality(0.8.nextDown))
        #expect(list.map(\.code) == [.qualityUsable, .outOfDomainNear])
        #expect(list[0].detail.contains("focus"))
        #expect(rules.common(quality: Quality(grade: .good, checks: [:]), modality: modality(0.8)).isEmpty)
    }

    /// A disc of radius 100 with a concentric cup: every figure follows from the two radii.
    private func result(
        ratio: Double, softness: Double = 0.5, auxiliary: Double = 0, discB: Double = 1, errors: RatioErrors? = nil
    )
        throws -> FundusReader.Result
    {
        let window = PixelBox(x: 0, y: 0, width: 400, height: 400)
        let view = NetworkView(around: window, side: 400)
        let disc = PaintedLook(ellipses: [Ellipse(cx: 200, cy: 200, a: 100, b: 100 * discB, angle: 0)], softness: softness).look(
            view)
        let cup = PaintedLook(
            ellipses: [Ellipse(cx: 200, cy: 200, a: 100 * ratio, b: 100 * ratio * discB, angle: 0)], softness: softness
        ).look(view)
        var result = FundusReader.Result()
        result.measure = FundusMeasure(
            disc: try #require(Region(probability: disc.probability, window: window, threshold: 0.5)),
            cup: try #require(Region(probability: cup.probability, window: window, threshold: 0.5)),
            discProbability: disc.probability,
            cupProbability: cup.probability, eye: .unknown, disagreement: ["disc": auxiliary, "cup": auxiliary],
            ratioErrors: errors)
        return result
    }

    private func codes(_ result: FundusReader.Result, _ overrides: [String: Double] = [:]) throws -> [Attention.Code] {
        var thresholds = Thresholds()
        try thresholds.override(overrides)
        return AttentionRules(thresholds: thresholds).fundus(result).map(\.code)
    }

    @Test func ratioExactlyAtItsThreshold() throws {
        let result = try result(ratio: 0.5)
        let vertical = try #require(result.measure).findings.cdr!.vertical
        let off = ["rim_thin": 0.0]
        #expect(try codes(result, off.merging(["ratio_high": vertical]) { $1 }).contains(.ratioHigh))
        #expect(try !codes(result, off.merging(["ratio_high": vertical.nextUp]) { $1 }).contains(.ratioHigh))
    }

    @Test func intervalThatCrossesTheThreshold() throws {
        let result = try result(ratio: 0.5, softness: 4)
        let interval = try #require(result.measure).findings.cdr!.interval
        #expect(try codes(result, ["ratio_high": interval[1]]) == [.ratioInterval])
        #expect(try codes(result, ["ratio_high": interval[1].nextUp]).isEmpty)
        #expect(try codes(result, ["ratio_high": interval[0].nextUp]) == [.ratioHigh, .ratioInterval])
        #expect(try codes(result, ["ratio_high": interval[0]]) == [.ratioHigh])
    }

    /// Forty eyes whose ratio was drawn up to two deviations higher than it was read.
    @Test func ratioThatMayWellBeHigh() throws {
        let errors = RatioErrors(floor: 0.05, residuals: (0..<40).map { Double($0) / 20 })
        let result = try result(ratio: 0.5, softness: 4, errors: errors)
        let measure = try #require(result.measure)
        let (ratio, deviation) = (try #require(measure.findings.cdr), try #require(measure.ratioDeviation))
        // The outermost twentieth of 40: the least and the greatest.
        #expect(ratio.interval == [ratio.vertical, ratio.vertical + 1.95 * (deviation + 0.05)])
        let off = ["rim_thin": 0.0]
        let least = ratio.vertical + 1.6 * (deviation + 0.05)
        // 1.6, 1.65, ... 1.95: eight of forty.
        #expect(try codes(result, off.merging(["ratio_high": least.nextDown]) { $1 }) == [.ratioInterval])
        #expect(try codes(result, off.merging(["ratio_high": least + 0.01]) { $1 }).isEmpty)
        #expect(try codes(result, off.merging(["ratio_high": least + 0.01, "ratio_interval": 0.1]) { $1 }) == [.ratioInterval])
    }

    @Test func thinRim() throws {
        let result = try result(ratio: 0.5)
        let minimum = try #require(result.measure).findings.rim!.minimum
        #expect(try codes(result, ["rim_thin": minimum]).isEmpty)
        #expect(try codes(result, ["rim_thin": minimum.nextUp]) == [.rimThin])
    }

    @Test func disagreementAndConfidence() throws {
        #expect(try codes(try result(ratio: 0.5, auxiliary: 0.15)).isEmpty)
        #expect(try codes(try result(ratio: 0.5, auxiliary: 0.2)) == [.disagreement])
        #expect(try codes(try result(ratio: 0.5, auxiliary: 0.3)) == [.disagreement, .disagreement])
        let result = try result(ratio: 0.5)
        let cup = try #require(result.measure).findings.cup
        let mean = try #require(cup?.meanProbability)
        #expect(try codes(result, ["low_confidence_cup": mean, "low_confidence_disc": 0]).isEmpty)
        #expect(try codes(result, ["low_confidence_cup": mean.nextUp, "low_confidence_disc": 0]) == [.lowConfidence])
    }

    @Test func shapeAndSize() throws {
        #expect(try codes(try result(ratio: 0.4, discB: 0.72)).isEmpty)
        #expect(try codes(try result(ratio: 0.4, discB: 0.65)) == [.discShape])
        var sized = try result(ratio: 0.4)
        sized.discSize = 0.06
        #expect(try codes(sized).isEmpty)
        sized.discSize = 0.06.nextDown
        #expect(try codes(sized) == [.discSize])
        sized.discSize = 0.25.nextUp
        #expect(try codes(sized) == [.discSize])
        sized.discSize = nil
        sized.eyeConflict = true
        #expect(try codes(sized) == [.eyeConflict])
    }

    @Test func polyps() throws {
        func polyp(_ confidence: Double) -> Polyp {
            Polyp(box: [0, 0, 10, 10], area: 80, areaFraction: 0.01, centroid: [5, 5], confidence: confidence, contour: [])
        }
        func list(_ polyps: [Polyp], disagreement: Double = 0, borderline: Double? = nil, _ overrides: [String: Double] = [:])
            throws
            -> [Attention.Code]
        {
            var thresholds = Thresholds()
            try thresholds.override(overrides)
            let findings = EndoscopyFindings(
                polyps: polyps, polypAreaFraction: 0.01, disagreement: disagreement, mask: "polyp.png")
            let look = NetworkAnswer(probability: Plane(width: 1, height: 1, fill: 0), auxiliary: nil)
            let view = NetworkView(around: PixelBox(x: 0, y: 0, width: 1, height: 1), side: 1)
            return AttentionRules(thresholds: thresholds)
                .endoscopy(
                    EndoscopyReader.Result(
                        findings: findings, mask: Mask(width: 1, height: 1),
                        borderline: borderline.map { .init(value: $0, threshold: 0.5) },
                        evidence: NetworkEvidence(look, in: view, threshold: 0.5))
                )
                .map(\.code)
        }
        #expect(try list([]).isEmpty)
        #expect(try list([polyp(0.9)]) == [.polyp])
        #expect(try list([polyp(0.9)], ["polyp_count": 2]).isEmpty)
        #expect(try list([], borderline: 0.4) == [.polypBorderline])
        #expect(try list([polyp(0.9), polyp(0.5)], disagreement: 0.5) == [.polyp, .disagreement, .lowConfidence])
    }

    @Test func entriesStateValueAndThreshold() throws {
        let entry = try #require(rules.fundus(try result(ratio: 0.8)).first)
        #expect(entry.code == .ratioHigh && entry.threshold == 0.65)
        #expect(abs(try #require(entry.value) - 0.8) < 0.01)
    }
}
