internal import Neural

extension ModelCard {
    /// What the model loses in fewer bits.
    static func reduced(_ reduced: ModelManifest.Reduced, in precision: Precision) -> [CardBlock] {
        func four(_ value: Double) -> String { "\((value * 10000).rounded() / 10000 + 0)" }
        let what =
            precision == .int8
            ? "bytes instead of 32-bit numbers, on CPUs that are faster so" : "16-bit numbers, on CPUs with AMX"
        return [
            .table(
                ["data set", "split", "images", "fp32", precision.rawValue, "difference"],
                reduced.checks.map { check in
                    [
                        check.data, check.split, "\(check.images)", four(check.fp32), four(check.reduced),
                        four(check.reduced - check.fp32),
                    ]
                }),
            .paragraph(
                """
                In \(precision.rawValue) (\(what)): mean Dice, or the router's accuracy, of the same images read in both \
                precisions.\(precision == .int8 ? " Ranges were found on \(reduced.images) images of train." : "")
                """),
        ]
    }
}
