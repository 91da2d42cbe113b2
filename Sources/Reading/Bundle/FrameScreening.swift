internal import Imaging
internal import Screening

/// The screening of a file that holds several frames: each is read for itself, and the first of the best outcome decides.
struct FrameScreening {
    let reader: ImageReader
    let container: any ImageContainer
    let id: ScreeningID
    let source: Report.Source
    let identification: Identification

    /// Measured before not found before not gradable before something else: what a person would look at first.
    private static func rank(_ outcome: Outcome) -> Int { Outcome.allCases.firstIndex(of: outcome) ?? Outcome.allCases.count }

    /// Reads frame after frame.
    ///
    /// - Parameters:
    ///   - first: the first frame, decoded.
    ///   - decode: what that took, ms.
    ///   - waited: from arrival to now, ms.
    ///   - original: reads the file.
    func bundle(
        first: DecodedImage, decode: Double, waited: Double, original: @escaping @Sendable () throws(PapillaError) -> [UInt8]
    ) async throws -> Bundle {
        let clock = ContinuousClock()
        let engine = await ImageReader.engine()
        var timing = Report.Timing(wait: waited, decode: decode)
        var (frames, attention, models): ([Report.Frame], [Attention], [Report.Model]) = ([], [], [])
        var files: [(name: String, bytes: [UInt8])] = []
        var decisive: Report?
        let count = min(container.frameCount, reader.settings.frames)
        for number in 1...count {
            try Task.checkCancellation()
            let start = clock.now
            let image: DecodedImage
            do { image = try number == 1 ? first : container.frame(number) } catch {
                frames.append(Report.Frame(number, .failed, reasons: [error.reason]))
                continue
            }
            if number > 1 { timing.decode += ImageReader.milliseconds(clock.now - start) }
            var reading = try await reader.read(image, eye: identification.examination.eye)
            reading.name(frame: number)
            timing.route += reading.timing.route
            timing.infer += reading.timing.infer
            frames.append(Report.Frame(reading, number, attention: reading.attention))
            for entry in reading.attention where !attention.contains(entry) { attention.append(entry) }
            for model in reading.modelsUsed where !models.contains(model) { models.append(model) }
            let read = clock.now
            reading.attention = identification.attention + reading.attention
            files += try await StandardBundle.drawn(reading, image, frame: number)
            timing.render += ImageReader.milliseconds(clock.now - read)
            guard decisive.map({ Self.rank(reading.outcome) < Self.rank($0.outcome) }) ?? true else { continue }
            decisive = Report(
                reading, of: image, id: id, source: source, identification: identification, engine: engine)
        }
        let unread = frames.count { $0.outcome == .failed }
        if unread > 0 {
            attention.append(
                Attention(
                    .framesLeftOut, "Of the file's \(container.frameCount) frames \(unread) could not be read.",
                    value: Double(unread),
                    threshold: 0))
        }
        if container.frameCount > count {
            attention.append(
                Attention(
                    .framesLeftOut, "The file holds \(container.frameCount) frames, of which the first \(count) were read.",
                    value: Double(container.frameCount), threshold: Double(count)))
        }
        guard var report = decisive else {
            throw PapillaError(.internal, "A file of several frames was read without its first one", place: "\(id)")
        }
        report.frames = frames
        report.attention = identification.attention + attention
        report.models = models
        report.timing = timing
        var draft = BundleDraft(report: report, pictures: .made(files), original: original)
        let drawn = clock.now
        try await draft.write(by: reader.writers)
        draft.report.timing.render += ImageReader.milliseconds(clock.now - drawn)
        return try Bundle(report: draft.report, files: draft.files)
    }
}

extension Report.Frame {
    /// What a reading found in a frame.
    init(_ reading: ImageReading, _ number: Int, attention: [Attention]) {
        self.init(number, reading.outcome, reasons: reading.reasons, attention: attention)
        modality = reading.modality
        quality = reading.quality
        fundus = reading.fundus
        endoscopy = reading.endoscopy
    }
}
