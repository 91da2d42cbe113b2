internal import Imaging
internal import Neural
public import Screening

extension ImageReader {
    /// Screens a file's content: decodes it, reads it, draws the overlay and puts the bundle together.
    ///
    /// - Parameters:
    ///   - source: what is known of the file; format, size, digest and the eye that is seen are filled in.
    ///   - identification: whose it is and what was examined, and what of that a person should look at.
    ///   - waited: from arrival to now, ms.
    /// - Returns: a bundle, always: content that cannot be decoded gives one with outcome `failed`.
    /// - Throws: `PapillaError` where a model is missing or the engine failed, `CancellationError`. Never for the content.
    public func screen(
        _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification = Identification(),
        waited: Double = 0
    ) async throws -> Bundle {
        let clock = ContinuousClock()
        let start = clock.now
        var source = source
        source.bytes = bytes.count
        source.sha256 = Digest(of: bytes)
        let container: any ImageContainer
        let image: DecodedImage
        do {
            container = try ImageFile.open(bytes, limits: settings.limits)
            image = try container.frame(1)
        } catch {
            return try Bundle.failed(
                id: id, source: source, identification: identification, reason: error.reason, engine: await Self.engine())
        }
        let decoded = clock.now
        try Task.checkCancellation()
        guard container.frameCount == 1 else {
            return try await FrameScreening(
                reader: self, container: container, id: id, source: source, identification: identification
            ).bundle(first: image, decode: Self.milliseconds(decoded - start), waited: waited) { () throws(PapillaError) in bytes
            }
        }
        var reading = try await read(image, eye: identification.examination.eye)
        reading.attention = identification.attention + reading.attention
        reading.timing.wait = waited
        reading.timing.decode = Self.milliseconds(decoded - start)
        let report = Report(
            reading, of: image, id: id, source: source, identification: identification, engine: await Self.engine())
        var draft = BundleDraft(report: report, pictures: .drawn(of: reading, image)) { () throws(PapillaError) in bytes }
        let read = clock.now
        try await draft.write(by: writers)
        draft.report.timing.render = Self.milliseconds(clock.now - read)
        return try Bundle(report: draft.report, files: draft.files)
    }

    /// What the report says of the engine.
    public static func engine() async -> Report.Engine {
        await EngineActor.run {
            Report.Engine(version: Version.current, isa: EngineInfo.isa, threads: EngineInfo.threads, batch: 1)
        }
    }
}

extension Report {
    /// The report of a reading, still without its files.
    init(
        _ reading: ImageReading, of image: DecodedImage, id: ScreeningID, source: Source, identification: Identification,
        engine: Engine
    ) {
        var (source, identification) = (source, identification)
        source.format = image.format.rawValue
        source.width = image.raster.width
        source.height = image.raster.height
        source.colourSpace = image.colourSpace
        source.eye = reading.eye
        identification.examination.tell(reading.eye)
        self.init(
            id: id, source: source, identification: identification, outcome: reading.outcome, reasons: reading.reasons,
            modality: reading.modality,
            quality: reading.quality,
            fundus: reading.fundus, endoscopy: reading.endoscopy, attention: reading.attention, thresholds: reading.thresholds,
            models: reading.modelsUsed, engine: engine, timing: reading.timing)
    }
}
