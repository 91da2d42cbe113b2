public import Screening

/// What lies beside an original in quarantine: why it is there.
public struct ReasonFile: Sendable, Encodable, Equatable {
    /// What it is called, and where that will not do.
    public static let names = ["reason.json", "papilla-reason.json"]

    var id: ScreeningID
    var outcome: Outcome
    var reasons: [Reason]
    var received: Timestamp

    init(id: ScreeningID, outcome: Outcome, reasons: [Reason], received: Timestamp) {
        (self.id, self.outcome, self.reasons, self.received) = (id, outcome, reasons, received)
    }

    /// As its report says.
    public init(_ report: Report) {
        self.init(id: report.id, outcome: report.outcome, reasons: report.reasons, received: report.source.received)
    }

    /// The file's content.
    public func bytes() throws(PapillaError) -> [UInt8] {
        do { return Array(try CanonicalJSON.document(self).utf8) } catch {
            throw PapillaError(.internal, "A reason could not be written as JSON", place: id.description, cause: error)
        }
    }
}
