internal import Imaging
public import Ledger
public import Registry
public import Screening

/// What a reader has on the desk: the work list, and everything about one screening. Only reads; decisions go through the service.
public struct ReviewDesk: Sendable {
    /// Every screening, decision and version.
    public let ledger: Ledger
    let outbox: String
    let archive: String
    let models: ModelStore

    /// A desk over a site's folders.
    ///
    /// - Parameters:
    ///   - ledger: opened to read.
    ///   - models: for what the manifests say of the models' error.
    public init(ledger: Ledger, outbox: String, archive: String, models: ModelStore) {
        (self.ledger, self.outbox, self.archive, self.models) = (ledger, outbox, archive, models)
    }

    /// Everything about one screening.
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
        let versions = try ledger.versions(of: row.id)
        guard let newest = versions.last?.bundle else {
            throw PapillaError(.damaged, "A finished arrival has no bundle", place: "\(row.id)", hint: "Run papilla audit verify")
        }
        let report = try report(newest)
        let decisions = try ledger.decisions(of: row.id)
        let error = MeasurementError(of: report, models)
        let earlier = try ledger.earlier(than: row.id).compactMap { EarlierResult($0, than: report, error) }
        return ReviewDetail(
            report: report, versions: versions.map { .init(version: $0.version, bundle: $0.bundle) }, decisions: decisions,
            seen: Seen(version: report.version, decisions: decisions.count), earlier: earlier, measurementError: error)
    }

    /// A published report.
    func report(_ bundle: String) throws(PapillaError) -> Report {
        let bytes = try ArchiveFile.read(bundle + "/report.json", in: outbox, limit: 64 << 20)
        do { return try CanonicalJSON.decode(Report.self, from: bytes) } catch {
            throw PapillaError(
                .damaged, "A published report cannot be read", place: bundle, hint: "Run papilla audit verify", cause: error)
        }
    }

    /// A file of a published bundle: one that its report lists.
    func file(_ name: String, of id: ScreeningID, version: Int) throws(PapillaError) -> [UInt8] {
        guard let bundle = try ledger.versions(of: id).first(where: { $0.version == version })?.bundle else {
            throw PapillaError(.notFound, "There is no such version", place: "\(id)")
        }
        guard try report(bundle).files.contains(where: { $0.name == name }) else {
            throw PapillaError(.notFound, "The bundle has no such file", place: "\(id)")
        }
        return try ArchiveFile.read(bundle + "/" + name, in: outbox)
    }

    /// The original as it was read, upright by its EXIF orientation: encoded anew, so that a browser shows the very pixels that were
    /// measured, and never gets the bytes of whoever made the file.
    func image(of id: ScreeningID) async throws(PapillaError) -> [UInt8] {
        guard let original = try await ledger.arrival(id)?.original, original.hasPrefix("archive/") else {
            throw PapillaError(.notFound, "There is no image of this screening in the archive", place: "\(id)")
        }
        let bytes = try ArchiveFile.read(String(original.dropFirst("archive/".count)), in: archive)
        do { return try ImageEncoder.jpeg(try ImageDecoder.decode(bytes).raster, quality: 95) } catch {
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
    /// Every decision, in their order; the last one counts.
    public var decisions: [DecisionRow]
    /// What a decision on this refers to.
    public var seen: Seen
    /// Earlier results of the same patient's same eye, the latest first.
    public var earlier: [EarlierResult]
    /// Below it, a change in the ratio is within measurement error.
    public var measurementError: MeasurementError

    enum CodingKeys: String, CodingKey {
        case report, versions, decisions, seen, earlier
        case measurementError = "measurement_error"
    }
}
