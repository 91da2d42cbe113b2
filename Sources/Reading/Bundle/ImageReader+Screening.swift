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
        let image: DecodedImage
        do {
            image = try ImageDecoder.decode(bytes, limits: settings.limits)
        } catch {
            return try Bundle.failed(
                id: id, source: source, identification: identification, reason: error.reason, engine: await Self.engine())
        }
        let decoded = clock.now
        try Task.checkCancellation()
        var reading = try await read(image, eye: identification.examination.eye)
        reading.attention = identification.attention + reading.attention
        let read = clock.now
        let files = try await Self.files(of: reading, image)
        reading.timing.wait = waited
        reading.timing.decode = Self.milliseconds(decoded - start)
        reading.timing.render = Self.milliseconds(clock.now - read)
        let report = Report(
            reading, of: image, id: id, source: source, identification: identification, engine: await Self.engine())
        return try Bundle(report: report, files: files)
    }

    /// What the report says of the engine.
    public static func engine() async -> Report.Engine {
        await EngineActor.run {
            Report.Engine(version: Version.current, isa: EngineInfo.isa, threads: EngineInfo.threads, batch: 1)
        }
    }

    /// Overlay and masks of a reading, drawn and encoded on all cores: besides the networks nothing takes longer.
    static func files(of reading: ImageReading, _ image: DecodedImage) async throws(PapillaError) -> [(
        name: String, bytes: [UInt8]
    )] {
        typealias Encoding = @Sendable () throws(PapillaError) -> [UInt8]
        let comment = image.isPhantom ? "PHANTOM: a synthetic image, no patient" : nil
        let text = image.isPhantom ? ["Papilla": "PHANTOM"] : [:]
        var encodings: [(name: String, encode: Encoding)] = [
            (
                "overlay.jpg",
                { () throws(PapillaError) in
                    try ImageEncoder.jpeg(Overlay(of: reading, image).drawn(), quality: 90, comment: comment)
                }
            )
        ]
        for name in ["disc", "cup", "polyp", "disc-raw", "cup-raw"] {
            guard let mask = reading.masks[name] else { continue }
            encodings.append(("\(name).png", { () throws(PapillaError) in try ImageEncoder.png(mask, text: text) }))
        }
        let encoded = await withTaskGroup(of: (index: Int, bytes: Result<[UInt8], PapillaError>).self) { group in
            for (index, (_, encode)) in encodings.enumerated() {
                group.addTask { (index, Result(catching: encode)) }
            }
            return await group.reduce(into: [:]) { $0[$1.index] = $1.bytes }
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for (index, (name, _)) in encodings.enumerated() { files.append((name, try encoded[index]?.get() ?? [])) }
        return files
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
