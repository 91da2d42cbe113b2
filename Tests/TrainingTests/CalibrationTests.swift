import Foundation
import Imaging
import Screening
import Testing

@testable import Training

struct CalibrationTests {
    /// Answers whose logits are `sharpness` times what they should be.
    private func answers(sharpness: Double, count: Int = 20_000) -> [CalibrationSample] {
        var random = SeededGenerator(3, 1)
        return (0..<count).map { _ in
            let logit = random.uniform(-4...4)
            let isTrue = random.chance(1 / (1 + exp(-logit)))
            return CalibrationSample(probability: Float(1 / (1 + exp(-logit * sharpness))), isTrue: isTrue)
        }
    }

    @Test(arguments: [0.5, 1.0, 2.5]) func theTemperatureTakesBackWhatMadeTheLogitsTooLarge(_ sharpness: Double) {
        let samples = answers(sharpness: sharpness)
        let temperature = Calibration.temperature(of: samples)
        #expect(abs(temperature / sharpness - 1) < 0.06)
        #expect(Calibration(samples, temperature: temperature).error < 0.015)
        if sharpness != 1 { #expect(Calibration(samples).error > 0.04) }
    }

    @Test func theErrorOfHandMadeBins() {
        // Four said 0.9, three of them rightly; six said 0.1, none of them rightly.
        let sure = [true, true, true, false].map { CalibrationSample(probability: 0.9, isTrue: $0) }
        let calibration = Calibration(sure + (0..<6).map { _ in CalibrationSample(probability: 0.1, isTrue: false) })
        #expect(calibration.bins.map(\.count) == [6, 4])
        #expect(calibration.bins.map(\.share) == [0, 0.75])
        #expect(abs(calibration.error - (0.6 * 0.1 + 0.4 * 0.15)) < 1e-6)
    }

    @Test func withoutBothKindsThereIsNothingToFit() {
        #expect(Calibration.temperature(of: [CalibrationSample]()) == 1)
        #expect(Calibration.temperature(of: [CalibrationSample(probability: 0.7, isTrue: true)]) == 1)
    }

    @Test func theRoutersTemperature() {
        var random = SeededGenerator(8, 1)
        let answers = (0..<5000).map { _ -> (probabilities: [Double], truth: Int) in
            let logits = (0..<3).map { _ in random.uniform(-3...3) }
            let weights = logits.map { exp($0) }
            let place = random.uniform() * weights.reduce(0, +)
            let truth = place < weights[0] ? 0 : place < weights[0] + weights[1] ? 1 : 2
            let sharp = logits.map { exp(2 * $0) }
            return (sharp.map { $0 / sharp.reduce(0, +) }, truth)
        }
        #expect(abs(Calibration.temperature(of: answers) - 2) < 0.15)
    }
}

struct OperatingPointTests {
    private func frame(_ id: Int, isEmpty: Bool, _ regions: [FoundRegion]) -> ImageScore {
        var score = ImageScore(set: "s", id: "\(id)", group: "\(id)")
        (score.dice, score.isEmpty, score.regions) = (0, isEmpty, regions)
        (score.polyps, score.truthArea) = (isEmpty ? 0 : 1, isEmpty ? 0 : 100)
        return score
    }

    /// Ten empty frames with a false region of confidence 0.52, 0.56, ... 0.88, and ten polyps of 0.6, 0.64, ... 0.96, well outlined.
    private var scores: [ImageScore] {
        (0..<10).flatMap { index in
            let offset = Double(index) * 0.04
            return [
                frame(index, isEmpty: true, [.init(confidence: 0.52 + offset, share: 0.02, area: 50, overlap: 0, polyp: nil)]),
                frame(
                    10 + index, isEmpty: false,
                    [.init(confidence: 0.6 + offset, share: 0.02, area: 100, overlap: 90, polyp: 1)]),
            ]
        }
    }

    @Test func noMoreFalseAlarmsThanAskedFor() {
        // Two of ten may remain, 0.84 and 0.88: the confidence must be above 0.8.
        let point = OperatingPoint.chosen(on: scores, falsePositives: 0.2)
        #expect(point.confidence == 0.81 && point.share == 0.001)
        let outcome = point.outcome(of: scores)
        #expect(outcome.falsePositives == 0.2)
        // Polyps of 0.84, 0.88, 0.92 and 0.96 remain.
        #expect(outcome.sensitivity == 0.4 && abs(outcome.dice - 0.4 * 0.9) < 1e-12)
    }

    @Test("C7: whether empty frames tested a point, and whether it keeps to what was asked, is said")
    func whatTheEmptyFramesSay() {
        let outcome = OperatingPoint.chosen(on: scores, falsePositives: 0.2).outcome(of: scores)
        #expect((outcome.emptyFrames, outcome.falseFrames) == (10, 2))
        let untested = scores.filter { !$0.isEmpty }
        #expect(OperatingPoint.chosen(on: untested, falsePositives: 0).outcome(of: untested).emptyFrames == 0)
        // A false region that no threshold of the grid keeps away.
        let stubborn = [frame(0, isEmpty: true, [.init(confidence: 0.99, share: 0.5, area: 50, overlap: 0, polyp: nil)])]
        #expect(OperatingPoint.chosen(on: stubborn, falsePositives: 0.05).outcome(of: stubborn).falsePositives == 1)
    }

    @Test func whereAllMayRemainNothingIsLost() {
        let point = OperatingPoint.chosen(on: scores, falsePositives: 1)
        #expect(point == OperatingPoint(confidence: 0.5, share: 0.001))
        #expect(point.outcome(of: scores).sensitivity == 1)
    }

    @Test func theFiguresOfRegions() {
        let figures = Figures(scores)
        #expect(figures.counts["polyps"] == 10 && figures["sensitivity"] == 1 && figures["false_regions"] == 0.5)
        #expect(figures["false_positive_share"] == 1)
    }
}

struct RepeatabilityTests {
    @Test func limitsOfAgreement() throws {
        let pairs = [0.02, -0.02, 0.04, 0.0].map { Repeatability.Pair(mean: 0.5, difference: $0) }
        let limits = try #require(Repeatability.limits(pairs))
        #expect(abs(limits.bias - 0.01) < 1e-12)
        #expect(abs(limits.limit - 1.96 * (0.002 / 3).squareRoot()) < 1e-12)
        #expect(Repeatability.limits(Array(pairs.prefix(2))) == nil)
    }

    @Test func aSecondPhotographIsNearlyTheSame() throws {
        let (raster, _) = DrawnSet.picture(seed: 4, side: 96, radius: 20...30)
        var (first, second) = (SeededGenerator(1, 1), SeededGenerator(1, 1))
        let again = try Repeatability.rephotographed(raster, &first).raster
        #expect(try Repeatability.rephotographed(raster, &second).raster == again)
        #expect(again.width == 96 && again.height == 96 && again != raster)
        let difference = zip(raster.pixels, again.pixels).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) }
        #expect(difference / Double(raster.pixels.count) < 40)
    }
}
