import DataSets
import FoundationEssentials
import Imaging
import Neural
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Training

/// A study small enough for a test: bright discs as polyps, width 4, side 32.
@Suite(.serialized)
struct StudyTests {
    /// Networks this small lose more by waiting for a second thread than they gain.
    init() async { await EngineActor.run { EngineInfo.setThreads(1) } }

    private static func options() -> StudyOptions {
        var options = StudyOptions(tasks: [.polyp])
        options.epochs = 2
        options.side = 32
        options.width = 4
        options.seeds = 2
        options.normalisation = .batch
        options.softDice = 0.5
        options.rate = 2e-3
        options.validationInterval = 1
        return options
    }

    private func drawn() throws -> DataSetFolder {
        try .discs(count: 12) { $0 % 3 == 0 ? .train : $0 % 3 == 1 ? .val : .test }
    }

    @Test func stopsAndResumesAndReports() async throws {
        let drawn = try drawn()
        let (sets, folder) = ([try DataSet(directory: drawn.path)], drawn.path + "/study")
        // Stopped in the middle of the third training.
        let begun = Mutex(0)
        let finished = try await Study(Self.options(), sets: sets, folder: folder, resume: false).train(
            report: { if case .run(_, let number, _, _) = $0 { begun.withLock { $0 = number } } },
            shouldStop: { begun.withLock { $0 == 3 } })
        #expect(!finished)
        #expect(throws: PapillaError.self) { try Study(Self.options(), sets: sets, folder: folder, resume: false) }
        var other = Self.options()
        other.epochs = 3
        #expect(throws: PapillaError.self) { try Study(other, sets: sets, folder: folder, resume: true) }

        let study = try Study(Self.options(), sets: sets, folder: folder, resume: true)
        await #expect(throws: PapillaError.self) { _ = try await study.report(figures: .none) }
        let skipped = Mutex(0)
        let scored = Mutex(0)
        #expect(
            try await study.train(
                report: { event in
                    if case .run(_, _, _, true) = event { skipped.withLock { $0 += 1 } }
                    if case .scored = event { scored.withLock { $0 += 1 } }
                }))
        #expect(skipped.withLock { $0 } == 2 && scored.withLock { $0 } == 12)
        try await study.time(width: 4, side: 32, rounds: 4)
        let results = try await study.report(figures: .data)
        #expect(results.cells.count == 7 && results.images == ["polyp": ["drawn": 4]])
        #expect(results.cells.allSatisfy { ($0.dice?.count ?? 0) == 8 && (0...1).contains($0.jaccard) })
        #expect(results.differences.count == 8)

        let html = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
        #expect(!html.contains("://") && !html.contains("<script") && html.contains("data:image/png;base64,"))
        #expect(html.ranges(of: "<img ").count == 4)
        let markdown = try String(contentsOfFile: folder + "/report.md", encoding: .utf8)
        for words in [
            "0.8125 | 0.7323", "1Enc 1Dec + Conv MD", "D3 best for polyps", "times as long", "batch normalisation", "map ",
        ] {
            #expect(markdown.contains(words), "\(words)")
        }
        for name in ["contours", "heads", "maps", "features"] {
            let picture = try ImageDecoder.decode(
                [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/figures/polyp-\(name).png"))))
            #expect(picture.raster.width > 300)
        }

        // A study that was never stopped comes to the same figures.
        let whole = try Study(Self.options(), sets: sets, folder: drawn.path + "/whole", resume: false)
        #expect(try await whole.train())
        for run in Self.options().runs {
            let (one, two) = (try study.folder.scores(of: run), try whole.folder.scores(of: run))
            #expect(one?.images == two?.images && one?.images.count == 4)
        }
        // What is shown to others has phantoms in its figures, or none.
        _ = try await study.report(figures: .phantoms)
        #expect(try String(contentsOfFile: folder + "/report.html", encoding: .utf8).contains("On phantoms"))
    }

    @Test func tasksAreGivenTheSetsThatFit() throws {
        let drawn = try drawn()
        let sets = [try DataSet(directory: drawn.path)]
        var options = Self.options()
        options.tasks = [.disc]
        #expect { try Study(options, sets: sets, folder: drawn.path + "/study", resume: false) } throws: {
            ($0 as? PapillaError)?.message.contains("disc") == true
        }
        options.tasks = [.router]
        #expect(throws: PapillaError.self) { try options.check() }
        options.tasks = [.polyp, .polyp]
        #expect(throws: PapillaError.self) { try options.check() }
    }

    @Test func everyNetworkSeesTheSameOrder() {
        let options = Self.options()
        #expect(options.runs.count == 14 && Set(options.runs.map(\.name)).count == 14)
        var trainings = options.runs.filter { $0.seed == 1 }.map(options.training)
        for index in trainings.indices {
            trainings[index].architecture = ""
            trainings[index].distance = .signed
        }
        #expect(Set(trainings.map { "\($0)" }).count == 1)
    }

