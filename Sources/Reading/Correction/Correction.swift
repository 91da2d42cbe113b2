public import Imaging
public import Screening

/// Outlines that a reader drew in place of the networks', and the eye, where a reader says that it is another. What is drawn is measured by
/// the code that measures the networks' own outlines; only what networks alone can tell (probabilities, an interval, disagreement) is left
/// out. Where nothing is drawn, the findings stay but for what depends on the eye.
public struct Correction: Sendable {
    /// The structures that can be drawn.
    public static let tasks: [ModelTask] = [.disc, .cup, .polyp]

    let earlier: Bundle
    /// The reports of the versions before the next one, the first one first.
    let predecessors: [Report]
    let image: DecodedImage
    private let drawn: [ModelTask: Mask]
    /// As a reader states it, or else the site.
    let stated: Examination.Side
    /// The frame that is drawn on, of a file that holds several: the one that decides.
    var frame: Int { earlier.report.decidingFrame }

    /// A reader's outlines for a screening.
    ///
    /// - Parameters:
    ///   - earlier: the newest bundle; of disc and cup, the one that is not drawn is taken from it.
    ///   - before: the reports of the versions before that.
    ///   - image: the original.
    ///   - drawn: by structure, each of the original's size; an empty polyp mask says that there is no polyp, an
    ///     empty cup mask that no cup is seen.
    ///   - eye: as a reader states it, now or in an earlier version; else as sidecar, container or file name do.
    ///   - blind: drawn before the models' result was shown: nothing may be taken from it.
    /// - Throws: `badInput` for a mask of another size (naming both), for structures that do not go together or with the image, for an
    ///   empty disc, and for outlines that are the networks' own; without a mask, for an eye that it has already, and for what has none.
    public init(
        of earlier: Bundle, after before: [Report] = [], image: DecodedImage, drawn: [ModelTask: Mask],
        eye: Examination.Side, blind: Bool = false
    ) throws(PapillaError) {
        predecessors = before + [earlier.report]
        if drawn.isEmpty, eye.whence == .reader, !blind {
            try Self.check(eye, of: earlier.report)
            (self.earlier, self.image, self.drawn, stated) = (earlier, image, [:], eye)
            return
        }
        guard !drawn.isEmpty, drawn.keys.allSatisfy(Self.tasks.contains) else {
            throw PapillaError(.badInput, "A correction has the mask of a disc, a cup or polyps")
        }
        guard drawn[.polyp] == nil || drawn.count == 1 else {
            throw PapillaError(
                .badInput, "Disc and cup are of a fundus photograph, polyps of an endoscopy frame: no image is both")
        }
        let modality: Modality = drawn[.polyp] == nil ? .fundus : .endoscopy
        if let seen = earlier.report.modality?.value, seen != .neither, seen != modality, earlier.report.outcome != .outOfDomain {
            let masks = seen == .fundus ? "disc and cup" : "polyps"
            throw PapillaError(
                .badInput, "This is \(seen == .fundus ? "a fundus photograph" : "an endoscopy frame"): draw \(masks)")
        }
        for (task, mask) in drawn.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where mask.width != image.raster.width || mask.height != image.raster.height {
            throw PapillaError(
                .badInput,
                "The \(task.rawValue) mask has \(mask.width) x \(mask.height) pixels, the original \(image.raster.width) x \(image.raster.height)",
                hint: "Draw on the original at its own size; it is never rescaled")
        }
        guard !blind || modality == .endoscopy || drawn.count == 2 else {
            throw PapillaError(.badInput, "What is drawn blind is drawn whole", hint: "Draw both the disc and the cup")
        }
        var own = drawn
        for (task, mask) in drawn where !blind {
            if try Self.isNetworks(mask, task, in: earlier) { own[task] = nil }
        }
        guard !own.isEmpty else {
            throw PapillaError(
                .badInput, "The outlines are those of version \(earlier.report.version): nothing was drawn",
                hint: "Accept the screening, if it is right as it is")
        }
        self.earlier = earlier
        self.image = image
        self.drawn = own
        stated = eye
    }

    /// Whether a mask is, to the pixel, one that the networks had made: saving it does not make it a reader's.
    private static func isNetworks(_ mask: Mask, _ task: ModelTask, in earlier: Bundle) throws(PapillaError) -> Bool {
        guard !earlier.report.drawn.contains(task) else { return false }
        for name in ["\(task.rawValue).png", "\(task.rawValue)-raw.png"] {
            let own = StandardBundle.name(name, frame: earlier.report.decidingFrame)
            guard let file = earlier.files.first(where: { $0.name == own }) else { continue }
            do { if try ImageDecoder.decodeMask(file.bytes).mask(atLeast: 128) == mask { return true } } catch {
                throw PapillaError(
                    .damaged, "The earlier version's \(task.rawValue) mask cannot be read", place: "\(earlier.report.id)",
                    cause: error)
            }
        }
        return false
    }

