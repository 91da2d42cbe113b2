/// An sRGB colour with its opacity, each 0...1.
public struct Colour: Sendable, Hashable {
    /// 0...1
    public var red: Double
    /// 0...1
    public var green: Double
    /// 0...1
    public var blue: Double
    /// Opacity: 0 is invisible, 1 hides what is below.
    public var alpha: Double

    /// A colour, opaque unless said otherwise.
    public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
        self.red = red
        self.green = green
        self.blue = blue
        self.alpha = alpha
    }

    /// A colour as six hexadecimal digits are read: `Colour(0xFF8000)` is orange.
    public init(_ rgb: UInt32, alpha: Double = 1) {
        self.init(
            red: Double(rgb >> 16 & 255) / 255, green: Double(rgb >> 8 & 255) / 255, blue: Double(rgb & 255) / 255, alpha: alpha)
    }

    /// Opaque white.
    public static let white = Colour(0xFFFFFF)
    /// Opaque black.
    public static let black = Colour(0x000000)

    /// The same colour at another opacity.
    public func opacity(_ alpha: Double) -> Colour { Colour(red: red, green: green, blue: blue, alpha: alpha) }
}

/// A line's colour, width and dashes.
public struct Stroke: Sendable, Hashable {
    /// Colour and opacity.
    public var colour: Colour
    /// px
    public var width: Double
    /// Lengths of dash, gap, dash, ... in px; empty for a solid line.
    public var dashes: [Double]

    /// A line, solid unless dashes are given.
    public init(_ colour: Colour, width: Double, dashes: [Double] = []) {
        self.colour = colour
        self.width = width
        self.dashes = dashes
    }
}

/// A text's font and colour.
public struct TextStyle: Sendable, Hashable {
    /// Height of the em square, px.
    public var size: Double
    /// Of the letters.
    public var colour: Colour
    /// Whether the letters are bold.
    public var isBold: Bool
    /// A line around every letter, drawn under it, which keeps text readable on any ground.
    public var outline: Stroke?

    /// Text of a size and colour, without an outline unless one is given.
    public init(size: Double, colour: Colour, isBold: Bool = false, outline: Stroke? = nil) {
        self.size = size
        self.colour = colour
        self.isBold = isBold
        self.outline = outline
    }
}

/// The room that a line of text takes.
public struct TextExtents: Sendable, Hashable {
    /// From the first letter's origin to where the next text would begin, px.
    public var width: Double
    /// Of the font above the base line, px.
    public var ascent: Double
    /// Of the font below the base line, px.
    public var descent: Double

    /// Of one line of the font, px.
    public var height: Double { ascent + descent }
}
