internal import Imaging
public import Ledger
internal import Reading
public import Registry
public import Screening

/// A reader's catalogue: the work list, and everything about one screening. Only reads; decisions go through the service.
public struct ReviewCatalogue: Sendable {
    /// Every screening, decision and version.
    public let ledger: any ArrivalLedger & DecisionLedger & VisitLedger
    package let outbox: String
    package let archive: String
    let models: ModelStore
    /// Share of undecided screenings whose results are kept back until a reader has drawn, 0...1.
    let blindShare: Double

    /// A catalogue of a site's folders.
    ///
    /// - Parameters:
    ///   - ledger: opened to read.
    ///   - models: for what the manifests say of the models' error.
    ///   - blindShare: share of undecided screenings whose results are kept back until a reader has drawn, 0...1.
    public init(
        ledger: any ArrivalLedger & DecisionLedger & VisitLedger, outbox: String, archive: String, models: ModelStore,
        blindShare: Double = 0
    ) {
        self.ledger = ledger
        self.outbox = outbox
        self.archive = archive
        self.models = models
        self.blindShare = blindShare
    }

    /// The work list. Of what is to be drawn blind, no row says what the models found.
    func workList(_ filter: ReviewFilter) async throws(PapillaError) -> [WorkRow] {
        var filter = filter
        filter.blindShare = blindShare
        let rows = try await ledger.review(filter)
        let blind = try await ledger.blind(share: blindShare)
        return rows.map { WorkRow($0, blind: blind.contains($0.id)) }
    }

    /// Whether a screening is to be drawn before its result is shown.
    func isBlind(_ id: ScreeningID) async throws(PapillaError) -> Bool {
        try await !ledger.blind(share: blindShare, only: id).isEmpty
    }

    /// Everything about one screening; of one that is to be drawn blind, what the models found is left out.
    ///
    /// - Parameter prefix: its ID, or a unique beginning of it.
    /// - Throws: `notFound`; `refused` for one that has not ended or was forgotten; `damaged` for a bundle that cannot be read.
    public func detail(_ prefix: String) async throws(PapillaError) -> ReviewDetail {
        let row = try await ledger.arrival(matching: prefix)
        guard row.outcome != nil, row.forgotten == nil else {
            throw PapillaError(
                .refused, row.forgotten == nil ? "This arrival is still being screened" : "This arrival was forgotten",
                place: "\(row.id)", isRetryable: row.forgotten == nil)
        }
        let versions = try await ledger.versions(of: row.id)
        guard let newest = versions.last, let bundle = newest.bundle else {
            throw PapillaError(.damaged, "A finished arrival has no bundle", place: "\(row.id)", hint: "Run papilla audit verify")
        }
        let report = try report(bundle, expecting: newest.digest)
        let decisions = try await ledger.decisions(of: row.id)
        let error = MeasurementError(of: report, models)
        var detail = ReviewDetail(
            report: report, versions: versions.map { .init(version: $0.version, bundle: $0.bundle) }, decisions: decisions,
            seen: Seen(version: report.version, decisions: decisions.count), earlier: [], measurementError: error)
        if try await isBlind(row.id) {
            detail.hide()
            return detail
        }
        if !report.drawn.isEmpty, let first = versions.first, let bundle = first.bundle {
            detail.models = .init(try self.report(bundle, expecting: first.digest))
        }
        // What a reader rejected is compared with nothing.
        var compared = report
        if let last = decisions.last, last.isAbout(report.version), last.verdict == .reject { compared.fundus = nil }
        let hidden = try await ledger.blind(share: blindShare)
        detail.earlier = try await ledger.earlier(than: row.id).filter { !hidden.contains($0.row.id) }.compactMap {
            EarlierResult($0, than: compared, error)
        }
        return detail
    }

    /// The report of a screening's newest version; nil once forgotten.
    package func newestReport(of id: ScreeningID) async throws(PapillaError) -> Report? {
        guard let newest = try await ledger.versions(of: id).last, let bundle = newest.bundle else { return nil }
        return try report(bundle, expecting: newest.digest)
    }

    /// A published report.
    /// - Parameter digest: what the ledger says of its bytes.
    /// - Throws: `damaged` where it is another one; `notFound`.
    package func report(_ bundle: String, expecting digest: Digest) throws(PapillaError) -> Report {
        let bytes = try ArchiveFile.read(bundle + "/report.json", in: outbox, limit: 64 << 20)
        guard Digest(of: bytes) == digest else {
            throw PapillaError(
                .damaged, "A published report is not the one that was published", place: bundle, hint: "Run papilla audit verify")
        }
        do { return try CanonicalJSON.decode(Report.self, from: bytes) } catch {
            throw PapillaError(
                .damaged, "A published report cannot be read", place: bundle, hint: "Run papilla audit verify", cause: error)
        }
    }