    /// The next version's report: whose image it is stays, which eye it is only where no reader states it.
    func nextReport(of reading: ImageReading, _ decision: Report.Decision, supersedes: String) async -> Report {
        let former = earlier.report
        var identification = Identification()
        identification.subject = former.subject
        identification.examination = former.examination
        if stated.whence == .reader { identification.examination.eye = stated }
        var report = Report(
            reading, of: image, id: former.id, source: former.source, identification: identification,
            engine: await ImageReader.engine())
        report.version = former.version + 1
        report.supersedes = supersedes
        report.decision = decision
        report.measurements = report.codedFindings
        return report
    }

    /// Measures what was drawn and puts the next version's bundle together.
    ///
    /// - Parameters:
    ///   - decision: as the report will state it.
    ///   - supersedes: the earlier bundle's folder, relative to the outbox.
    ///   - writers: what puts files into it.
    ///   - original: the image's file.
    ///   - limits: of the images that are read, where other frames of the file are drawn anew, too.
    /// - Throws: `badInput` for outlines that cannot be measured.
    public func bundle(
        _ decision: Report.Decision, supersedes: String, writers: [any BundleWriter], original: [UInt8],
        limits: ImageLimits = ImageLimits()
    ) async throws(PapillaError) -> Bundle {
        guard !drawn.isEmpty else {
            return try await bundleOfOtherEye(
                decision, supersedes: supersedes, writers: writers, original: original, limits: limits)
        }
        let former = earlier.report
        var reading = ImageReading(.measured)
        reading.quality = former.quality
        reading.thresholds = former.thresholds
        reading.modelsUsed = former.models
        reading.eye = former.source.eye
        reading.corrected = Self.tasks.filter { drawn[$0] != nil }
        let modality: Modality = drawn[.polyp] == nil ? .fundus : .endoscopy
        let finding = Report.ModalityFinding(value: modality, probabilities: former.modality?.probabilities ?? [:])
        reading.modality = finding
        let thresholds = Thresholds(stated: former.thresholds)
        let rules = AttentionRules(thresholds: thresholds)
        reading.attention = former.attention.filter { [.sidecar, .identityConflict, .framesLeftOut].contains($0.code) }
        if let quality = former.quality { reading.attention += rules.common(quality: quality, modality: finding) }
        if let polyps = drawn[.polyp] {
            measure(polyps, thresholds, rules, &reading)
        } else {
            try measureFundus(rules, &reading)
        }
        let own = reading.attention.filter { ![.sidecar, .identityConflict, .framesLeftOut].contains($0.code) }
        if former.frames != nil { reading.name(frame: frame) }
        var report = await nextReport(of: reading, decision, supersedes: supersedes)
        var pictures = BundleDraft.Pictures.drawn(of: reading, image)
        if let frames = former.frames {
            // The others stay as they were, unless the eye is another.
            let others = try await others(of: frames, original, limits)
            report.frames = others.frames.map { $0.frame == frame ? Report.Frame(reading, frame, attention: own) : $0 }
            pictures = .made(try await StandardBundle.drawn(reading, image, frame: frame) + others.files)
        }
        var draft = BundleDraft(report: report, former: predecessors, pictures: pictures) { () throws(PapillaError) in original }
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }

    // MARK: - Endoscopy

    private func measure(_ polyps: Mask, _ thresholds: Thresholds, _ rules: AttentionRules, _ reading: inout ImageReading) {
        let reader = EndoscopyReader(thresholds: thresholds) { _, _ in preconditionFailure("nothing is looked at again") }
        let window = polyps.window(around: [polyps]) ?? PixelBox(x: 0, y: 0, width: 1, height: 1)
        // A reader means every pixel, however few.
        var result = reader.measure(
            polyps.plane(over: window), over: window, FieldOfView(of: image.raster), minimumArea: 0, width: polyps.width,
            height: polyps.height)
        for index in result.findings.polyps.indices { result.findings.polyps[index].confidence = nil }
        reading.outcome = result.findings.polyps.isEmpty ? .noFinding : .measured
        reading.endoscopy = result.findings
        reading.masks["polyp"] = result.mask
        reading.attention += rules.endoscopy(result)
    }

    // MARK: - Fundus

