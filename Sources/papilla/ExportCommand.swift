public import ArgumentParser
internal import Foundation
public import Ledger
public import Screening
internal import Service

/// `papilla export`: one row for each screening, for spreadsheets and programs.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Prints one row for each screening, as CSV or JSON lines.",
        discussion: """
            CSV as RFC 4180 has it (lines end in CR LF); several values in a cell are separated by a space, a missing one is empty. A text \
            that begins with = + - or @ gets an apostrophe before it, unless it is a number, so that no spreadsheet runs it as a formula. \
            Of a corrected screening, the newest version. The rows name files and patients. Only reads: it may run while the service works.

            Example: papilla export --csv --since 2026-11-01 --outcome measured > november.csv
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Comma-separated values with a line of names (the default).") var csv = false
    @Flag(help: "One JSON object a line.") var jsonl = false
    @Option(help: "Only what was received from this day or time (UTC) on.") var since: Moment?
    @Option(help: "Only what was received until the end of this day, or before this time (UTC).") var until: Moment?
    @Option(help: "Only this outcome; may be given several times: measured, no_finding, ungradable, out_of_domain, failed.")
    var outcome: [Outcome] = []

    func validate() throws {
        if csv && jsonl { throw ValidationError("--csv or --jsonl, not both") }
    }

    func run() async throws {
        let ledger = try Ledger(path: configuration.load().paths.ledger, mode: .readOnly)
        let filter = ArrivalFilter(outcomes: outcome.isEmpty ? nil : Set(outcome), since: since?.start, until: until?.end)
        var buffer = jsonl ? "" : CommaSeparated.line(ExportRow.columns)
        try ledger.export(filter) { row in
            buffer += jsonl ? try CanonicalJSON.line(row) + "\n" : CommaSeparated.line(row.cells)
            if buffer.utf8.count > 1 << 16 {
                try FileHandle.standardOutput.write(contentsOf: Data(buffer.utf8))
                buffer = ""
            }
        }
        try FileHandle.standardOutput.write(contentsOf: Data(buffer.utf8))
    }
}

extension Outcome: ExpressibleByArgument {}

extension Moment: ExpressibleByArgument {
    /// Reads a day or a time.
    public init?(argument: String) { self.init(argument) }
}
