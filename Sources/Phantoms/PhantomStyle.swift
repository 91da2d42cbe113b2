/// How the camera sees: what makes one device's pictures differ from another's of the same eyes or bowels.
public struct PhantomStyle: Sendable, Hashable {
    /// Factors on red, green and blue, 1 for the neutral camera.
    public var gains: SIMD3<Float>
    /// Standard deviation of the blur, px at 1000 px a side; scaled with the image.
    public var blur: Double
    /// Standard deviation of the sensor's noise, grey levels of 255.
    public var noise: Double

    /// A camera. The default is neutral, sharp and clean.
    public init(gains: SIMD3<Float> = SIMD3(1, 1, 1), blur: Double = 0.9, noise: Double = 2.2) {
        (self.gains, self.blur, self.noise) = (gains, blur, noise)
    }

    /// The camera of the shipped phantoms.
    public static let standard = PhantomStyle()
    /// Another camera: colder, softer, noisier. For tests of what happens when a site's device changes.
    public static let other = PhantomStyle(gains: SIMD3(0.75, 1, 1.2), blur: 3, noise: 5)
}
