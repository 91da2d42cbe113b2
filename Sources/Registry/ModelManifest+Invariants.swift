internal import Neural
public import Screening

extension ModelManifest {
    /// Whether a name is lower-case letters, digits and hyphens only, so that it can never leave the models' folder.
    public static func isName(_ text: String) -> Bool {
        (1...80).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// Refuses a manifest that contradicts itself or that this program cannot follow.
    /// - Throws: `.damaged`, naming the key, what was found and what was expected.
    public func check() throws(PapillaError) {
        try require(schema == Self.schema, "schema", schema, "\(Self.schema)")
        try require(Self.isName(name), "name", name, "lower-case letters, digits and hyphens, 80 at most")
        let architecture = try Architecture(named: architecture)
        let isRouter = architecture == .router
        try require(
            isRouter == (task == .router), "architecture", architecture.name, "\(Architecture.router.name) for the router alone")
        try require((1...256).contains(width), "width", width, "1 to 256")
        try require((32...4096).contains(side) && side % 32 == 0, "side", side, "32 to 4096, divisible by 32")
        let (mean, std) = (normalisation.mean, normalisation.std)
        try require(mean.count == 3 && mean.allSatisfy(\.isFinite), "normalisation.mean", mean, "three numbers")
        try require(std.count == 3 && std.allSatisfy { $0.isFinite && $0 > 0 }, "normalisation.std", std, "three numbers above 0")
        let hasDistance = architecture.heads.contains(.distance)
        try require(
            hasDistance ? ["D1", "D2", "D3"].contains(distanceMap) : distanceMap == nil, "distance_map", distanceMap ?? "null",
            hasDistance ? "D1, D2 or D3" : "null, for a network without a distance head")
        try require(temperature.isFinite && temperature > 0, "temperature", temperature, "above 0")
        try require([1, 2, 4].contains(mirrors), "mirrors", mirrors, "1, 2 or 4")
        try require(
            mirrorsInDoubt != true || task == .polyp, "mirrors_in_doubt", true, "absent from a model for \(task.rawValue)")
        try require(!isUnrolled || task == .cup, "view", view, "another one: only a cup's network sees the disc unrolled")
        try require(!isUnrolled || mirrors == 1, "mirrors", mirrors, "1 with the view \(view): its columns have a direction")
        for (key, value) in thresholds.sorted(by: { $0.key < $1.key }) {
            try require((0...1).contains(value), "thresholds.\(key)", value, "0 to 1")
        }
        if let confidence {
            try require(task == .polyp, "confidence", "of a \(task.rawValue) network", "one for polyps alone")
            try require(confidence.isSound, "confidence", confidence, "numbers, deviations above 0, and each feature once")
        }
        if let ratioErrors {
            try require(task == .cup, "ratio_errors", "of a \(task.rawValue) network", "those of a cup's network alone")
            try require(ratioErrors.isSound, "ratio_errors", ratioErrors, "a floor above 0 and residuals in order")
        }
        for (key, value) in attention.sorted(by: { $0.key < $1.key }) {
            try require(value.isFinite, "attention.\(key)", value, "a number")
        }
        try require(
            precisions == checkedPrecisions, "precisions", precisions, "\(checkedPrecisions), those that are described")
        if let int8 { try int8.ranges.check(architecture) }
    }

    /// fp32, and those whose check is described.
    public var checkedPrecisions: [String] { ["fp32"] + (bf16 == nil ? [] : ["bf16"]) + (int8 == nil ? [] : ["int8"]) }

    private func require(_ condition: Bool, _ key: String, _ found: Any, _ expected: String) throws(PapillaError) {
        guard !condition else { return }
        throw PapillaError(
            .damaged, "The model's manifest has \(key) \(found); expected \(expected)", place: "\(name): \(key)",
            hint: "Copy the model again, or train it with this version")
    }
}
