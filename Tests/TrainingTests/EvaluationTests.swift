import DataSets
import Foundation
import Imaging
import Neural
import Reading
import Registry
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Training

struct EvaluationTests {
    /// Networks this small lose more by waiting for a second thread than they gain.
    init() async { await EngineActor.run { EngineInfo.setThreads(1) } }

    private func mask(_ rows: String...) -> Mask {
        Mask(width: rows[0].count, height: rows.count, pixels: rows.flatMap { $0.map { $0 == "#" ? 255 : 0 } })
    }

    @Test func overlapOfHandDrawnMasks() {
        let overlap = Overlap(mask("##..", "##.."), mask(".##.", ".##."))
        #expect(overlap.dice == 0.5)
        #expect(overlap.jaccard == 1.0 / 3)
        let empty = Overlap(mask("...."), mask("...."))
        #expect(empty.dice == 1 && empty.jaccard == 1)
        let missed = Overlap(mask("#..."), mask("...."))
        #expect(missed.dice == 0 && missed.jaccard == 0)
    }

    @Test func theDrawnRatioIsThatOfTheTallestColumns() {
        let disc = mask("..#..", ".###.", "#####", ".###.", "..#..")
        let cup = mask(".....", ".#...", ".##..", ".#...", ".....")
        #expect(DrawnRatio.vertical(cup: cup, disc: disc) == 3.0 / 5)
        #expect(DrawnRatio.vertical(cup: cup, disc: mask(".....", ".....", ".....", ".....", ".....")) == nil)
    }

    @Test func figuresOfHandMadeScores() throws {
        var scores: [ImageScore] = []
        for (index, dice) in [0.8, 0.6, 1.0, 0.0].enumerated() {
            var score = ImageScore(set: "s", id: "\(index)", group: "\(index)")
            score.dice = dice
            score.jaccard = dice / 2
            score.isEmpty = index >= 2
            score.isFoundEmpty = index == 2
            if index < 2 {
                score.drawnRatio = 0.5
                score.readRatio = index == 0 ? 0.6 : 0.35
            }
            scores.append(score)
        }
        let figures = Figures(scores)
        #expect(figures.images == 4)
        #expect(figures.dice.map { abs($0 - 0.6) < 1e-12 } == true)
        #expect(figures["jaccard"].map { abs($0 - 0.3) < 1e-12 } == true)
        #expect(figures.counts == ["empty_frames": 2, "false_positive_frames": 1, "missed_frames": 0, "cdr_unread": 0])
        #expect(figures["cdr_vertical_mae"].map { abs($0 - 0.125) < 1e-12 } == true)
        #expect(figures["cdr_vertical_bias"].map { abs($0 + 0.025) < 1e-12 } == true)
        #expect(figures["accuracy"] == nil && figures.confusion == nil)
        let interval = try #require(figures.intervals["dice"])
        #expect(interval[0] >= 0 && interval[0] < 0.6 && interval[1] > 0.6 && interval[1] <= 1)
    }

    @Test("C7: an eye with a high ratio of which none was read is missed")
    func unreadEyesAreMissed() {
        let eyes: [(drawn: Double, read: Double?)] = [(0.7, 0.7), (0.7, nil), (0.8, 0.6), (0.65, 0.65), (0.4, nil), (0.4, 0.7)]
        let figures = Figures(
            eyes.enumerated().map { index, eye in
                var score = ImageScore(set: "s", id: "\(index)", group: "\(index)")
                score.drawnRatio = eye.drawn
                score.readRatio = eye.read
                return score
            })
        #expect(figures["cdr_high_missed"] == 0.5 && figures["cdr_high_false"] == 1 && figures.counts["cdr_unread"] == 2)
        #expect(Figures([]).means["cdr_high_missed"] == nil)
    }

