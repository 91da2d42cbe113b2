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
        (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
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
