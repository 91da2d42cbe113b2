internal import Screening

extension History {
    /// The columns of the table, in order.
    public static let columns = [
        "subject", "issuer", "eye", "visit", "study", "taken", "clock", "value", "low", "high", "disc_model", "cup_model",
        "decision",
        "quality", "id", "version", "repeats", "missing", "previous", "change", "change_low", "change_high", "limit", "basis",
        "verdict",
        "why", "first", "change_since_first", "verdict_since_first",
    ]

    /// A table for spreadsheets: a line a visit of an eye, with what it changed by since the visit before and since the first.
    public var commaSeparated: String {
        var text = CommaSeparated.line(Self.columns)
        for eye in eyes {
            let changes = Dictionary(grouping: eye.changes, by: \.to.id)
            for point in eye.points {
                let own = changes[point.id] ?? []
                text += CommaSeparated.line(
                    cells(eye.eye, point, own.first { $0.against == .previous }, own.first { $0.against == .first }))
            }
        }
        return text
    }

    private func cells(_ eye: Eye, _ point: HistoryPoint, _ change: Change?, _ first: Change?) -> [String] {
        func text(_ value: (some CustomStringConvertible)?) -> String { value.map(\.description) ?? "" }
        return [
            subject.identifier, subject.issuer ?? "", eye.rawValue, point.visit, point.study ?? "", point.taken.description,
            point.clock.rawValue, text(point.value), text(point.interval?.first), text(point.interval?.last),
            point.model.disc ?? "",
            point.model.cup ?? "", point.decision?.rawValue ?? "", point.quality?.rawValue ?? "", point.id.description,
            "\(point.version)", point.repeats.map(\.description).joined(separator: " "), point.missing?.rawValue ?? "",
            change?.from.visit ?? "", text(change?.value), text(change?.interval?.first), text(change?.interval?.last),
            text(change?.limit), change?.basis?.rawValue ?? "", change?.verdict.rawValue ?? "", change?.why?.rawValue ?? "",
            first?.from.visit ?? "", text(first?.value), first?.verdict.rawValue ?? "",
        ]
    }
}
