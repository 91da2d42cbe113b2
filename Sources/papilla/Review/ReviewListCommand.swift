public import ArgumentParser
internal import Ledger
internal import Retraining
internal import Review
public import Screening
internal import Service
internal import Settings
internal import Trends

/// `papilla review list`: the work list.
struct ReviewListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists visits that a person should look at, what most needs one first.",
        discussion: """
            A line for each visit, and one for each image that stands in no visit: without a subject, or of one whose visit is not put together \
            yet. Without options, everything that draws attention. The lines name files and patients. Only reads: it may run while the service \
            works.

            Example: papilla review list --undecided --modality fundus --since 2026-11-01
            Example: papilla review list --by arrival --outcome ungradable
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Option(
        help:
            "With --by arrival: only this outcome; may be given several times: measured, no_finding, ungradable, out_of_domain, failed."
    )
    var outcome: [Outcome] = []
    @Option(help: "Only what the router saw as this: fundus, endoscopy, neither.") var modality: [Modality] = []
    @Option(help: "Only what was received from this day or time (UTC) on; visits by their day.") var since: Moment?
    @Option(help: "Only what was received until the end of this day, or before this time (UTC); visits by their day.")
    var until: Moment?
    @Option(help: "Only what draws attention by this code, such as ratio_high; may be given several times.")
    var attention: [Attention.Code] = []
    @Flag(help: "Only what nobody has decided on: visits with an image that counts and has no decision.") var undecided = false
    @Flag(help: "Also what nothing draws attention to.") var all = false
    /// The order of the list.
    enum Order: String, CaseIterable, ExpressibleByArgument { case attention, newest, informative }

    @Option(
        help: """
            attention: what most needs a person first; newest: what came last first; informative, with --by arrival: undecided ones, first those \
            that a retraining would learn most from, by the disagreement of the networks and by how unlike they are to what was decided already.
            """) var order = Order.attention
    /// What a line of the list is.
    enum Unit: String, CaseIterable, ExpressibleByArgument { case visit, arrival }

    @Option(help: "visit: a line for each subject's visit, with the eye to look at first; arrival: a line for each screening.")
    var by = Unit.visit
    @Option(help: "At most so many.") var limit: Int?
    @Flag(help: "Print one JSON object a line.") var json = false

    func validate() throws {
        try within("--limit", limit, 1...Int.max)
        guard by == .visit else { return }
        if !outcome.isEmpty { throw ValidationError("--outcome goes with --by arrival: a visit has none") }
        if order == .informative { throw ValidationError("--order informative goes with --by arrival") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        var filter = ReviewFilter()
        filter.arrivals = ArrivalFilter(
            outcomes: outcome.isEmpty ? nil : Set(outcome), since: since?.start, until: until?.end, limit: limit)
        filter.modalities = Set(modality)
        filter.attention = Set(attention)
        filter.order = order == .newest ? .newest : .attention
        filter.undecidedOnly = undecided
        filter.includesQuiet = all
        if by == .visit { return try await listVisits(ReviewCatalogue(loaded), filter) }
        let ledger = try await loaded.paths.openLedger()
        var rows: [ExportRow]
        if order == .informative {
            // Decided ones and quiet ones take part in the comparison, whatever the list shows.
            filter.undecidedOnly = false
            filter.includesQuiet = true
            filter.attention = []
            filter.arrivals.limit = nil
            rows = try await InformativeOrder(ReviewCatalogue(loaded)).ordered(ledger.review(filter))
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

    private func listVisits(_ catalogue: ReviewCatalogue, _ filter: ReviewFilter) async throws {
        let lines = try await catalogue.work(filter)
        if json {
            for line in lines { print(try CanonicalJSON.line(line)) }
            return
        }
        if lines.isEmpty { return print("Nothing to look at.") }
        let cells = lines.compactMap { line in line.visit.map(Self.cells) ?? line.arrival.map(Self.cells) }
        print(TextTable(["line", "id", "day", "subject", "look first", "images", "result", "attention", "decision"], cells).text)
    }

    private static func cells(_ visit: VisitLine) -> [String] {
        var results = visit.eyes.map { eye in
            "\(eye.eye.rawValue) \(eye.ratio.map { TextTable.decimal($0.value) } ?? "-")"
        }
        if let endoscopy = visit.endoscopy { results.append("\(endoscopy.withPolyps) of \(endoscopy.frames) frames with polyps") }
        let done = visit.counting - visit.undecided
        let decision = done == 0 ? visit.rejected > 0 ? "reject" : "-" : "\(done) of \(visit.counting)"
        return [
            "visit", "\(visit.id.suffix)", visit.day, TextTable.printable(visit.subject.identifier),
            visit.worst.map { "\($0.rawValue) eye" } ?? "-", "\(visit.images)",
            results.isEmpty ? "-" : results.joined(separator: ", "),
            visit.attention.isEmpty ? "-" : visit.attention.map(\.rawValue).joined(separator: " "), decision,
        ]
    }

    private static func cells(_ row: WorkRow) -> [String] {
        let result =
            row.vcdr.map(TextTable.decimal) ?? row.polyps.map { $0 == 1 ? "1 polyp" : "\($0) polyps" } ?? row.reason
            ?? row.outcome?.rawValue ?? "-"
        return [
            "arrival", "\(row.id.suffix)", String("\(row.received)".prefix(10)),
            TextTable.printable(row.subject ?? row.file ?? "-"),
            row.eye == .unknown ? "-" : "\(row.eye.rawValue) eye", "1", result,
            row.attention.isEmpty ? "-" : row.attention.joined(separator: " "), row.decision?.rawValue ?? "-",
        ]
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
