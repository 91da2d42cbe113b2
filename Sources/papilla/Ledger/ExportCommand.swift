public import ArgumentParser
public import Ledger
public import Screening
internal import Service
internal import Settings

/// `papilla export`: one row for each screening, for spreadsheets and programs.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Prints one row for each screening, as CSV or JSON lines.",
        discussion: """
            CSV as RFC 4180 has it (lines end in CR LF); several values in a cell are separated by a space, a missing one is empty. A text \
            that begins with = + - or @, blanks aside, gets an apostrophe before it, unless it is a number, so that no spreadsheet runs it as a \
            formula. Excel needs --bom to read letters beyond ASCII. \
            Of a corrected screening, the newest version. The rows name files and patients. Only reads: it may run while the service works.

            Example: papilla export --csv --since 2026-11-01 --outcome measured > november.csv
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Comma-separated values with a line of names (the default).") var csv = false
    @Flag(help: "One JSON object a line.") var jsonl = false
    @Flag(help: "Begin with a byte order mark, by which Excel knows UTF-8; for CSV.") var bom = false
    @Option(help: "Only what was received from this day or time (UTC) on.") var since: Moment?
    @Option(help: "Only what was received until the end of this day, or before this time (UTC).") var until: Moment?
    @Option(help: "Only this outcome; may be given several times: measured, no_finding, ungradable, out_of_domain, failed.")
    var outcome: [Outcome] = []

    func validate() throws {
        if csv && jsonl { throw ValidationError("--csv or --jsonl, not both") }
        if jsonl && bom { throw ValidationError("--bom is for CSV: JSON begins without a byte order mark") }
    }

    func run() async throws {
        let ledger = try await configuration.load().paths.openLedger()
        let filter = ArrivalFilter(outcomes: outcome.isEmpty ? nil : Set(outcome), since: since?.start, until: until?.end)
        var buffer = jsonl ? "" : (bom ? CommaSeparated.byteOrderMark : "") + CommaSeparated.line(ExportRow.columns)
        try await ledger.export(filter) { row in
            buffer += jsonl ? try CanonicalJSON.line(row) + "\n" : CommaSeparated.line(row.cells)
            if buffer.utf8.count > 1 << 16 {
                print(buffer, terminator: "")
                try StandardOutput.finish()
                buffer = ""
            }
        }
        print(buffer, terminator: "")
    }
}

extension Outcome: ExpressibleByArgument {}

extension Moment: ExpressibleByArgument {
    /// Reads a day or a time.
    public init?(argument: String) { self.init(argument) }
}
