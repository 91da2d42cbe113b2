extension ModelCard {
    /// What the model loses in int8.
    static func quantised(_ quantised: ModelManifest.Quantised) -> [CardBlock] {
        func four(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
        return [
            .table(
                ["data set", "split", "images", "fp32", "int8", "difference"],
                quantised.checks.map { check in
                    [
                        check.data, check.split, "\(check.images)", four(check.fp32), four(check.int8),
                        four(check.int8 - check.fp32),
                    ]
                }),
            .paragraph(
                """
                In int8 (bytes instead of 32-bit numbers, on CPUs with VNNI): mean Dice, or the router's accuracy, of the same images read in both \
                precisions. Ranges were found on \(quantised.images) images of train.
                """),
        ]
    }
}
