public import ArgumentParser
internal import Ledger
internal import Retraining
internal import Review
public import Screening
internal import Service
internal import Settings

/// `papilla review list`: the work list.
struct ReviewListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists screenings that a person should look at, what most needs one first.",
        discussion: """
            Without options, everything that draws attention. Of a corrected screening, the newest version. The rows name files and patients. \
            Only reads: it may run while the service works.

            Example: papilla review list --undecided --modality fundus --since 2026-11-01
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Option(help: "Only this outcome; may be given several times: measured, no_finding, ungradable, out_of_domain, failed.")
    var outcome: [Outcome] = []
    @Option(help: "Only what the router saw as this: fundus, endoscopy, neither.") var modality: [Modality] = []
    @Option(help: "Only what was received from this day or time (UTC) on.") var since: Moment?
    @Option(help: "Only what was received until the end of this day, or before this time (UTC).") var until: Moment?
    @Option(help: "Only what draws attention by this code, such as ratio_high; may be given several times.")
    var attention: [Attention.Code] = []
    @Flag(help: "Only screenings on which nobody has decided.") var undecided = false
    @Flag(help: "Also screenings that nothing draws attention to.") var all = false
    /// The order of the list.
    enum Order: String, CaseIterable, ExpressibleByArgument { case attention, newest, informative }

    @Option(
        help: """
            attention: what most needs a person first; newest: what came last first; informative: undecided ones, first those that a retraining \
            would learn most from, by the disagreement of the networks and by how unlike they are to what was decided already.
            """) var order = Order.attention
    /// What a row of the list is.
    enum Unit: String, CaseIterable, ExpressibleByArgument { case arrival, visit }

    @Option(
        help: """
            arrival: a row for each screening; visit: a row for each subject's visit, what most needs a person first, with the eye to look at \
            first (of the other options only --since, --until, --all, --limit and --json count then).
            """) var by = Unit.arrival
    @Option(help: "At most so many.") var limit: Int?
    @Flag(help: "Print one JSON object a line.") var json = false

    func validate() throws { try within("--limit", limit, 1...Int.max) }

    func run() async throws {
        let ledger = try await configuration.load().paths.openLedger()
        if by == .visit { return try await listVisits(ledger) }
        var filter = ReviewFilter()
        filter.arrivals = ArrivalFilter(
            outcomes: outcome.isEmpty ? nil : Set(outcome), since: since?.start, until: until?.end, limit: limit)
        filter.modalities = Set(modality)
        filter.attention = Set(attention)
        filter.order = order == .newest ? .newest : .attention
        filter.undecidedOnly = undecided
        filter.includesQuiet = all
        var rows: [ExportRow]
        if order == .informative {
            // Decided ones and quiet ones take part in the comparison, whatever the list shows.
            filter.undecidedOnly = false
            filter.includesQuiet = true
            filter.attention = []
            filter.arrivals.limit = nil
            rows = try await InformativeOrder(ReviewCatalogue(configuration.load())).ordered(ledger.review(filter))
            if !attention.isEmpty { rows.removeAll { row in !attention.contains { row.attention.contains($0.rawValue) } } }
            if let limit { rows = Array(rows.prefix(max(0, limit))) }
        } else {
            rows = try await ledger.review(filter)
        }
        if json {
            for row in rows { print(try CanonicalJSON.line(row)) }
            return
        }
        if rows.isEmpty { return print("Nothing to look at.") }
        print(
            TextTable(
                ["id", "received", "file", "subject", "eye", "outcome", "result", "attention", "decision"],
                rows.map(Self.cells)
            ).text)
    }

    private func listVisits(_ ledger: any VisitLedger) async throws {
        var filter = VisitFilter()
        filter.since = since.map { String($0.start.description.prefix(10)) }
        filter.until = until.map { String(Timestamp(milliseconds: $0.end.milliseconds - 1).description.prefix(10)) }
        filter.includesQuiet = all
        filter.limit = limit
        let visits = try await ledger.visits(filter)
        if json {
            for visit in visits { print(try CanonicalJSON.line(visit)) }
            return
        }
        if visits.isEmpty { return print("Nothing to look at.") }
        print(
            TextTable(
                ["visit", "day", "subject", "look first", "images", "attention", "folder"],
                visits.map { visit in
                    [
                        "\(visit.id.suffix)", visit.day, TextTable.printable(visit.subject?.identifier ?? "-"),
                        visit.worst.map { "\($0.rawValue) eye" } ?? "-", "\(visit.members.count)",
                        visit.attention.isEmpty ? "-" : visit.attention.map(\.rawValue).joined(separator: " "), visit.folder,
                    ]
                }
            ).text)
    }

    private static func cells(_ row: ExportRow) -> [String] {
        let result =
            row.vcdr.map { "vCDR \(TextTable.decimal($0))" } ?? row.polyps.map { $0 == 1 ? "1 polyp" : "\($0) polyps" } ?? row
            .reason
            ?? "-"
        let decision = row.decision.map { "\($0.rawValue) (\(row.reader ?? "?"))" } ?? "-"
        return [
            "\(row.id.suffix)", String("\(row.received)".prefix(16)).replacing("T", with: " "),
            TextTable.printable(row.file ?? "-"),
            TextTable.printable(row.subject ?? "-"), row.eye == .unknown ? "-" : row.eye.rawValue, row.outcome.rawValue, result,
            row.attention.isEmpty ? "-" : row.attention.joined(separator: " "), TextTable.printable(decision),
        ]
    }
}

extension Modality: ExpressibleByArgument {}
extension Attention.Code: ExpressibleByArgument {}