    @Test func theRoutersFigures() {
        let pairs: [(Modality, Modality)] = [
            (.fundus, .fundus), (.fundus, .neither), (.endoscopy, .endoscopy), (.neither, .neither),
        ]
        let figures = Figures(
            pairs.enumerated().map { index, pair in
                var score = ImageScore(set: "s", id: "\(index)", group: "\(index)")
                (score.shown, score.routed) = pair
                return score
            })
        #expect(figures["accuracy"] == 0.75)
        #expect(
            figures.confusion == [
                "fundus": ["fundus": 1, "neither": 1], "endoscopy": ["endoscopy": 1], "neither": ["neither": 1],
            ])
        #expect(figures.dice == nil && figures.counts.isEmpty)
    }

    @Test func theBootstrapDrawsWholeGroups() throws {
        // 20 groups of 0 or 1: the mean's deviation is sqrt(0.25 / 20) = 0.112, 95 % lie within about 0.22 of 0.5.
        let apart = (0..<20).map { (group: "\($0)", value: $0 % 2 == 0 ? 0.0 : 1.0) }
        let interval = try #require(Bootstrap.interval(apart))
        #expect(abs(interval[0] - 0.28) < 0.06 && abs(interval[1] - 0.72) < 0.06)
        // The same 20 values ten times over know no more than the 20.
        let repeated = (0..<10).flatMap { _ in apart }
        let again = try #require(Bootstrap.interval(repeated))
        #expect(abs(again[0] - interval[0]) < 0.03 && abs(again[1] - interval[1]) < 0.03)
        let wrong = try #require(Bootstrap.interval(repeated.enumerated().map { (group: "\($0)", value: $1.value) }))
        #expect(wrong[1] - wrong[0] < 0.2)
        #expect(Bootstrap.interval(apart) == interval)
        #expect(Bootstrap.interval([(group: "a", value: 1), (group: "a", value: 0)]) == nil)
    }

    /// A network that answers the same everywhere: all weights 0, the mask head's bias decides.
    private func constant(_ foreground: Float, for task: ModelTask = .polyp) throws -> Model {
        let architecture = task == .router ? Architecture.router : try Architecture(named: "1enc-1dec-m")
        var weights = Weights(tensors: [:])
        for (name, shape) in architecture.parameterShapes(width: 8) {
            weights.tensors[name] = .init(shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
        }
        weights.tensors["mask.bias"]?.values = [0, foreground]
        return try Model(
            manifest: ModelManifest(
                name: "constant", task: task, architecture: architecture.name, width: 8, side: 32, view: "field",
                normalisation: .init(mean: [0, 0, 0], std: [1, 1, 1]),
                trained: .init(at: .now, commit: "", data: [], epochs: 0, seed: 0, losses: [])), weights: weights)
    }

    @Test func readsThroughTheServicesReader() async throws {
        let drawn = try DataSetFolder.discs(count: 6, empty: [0, 1]) { $0 < 5 ? .test : .val }
        let sets = [try DataSet(directory: drawn.path)]
        let nothing = Evaluation(task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(-5))))
        let silent = try await nothing.run(sets, split: .test)
        // Two empty frames read as empty count 1, three missed polyps 0.
        #expect(silent.figures.dice == 0.4 && silent.figures["jaccard"] == 0.4)
        #expect(
            silent.figures.counts == [
                "empty_frames": 2, "false_positive_frames": 0, "borderline_frames": 0, "missed_frames": 3, "polyps": 3,
            ])
        #expect(silent.scores.map(\.id) == ["0", "1", "2", "3", "4"])

        let everything = Evaluation(
            task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(5))))
        let loud = try await everything.run(sets, split: nil)
        #expect(
            loud.figures.images == 6 && loud.figures.counts["false_positive_frames"] == 2
                && loud.figures.counts["missed_frames"] == 0)
        for score in loud.scores where !score.isEmpty {
            let grey = try ImageDecoder.decodeMask(
                [UInt8](try Data(contentsOf: URL(filePath: drawn.path + "/masks/\(score.id).png"))))
            let area = Double(Truth.mask(grey, for: .polyp).area)
            #expect(score.jaccard.map { abs($0 - area / 4096) < 1e-9 } == true)
        }
        let json = try JSONSerialization.jsonObject(with: Data(try CanonicalJSON.line(loud).utf8)) as? [String: Any]
        #expect(
            json?["model"] as? String == "constant" && json?["task"] as? String == "polyp" && json?["split"] as? String == "all")
        #expect(json?["images"] as? Int == 6)
        #expect(((json?["sets"] as? [String: Any])?["drawn"] as? [String: Any])?["images"] as? Int == 6)
    }

    @Test func aMeasurementFillsTheManifest() async throws {
        let drawn = try DataSetFolder.discs(count: 12, empty: [0, 1, 2, 3]) { $0 % 2 == 0 ? .test : .val }
        let measurement = NetworkMeasurement(try constant(0.2), sets: [try DataSet(directory: drawn.path)], falsePositives: 0)
        let manifest = try await measurement.run()
        // Everything is taken for a polyp with little confidence: no empty frame of val may keep it.
        #expect(try #require(manifest.thresholds["polyp_confidence"]) > 0.5)
        #expect(manifest.metrics.map(\.split) == ["val", "test"] && manifest.metrics.allSatisfy { $0.images == 6 })
        #expect(manifest.metrics.allSatisfy { $0.values["false_positive_frames"] == 0 && $0.values["empty_frames"] == 2 })
        #expect(manifest.metrics[1].intervals["dice"]?.count == 2)
        // About a tenth of the pixels are polyp; 0.55 everywhere is far too sure, and no temperature makes it less than one half.
        #expect(manifest.temperature > 5)
        let (before, after) = (manifest.calibration["error_before_test"], manifest.calibration["error_after_test"])
        #expect(try #require(before) > #require(after))
        #expect(manifest.plots.count == 2 && manifest.groups.map(\.data) == ["quality: ungradable"])
    }

    @Test func readAsInServiceAnEyeThatIsRefusedCountsAsOneWithoutARatio() async throws {
        let drawn = try DataSetFolder.discs(count: 8, value: 128, cups: true) { $0 % 2 == 0 ? .test : .val }
        let companions = try [constant(0, for: .router), constant(0, for: .polyp)]
        let manifest = try await NetworkMeasurement(
            try constant(0, for: .cup), disc: try constant(-5, for: .disc), companions: companions,
            sets: [try DataSet(directory: drawn.path)]
        ).run()
        // So small pictures are refused.
        let row = try #require(manifest.metrics.last)
        #expect(row.data == "drawn, end to end" && row.values["refused"] == 4 && row.values["cdr_unread"] == 4)
        #expect(row.values["cdr_vertical_mae"] == nil && row.values["cdr_high_missed"] == nil)
        #expect(ModelCard(manifest).markdown.contains("no ratio: eyes of which no ratio was read, refused ones included;"))
    }

    @Test func tooFewRegionsToFitAConfidenceLeaveTheFormerOne() async throws {
        let drawn = try DataSetFolder.discs(count: 12, empty: [0, 1, 2, 3]) { $0 % 2 == 0 ? .test : .val }
        let model = try constant(0.2)
        var former = model.manifest
        former.name = "former"
        former.confidence = RegionConfidence(bias: 0.4, terms: [.init(.size, mean: -3, deviation: 1, weight: 2)])
        former.thresholds = ["polyp": 0.4, "polyp_confidence": 0.6, "polyp_borderline": 0.2]
        let sets = [try DataSet(directory: drawn.path)]
        let kept = try await NetworkMeasurement(model, sets: sets, former: former, falsePositives: 0).run()
        #expect(kept.confidence == former.confidence)
        #expect(former.thresholds.allSatisfy { kept.thresholds[$0.key] == $0.value })
        #expect(kept.remarks.last?.contains("those of former") == true)
        let fitted = try await NetworkMeasurement(model, sets: sets, falsePositives: 0).run()
        #expect(fitted.confidence != former.confidence && fitted.remarks.isEmpty)
    }

    @Test("C7: a set that only judges chooses no operating point, and a target that no empty frame tested is not stated")
    func theOperatingPointIsChosenByWhatChooses() async throws {
        let full = try DataSetFolder.discs("full", count: 6) { _ in .val }
        let empty = try DataSetFolder.discs("empty", count: 6, empty: Set(0..<6)) { _ in .val }
        let (chooses, judges) = ([try DataSet(directory: full.path)], [try DataSet(directory: empty.path)])
        let alone = try await NetworkMeasurement(try constant(0.2), sets: chooses, falsePositives: 0).run()
        let judged = try await NetworkMeasurement(try constant(0.2), sets: chooses, judges: judges, falsePositives: 0).run()
        #expect(judged.thresholds == alone.thresholds && judged.temperature == alone.temperature)
        for manifest in [alone, judged] {
            #expect(manifest.calibration["false_positive_target"] == nil && manifest.calibration["empty_frames"] == 0)
            #expect(ModelCard(manifest).markdown.contains("was not tested"))
        }
        #expect(judged.metrics.map(\.data) == ["full", "empty"])
        // Tested, and kept.
        let both = try await NetworkMeasurement(try constant(0.2), sets: chooses + judges, falsePositives: 0).run()
        #expect(both.calibration["false_positive_target"] == 0 && both.calibration["empty_frames"] == 6)
        #expect(
            ModelCard(both).markdown.contains(
                "so that at most 0 % of the empty frames have one, and no set more than 0.1 false ones a frame: 0 of 6 have."))
        // Tested, and missed: a network so sure, at the highest temperature too, that no confidence is above it.
        let sure = try await NetworkMeasurement(try constant(600), sets: chooses + judges, falsePositives: 0).run()
        #expect(sure.calibration["false_positive_target"] == nil && sure.calibration["false_positive_frames"] == 6)
        #expect(ModelCard(sure).markdown.contains("6 of 6 empty frames have one"))
    }

    @Test func aModelIsQuantisedOnTrainAndCheckedOnTheRest() async throws {
        let drawn = try DataSetFolder.discs(count: 6, empty: [0, 1]) { $0 < 2 ? .train : $0 < 4 ? .val : .test }
        let sets = [try DataSet(directory: drawn.path)]
        let found = try await Quantising(try constant(5), to: .int8).run(sets, images: 10, note: { _ in }, progress: { _, _ in })
        #expect(found.images == 2)
        // All weights are 0: so is everything in between, and the bias alone decides in either precision.
        #expect(found.ranges.reach.values.allSatisfy { $0 == 0 })
        #expect(found.checks.map(\.split) == ["val", "val", "test", "test"])
        #expect(found.checks.map(\.data) == ["drawn", "all", "drawn", "all"])
        #expect(found.checks.allSatisfy { $0.images == 2 && $0.fp32 > 0 && $0.reduced == $0.fp32 })
        let untaught = try DataSetFolder.discs(count: 2) { _ in .test }
        await #expect(throws: PapillaError.self) {
            try await Quantising(try constant(5), to: .int8).run(
                [try DataSet(directory: untaught.path)], images: 10, note: { _ in }, progress: { _, _ in })
        }
    }

    @Test("E1: masks of class numbers give the figures of masks of 0 and 255", arguments: [UInt8(1), 255])
    func classNumbers(value: UInt8) async throws {
        let drawn = try DataSetFolder.discs(count: 6, value: value, empty: [0, 1]) { $0 < 5 ? .test : .val }
        let everything = Evaluation(
            task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(5))))
        let notes = Mutex<[String]>([])
        let result = try await everything.run(
            [try DataSet(directory: drawn.path)], split: .test, note: { words in notes.withLock { $0.append(words) } })
        #expect(result.figures.counts["empty_frames"] == 2 && result.figures.counts["polyps"] == 3)
        #expect(try #require(result.figures["jaccard"]) > 0.01)
        #expect(notes.withLock { $0 } == ["drawn: masks: 0 outside, \(value) polyp; 2 of 6 are empty"])
    }

    @Test("E6: what is wrong with an image or a mask begins with its file")
    func namesTheFile() async throws {
        for name in ["images/3.png", "masks/3.png"] {
            let drawn = try DataSetFolder.discs(count: 6) { _ in .test }
            try drawn.write([1, 2, 3], name)
            let evaluation = Evaluation(
                task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(0))))
            let sets = [try DataSet(directory: drawn.path)]
            await #expect { try await evaluation.run(sets, split: .test) } throws: {
                ($0 as? PapillaError)?.detailed.hasPrefix(drawn.path + "/" + name) == true
            }
        }
    }

    @Test("E3: nothing is calibrated on masks that are all empty")
    func allEmpty() async throws {
        let drawn = try DataSetFolder.discs(count: 6, empty: Set(0..<6)) { $0 % 2 == 0 ? .test : .val }
        let measurement = NetworkMeasurement(try constant(0.2), sets: [try DataSet(directory: drawn.path)])
        await #expect { try await measurement.run() } throws: { ($0 as? PapillaError)?.message.contains("empty") == true }
    }

    @Test func twoDataSetsOfOneNameAreRefused() async throws {
        let folders = try ["drawn", "drawn", "other"].map { try DataSetFolder.discs($0, count: 2) { _ in .test } }
        let sets = try folders.map { try DataSet(directory: $0.path) }
        let refusal = #expect(throws: PapillaError.self) { try DataSet.refuseNamesakes(among: sets) }
        #expect(refusal?.code == .badInput && refusal?.place?.contains(folders[0].path) == true)
        #expect(refusal?.place?.contains(folders[1].path) == true)
        try DataSet.refuseNamesakes(among: Array(sets.dropFirst()))
        let evaluation = Evaluation(
            task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(0))))
        await #expect(throws: PapillaError.self) { try await evaluation.run(sets, split: .test) }
    }

    @Test func anEmptySplitIsRefused() async throws {
        let drawn = try DataSetFolder.discs(count: 2) { _ in .train }
        let evaluation = Evaluation(
            task: .polyp, reader: try ImageReader(models: try await ReadingModels(polyp: try constant(0))))
        let sets = [try DataSet(directory: drawn.path)]
        await #expect(throws: PapillaError.self) { try await evaluation.run(sets, split: .test) }
    }
}