    /// A file of a published bundle: one that its report lists, as it was published.
    /// - Throws: `refused` for a screening that is to be drawn blind; `damaged` where the file is another one.
    func file(_ name: String, of id: ScreeningID, version: Int) async throws(PapillaError) -> [UInt8] {
        guard let found = try await ledger.versions(of: id).first(where: { $0.version == version }), let bundle = found.bundle
        else {
            throw PapillaError(.notFound, "There is no such version", place: "\(id)")
        }
        guard try await !isBlind(id) else {
            throw PapillaError(
                .refused, "What the models found is shown when you have drawn", place: "\(id)", hint: "Draw first, then save")
        }
        guard let file = try report(bundle, expecting: found.digest).files.first(where: { $0.name == name }) else {
            throw PapillaError(.notFound, "The bundle has no such file", place: "\(id)")
        }
        return try ArchiveFile.read(bundle + "/" + name, in: outbox, expecting: file.sha256)
    }

    /// The overlay of a version: of a file that holds several frames, that of the one whose findings are shown.
    /// - Throws: as ``file(_:of:version:)``.
    func overlay(of id: ScreeningID, version: Int) async throws(PapillaError) -> [UInt8] {
        guard let found = try await ledger.versions(of: id).first(where: { $0.version == version }), let bundle = found.bundle
        else {
            throw PapillaError(.notFound, "There is no such version", place: "\(id)")
        }
        let frame = try report(bundle, expecting: found.digest).decidingFrame
        return try await file(StandardBundle.name("overlay.jpg", frame: frame), of: id, version: version)
    }

    /// The original as it was read, upright by its EXIF orientation: encoded anew, so that a browser shows the very pixels that were
    /// measured, and never gets the bytes of whoever made the file.
    /// - Throws: `notFound`; `damaged` where the file in the archive is not the image that was screened.
    func image(of id: ScreeningID) async throws(PapillaError) -> [UInt8] {
        guard let row = try await ledger.arrival(id), let original = row.original, original.hasPrefix("archive/"),
            let digest = row.sha256
        else { throw PapillaError(.notFound, "There is no image of this screening in the archive", place: "\(id)") }
        let bytes = try ArchiveFile.original(original, of: id, in: archive, expecting: digest)
        // Of a file that holds several, the frame whose findings are shown.
        let frame = try await newestReport(of: id)?.decidingFrame ?? 1
        do { return try ImageEncoder.jpeg(try ImageDecoder.decode(bytes, frame: frame).raster, quality: 95) } catch {
            throw PapillaError(.damaged, "The original can no longer be read", place: original, cause: error)
        }
    }
}

/// Everything about one screening that a reader needs to decide.
public struct ReviewDetail: Sendable, Codable {
    /// A version and its bundle.
    public struct Version: Sendable, Codable, Hashable {
        /// 1, 2, ...
        public var version: Int
        /// Relative to the outbox.
        @Nullable public var bundle: String?
    }

    /// Of the newest version.
    public var report: Report
    /// Every version, the first one first.
    public var versions: [Version]
    /// Every decision, in their order; the last one counts where it is about the newest version.
    public var decisions: [DecisionRow]
    /// What a decision on this refers to.
    public var seen: Seen
    /// Earlier results of the same patient's same eye, the latest first.
    public var earlier: [EarlierResult]
    /// Between two photographs that the models of this one measured: below it, a change in the ratio is within measurement error.
    public var measurementError: MeasurementError
    /// What the models had found, where the newest version has outlines that a reader drew.
    @Nullable public var models: ModelsResult?
    /// Whether what the models found is kept back until a reader has drawn.
    public var blind = false

    enum CodingKeys: String, CodingKey {
        case report, versions, decisions, seen, earlier, models, blind
        case measurementError = "measurement_error"
    }

    /// Takes out whatever follows from what the models found. What stands in place of it is the same for every screening.
    mutating func hide() {
        let before = report
        let source = before.source
        report = Report(
            id: before.id, source: source, outcome: .measured, modality: before.modality, engine: before.engine)
        report.subject = before.subject
        report.examination = before.examination
        report.attention = before.attention.filter { WorkRow.shownBlind.contains($0.code) }
        earlier = []
        models = nil
        blind = true
    }
}

/// The models' findings, in short.
public struct ModelsResult: Sendable, Codable, Hashable {
    /// How their reading ended.
    public var outcome: Outcome
    /// Vertical cup-to-disc ratio.
    @Nullable public var vcdr: Double?
    /// How many polyps; null where none were looked for.
    @Nullable public var polyps: Int?
    /// Their version of the screening.
    public var version: Int

    init(_ report: Report) {
        outcome = report.outcome
        version = report.version
        vcdr = report.fundus?.cdr?.vertical
        polyps = report.endoscopy?.polyps.count
    }
}
