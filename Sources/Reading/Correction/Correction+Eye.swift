internal import Imaging
internal import Screening

extension Correction {
    /// Refuses an eye where there is nothing to correct.
    static func check(_ eye: Examination.Side, of report: Report) throws(PapillaError) {
        guard report.modality?.value == .fundus, report.outcome != .outOfDomain else {
            throw PapillaError(.badInput, "Only a fundus photograph is of an eye")
        }
        let isDoubtful = report.attention.contains { $0.code == .eyeConflict }
        guard eye.value != report.examination.eye.value || isDoubtful else {
            throw PapillaError(
                .badInput, "It is said to be that eye already (\(eye.value.rawValue))",
                hint: "Accept the screening, if it is right as it is")
        }
    }

    /// The next version's bundle where only the eye is another: outlines, figures and networks stay, in every frame.
    func bundleOfOtherEye(
        _ decision: Report.Decision, supersedes: String, writers: [any BundleWriter], original: [UInt8], limits: ImageLimits
    ) async throws(PapillaError) -> Bundle {
        let former = earlier.report
        let deciding = former.frames?.first { $0.frame == frame } ?? Report.Frame(former)
        var reading = try readingOfOtherEye(deciding)
        let own = reading.attention
        reading.attention = former.attention.filter { $0.code != .eyeConflict }
        var report = await nextReport(of: reading, decision, supersedes: supersedes)
        var pictures = BundleDraft.Pictures.drawn(of: reading, image)
        if let frames = former.frames {
            reading.attention = ofSite + own
            let drawn = try await StandardBundle.drawn(reading, image, frame: frame)
            let others = try await others(of: frames, original, limits)
            report.frames = others.frames.map { $0.frame == frame ? Report.Frame(reading, frame, attention: own) : $0 }
            pictures = .made(drawn + others.files)
        }
        var draft = BundleDraft(report: report, former: predecessors, pictures: pictures) { () throws(PapillaError) in original }
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }

    /// The frames beside the one that decides, with their pictures: as they were, but for what depends on the eye where that is another now.
    ///
    /// - Returns: every frame, the one that decides as it was; and the files of all others.
    func others(
        of frames: [Report.Frame], _ original: [UInt8], _ limits: ImageLimits
    ) async throws(PapillaError) -> (frames: [Report.Frame], files: [(name: String, bytes: [UInt8])]) {
        var frames = frames
        var files = earlier.files.filter { StandardBundle.mediaType(of: $0.name) != nil && !StandardBundle.isOf(frame, $0.name) }
        let isDoubtful = earlier.report.attention.contains { $0.code == .eyeConflict }
        guard stated.whence == .reader, stated.value != earlier.report.source.eye || isDoubtful else { return (frames, files) }
        let ofEye = frames.indices.filter { frames[$0].fundus != nil && frames[$0].frame != frame }
        guard let last = ofEye.map({ frames[$0].frame }).max() else { return (frames, files) }
        func read<Value>(_ body: () throws(ImageError) -> Value) throws(PapillaError) -> Value {
            do throws(ImageError) { return try body() } catch {
                throw PapillaError(.damaged, "The original can no longer be read: \(error.reason.detail)")
            }
        }
        let container = try read { () throws(ImageError) in try ImageFile.open(original, limits: limits) }
        guard last <= container.frameCount else {
            throw PapillaError(.damaged, "The original can no longer be read: it has no frame \(last)")
        }
        for index in ofEye {
            let number = frames[index].frame
            var reading = try readingOfOtherEye(frames[index])
            let own = reading.attention
            reading.attention = ofSite + own
            let picture = try read { () throws(ImageError) in try container.frame(number) }
            files.removeAll { StandardBundle.isOf(number, $0.name) }
            files += try await StandardBundle.drawn(reading, picture, frame: number)
            frames[index] = Report.Frame(reading, number, attention: own)
        }
        return (frames, files)
    }

    /// What site and sources say, and no frame shows.
    private var ofSite: [Attention] {
        earlier.report.attention.filter { [.sidecar, .identityConflict].contains($0.code) }
    }

    /// A frame as it was read, of the eye that is stated now.
    private func readingOfOtherEye(_ former: Report.Frame) throws(PapillaError) -> ImageReading {
        var reading = ImageReading(former.outcome)
        reading.reasons = former.reasons
        reading.modality = former.modality
        reading.quality = former.quality
        reading.thresholds = earlier.report.thresholds
        reading.modelsUsed = earlier.report.models
        reading.eye = stated.value
        if former.frame == frame { reading.corrected = Self.tasks.filter(earlier.report.drawn.contains) }
        reading.attention = former.attention.filter { $0.code != .eyeConflict }
        reading.fundus = former.fundus
        reading.endoscopy = former.endoscopy
        if let fundus = former.fundus, let cup = fundus.cup, fundus.rim != nil {
            let rim = Rim(disc: fundus.disc.ellipse, cup: cup.ellipse, eye: stated.value)
            reading.fundus?.rim?.nasal = rim.nasal
            reading.fundus?.rim?.temporal = rim.temporal
            reading.fundus?.rim?.isnt = rim.isnt
        }
        for name in ["disc", "cup", "disc-raw", "cup-raw"] {
            let own = StandardBundle.name("\(name).png", frame: former.frame)
            guard let file = earlier.files.first(where: { $0.name == own }) else { continue }
            do { reading.masks[name] = try ImageDecoder.decodeMask(file.bytes).mask(atLeast: 128) } catch {
                throw PapillaError(
                    .damaged, "The earlier version's \(name) mask cannot be read", place: "\(earlier.report.id)")
            }
        }
        return reading
    }
}

extension Report.Frame {
    /// A plain image as the one frame of its file.
    fileprivate init(_ report: Report) {
        self.init(1, report.outcome, reasons: report.reasons, attention: report.attention)
        modality = report.modality
        quality = report.quality
        fundus = report.fundus
        endoscopy = report.endoscopy
    }
}
