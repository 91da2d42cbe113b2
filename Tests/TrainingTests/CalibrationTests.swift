import Foundation
import Imaging
import Reading
import Registry
import Screening
import TestSupport
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
    private func frame(_ id: Int, isEmpty: Bool, set: String? = nil, _ regions: [FoundRegion]) -> ImageScore {
        var score = ImageScore(set: set ?? (isEmpty ? "empty" : "full"), id: "\(id)", group: "\(id)")
        score.dice = 0
        score.isEmpty = isEmpty
        score.regions = regions
        // Polyps of 0.5, 1.5, 2.5 ... 9.5 % of the content.
        score.polyps = isEmpty ? [] : [0.005 + 0.01 * Double(id % 10)]
        score.truthArea = isEmpty ? 0 : 100
        score.isFlagged = !regions.isEmpty
        return score
    }

    /// Ten empty frames with a false region of confidence 0.52, 0.56, ... 0.88, and ten polyps of 0.6, 0.64, ... 0.96, well outlined.
    private var scores: [ImageScore] {
        (0..<10).flatMap { index in
            let offset = Double(index) * 0.04
            return [
                frame(index, isEmpty: true, [.init(confidence: 0.52 + offset, area: 50, overlap: 0, polyp: nil)]),
                frame(10 + index, isEmpty: false, [.init(confidence: 0.6 + offset, area: 100, overlap: 90, polyp: 0)]),
            ]
        }
    }

    @Test func noMoreFalseAlarmsThanAskedFor() {
        // Two of ten may remain, 0.84 and 0.88: the confidence must be above 0.8. Eight may be borderline: above 0.56.
        let point = OperatingPoint.chosen(on: scores, falsePositives: 0.2)
        #expect(abs(point.confidence - 0.82) < 1e-9 && abs(point.borderline - 0.58) < 1e-9)
        let outcome = OperatingPoint.outcome(of: scores, from: point.confidence)
        #expect(outcome.falsePositives == 0.2 && outcome.falseRegions == 2 && outcome.frames == 20)
        // Polyps of 0.84, 0.88, 0.92 and 0.96 remain.
        #expect(outcome.sensitivity == 0.4 && abs(outcome.dice - 0.4 * 0.9) < 1e-12)
        #expect(OperatingPoint.outcome(of: scores, from: 0, sizes: 0.01..<0.05).polyps == 4)
    }

    @Test func noSetPaysForAnother() {
        // Beside the frames of the other tests, 50 of another hospital: a polyp of 0.9 in each, and in ten a false region of 0.7.
        let other = (0..<50).map { index in
            frame(
                index, isEmpty: false, set: "other",
                [.init(confidence: 0.9, area: 100, overlap: 90, polyp: 0)]
                    + (index < 10 ? [.init(confidence: 0.7, area: 50, overlap: 0, polyp: nil)] : []))
        }
        let both = scores + other
        #expect(OperatingPoint.chosen(on: both, falsePositives: 1).confidence < 0.6)
        let strict = OperatingPoint.chosen(on: both, falsePositives: 1, falseRegions: 0.1)
        #expect((0.7..<0.9).contains(strict.confidence) && strict.borderline < 0.6)
        // Too few frames to say it.
        #expect(OperatingPoint.chosen(on: scores, falsePositives: 1, falseRegions: 0.1).confidence < 0.6)
    }

    /// Below the last polyp there are only false regions.
    @Test func noLowerThanAnyPolypNeeds() {
        let point = OperatingPoint.chosen(on: scores, falsePositives: 1)
        #expect((0.56..<0.6).contains(point.confidence))
        #expect(OperatingPoint.outcome(of: scores, from: point.confidence).sensitivity == 1)
    }

    @Test("C7: whether empty frames tested a point, and whether it keeps to what was asked, is said")
    func whatTheEmptyFramesSay() {
        let point = OperatingPoint.chosen(on: scores, falsePositives: 0.2)
        let outcome = OperatingPoint.outcome(of: scores, from: point.confidence)
        #expect((outcome.emptyFrames, outcome.falseFrames) == (10, 2))
        let untested = scores.filter { !$0.isEmpty }
        #expect(OperatingPoint.outcome(of: untested, from: 0.5).emptyFrames == 0)
        // A false region that no confidence keeps away.
        let stubborn = [frame(0, isEmpty: true, [.init(confidence: 1, area: 50, overlap: 0, polyp: nil)])]
        let sure = OperatingPoint.chosen(on: stubborn, falsePositives: 0.05)
        #expect(OperatingPoint.outcome(of: stubborn, from: sure.confidence).falsePositives == 1)
    }

    @Test func theFiguresOfRegions() {
        var scores = scores
        // What is borderline is found only by who looks at it.
        for index in scores.indices where scores[index].regions[0].confidence < 0.7 {
            scores[index].regions[0].verdict = .borderline
        }
        let figures = Figures(scores)
        #expect(figures.counts["polyps"] == 10 && figures["sensitivity"] == 0.7 && figures["borderline_sensitivity"] == 1)
        #expect(figures["false_regions"] == 0.25 && figures.counts["borderline_frames"] == 10)
        #expect(figures["sensitivity_under_1"] == 0 && figures["sensitivity_1_to_5"] == 0.5 && figures["sensitivity_over_5"] == 1)
    }

    /// Regions drawn by chance from a known function: the fit finds its weights, and leaves out what never changes.
    @Test func theConfidenceIsLearnt() throws {
        var random = SeededGenerator(5, 5)
        let scores = (0..<3000).map { index -> ImageScore in
            let (depth, cell) = (random.uniform(-1...1), random.uniform(-3...3))
            let isPolyp = random.chance(1 / (1 + exp(-(0.5 - 2 * depth + cell))))
            var region = FoundRegion(confidence: 0, area: 9, overlap: 0, polyp: isPolyp ? 0 : nil)
            region.evidence = [.distance: depth, .highestCell: cell, .others: 0]
            return frame(index, isEmpty: false, [region])
        }
        let confidence = try #require(RegionConfidence(fittedTo: scores))
        #expect(confidence.terms.map(\.feature) == [.distance, .highestCell] && confidence.regions == 3000)
        #expect(abs(confidence([.distance: 0, .highestCell: 0]) - 1 / (1 + exp(-0.5))) < 0.03)
        #expect(abs(confidence([.distance: 0.5, .highestCell: 2]) - 1 / (1 + exp(-1.5))) < 0.03)
        let judged = scores.map { $0.judged(by: confidence) }
        #expect(judged[0].regions[0].confidence == confidence(scores[0].regions[0].evidence))
        #expect(RegionConfidence(fittedTo: scores.filter { $0.regions[0].polyp != nil }) == nil)
    }
}

