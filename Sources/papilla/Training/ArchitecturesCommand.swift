internal import ArgumentParser
internal import Neural
internal import Screening

/// `papilla architectures`: the paper's networks, those on a pretrained encoder, and their sizes.
struct ArchitecturesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "architectures", abstract: "Lists the networks with their weights, parameters and multiply-accumulates.",
        discussion: """
            Weights are counted as in the paper: kernels, without biases.

            Example: papilla architectures --width 16 --json
            """)

    @Option(help: "Maps of the first level, 1 to 256.")
    var width = 32
    @Option(help: "Side of the input, px, divisible by 32.")
    var side = 256
    @Flag(help: "Print one JSON value.")
    var json = false

    private struct Row: Encodable {
        let name: String
        let heads: [Architecture.Head]
        let decoders: Int
        let weights: Int
        let parameters: Int
        let macs: Int
    }

    func validate() throws {
        guard (1...256).contains(width) else { throw ValidationError("--width must be 1 to 256, not \(width)") }
        guard (32...4096).contains(side), side % 32 == 0 else {
            throw ValidationError("--side must be 32 to 4096 and divisible by 32, not \(side)")
        }
    }

    func run() async throws {
        let rows = (Architecture.all + Architecture.pretrained).map { architecture in
            Row(
                name: architecture.name, heads: architecture.heads, decoders: architecture.decoders,
                weights: architecture.weights(width: width),
                parameters: architecture.parameters(width: width), macs: architecture.macs(width: width, side: side))
        }
        if json {
            print(try CanonicalJSON.document(rows), terminator: "")
        } else {
            let cells = rows.map { row in
                [
                    row.name, "\(row.decoders)", row.heads.map(\.rawValue).joined(separator: " "), "\(row.weights)",
                    "\(row.parameters)",
                    billions(row.macs),
                ]
            }
            print(TextTable(["name", "decoders", "heads", "weights", "parameters", "GMAC"], cells, right: [1, 3, 4, 5]).text)
        }
    }

    /// Two decimals.
    private func billions(_ value: Int) -> String {
        let hundredths = (value + 5_000_000) / 10_000_000
        return "\(hundredths / 100).\(String(hundredths % 100 + 100).dropFirst())"
    }
}
