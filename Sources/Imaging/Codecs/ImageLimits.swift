/// How large an image may be. Both are checked before memory is taken for pixels.
public struct ImageLimits: Sendable, Codable, Hashable {
    /// Of the file, bytes.
    public var maximumBytes: Int
    /// Width times height.
    public var maximumPixels: Int

    /// 256 MiB and 100 million pixels, unless given.
    public init(maximumBytes: Int = 256 << 20, maximumPixels: Int = 100_000_000) {
        self.maximumBytes = maximumBytes
        self.maximumPixels = maximumPixels
    }
}
