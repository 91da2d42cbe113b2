public import Imaging
internal import Neural
internal import Registry
public import Screening
internal import Synchronization

/// Reads images: from pixels to measures, outcome and attention. The service, `screen`, `evaluate` and the tests all read here.
public struct ImageReader: Sendable {
    /// The networks.
    public let models: ReadingModels
    /// What the configuration decides.
    public let settings: ReadingSettings
    /// The thresholds: standard, manifests', settings'.
    public let thresholds: Thresholds
    /// What puts files into a screening's bundle.
    public let writers: [any BundleWriter]
    /// Where answers are kept, and the image's name there; nil in service.
    private var memory: (answers: LookMemory, image: String)?

    /// The same reader for one image, whose networks' answers are taken from a memory or put there.
    public func remembering(_ image: String, in answers: LookMemory) -> ImageReader {
        var reader = self
        reader.memory = (answers, image)
        return reader
    }

    /// A reader.
    /// - Throws: `badConfiguration` for thresholds that do not exist or make no sense.
    public init(
        models: ReadingModels, settings: ReadingSettings = ReadingSettings(), writers: [any BundleWriter] = [StandardBundle()]
    ) throws(PapillaError) {
        var thresholds = models.thresholds
        try thresholds.override(settings.thresholds)
        self.models = models
        self.settings = settings
        self.thresholds = thresholds
        self.writers = writers
    }

    /// The number of the rules by which images are read, decoding included. Who changes what becomes of an image under the same models and
    /// settings raises it, so that no reading by the former rules is used again.
    static let rules = 2

    /// Names rules, models and settings: two readings of one image under the same key are the same.
    public var key: Digest { Digest(of: "rules \(Self.rules)\n\(models.key)\(settings.key)".utf8) }

    /// Reads an image.
    ///
    /// - Parameters:
    ///   - eye: as a sidecar or the file's name states it; it counts over what the photograph shows. Where one was stated and not
    ///     understood, none is told from the photograph.
    ///   - modality: what the image is, where that is known (evaluation). The router is then skipped and everything is measured that can
    ///     be: poor quality or a cut disc is stated, but does not stop the reading.
    /// - Throws: `PapillaError` where a model is missing or the engine failed, `CancellationError`.
    public func read(_ image: DecodedImage, eye: Examination.Side = .init(), as modality: Modality? = nil) async throws
        -> ImageReading
    {
        let clock = ContinuousClock()
        let start = clock.now
        var reading = ImageReading(.ungradable)
        reading.thresholds = thresholds.values
        reading.eye = eye.value
        if modality == nil, let kind = image.foreignKind {
            reading.end([
                Reason(.neither, "The file says that it holds \(kind): neither a fundus photograph nor an endoscopy frame.")
            ])
            return reading
        }
        let field = FieldOfView(of: image.raster, liesOnSide: image.liesOnSide)
        let raster = field.onBlack(image.raster)
        // Beside the router, which does not wait for it.
        async let measure = QualityMeasure(raster, in: field)
        let shortSide = min(raster.width, raster.height)
        if modality == nil, Double(shortSide) < thresholds[.shortSide] {
            reading.quality = QualityGrading(await measure, thresholds).quality
            let needed = Int(thresholds[.shortSide])
            reading.end([Reason(.tooSmall, "The image's shorter side has \(shortSide) px; \(needed) are needed.")])
            return reading
        }
        if modality == nil, image.hiddenShare > 0.5 {
            let percent = Int((100 * image.hiddenShare).rounded())
            reading.end([Reason(.transparent, "Transparency hides \(percent) % of the image; half of it may be hidden at most.")])
            return reading
        }
        let routing = try await route(raster, in: field, isGreyscale: image.isGreyscale, as: modality)
        reading.modality = routing.finding
        reading.timing.route = Self.milliseconds(clock.now - start)
        if modality == nil { reading.modelsUsed = models.described([.router]) }
        if let reason = routing.reason {
            reading.end([reason])
            return reading
        }
        let routed = clock.now
        var grading = QualityGrading(await measure, thresholds)
        if let lost = field.lost, modality == nil { grading.add(lost.reason) }
        reading.quality = grading.quality
        reading.attention = AttentionRules(thresholds: thresholds).common(quality: grading.quality, modality: routing.finding)
        if let problem = image.colourProblem {
            reading.attention.append(
                Attention(
                    .colourSpace,
                    "The file's colour space (\(image.colourSpace ?? "unnamed")) was not used, because \(problem); its colours were taken for sRGB."
                ))
        }
        if modality != nil || grading.reasons.isEmpty {
            try Task.checkCancellation()
            switch routing.finding.value {
            case .fundus: try await readFundus(raster, field, tellsEye: !eye.isUnclear, persists: modality != nil, &reading)
            case .endoscopy: try await readEndoscopy(raster, field, &reading)
            case .neither: break
            }
        }
        // A reader has seen the photograph, too.
        if eye.whence == .reader { reading.attention.removeAll { $0.code == .eyeConflict } }
        let reasons = grading.reasons + reading.reasons
        if !reasons.isEmpty { reading.end(reasons) }
        reading.timing.infer = Self.milliseconds(clock.now - routed)
        return reading
    }

    /// What the router says of an image, and why it is out of domain where it is.
    public func route(_ image: DecodedImage) async throws -> (finding: Report.ModalityFinding, reason: Reason?) {
        let field = FieldOfView(of: image.raster, liesOnSide: image.liesOnSide)
        let routing = try await route(field.onBlack(image.raster), in: field, isGreyscale: image.isGreyscale, as: nil)
        return (routing.finding, routing.reason)
    }

