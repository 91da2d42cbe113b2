internal import ArgumentParser
internal import Files
internal import Ledger
internal import Registry
internal import Screening
internal import Service
internal import Settings
internal import Trends

/// `papilla history SUBJECT`: an eye's ratio over the years, and what each change is worth.
struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows a subject's eyes over the years, and what every change is worth.",
        discussion: """
            One line for each visit of an eye: the ratio of the photograph that counts, and what it changed by since the visit before and since \
            the first that can be compared. stable: within measurement error; change: beyond it; cannot tell: other networks measured one of \
            them, nothing was fit to measure, or it is not sure which eye it is. Only reads: it may run while the service works.

            Examples: papilla history 4711
            papilla history 4711 --eye left --svg left.svg
            """)
    @Argument(help: "The subject's number.") var subject: String
    @Option(help: "Who gave the number; needed where several did. An empty text: nobody is stated.") var issuer: String?
    @Option(help: "Only this eye: right or left.") var eye: Side?
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false
    @Flag(help: "Print comma-separated values.") var csv = false
    @Option(help: ArgumentHelp("Also draw it into this file, which is replaced.", valueName: "file")) var svg: String?

    /// An eye that one can ask for.
    enum Side: String, CaseIterable, ExpressibleByArgument { case right, left }

    func validate() throws {
        if json && csv { throw ValidationError("--json or --csv, not both") }
    }

    func run() async throws {
        let loaded = try configuration.load()
        let ledger = try await loaded.paths.openLedger()
        let whose = try await ledger.subjects(numbered: subject).chosen(subject, issuer: issuer)
        let images = try await ledger.examined(of: whose).map { ExaminedImage($0) }
        let limits = ModelStore(directory: loaded.paths.models).repeatLimits(of: images)
        let history = History(
            of: whose, VisitGroup.all(of: images), repeatability: Repeatability(try await ledger.repeats(), ofModels: limits),
            eye: eye.map { $0 == .right ? .right : .left })
        if let svg {
            let drawing = Array(HistoryPlot(history).svg().utf8)
            try PapillaError.telling(
                "The drawing cannot be written", at: svg, hint: "Name a file in a folder that is there and that you may write to"
            ) { () throws(FileError) in try NamedPath.write(drawing, to: svg) }
        }
        if json { return print(try CanonicalJSON.line(history)) }
        if csv { return print(history.commaSeparated, terminator: "") }
        print(Self.text(of: history))
    }

    private static func text(of history: History) -> String {
        var parts: [String] = []
        for eye in history.eyes {
            let rows = eye.points.map { point -> [String] in
                let own = eye.changes.filter { $0.to.id == point.id }
                return [
                    point.visit, ratio(point), point.decision?.rawValue ?? "-", point.model.cup ?? "-",
                    words(own.first { $0.against == .previous }), words(own.first { $0.against == .first }),
                ].map(TextTable.printable)
            }
            parts.append(
                "\(eye.eye.rawValue) eye\n"
                    + TextTable(["visit", "ratio", "decision", "model", "since the visit before", "since the first"], rows).text)
        }
        if history.unplaced > 0 {
            parts.append("\(history.unplaced) photograph\(history.unplaced == 1 ? "" : "s") of an eye that is not known")
        }
        return parts.isEmpty ? "No visit has a photograph of an eye." : parts.joined(separator: "\n\n")
    }

    private static func ratio(_ point: HistoryPoint) -> String {
        guard let value = point.value else { return point.missing == .rejected ? "rejected" : "not fit to measure" }
        guard let interval = point.interval else { return "\(TextTable.decimal(value)) drawn" }
        return "\(TextTable.decimal(value)) (\(interval.map(TextTable.decimal).joined(separator: " to ")))"
    }

    private static func words(_ change: Change?) -> String {
        guard let change else { return "-" }
        guard let value = change.value, let limit = change.limit else {
            return "cannot tell: " + (change.why?.rawValue.replacing("_", with: " ") ?? "")
        }
        let sign = value < 0 ? "" : "+"
        let verdict = change.verdict == .stable ? "stable" : change.direction == .narrower ? "NARROWER" : "WIDER"
        return "\(verdict) \(sign)\(TextTable.decimal(value)), error \(TextTable.decimal(limit))"
    }
}

extension [Subject] {
    /// The one of the subjects of a number that is meant.
    ///
    /// - Parameter issuer: who gave the number, an empty text for nobody; nil where it was not said.
    /// - Throws: `notFound` where there is none, `badInput` where there are several.
    func chosen(_ number: String, issuer: String?) throws(PapillaError) -> Subject {
        let asked = issuer.map { $0.isEmpty ? nil : $0 }
        let found = asked.map { wanted in filter { $0.issuer == wanted } } ?? self
        guard let first = found.first else {
            throw PapillaError(
                .notFound, "The ledger knows no such subject", place: number,
                hint: "papilla review list shows the subjects as the sidecars state them")
        }
        guard found.count == 1 else {
            let issuers = found.map { $0.issuer.map { "\"\($0)\"" } ?? "nobody (--issuer \"\")" }.joined(separator: ", ")
            throw PapillaError(
                .badInput, "\(found.count) subjects have this number, from different issuers", place: number,
                hint: "Say whose it is with --issuer: \(issuers)")
        }
        return first
    }
}
