/// A place in an image, in continuous pixel coordinates: origin at the top left corner, y down, pixel centres at +0.5.
public struct Point: Sendable, Codable, Hashable {
    /// To the right, px.
    public var x: Double
    /// Down, px.
    public var y: Double

    /// A point at (x, y).
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}
