/// A mask file's value for one pixel: a name, not a light. A grey value or a class number as it is stored, of 1 to 16 bits, or a colour; a
/// colour with three equal channels is the grey value.
public struct Label: Sendable, Hashable, Comparable, CustomStringConvertible {
    private static let colourBit: UInt32 = 1 << 24
    let code: UInt32

    /// A grey value or a class number.
    public init(_ value: UInt16) { code = UInt32(value) }

    /// A colour.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        code =
            red == green && green == blue
            ? UInt32(red) : Self.colourBit | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }

    /// The grey value; nil for a colour.
    public var grey: Int? { code & Self.colourBit == 0 ? Int(code) : nil }

    /// Red, green and blue, 0...255; grey values above stay as they are.
    public var channels: (red: Int, green: Int, blue: Int) {
        grey.map { ($0, $0, $0) } ?? (Int(code >> 16 & 255), Int(code >> 8 & 255), Int(code & 255))
    }

    /// Grey values come before colours.
    public static func < (one: Label, other: Label) -> Bool { one.code < other.code }

    /// `128`, or `#ff0000`.
    public var description: String {
        if let grey { return "\(grey)" }
        let digits = String(code & 0xFF_FFFF, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
}

/// An image of labels, such as a data set's mask.
public struct LabelImage: Sendable {
    /// The use of a file's alpha channel.
    public enum Alpha: Sendable {
        /// There is none, or it is the same everywhere and hides nothing.
        case unused
        /// It varies: what is transparent is not there.
        case counts
        /// It is 0 everywhere: nothing is there, or nothing set it. The labels are the colours.
        case hidesAll
    }

    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    /// height x width labels, rows from the top.
    public let pixels: [Label]
    /// What the file was.
    public let format: ImageFormat
    /// Where colours stand in the file's palette; empty without one.
    public let places: [Label: Int]
    /// What the file's alpha is for.
    public let alpha: Alpha

    /// An image of given labels: `height * width` of them, or the program stops.
    public init(
        width: Int, height: Int, pixels: [Label], format: ImageFormat = .png, places: [Label: Int] = [:], alpha: Alpha = .unused
    ) {
        precondition(width >= 0 && height >= 0 && pixels.count == width * height, "an image holds width x height labels")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.format = format
        self.places = places
        self.alpha = alpha
    }
}
