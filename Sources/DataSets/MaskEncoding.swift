internal import Imaging

/// The meaning of the values of some masks.
public struct MaskEncoding: Sendable {
    /// A value and what it means.
    struct Level: Sendable, Equatable {
        let label: Label
        let meaning: MaskClass
    }

    /// Which values mean what.
    let levels: [Level]
    /// Whether values in between belong to the nearest level: JPEG, or softened edges.
    let isSoft: Bool
    /// What a person said, where one did.
    let stated: StatedMaskValues?
    /// Whether the alpha of any of the masks varies: one that hides all is then empty.
    var usesAlpha = false

    init(_ levels: [Level], isSoft: Bool = false, stated: StatedMaskValues? = nil) {
        self.levels = levels
        self.isSoft = isSoft
        self.stated = stated
    }

    init(_ levels: KeyValuePairs<UInt16, MaskClass>) { self.init(levels.map { Level(label: Label($0), meaning: $1) }) }

    /// `0 outside, 1 polyp`, from the outside inwards.
    public var words: String {
        let order = MaskClass.allCases
        let named = levels.sorted {
            (order.firstIndex(of: $0.meaning) ?? 0, $0.label) < (order.firstIndex(of: $1.meaning) ?? 0, $1.label)
        }
        let text = stated?.text.replacing("=", with: " ").replacing(",", with: ", ")
        return (text ?? named.map { "\($0.label) \($0.meaning.rawValue)" }.joined(separator: ", "))
            + (isSoft ? ", values between belong to the nearest" : "")
    }

    /// Whether any value means so.
    public func has(_ meaning: MaskClass) -> Bool {
        levels.contains { $0.meaning == meaning } || stated?.entries.contains { $0.meaning == meaning } ?? false
    }

    /// The meaning of a value; nil for one that has none.
    func meaning(of label: Label) -> MaskClass? {
        if let stated, let meaning = stated.meaning(of: label) { return meaning }
        if !isSoft { return levels.first { $0.label == label }?.meaning }
        return levels.min { Self.distance($0.label, label) < Self.distance($1.label, label) }?.meaning
    }

    /// A mask as Papilla writes it: 0 outside, 128 disc, 255 cup or polyp. Nil and the value for one without a meaning.
    func canonical(_ image: LabelImage) -> Result<GreyImage, UnknownLabel> {
        var grey = GreyImage(width: image.width, height: image.height)
        if usesAlpha, image.alpha == .hidesAll { return .success(grey) }
        var known: [Label: UInt8] = [:]
        var (last, value): (Label?, UInt8) = (nil, 0)
        for (index, label) in image.pixels.enumerated() {
            if label != last {
                if let found = known[label] {
                    value = found
                } else {
                    guard let meaning = meaning(of: label) else { return .failure(UnknownLabel(label: label)) }
                    value = meaning.canonical
                    known[label] = value
                }
                last = label
            }
            grey.pixels[index] = value
        }
        return .success(grey)
    }

    /// Squared, over the three channels.
    static func distance(_ one: Label, _ other: Label) -> Int {
        let (a, b) = (one.channels, other.channels)
        return (a.red - b.red) * (a.red - b.red) + (a.green - b.green) * (a.green - b.green) + (a.blue - b.blue)
            * (a.blue - b.blue)
    }
}

/// A value that an encoding has no meaning for.
struct UnknownLabel: Error {
    let label: Label
}