    private func measureFundus(_ rules: AttentionRules, _ reading: inout ImageReading) throws(PapillaError) {
        // A disc in which no cup was seen stays one where only the disc is drawn.
        let isCupless = drawn[.cup].map { $0.area == 0 } ?? earlier.report.fundus.map { $0.cup == nil } ?? false
        let discMask = try mask(.disc)
        let cupMask = isCupless ? Mask(width: discMask.width, height: discMask.height) : try mask(.cup)
        let (width, height) = (discMask.width, discMask.height)
        guard let window = discMask.window(around: [discMask, cupMask]) else { throw Self.empty(.disc) }
        let (discPlane, cupPlane) = (discMask.plane(over: window), cupMask.plane(over: window))
        guard let disc = Region(probability: discPlane, window: window, threshold: 0.5) else { throw Self.shapeless(.disc) }
        let inside = disc.ellipseMask
        let cup = Region(probability: cupPlane, window: window, threshold: 0.5, inside: inside)
        if cup == nil, !isCupless {
            throw cupPlane.thresholded(0.5).intersection(inside).area == 0
                ? PapillaError(.badInput, "The cup lies outside of the disc", hint: "Draw both, the cup inside of the disc")
                : Self.shapeless(.cup)
        }
        let field = FieldOfView(of: image.raster)
        var result = FundusReader.Result()
        (result.eye, result.eyeConflict) = EyeSide.decide(
            stated: stated.value,
            seen: stated.whence == .reader || earlier.report.examination.eye.isUnclear
                ? .unknown : EyeSide.seen(disc: disc.centre, in: field))
        result.discSize = field.circle.map { disc.diameter / (2 * $0.radius) }
        let former = earlier.report.fundus
        var disagreement: [String: Double] = [:]
        for task in [ModelTask.disc, .cup] where drawn[task] == nil {
            disagreement[task.rawValue] = former?.disagreement[task.rawValue]
        }
        var measure =
            cup.map {
                FundusMeasure(
                    disc: disc, cup: $0, discProbability: discPlane, cupProbability: cupPlane, eye: result.eye,
                    disagreement: disagreement)
            } ?? FundusMeasure(cuplessDisc: disc, probability: discPlane, disagreement: disagreement)
        measure.findings.cdr?.interval = []
        measure.findings.disc.meanProbability = drawn[.disc] == nil ? former?.disc.meanProbability : nil
        measure.findings.cup?.meanProbability = drawn[.cup] == nil ? former?.cup?.meanProbability : nil
        result.measure = measure
        reading.eye = result.eye
        reading.fundus = measure.findings
        var parts = [("disc", inside), ("disc-raw", disc.mask)]
        if let cup { parts += [("cup", measure.cupMask), ("cup-raw", cup.mask)] }
        for (name, part) in parts { reading.masks[name] = part.placed(at: window, width: width, height: height) }
        reading.attention += rules.fundus(result)
    }

    /// What was drawn, or else what the earlier version measured, before the ellipse.
    private func mask(_ task: ModelTask) throws(PapillaError) -> Mask {
        if let mask = drawn[task] {
            guard mask.area > 0 else { throw Self.empty(task) }
            return mask
        }
        let name = StandardBundle.name("\(task.rawValue)-raw.png", frame: frame)
        guard let file = earlier.files.first(where: { $0.name == name }) else {
            throw PapillaError(
                .badInput, "There is no \(task.rawValue) yet to go with what was drawn", hint: "Draw both the disc and the cup")
        }
        do { return try ImageDecoder.decodeMask(file.bytes).mask(atLeast: 128) } catch {
            throw PapillaError(
                .damaged, "The earlier version's \(task.rawValue) mask cannot be read", place: "\(earlier.report.id)",
                cause: error)
        }
    }

    private static func empty(_ task: ModelTask) -> PapillaError {
        PapillaError(
            .badInput, "The \(task.rawValue) mask is empty",
            hint: "Where there is no \(task.rawValue) to be seen, reject the screening and say so")
    }

    private static func shapeless(_ task: ModelTask) -> PapillaError {
        PapillaError(.badInput, "What was drawn as \(task.rawValue) is too small or thin for an ellipse")
    }
}

extension Mask {
    /// A part of the image that holds all of some masks of its size with room for their ellipses; nil where they are empty.
    func window(around masks: [Mask]) -> PixelBox? {
        let boxes = masks.flatMap { $0.components().map(\.box) }
        guard let left = boxes.map(\.x).min(), let top = boxes.map(\.y).min(), let right = boxes.map({ $0.x + $0.width }).max(),
            let bottom = boxes.map({ $0.y + $0.height }).max()
        else { return nil }
        let margin = max(8, max(right - left, bottom - top) / 2)
        let (x, y) = (max(0, left - margin), max(0, top - margin))
        return PixelBox(x: x, y: y, width: min(width, right + margin) - x, height: min(height, bottom + margin) - y)
    }

    /// A part of the mask, which lies in the image, as probabilities of 0 and 1.
    func plane(over window: PixelBox) -> Plane {
        var plane = Plane(width: window.width, height: window.height, fill: 0)
        for y in 0..<window.height {
            for x in 0..<window.width where self[x + window.x, y + window.y] { plane.values[y * window.width + x] = 1 }
        }
        return plane
    }
}
