/// How a line is drawn.
public struct Stroke: Sendable, Hashable {
    /// Colour and opacity.
    public var colour: Colour
    /// px
    public var width: Double
    /// Lengths of dash, gap, dash, ... in px; empty for a solid line.
    public var dashes: [Double]

    /// A line, solid unless dashes are given.
    public init(_ colour: Colour, width: Double, dashes: [Double] = []) {
        (self.colour, self.width, self.dashes) = (colour, width, dashes)
    }
}
