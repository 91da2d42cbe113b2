public import Screening

/// The files of a published screening: the report and the files that it lists, in memory. Writing it to a folder is the publisher's work.
public struct Bundle: Sendable {
    /// As in `report.json`.
    public let report: Report
    /// Name and content of each file; `report.json`, which states the digests of all others, is the last.
    public let files: [(name: String, bytes: [UInt8])]

    /// Completes a report with its files' digests.
    /// - Throws: `internal` where the report cannot be written as JSON.
    public init(report: Report, files: [(name: String, bytes: [UInt8])]) throws(PapillaError) {
        var report = report
        report.files = files.map { Report.File(name: $0.name, bytes: $0.bytes.count, sha256: Digest(of: $0.bytes)) }
        do {
            let json = try CanonicalJSON.document(report)
            self.files = files + [(name: Self.reportName, bytes: Array(json.utf8))]
        } catch {
            throw PapillaError(.internal, "The report could not be written as JSON", place: "\(report.id)", cause: error)
        }
        self.report = report
    }

    /// The file that lists the others.
    public static let reportName = "report.json"

    /// The folder's name, `STEM.ID`; for a later version `STEM.ID.v2` and so on.
    public var folder: String {
        let name = BundleName.folder(file: report.source.name, id: report.id)
        return report.version > 1 ? "\(name).v\(report.version)" : name
    }

    /// The bundle of an arrival that could not be read: a report without an image.
    public static func failed(
        id: ScreeningID, source: Report.Source, identification: Identification = Identification(), reason: Reason,
        engine: Report.Engine
    ) throws(PapillaError) -> Bundle {
        let report = Report(
            id: id, source: source, identification: identification, outcome: .failed, reasons: [reason],
            attention: identification.attention, engine: engine)
        return try Bundle(report: report, files: [])
    }

    /// The bundle of an arrival whose content was read before, by the same models and settings, with the same stated eye, and with the
    /// same attention to whose it is.
    ///
    /// - Parameters:
    ///   - bundle: the earlier one.
    ///   - source: of the new arrival; format, size and colour space are taken from the earlier one.
    ///   - writers: what puts files into it.
    ///   - original: reads the new arrival's file.
    public static func reusing(
        _ bundle: Bundle, id: ScreeningID, source: Report.Source, identification: Identification = Identification(),
        waited: Double = 0, writers: [any BundleWriter], original: @escaping @Sendable () throws(PapillaError) -> [UInt8]
    ) async throws(PapillaError) -> Bundle {
        var report = bundle.report
        report.schema = Report.schema
        report.subject = identification.subject
        report.examination = identification.examination
        report.examination.tell(bundle.report.source.eye)
        report.reusedFrom = bundle.report.reusedFrom ?? bundle.report.id
        report.id = id
        report.source = source
        report.source.format = bundle.report.source.format
        report.source.width = bundle.report.source.width
        report.source.height = bundle.report.source.height
        report.source.colourSpace = bundle.report.source.colourSpace
        report.source.eye = bundle.report.source.eye
        report.measurements = report.codedFindings
        report.prior = nil
        report.timing = Report.Timing(wait: waited)
        report.files = []
        var draft = BundleDraft(report: report, pictures: .taken(from: bundle), original: original)
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }
}

extension Bundle {
    /// The same pictures with another report: every other file is written anew, since it may say what the report says.
    ///
    /// - Parameters:
    ///   - former: the reports of all versions before it.
    ///   - writers: what puts files into it.
    ///   - original: reads the image's file.
    ///   - change: what is another in the report.
    public func changed(
        after former: [Report] = [], by writers: [any BundleWriter],
        original: @escaping @Sendable () throws(PapillaError) -> [UInt8], _ change: (inout Report) -> Void
    ) async throws(PapillaError) -> Bundle {
        var report = report
        change(&report)
        report.files = []
        var draft = BundleDraft(report: report, former: former, pictures: .taken(from: self), original: original)
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }
}

/// The name of a bundle's folder.
enum BundleName {
    /// `STEM.ID`: the file's name without its extension, every character but A–Z a–z 0–9 . _ - replaced by `_`, 80 bytes at most, then the
    /// ID. A folder's name never begins with a dot: nothing published is hidden.
    static func folder(file name: String, id: ScreeningID) -> String {
        var stem = Substring(name)
        if let dot = name.lastIndex(of: "."), dot > name.startIndex { stem = name[..<dot] }
        var kept = String(stem.prefix(80).map { isPlain($0) ? $0 : "_" })
        if kept.isEmpty { kept = "_" }
        if kept.hasPrefix(".") { kept = "_" + kept.dropFirst() }
        return "\(kept).\(id)"
    }

    private static func isPlain(_ character: Character) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": character.isASCII
        default: false
        }
    }
}
