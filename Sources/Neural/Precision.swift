public import Screening

/// The numbers that a network runs in.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// 32-bit floating point.
    case fp32
    /// 16-bit floating point of fp32's range, sums in fp32; the first layer in fp32. Needs AVX-512; faster than fp32 with AMX alone.
    case bf16
    /// Bytes: activations 0...255, kernels with a scale for each map, sums in 32 bits; the first layer in fp32.
    case int8
}

/// The reach of each layer's values on real images: what int8 needs to know of a network beyond its weights.
public struct ActivationRanges: Sendable, Codable, Equatable {
    /// The magnitude that next to no value of a hidden convolution's output exceeds (of ``Lite``'s projections: after what is added), by
    /// the convolution's name; for the upsampled half of `decoder.D.L.conv1` also NAME.products and NAME.sum.
    public var reach: [String: Float]

    /// The same of the 16 points of what each hidden 3x3 convolution reads that may go by Winograd's F(2x2, 3x3) (a decoder's first: of
    /// the skip): products of row and column of the transform, the row outermost.
    public var points: [String: [Float]]

    /// Ranges by layer.
    public init(reach: [String: Float] = [:], points: [String: [Float]] = [:]) {
        self.reach = reach
        self.points = points
    }

    /// The names that a network of an architecture needs.
    public static func names(_ architecture: Architecture) -> [String] {
        let lite = architecture.encoder.lite?.layers.map(\.name) ?? []
        return lite
            + hidden(architecture).flatMap { unit in
                unit.hasPrefix("decoder") && unit.hasSuffix("conv1") ? [unit, unit + ".products", unit + ".sum"] : [unit]
            }
    }

    /// The names that it needs the points of: not of the image, and not of ``Lite``'s skips, which are signed.
    public static func pointNames(_ architecture: Architecture) -> [String] {
        hidden(architecture).filter { architecture.encoder == .paper ? $0 != "encoder.0.conv1" : $0.hasSuffix("conv2") }
    }

    /// The paper's 3x3 convolutions.
    private static func hidden(_ architecture: Architecture) -> [String] {
        architecture.parameterShapes(width: 1).map(\.name).filter { $0.contains(".conv") && $0.hasSuffix(".weight") }.map {
            String($0.dropLast(7))
        }
    }

    /// Refuses ranges that are not exactly those of an architecture.
    /// - Throws: `.damaged`, naming the layer.
    public func check(_ architecture: Architecture) throws(PapillaError) {
        let names = Self.names(architecture)
        let hint = "Quantise the model again: papilla models quantise NAME --data DIR"
        for name in names {
            guard let value = reach[name] else {
                throw PapillaError(.damaged, "The range of \(name) is missing", place: architecture.name, hint: hint)
            }
            guard value.isFinite, value >= 0 else {
                throw PapillaError(
                    .damaged, "The range of \(name) is \(value); expected a number of 0 or more", place: architecture.name,
                    hint: hint)
            }
        }
        let pointNames = Self.pointNames(architecture)
        for name in pointNames {
            guard let values = points[name], values.count == 16, values.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw PapillaError(
                    .damaged, "The points of \(name) are missing or not 16 numbers of 0 or more", place: architecture.name,
                    hint: hint)
            }
        }
        let unneeded = reach.keys.filter { !names.contains($0) } + points.keys.filter { !pointNames.contains($0) }
        if let unknown = unneeded.min() {
            throw PapillaError(
                .damaged, "There is a range of \(unknown), which the network does not have", place: architecture.name, hint: hint)
        }
    }

    /// Takes larger values in.
    mutating func widen(_ name: String, to values: [Float]) {
        points[name] = points[name].map { zip($0, values).map(max) } ?? values
    }

    /// Takes a larger value in.
    mutating func widen(_ name: String, to value: Float) { reach[name] = max(reach[name] ?? 0, value) }
}
