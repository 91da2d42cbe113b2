/// How text is set.
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
        (self.size, self.colour, self.isBold, self.outline) = (size, colour, isBold, outline)
    }
}

/// How much room a line of text takes.
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
