import DataSets
import Foundation
import Imaging
import Neural
import Phantoms
import Registry
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Training

/// Tiny runs: width 16, side 32, bright discs on a darker ground.
@Suite(.serialized)
struct TrainingRunTests {
    /// Networks this small lose more by waiting for a second thread than they gain.
    init() async { await EngineActor.run { EngineInfo.setThreads(1) } }

    private func options(steps: Int) -> TrainingOptions {
        var options = TrainingOptions(task: .polyp)
        options.width = 16
        options.side = 32
        options.normalisation = .batch
        options.softDice = 0.5
        options.rate = 2e-3
        options.length = .steps(steps)
        options.validationInterval = 8
        return options
    }

    private func sets(_ drawn: DataSetFolder...) throws -> [DataSet] { try drawn.map { try DataSet(directory: $0.path) } }

    private func drawn(count: Int = 24, radius: ClosedRange<Double> = 8...16) throws -> DataSetFolder {
        try .discs(count: count, radius: radius) { $0 % 4 == 3 ? .val : .train }
    }

    @Test func learnsABrightDisc() async throws {
        let drawn = try drawn()
        let result = try await TrainingRun(options(steps: 60), sets: try sets(drawn), folder: drawn.path + "/run").run()
        #expect(result.isFinished)
        #expect((result.record.best?.score ?? 0) > 0.8)
        #expect(result.weights != nil)
        #expect(result.images.map(\.count) == [18])
        let table = try String(contentsOfFile: drawn.path + "/run/history.csv", encoding: .utf8).split(separator: "\n")
        #expect(table[0] == "epoch,step,rate,train_total,train_distance,train_mask,val_loss,val_dice,seconds")
        #expect(table.count == 1 + result.record.epochs.count)
        let plot = try ImageDecoder.decode([UInt8](try Data(contentsOf: URL(filePath: drawn.path + "/run/loss.png"))))
        #expect(plot.raster.width == 960)

        // What the registry makes of it.
        let store = ModelStore(directory: drawn.path)
        let release = ModelRelease(
            options: options(steps: 60), result: result, terms: ["drawn": "none"], commit: "abc", at: .now, initial: nil)
        var measured = release
        try await measured.measure(try sets(drawn))
        let name = try measured.save(in: store)
        let model = try store.load(name)
        #expect(
            model.manifest.trained.data == [
                .init(name: "drawn", images: 18, terms: "none", splits: ["train": 18, "val": 6, "test": 0])
            ])
        #expect(model.manifest.normalisation.mean == result.inputMean)
        #expect(model.manifest.metrics.map(\.split) == ["val"])
        #expect((model.manifest.metrics.first?.values["dice"] ?? 0) > 0.8)
    }

    @Test func aRunThatWasStoppedEndsWithTheSameWeights() async throws {
        let (one, two) = (try drawn(), try drawn())
        let whole = try await TrainingRun(options(steps: 14), sets: try sets(one), folder: one.path + "/run").run()
        let folder = two.path + "/run"
        // Stopped in the middle of an epoch, with batches prepared ahead.
        let steps = Mutex(0)
        let ends = Mutex([Int]())
        let stopped = try await TrainingRun(options(steps: 14), sets: try sets(two), folder: folder).run(
            report: { event in
                if case .step(let step, _, _, _, _, _) = event { steps.withLock { $0 = step } }
                if case .stopped(let step) = event { ends.withLock { $0.append(step) } }
            },
            shouldStop: { steps.withLock { $0 >= 7 } })
        #expect(!stopped.isFinished && stopped.record.step == 7)
        // What to do then is for the command to say: not every one can go on.
        #expect(ends.withLock(\.self) == [7])
        let resumed = try await TrainingRun(options(steps: 14), sets: try sets(two), folder: folder, resume: true).run()
        #expect(resumed.isFinished)
        #expect(resumed.weights == whole.weights && whole.weights != nil)
        #expect(resumed.record.epochs.map(\.losses) == whole.record.epochs.map(\.losses))
        #expect(resumed.record.best == whole.record.best)
        let states = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("state-") }
        #expect(states == ["state-14.safetensors"])
    }

    @Test func aRunThatFindsOnlyBackgroundStops() async throws {
        let drawn = try drawn(count: 12, radius: 4...5)
        var options = options(steps: 60)
        options.rate = 1e-9
        options.schedule = .constant
        options.validationInterval = 1
        let run = try TrainingRun(options, sets: try sets(drawn), folder: drawn.path + "/run")
        await #expect { try await run.run() } throws: { error in
            guard let error = error as? PapillaError else { return false }
            return error.code == .refused && error.message.contains("only background")
        }
    }

    @Test func aFolderWithARunIsNotOverwritten() async throws {
        let drawn = try drawn(count: 8)
        let folder = drawn.path + "/run"
        #expect(throws: PapillaError.self) {
            try TrainingRun(options(steps: 2), sets: try sets(drawn), folder: folder, resume: true)
        }
        _ = try await TrainingRun(options(steps: 2), sets: try sets(drawn), folder: folder).run()
        #expect(throws: PapillaError.self) { try TrainingRun(options(steps: 2), sets: try sets(drawn), folder: folder) }
        let other = try TrainingRun(options(steps: 3), sets: try sets(drawn), folder: folder, resume: true)
        await #expect { try await other.run() } throws: { ($0 as? PapillaError)?.message.contains("other options") == true }
        let more = try DataSetFolder.discs("more", count: 4, seed: 100) { _ in .train }
        let wider = try TrainingRun(options(steps: 2), sets: try sets(drawn, more), folder: folder, resume: true)
        await #expect { try await wider.run() } throws: { ($0 as? PapillaError)?.message.contains("other images") == true }
    }

    @Test func cupsAreLearntOnlyWhereThereAreAny() async throws {
        // 128: a disc without cup.
        let drawn = try DataSetFolder.discs(count: 8, value: 128, cups: true) { $0 % 4 == 3 ? .val : .train }
        let rims = try DataSetFolder.discs("rims", count: 4, value: 128, seed: 100) { _ in .train }
        var options = options(steps: 1)
        options.task = .cup
        let notes = Mutex([String]())
        let result = try await TrainingRun(options, sets: try sets(drawn, rims), folder: drawn.path + "/run").run(
            report: { if case .note(let text) = $0 { notes.withLock { $0.append(text) } } })
        #expect(result.images.map(\.set) == ["drawn"])
        #expect(notes.withLock { $0.contains { $0.contains("rims has no cup") } })
    }

    @Test func aCupIsLearntFromTheDiscUnrolled() async throws {
        let temporary = try TemporaryFolder("polar")
        let folder = temporary.path
        try PhantomSet.write(kind: .fundus, count: 30, seed: 5, to: folder + "/eyes", view: .disc)
        var options = options(steps: 60)
        options.task = .cup
        options.polar = true
        options.disturbances = []
        let result = try await TrainingRun(
            options, sets: [try DataSet(directory: folder + "/eyes")], folder: folder + "/run"
        ).run()
        #expect((result.record.best?.score ?? 0) > 0.8)
        let store = ModelStore(directory: folder)
        let name = try ModelRelease(
            options: options, result: result, terms: [:], commit: "abc", at: .now, initial: nil
        ).save(in: store)
        #expect(try store.load(name).manifest.view == ModelManifest.polarView)
    }

    @Test func theRouterLearnsLabels() async throws {
        let set = try DataSetFolder("router")
        var manifest = "id,image,mask,split,group,label\n"
        for (index, label) in (0..<12).map({ ($0, ["fundus", "endoscopy", "neither"][$0 % 3]) }) {
            let colour: (UInt8, UInt8, UInt8) = index % 3 == 0 ? (200, 60, 40) : index % 3 == 1 ? (90, 200, 60) : (80, 80, 200)
            // No picture stands in two splits.
            var raster = Raster(width: 48, height: 40, fill: colour)
            raster.pixels[0] = UInt8(index)
            try set.write(try ImageEncoder.png(raster), "images/\(index).png")
            manifest += "\(index),images/\(index).png,,\(index >= 9 ? "val" : "train"),g\(index),\(label)\n"
        }
        try set.write(manifest)
        var options = TrainingOptions(task: .router)
        options.width = 16
        options.side = 32
        options.normalisation = .batch
        options.rate = 2e-3
        options.length = .steps(30)
        let result = try await TrainingRun(options, sets: try sets(set), folder: set.path + "/run").run()
        #expect(result.record.best?.score == 1)
        try set.write(manifest.replacing("neither", with: "unicorn"))
        let run = try TrainingRun(options, sets: try sets(set), folder: set.path + "/run2")
        await #expect { try await run.run() } throws: { ($0 as? PapillaError)?.message.contains("unicorn") == true }
    }

    @Test("E3: a set whose masks are all empty is not trained on", arguments: [Set(0..<12), Set([3, 7, 11])])
    func allEmpty(empty: Set<Int>) async throws {
        let drawn = try DataSetFolder.discs(count: 12, empty: empty) { $0 % 4 == 3 ? .val : .train }
        let run = try TrainingRun(options(steps: 8), sets: try sets(drawn), folder: drawn.path + "/run")
        await #expect { try await run.run() } throws: { ($0 as? PapillaError)?.message.contains("are empty") == true }
    }

    @Test("C8: a run does not go on over other bytes under the same names")
    func resumesOnTheSameBytesOnly() async throws {
        let drawn = try drawn()
        let first = try TrainingRun(options(steps: 16), sets: try sets(drawn), folder: drawn.path + "/run")
        let steps = Mutex(0)
        _ = try await first.run(
            report: { if case .step(let step, _, _, _, _, _) = $0 { steps.withLock { $0 = step } } },
            shouldStop: { steps.withLock { $0 >= 8 } })
        let (_, mask) = DataSetFolder.picture(seed: 99, side: 64, radius: 8...16)
        try drawn.write(try ImageEncoder.png(mask), "masks/0.png")
        let again = try TrainingRun(options(steps: 16), sets: try sets(drawn), folder: drawn.path + "/run", resume: true)
        await #expect { try await again.run() } throws: { ($0 as? PapillaError)?.message.contains("other images") == true }
    }

    @Test func setsWithMasksTellTheRouterWhatTheyShow() throws {
        let fundus = try DataSetFolder.discs("f", count: 2, value: 128) { _ in .train }
        let polyps = try DataSetFolder.discs("p", count: 2, empty: [0]) { _ in .train }
        let sets = try sets(fundus, polyps)
        #expect(try sets.map { try $0.modality() } == [.fundus, .endoscopy])
    }

    @Test(
        arguments: [
            { (o: inout TrainingOptions) in o.side = 100 }, { $0.batch = 0 }, { $0.rate = 0 }, { $0.phantoms = 0.2 },
            { $0.balance = 2 },
            { $0.length = .steps(0) }, { $0.architecture = "router" }, { $0.architecture = Architecture.router.name },
            { $0.softDice = -1 }, { $0.polar = true },
        ] as [@Sendable (inout TrainingOptions) -> Void])
    func optionsThatMakeNoSenseAreRefused(change: @Sendable (inout TrainingOptions) -> Void) {
        var options = TrainingOptions(task: .disc)
        #expect(throws: Never.self) { try options.check() }
        change(&options)
        #expect(throws: PapillaError.self) { try options.check() }
    }
}