    // The maps that stand-in heads copy, convolved with the trained head, give that head's logits.
    @Test func featureMapsAreWhatTheHeadsSee() async throws {
        let (width, side) = (5, 32)
        let network = StudyNetwork.tableThree(.signed)
        let weights = try await EngineActor.run {
            try Learner(
                .init(architecture: network.architecture, width: width, side: side, batch: 1, normalisation: .none, softDice: 0),
                weights: nil, seed: 3, foreground: 0.3
            ).weights()
        }
        let input = (0..<3 * side * side).map { Float(($0 * 7919) % 255) / 255 }
        let maps = try await FeatureMaps.maps(weights, network, width: width, side: side, inputs: [input])[0]
        #expect(maps.count == width)
        let logits = try await StudyEngine(weights, network, width: width, side: side).run(input)[.mask] ?? []
        let kernel = try #require(weights.tensors["mask.weight"]?.values)
        let bias = try #require(weights.tensors["mask.bias"]?.values)
        for (x, y) in [(5, 7), (16, 16), (30, 2)] {
            for head in 0..<2 {
                var sum = bias[head]
                for map in 0..<width {
                    for tap in 0..<9 {
                        let place = (y + tap / 3 - 1) * side + x + tap % 3 - 1
                        sum += kernel[(head * width + map) * 9 + tap] * maps[map][place]
                    }
                }
                #expect(abs(sum - logits[head * side * side + y * side + x]) < 1e-3)
            }
        }
    }
}

/// Every sentence of a claim follows from its interval.
@Suite struct StudyClaimsTests {
    private func results(_ differences: [(low: Double, high: Double)], times: (two: Double, one: Double)) -> StudyResults {
        // Images whose differences lie between the two ends, a third each low, middle and high.
        func scores(_ network: StudyNetwork, _ shift: (low: Double, high: Double)) -> StudyScores {
            let run = StudyRun(task: .polyp, network: network, seed: 1)
            let images = (0..<60).map { index in
                let value = [shift.low, (shift.low + shift.high) / 2, shift.high][index % 3]
                return StudyScores.Image(set: "s", id: "\(index)", group: "\(index)", dice: 0.5 + value, jaccard: 0.4)
            }
            return StudyScores(
                run: run, steps: 1, validationDice: 0, bestStep: 1, seconds: 1, inputMean: [], inputDeviation: [], images: images)
        }
        var options = StudyOptions(tasks: [.polyp])
        options.width = 4
        let all = zip(StudyNetwork.all, differences).map { scores($0, $1) }
        var milliseconds: [String: [Double]] = [:]
        for network in StudyNetwork.tableOne {
            let isDouble = network.architecture.contains("2dec")
            milliseconds[network.architecture] = (0..<21).map {
                (isDouble ? times.two : times.one) * (1 + 0.01 * Double(($0 + (isDouble ? 1 : 0)) % 3))
            }
        }
        return StudyResults(
            options, all, timing: .init(width: 4, side: 32, threads: 1, isa: "avx2", milliseconds: milliseconds))
    }

    @Test func equalNetworksHoldAndSlowOnesDoNot() {
        let same = (low: 0.0, high: 0.01)
        let text = results(.init(repeating: same, count: 7), times: (1.5, 1)).claims
        #expect(text.count == 3)
        #expect(text[0].ranges(of: "the claim holds.").count == 2)
        #expect(text[1].ranges(of: "the claim holds, and the gain is larger.").count == 2)
        #expect(text[2].contains("The claim is open"))
        let slow = results(.init(repeating: same, count: 7), times: (1.1, 1)).claims
        #expect(slow[1].ranges(of: "does not hold here.").count == 2)
    }

    @Test func verdictsFollowTheIntervals() {
        // In StudyNetwork.all's order: M, 2Dec MC, 2Dec MD, Conv MC, Conv MD (D3), D1, D2.
        let worse = results(
            [(0, 0), (0.1, 0.12), (-0.1, 0.1), (0, 0.01), (0, 0.01), (-0.2, -0.1), (-0.2, -0.1)], times: (1.4, 1)
        ).claims
        #expect(
            worse[0].contains("Conv MC against 1Enc 2Dec MC (DCAN): -0.1050") && worse[0].contains("the claim does not hold."))
        #expect(worse[0].contains("is open: these images do not settle it"))
        #expect(worse[1].ranges(of: "the claim holds.").count == 2)
        #expect(worse[2].contains("The claim holds."))
        let maps = results(
            [(0, 0), (0, 0), (0, 0), (0, 0), (0, 0.01), (0.1, 0.2), (-0.2, -0.1)], times: (1.4, 1)
        ).claims
        #expect(maps[2].contains("The claim does not hold."))
    }

    @Test(arguments: [(0.86551, "0.8655"), (-0.00123, "-0.0012"), (1, "1.0000"), (-0.00001, "0.0000"), (12.5, "12.5000")])
    func numbersHaveFourDecimals(value: Double, text: String) { #expect(StudyClaims.number(value) == text) }
}
