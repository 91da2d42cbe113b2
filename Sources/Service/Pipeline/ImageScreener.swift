internal import Reading
internal import Screening

/// What the pipeline needs of a reader of images. The service has `ImageReader`, which runs the networks; the tests have one that counts.
protocol ImageScreener: Sendable {
    /// Names models and settings: two readings of one image under the same key are the same.
    var key: Digest { get }
    /// What puts files into a screening's bundle.
    var writers: [any BundleWriter] { get }
    /// The models, for `status`.
    var described: [Report.Model] { get }
    /// What reports say of the engine.
    func engine() async -> Report.Engine
    /// Screens a file's content; content that cannot be read gives a bundle that says so.
    func screen(
        _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification, waited: Double
    ) async throws -> Bundle
}

extension ImageScreener {
    /// Screens a file's content where readings run, and waits no longer than a limit for it.
    ///
    /// - Returns: nil where the time was over.
    func screen(
        _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification, waited: Double,
        on executor: WorkExecutor, atMost limit: Duration
    ) async throws -> Bundle? {
        try await executor.run(atMost: limit) {
            try await screen(bytes, id: id, source: source, identification: identification, waited: waited)
        }
    }
}

extension ImageReader: ImageScreener {
    var described: [Report.Model] { models.described }
    func engine() async -> Report.Engine { await ImageReader.engine() }
}