struct RatioErrorsTests {
    /// Eyes that are read 0.02 too low, half of them four times as unsurely as the others, which the networks know.
    private func eyes(_ count: Int, seed: UInt64) -> [ImageScore] {
        var random = SeededGenerator(seed, 3)
        return (0..<count).map { index in
            var score = ImageScore(set: "eyes", id: "\(index)", group: "\(index)")
            let deviation = index % 2 == 0 ? 0.02 : 0.08
            let read = random.uniform(0.3...0.6)
            score.readRatio = read
            score.readDeviation = deviation
            score.drawnRatio = read + 0.02 + deviation * Double(random.nearlyNormal())
            return score
        }
    }

    @Test func theIntervalCoversAndIsNoWiderThanNeeded() throws {
        let errors = try #require(RatioErrors(of: eyes(400, seed: 1)))
        let others = eyes(2000, seed: 2)
        let intervals = others.map { errors.interval($0.readRatio ?? 0, deviation: $0.readDeviation ?? 0) }
        let covered = zip(others, intervals).count { $1[0] <= $0.drawnRatio ?? 0 && $0.drawnRatio ?? 0 <= $1[1] }
        #expect((0.93...0.975).contains(Double(covered) / 2000))
        // 2 x 1.96 x 0.05 would be the narrowest on average.
        let width = intervals.reduce(0) { $0 + $1[1] - $1[0] } / 2000
        #expect((0.18...0.24).contains(width))
        // One half by the unsure eyes, and three quarters by the others, whose 0.02 is more in units of their deviation.
        #expect((0.55...0.7).contains(errors.probability(ofAtLeast: 0.52, ratio: 0.5, deviation: 0.08)))
        #expect(errors.probability(ofAtLeast: 0, ratio: 0.5, deviation: 0.08) == 1)
        #expect(RatioErrors(of: eyes(39, seed: 1)) == nil)
    }

    @Test func anEyeInTwoSetsCountsOnce() throws {
        let fields = eyes(60, seed: 1)
        let crops = fields.map { field in
            var crop = ImageScore(set: "crops", id: field.id, group: field.group, owner: field.owner)
            (crop.readRatio, crop.readDeviation, crop.drawnRatio) = (field.readRatio, field.readDeviation, field.drawnRatio)
            return crop
        }
        #expect(RatioErrors(of: fields + crops)?.residuals.count == 60)
        // Too few people, however many pictures.
        #expect(RatioErrors(of: Array(fields.prefix(39) + crops.prefix(39))) == nil)
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
        let (raster, _) = DataSetFolder.picture(seed: 4, side: 96, radius: 20...30)
        var (first, second) = (SeededGenerator(1, 1), SeededGenerator(1, 1))
        let again = try Repeatability.rephotographed(raster, &first).raster
        #expect(try Repeatability.rephotographed(raster, &second).raster == again)
        #expect(again.width == 96 && again.height == 96 && again != raster)
        let difference = zip(raster.pixels, again.pixels).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) }
        #expect(difference / Double(raster.pixels.count) < 40)
    }
}
