internal import ArgumentParser
internal import Review
internal import Screening
internal import Settings

/// `papilla review agreement`: how far readers agree with the models.
struct ReviewAgreementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Shows how far readers agree with the models: whether a site may trust them.",
        discussion: """
            Counts what readers accepted, corrected and rejected; for corrections, the mean Dice against what the models had found and the change \
            in the ratio, drawn less found, with its limits of agreement (mean ± 1.96 standard deviations); "not found": images in which a reader \
            drew what the models had not found. What was drawn blind, before the models' result was shown, has rows of its own: there nothing led \
            the reader's hand, so that these figures say how far models and readers really agree. Only reads.

            Example: papilla review agreement --json
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    func run() async throws {
        let agreement = try await ReviewCatalogue(configuration.load()).agreement()
        if json { return print(try CanonicalJSON.document(agreement), terminator: "") }
        var rows = [Self.cells("all", agreement.all)]
        if agreement.blind.decided > 0 {
            rows += [Self.cells("result shown", agreement.shown), Self.cells("drawn blind", agreement.blind)]
        }
        for one in agreement.byModel {
            rows.append(Self.cells(one.model, one.figures))
            if let blind = one.blind { rows.append(Self.cells("  drawn blind", blind)) }
        }
        rows += agreement.byAttention.map { Self.cells($0.code?.rawValue ?? "no attention", $0.figures) }
        print(
            TextTable(
                ["", "decided", "accepted", "corrected", "rejected", "Dice of corrections", "change in ratio (limits)"], rows,
                right: [1, 2, 3, 4]
            ).text)
    }

    private static func cells(_ name: String, _ figures: Agreement.Figures) -> [String] {
        let share = figures.acceptance.map { " (\(Int((100 * $0).rounded())) %)" } ?? ""
        var dice = figures.dice.sorted { $0.key < $1.key }.map {
            "\($0.key) \(TextTable.decimal($0.value.mean)) (\($0.value.count))"
        }
        dice += figures.unfound.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key) not found" }
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
