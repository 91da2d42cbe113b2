internal import ArgumentParser
internal import Review
internal import Screening

/// `papilla review agreement`: how far readers agree with the models.
struct ReviewAgreementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Shows how far readers agree with the models: whether a site may trust them.",
        discussion: """
            Counts what readers accepted, corrected and rejected; for corrections, the mean Dice against what was shown and the change in the \
            ratio, corrected less shown, with its limits of agreement (mean ± 1.96 standard deviations). Only reads.

            Example: papilla review agreement --json
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func run() async throws {
        let agreement = try ReviewDesk(try configuration.load()).agreement()
        if json { return print(try CanonicalJSON.document(agreement), terminator: "") }
        var rows = [Self.cells("all", agreement.all)]
        rows += agreement.byModel.map { Self.cells($0.model, $0.figures) }
        rows += agreement.byAttention.map { Self.cells($0.code?.rawValue ?? "no attention", $0.figures) }
        print(
            TextTable(
                ["", "decided", "accepted", "corrected", "rejected", "Dice of corrections", "change in ratio (limits)"], rows,
                right: [1, 2, 3, 4]
            ).text)
    }

    private static func cells(_ name: String, _ figures: Agreement.Figures) -> [String] {
        let share = figures.acceptance.map { " (\(Int((100 * $0).rounded())) %)" } ?? ""
        let dice = figures.dice.sorted { $0.key < $1.key }.map {
            "\($0.key) \(TextTable.decimal($0.value.mean)) (\($0.value.count))"
        }
        let ratio = figures.ratio.map { ratio in
            let limits = ratio.limits.map { " (\($0.map(TextTable.decimal).joined(separator: " to ")))" } ?? ""
            return "\(TextTable.decimal(ratio.bias))\(limits), \(ratio.count)"
        }
        return [
            name, "\(figures.decided)", "\(figures.accepted)\(share)", "\(figures.corrected)", "\(figures.rejected)",
            dice.isEmpty ? "-" : dice.joined(separator: ", "), ratio ?? "-",
        ]
    }
}
