public import ArgumentParser
internal import Foundation
internal import Imaging
public import Neural
internal import Reading
internal import Screening

/// `papilla bench`: times a network or a training step on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times a network, a training step, or the whole reading of an image, on this machine.",
        discussion: """
            Random weights, input in memory to logits in memory. One timing says little on a busy machine: compare two programs in turns.

            With --reading it is the live models as they are, from the file's bytes to the bundle's, and what part of the time the \
            networks took; the options that shape a network do not apply.

            --train under mpirun times the step that all ranks make together, --batch being that of all.

            Example: papilla bench --architecture 1enc-2dec-md --layers
                     papilla bench --reading eye.jpg
            """)

    @Option(help: "One of `papilla architectures`.") var architecture = "1enc-1dec-conv-md"
    @Option(help: "fp32, int8 (for the paper's encoder faster only with VNNI) or bf16 (only with AMX).") var precision = Precision
        .fp32
    @Option(help: "Maps of the first level.") var width = 32
    @Option(help: "Side of the input, px, divisible by 32.") var side = 256
    @Option(help: "Images in one run.") var batch = 1
    @Option(help: "Threads; 0: all cores.") var threads = 0
    @Option(help: "Timed runs.") var runs = 30
    @Flag(help: "Time a training step: forward, losses, backward, Adam.") var train = false
    @Flag(help: "With --train: batch normalisation.") var normalised = false
    @Flag(help: "A table by layer: its share, and its rate against the peak that a large 1x1 convolution reaches here.")
    var layers = false
    @Option(help: ArgumentHelp("Time the reading of an image.", valueName: "file")) var reading: String?
    @OptionGroup var models: ModelsOption
    @Flag(help: "One JSON value.") var json = false
    @Flag(help: "Speak the worker protocol on standard input and output: `run N` answers N times in ms, `quit` ends.")
    var worker = false

    struct Result: Encodable {
        let architecture: String, precision: Precision, width: Int, side: Int, batch: Int, threads: Int
        let medianMs: Double, minMs: Double, imagesPerSecond: Double, gflops: Double
        enum CodingKeys: String, CodingKey {
            case architecture, precision, width, side, batch, threads, gflops
            case medianMs = "median_ms", minMs = "min_ms", imagesPerSecond = "images_per_second"
        }
    }

    func validate() throws {
        try within("--runs", runs, 1...100_000)
        try within("--threads", threads, 0...1024)
        try within("--width", width, 1...256)
        try within("--side", side, 32...4096, multipleOf: 32)
        try within("--batch", batch, 1...1024)
        guard !train || precision == .fp32 else { throw ValidationError("--train runs in fp32 only") }
        guard !train || !layers else { throw ValidationError("--layers is for inference: leave out --train") }
        guard reading == nil || !(train || layers || worker) else {
            throw ValidationError("--reading goes without --train, --layers and --worker")
        }
    }

    func run() async throws {
        EngineInfo.setThreads(threads)
        if let reading { return try await time(readingOf: reading) }
        guard train else { return try await EngineActor.run { try measure(nil) } }
        _ = try await Ranks.together { ranks in try await EngineActor.run { try measure(ranks) } }
    }

    struct ReadingResult: Encodable {
        let file: String, width: Int?, height: Int?, outcome: Outcome, threads: Int
        let medianMs: Double, networksMs: Double, ratio: Double?
        enum CodingKeys: String, CodingKey {
            case file, width, height, outcome, threads, ratio
            case medianMs = "median_ms", networksMs = "networks_ms"
        }
    }

    /// Decoding, routing, looks, measures, overlay and masks of one image, beside the part that the networks took in the same run.
    private func time(readingOf path: String) async throws {
        let models = try await ReadingModels(store: models.store)
        let reader = try ImageReader(models: models)
        let bytes: [UInt8]
        switch try InputFile(path, limit: reader.settings.limits.maximumBytes) {
        case .bytes(let content): bytes = content
        case .refused(let reason, _):
            throw PapillaError(.badInput, "Only an image file can be read", place: path, hint: reason.detail)
        }
        var random = SystemRandomNumberGenerator()
        let id = ScreeningID(at: .now, using: &random)
        let source = Report.Source(name: path, path: path, sha256: nil, bytes: bytes.count, received: .now)
        let clock = ContinuousClock()
        var report = try await reader.screen(bytes, id: id, source: source).report
        var times: [(whole: Double, networks: Double)] = []
        for _ in 0..<runs {
            let (start, before) = (clock.now, models.networkTime)
            report = try await reader.screen(bytes, id: id, source: source).report
            times.append(((clock.now - start) / .milliseconds(1), (models.networkTime - before) / .milliseconds(1)))
        }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        let result = ReadingResult(
            file: path, width: report.source.width, height: report.source.height, outcome: report.outcome,
            threads: EngineInfo.threads, medianMs: median(times.map(\.whole)), networksMs: median(times.map(\.networks)),
            ratio: times.allSatisfy { $0.networks > 0 } ? median(times.map { $0.whole / $0.networks }) : nil)
        if json { return print(try CanonicalJSON.line(result)) }
        print(
            "\(path), \(report.source.width ?? 0) x \(report.source.height ?? 0), \(report.outcome), \(EngineInfo.threads) threads"
        )
        print(
            "median \(rounded(result.medianMs)) ms, networks \(rounded(result.networksMs)) ms, whole reading \(result.ratio.map(rounded) ?? "-") of that"
        )
    }

    @EngineActor private func measure(_ ranks: Ranks?) throws {
        let work = try train ? trainingStep(ranks) : inference()
        for _ in 0..<3 { try work() }
        if worker { return try serve(work, ranks) }
        if layers { return try printLayers() }
        let times = try (0..<runs).map { _ in try time(work) }.sorted()
        guard (ranks?.rank ?? 0) == 0 else { return }
        let macs = try Architecture(named: architecture).macs(width: width, side: side) * batch * (train ? 3 : 1)
        let median = times[times.count / 2]
        let result = Result(
            architecture: architecture, precision: precision, width: width, side: side, batch: batch, threads: EngineInfo.threads,
            medianMs: median,
            minMs: times[0], imagesPerSecond: Double(batch) * 1000 / median, gflops: 2 * Double(macs) / median / 1e6)
        if json {
            print(try CanonicalJSON.line(result))
        } else {
            let what = train ? "training step" : "inference"
            print(
                "\(architecture), width \(width), \(side) x \(side), batch \(batch), \(EngineInfo.threads) threads, \(EngineInfo.isa), \(what), \(precision.rawValue)"
            )
            print(
                "median \(rounded(median)) ms, least \(rounded(times[0])) ms, \(rounded(result.imagesPerSecond)) images/s, \(rounded(result.gflops)) GFLOP/s"
            )
        }
    }

    @EngineActor private func network() throws -> Network {
        let (architecture, weights) = (try Architecture(named: architecture), try untrained())
        let plain = try Network(architecture, width: width, side: side, batch: batch, weights: weights)
        guard precision != .fp32 else { return plain }
        plain.observeRanges()
        _ = try plain.run(input(batch))
        return try Network(
            architecture, width: width, side: side, batch: batch, weights: weights, precision: precision,
            ranges: plain.endObserving())
    }

    @EngineActor private func learner(_ ranks: Ranks?) throws -> Learner {
        let options = Learner.Options(
            architecture: architecture, width: width, side: side, batch: batch, normalisation: normalised ? .batch : .none,
            softDice: 0)
        return try Learner(options, weights: nil, seed: 1, foreground: 0.2, ranks: ranks)
    }

    @EngineActor private func untrained() throws -> Weights {
        let options = Learner.Options(
            architecture: architecture, width: width, side: 32, batch: 1, normalisation: .none, softDice: 0)
        return try Learner(options, weights: nil, seed: 1, foreground: 0.2).weights()
    }

    private func input(_ images: Int) -> [Float] { (0..<images * 3 * side * side).map { Float($0 % 255) / 255 } }

    @EngineActor private func inference() throws -> () throws -> Void {
        let network = try network()
        _ = try network.run(input(batch))
        return { try network.runInPlace() }
    }

    @EngineActor private func trainingStep(_ ranks: Ranks?) throws -> () throws -> Void {
        let learner = try learner(ranks)
        let images = ranks?.share(of: batch).count ?? batch
        let pixels = images * side * side
        let mask = (0..<pixels).map { UInt8($0 % 7 == 0 ? 1 : 0) }
        let sample = TrainingBatch(
            input: input(images), mask: mask, contour: mask, distance: (0..<pixels).map { Float($0 % 100) / 100 }, classes: [])
        return { _ = try learner.step(sample, rate: 1e-4) }
    }

    @EngineActor private func printLayers() throws {
        let network = try network()
        _ = try network.run(input(batch))
        let rows = try network.layers.map { layer in
            (layer.name, layer.macs, try (0..<15).map { _ in try time(layer.run) }.sorted()[7])
        }
        let total = rows.reduce(0) { $0 + $1.2 }
        let peak = try MachinePeak.gigaoperations(precision)
        let unit = precision == .fp32 ? "GFLOP/s" : "GOP/s"
        for (name, macs, ms) in rows {
            let rate = 2 * Double(macs) / ms / 1e6
            let text = macs > 0 ? "\(rounded(rate)) \(unit), \(Int((100 * rate / peak).rounded())) % of the peak" : ""
            print(
                name.padding(toLength: 56, withPad: " ", startingAt: 0),
                "\(rounded(ms)) ms".padding(toLength: 12, withPad: " ", startingAt: 0),
                "\(rounded(100 * ms / total)) %".padding(toLength: 8, withPad: " ", startingAt: 0), text)
        }
        // Of the 144 products that are counted for 4 x 4 outputs so many are made: by Winograd's F(4x4, 3x3), F(2x2, 3x3), upsampled.
        let made = ["wino_4x3": 36.0, "wino_2x": 64, "upsampled": 25]
        func share(_ name: String) -> Double { (made.first { name.contains($0.key) }?.value ?? 144) / 144 }
        let floor = rows.reduce(0) { $0 + 2 * Double($1.1) * share($1.0) / peak / 1e6 }
        print(
            "all layers: \(rounded(total)) ms; peak \(rounded(peak)) \(unit), at which the multiplications alone take \(rounded(floor)) ms"
        )
    }

    @EngineActor private func serve(_ work: () throws -> Void, _ ranks: Ranks?) throws {
        let isFirst = (ranks?.rank ?? 0) == 0
        if isFirst { print("ready") }
        fflush(nil)
        while true {
            // The first rank alone is asked, and tells the others.
            let asked = isFirst ? nextCount() ?? -1 : 0
            let count = ranks?.gathered([asked])[0] ?? asked
            guard count >= 0 else { return }
            let times = try (0..<min(count, 100_000)).map { _ in try time(work) }
            if isFirst { print(try CanonicalJSON.line(times)) }
            fflush(nil)
        }
    }

    /// The number of the next line that has one; nil at the end.
    private func nextCount() -> Int? {
        while let line = readLine(), line != "quit" {
            if let count = line.split(separator: " ").last.flatMap({ Int($0) }) { return max(count, 0) }
        }
        return nil
    }

    private func time(_ work: () throws -> Void) throws -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try work()
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
    }

    private func rounded(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}

extension Precision: ExpressibleByArgument {}
