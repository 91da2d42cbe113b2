internal import ArgumentParser
internal import Ledger
internal import Review
internal import Screening
internal import Service
internal import Settings

/// `papilla review show ID`: everything about one screening.
struct ReviewShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a screening: result, versions, decisions, earlier results of the same eye.",
        discussion: "Only reads: it may run while the service works.\n\nExample: papilla review show k7q")
    @Argument(help: "The screening's ID, or a unique beginning of its second part.") var id: String
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func run() async throws {
        let loaded = try configuration.load()
        let detail = try await ReviewCatalogue(loaded).detail(id)
        if json { return print(try CanonicalJSON.document(detail), terminator: "") }
        print(Self.lines(of: detail, outbox: loaded.paths.outbox).joined(separator: "\n"))
    }

    private static func change(since earlier: EarlierResult) -> String {
        guard let change = earlier.change, let error = earlier.error else {
            return earlier.otherModels.isEmpty
                ? ", no ratio now that could be compared"
                : " by \(earlier.otherModels.joined(separator: ", ")): not to be compared"
        }
        let within = earlier.isWithinError == true ? "within" : "more than"
        return ", since then \(change < 0 ? "" : "+")\(TextTable.decimal(change)), \(within) measurement error "
            + "(\(TextTable.decimal(error.limit)): \(error.source))"
    }

    private static func lines(of detail: ReviewDetail, outbox: String) -> [String] {
        let report = detail.report
        var lines = ["\(report.id)  \(report.outcome.rawValue)  \(TextTable.printable(report.source.path))"]
        // Reports of schema 1 have it among what is said of the file.
        if let subject = report.subject?.identifier ?? report.source.patient {
            let issuer = report.subject?.issuer.map { " of \(TextTable.printable($0))" } ?? ""
            lines.append("subject \(TextTable.printable(subject))\(issuer), eye \(report.source.eye.rawValue)")
        }
        lines += report.reasons.map { "\($0.code.rawValue): \($0.detail)" }
        if let ratio = report.fundus?.cdr {
            let interval = ratio.interval.isEmpty ? "" : " (\(ratio.interval.map(TextTable.decimal).joined(separator: " to ")))"
            lines.append("vertical cup-to-disc ratio \(TextTable.decimal(ratio.vertical))\(interval)")
        } else if report.fundus != nil {
            lines.append("no cup seen in the disc: no ratio")
        }
        if let models = detail.models {
            let polyps = models.polyps.map { $0 == 1 ? "1 polyp" : "\($0) polyps" }
            let found =
                models.vcdr.map { "vertical cup-to-disc ratio \(TextTable.decimal($0))" } ?? polyps ?? models.outcome.rawValue
            lines.append("the models had found: \(found)")
        }
        if let polyps = report.endoscopy?.polyps { lines.append(polyps.count == 1 ? "1 polyp" : "\(polyps.count) polyps") }
        lines += report.attention.map { "look: \($0.detail)" }
        for earlier in detail.earlier {
            lines.append("\(earlier.day): ratio \(TextTable.decimal(earlier.vcdr))\(Self.change(since: earlier))")
        }
        lines += detail.versions.compactMap { version in version.bundle.map { "version \(version.version): \(outbox)/\($0)" } }
        for decision in detail.decisions {
            let note = decision.note.map { ": \($0)" } ?? ""
            let result = decision.result.map { ", \(decision.blind ? "drawn blind, " : "")made version \($0)" } ?? ""
            let what = "\(decision.verdict.rawValue)ed version \(decision.version)\(result)\(note)"
            lines.append(TextTable.printable("\(decision.at) \(decision.reader) \(what)"))
        }
        if let last = detail.decisions.last, !last.isAbout(report.version) {
            lines.append("nobody has decided on version \(report.version)")
        } else if detail.decisions.isEmpty {
            lines.append("nobody has decided")
        }
        return lines
    }
}
