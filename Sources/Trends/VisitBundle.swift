public import Screening

/// The files of a visit's folder.
public struct VisitBundle: Sendable {
    /// The folder, relative to the outbox.
    public let folder: String
    /// Name and content; visit.json is the last.
    public let files: [(name: String, bytes: [UInt8])]
    /// Of visit.json.
    public let digest: Digest
    /// Of visit.html.
    public let pageDigest: Digest

    /// The files of a visit.
    ///
    /// - Parameter overlays: JPEG files by arrival, of ``VisitPage/pictures(of:)``.
    /// - Throws: `internal` where the report cannot be written as JSON.
    public init(_ report: VisitReport, overlays: [ScreeningID: [UInt8]]) throws(PapillaError) {
        let page = Array(VisitPage(report, overlays: overlays).html.utf8)
        let json: [UInt8]
        do { json = Array(try CanonicalJSON.document(report).utf8) } catch {
            throw PapillaError(.internal, "A visit could not be written as JSON", place: "\(report.id)", cause: error)
        }
        folder = VisitReport.folder(day: report.day, id: report.id, version: report.version)
        files = [(name: VisitReport.pageName, bytes: page), (name: VisitReport.fileName, bytes: json)]
        digest = Digest(of: json)
        pageDigest = Digest(of: page)
    }
}
