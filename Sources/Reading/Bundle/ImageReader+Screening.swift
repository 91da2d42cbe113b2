internal import Imaging
internal import Neural
public import Screening

extension ImageReader {
    /// Screens a file's content: decodes it, reads it, draws the overlay and puts the bundle together.
    ///
    /// - Parameters:
    ///   - source: what is known of the file; format, size, digest and the eye that is seen are filled in.
    ///   - waited: from arrival to now, ms.
    /// - Returns: a bundle, always: content that cannot be decoded gives one with outcome `failed`.
    /// - Throws: `PapillaError` where a model is missing or the engine failed, `CancellationError`. Never for the content.
    public func screen(_ bytes: [UInt8], id: ScreeningID, source: Report.Source, waited: Double = 0) async throws -> Bundle {
        let clock = ContinuousClock()
        let start = clock.now
        var source = source
        source.bytes = bytes.count
        source.sha256 = Digest(of: bytes)
        let image: DecodedImage
        do {
            image = try ImageDecoder.decode(bytes, limits: settings.limits)
        } catch {
            return try Bundle.failed(id: id, source: source, reason: error.reason, engine: await Self.engine())
        }
        let decoded = clock.now
        try Task.checkCancellation()
        var reading = try await read(image, eye: source.eye)
        let read = clock.now
        let files = try Self.files(of: reading, image)
        reading.timing.wait = waited
        reading.timing.decode = Self.milliseconds(decoded - start)
        reading.timing.render = Self.milliseconds(clock.now - read)
        return try Bundle(report: Report(reading, of: image, id: id, source: source, engine: await Self.engine()), files: files)
    }

    /// What the report says of the engine.
    public static func engine() async -> Report.Engine {
        await EngineActor.run {
            Report.Engine(version: Version.current, isa: EngineInfo.isa, threads: EngineInfo.threads, batch: 1)
        }
    }

    /// Overlay and masks of a reading.
    static func files(of reading: Reading, _ image: DecodedImage) throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        let overlay = try Overlay(of: reading, image).drawn()
        let comment = image.isPhantom ? "PHANTOM: a synthetic image, no patient" : nil
        var files = [(name: "overlay.jpg", bytes: try ImageEncoder.jpeg(overlay, quality: 90, comment: comment))]
        let text = image.isPhantom ? ["Papilla": "PHANTOM"] : [:]
        for name in ["disc", "cup", "polyp", "disc-raw", "cup-raw"] {
            guard let mask = reading.masks[name] else { continue }
            files.append((name: "\(name).png", bytes: try ImageEncoder.png(mask, text: text)))
        }
        return files
    }
}

extension Report {
    /// The report of a reading, still without its files.
    init(_ reading: Reading, of image: DecodedImage, id: ScreeningID, source: Source, engine: Engine) {
        var source = source
        source.format = image.format.rawValue
        source.width = image.raster.width
        source.height = image.raster.height
        source.eye = reading.eye
        self.init(
            id: id, source: source, outcome: reading.outcome, reasons: reading.reasons, modality: reading.modality,
            quality: reading.quality,
            fundus: reading.fundus, endoscopy: reading.endoscopy, attention: reading.attention, thresholds: reading.thresholds,
            models: reading.modelsUsed, engine: engine, timing: reading.timing)
    }
}