    private func route(_ raster: Raster, in field: FieldOfView, isGreyscale: Bool, as modality: Modality?) async throws -> Routing
    {
        if let modality {
            return Routing(
                probabilities: [modality.rawValue: 1], isGreyscale: false, isGreen: false, isComposite: false,
                thresholds: thresholds)
        }
        let runner = try models.runner(.router)
        func routing(_ view: NetworkView) async throws -> Routing {
            let logits = try await run(runner, view, raster, mirrors: runner.manifest.mirrors)
            return Routing(
                logits: logits[.classes] ?? [], temperature: runner.manifest.temperature, isGreyscale: isGreyscale,
                isGreen: raster.isGreen, isComposite: field.isComposite && field.lost == nil, thresholds: thresholds)
        }
        let whole = try await routing(NetworkView(whole: field, side: runner.manifest.side))
        guard field.lost != nil, whole.reason != nil else { return whole }
        // What is lost may look like nothing; what is left says what the picture was, if not as surely as the whole would.
        var parts = [whole]
        for box in field.keptBoxes { parts.append(try await routing(NetworkView(around: box, side: runner.manifest.side))) }
        return parts.first { $0.reason == nil }
            ?? parts.first { $0.reason?.code == .uncertain && $0.finding.value != .neither }?.withoutReason ?? whole
    }

    private func readFundus(
        _ raster: Raster, _ field: FieldOfView, tellsEye: Bool, persists: Bool, _ reading: inout ImageReading
    ) async throws {
        let hasCup = !persists || models.has(.cup)
        let reader = FundusReader(
            thresholds: thresholds, hasCup: hasCup, unrollsCup: try hasCup && models.runner(.cup).manifest.isUnrolled,
            ratioErrors: try hasCup ? models.runner(.cup).manifest.ratioErrors : nil, tellsEye: tellsEye,
            look: looking(at: raster))
        let result = try await reader.read(
            field, width: raster.width, height: raster.height, eye: reading.eye, persists: persists)
        reading.modelsUsed += models.described([.disc, .cup])
        reading.eye = result.eye
        reading.outcome = .measured
        reading.end(result.reasons)
        if result.reasons.isEmpty || persists {
            reading.fundus = result.measure?.findings
            reading.ratioDeviation = result.measure?.ratioDeviation
            reading.masks = result.masks
            reading.evidence = result.evidence
        }
        if result.reasons.isEmpty || persists { reading.attention += AttentionRules(thresholds: thresholds).fundus(result) }
    }

    private func readEndoscopy(_ raster: Raster, _ field: FieldOfView, _ reading: inout ImageReading) async throws {
        let manifest = try models.runner(.polyp).manifest
        let seen = Glance()
        let glances = manifest.mirrorsInDoubt == true && manifest.mirrors > 1
        let reader = EndoscopyReader(
            thresholds: thresholds, confidence: manifest.confidence,
            glance: glances ? looking(at: raster, mirrors: 1, seen) : nil, look: looking(at: raster, seen))
        let result = try await reader.read(field, width: raster.width, height: raster.height)
        reading.modelsUsed += models.described([.polyp])
        reading.outcome = result.findings.polyps.isEmpty ? .noFinding : .measured
        reading.endoscopy = result.findings
        reading.masks["polyp"] = result.mask
        reading.evidence["polyp"] = result.evidence
        reading.judged = result.judged
        reading.attention += AttentionRules(thresholds: thresholds).endoscopy(result)
    }

    /// A network's answer to a view as it is, kept for the average with its mirror images.
    private final class Glance: Sendable {
        private let answer = Mutex<(view: NetworkView, logits: [Architecture.Head: [Float]])?>(nil)

        func keep(_ logits: [Architecture.Head: [Float]], of view: NetworkView) { answer.withLock { $0 = (view, logits) } }

        func logits(of view: NetworkView) -> [Architecture.Head: [Float]]? {
            answer.withLock { $0?.view == view ? $0?.logits : nil }
        }
    }

    /// Runs a task's network on views of an image.
    ///
    /// - Parameters:
    ///   - mirrors: mirror images of a view whose answers are averaged; nil: as many as the manifest says.
    ///   - glance: where the answer to a view as it is, is kept and found.
    private func looking(at raster: Raster, mirrors: Int? = nil, _ glance: Glance? = nil) -> Looking {
        { task, view in
            try Task.checkCancellation()
            let runner = try models.runner(task)
            let logits = try await run(
                runner, view.resized(to: runner.manifest.side), raster, mirrors: mirrors ?? runner.manifest.mirrors, glance)
            return NetworkAnswer(
                logits: logits, side: runner.manifest.side, temperature: runner.manifest.temperature,
                distanceMap: runner.manifest.distanceMap)
        }
    }

    private func run(
        _ runner: ReadingModels.Runner, _ view: NetworkView, _ raster: Raster, mirrors: Int, _ glance: Glance? = nil
    ) async throws -> [Architecture.Head: [Float]] {
        let manifest = runner.manifest
        func answer() async throws -> [Architecture.Head: [Float]] {
            let input = view.input(of: raster, mean: manifest.normalisation.mean, deviation: manifest.normalisation.std)
            return try await Mirroring.average(input, side: view.side, count: mirrors, first: glance?.logits(of: view)) { input in
                try Answer.checked(try await models.run(runner, input), of: manifest)
            }
        }
        let logits =
            if let memory {
                try await memory.answers.answer(
                    .init(image: memory.image, task: manifest.task, view: view, mirrors: mirrors), run: answer)
            } else {
                try await answer()
            }
        if mirrors == 1 { glance?.keep(logits, of: view) }
        return logits
    }

    static func milliseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return (Double(seconds) * 1e6 + Double(attoseconds) / 1e12).rounded() / 1000
    }
}
