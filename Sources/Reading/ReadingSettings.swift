public import Imaging
public import Screening

/// The part of the configuration that readings depend on. Two readings of one image with equal settings and equal models are equal.
public struct ReadingSettings: Sendable, Equatable {
    /// Thresholds, attention's among them, that override those of the models' manifests: names as in ``Threshold/table``.
    public var thresholds: [String: Double]
    /// Larger files and images are refused before memory is taken.
    public var limits: ImageLimits
    /// How many frames of a file that holds several are read.
    public var frames: Int

    /// Settings; without arguments the standard ones.
    public init(thresholds: [String: Double] = [:], limits: ImageLimits = ImageLimits(), frames: Int = 32) {
        self.thresholds = thresholds
        self.limits = limits
        self.frames = frames
    }

    /// Refuses thresholds that do not exist or make no sense, naming those that do.
    public func check() throws(PapillaError) {
        var thresholds = Thresholds()
        try thresholds.override(self.thresholds)
    }

    /// Names these settings: a reading is used again only under the same ones.
    public var key: Digest {
        let overrides = thresholds.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return Digest(
            of: (overrides + ["\(limits.maximumBytes)", "\(limits.maximumPixels)", "\(frames)"]).joined(separator: "\n").utf8)
    }
}

extension ReadingSettings: Codable {
    enum CodingKeys: String, CodingKey {
        case thresholds, frames
        case maximumBytes = "maximum_bytes"
        case maximumPixels = "maximum_pixels"
    }

    /// Reads settings; what is missing has its standard value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(thresholds: try container.decodeIfPresent([String: Double].self, forKey: .thresholds) ?? [:])
        if let bytes = try container.decodeIfPresent(Int.self, forKey: .maximumBytes) { limits.maximumBytes = bytes }
        if let frames = try container.decodeIfPresent(Int.self, forKey: .frames) { self.frames = frames }
        if let pixels = try container.decodeIfPresent(Int.self, forKey: .maximumPixels) { limits.maximumPixels = pixels }
    }

    /// Writes every setting.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(thresholds, forKey: .thresholds)
        try container.encode(limits.maximumBytes, forKey: .maximumBytes)
        try container.encode(limits.maximumPixels, forKey: .maximumPixels)
        try container.encode(frames, forKey: .frames)
    }
}
