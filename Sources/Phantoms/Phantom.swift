internal import Glibc
public import Imaging
public import Screening

/// A synthetic image with its exact truth. It says PHANTOM in its pixels; ``PhantomSet`` says so in the file's metadata too.
///
/// The same kind, seed, index, size, view and style always give the same pixels.
public struct Phantom: Sendable {
    /// The kind of scene.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A colour fundus photograph with optic disc and cup.
        case fundus
        /// A colonoscopy frame with two, one or no polyps.
        case endoscopy
    }

    /// The part of an eye that is in the picture.
    public enum View: String, Sendable, Codable {
        /// The whole field of view.
        case whole
        /// A square crop of about 2.5 disc diameters around the disc.
        case disc
    }

    /// What is shown.
    public let kind: Kind
    /// The picture.
    public let raster: Raster
    /// The truth, of the picture's size. Fundus: 0, 128 disc (its rim), 255 cup. Endoscopy: 0, 255 polyp.
    public let mask: GreyImage
    /// Which eye it is; unknown for endoscopy.
    public let eye: Eye
    /// How many polyps there are; 0 for fundus.
    public let polyps: Int

    /// Whether there is a polyp.
    public var hasPolyp: Bool { polyps > 0 }

    /// The size of a picture unless another is asked for: 1024 x 1024 for whole fields, 512 x 512 for discs, 720 x 576 for
    /// endoscopy.
    public static func defaultSize(of kind: Kind, view: View = .whole) -> (width: Int, height: Int) {
        switch (kind, view) {
        case (.fundus, .whole): (1024, 1024)
        case (.fundus, .disc): (512, 512)
        case (.endoscopy, _): (720, 576)
        }
    }

    /// Makes image `index` of a seed. Sides below 64 px are taken as 64. `view` concerns fundus only.
    public static func make(
        _ kind: Kind, seed: UInt64, index: Int, width: Int? = nil, height: Int? = nil, view: View = .whole,
        style: PhantomStyle = .standard
    ) -> Phantom {
        let size = defaultSize(of: kind, view: view)
        let (width, height) = (max(64, width ?? size.width), max(64, height ?? size.height))
        var random = SeededGenerator(seed: seed, index: index)
        switch kind {
        case .fundus:
            let scene = FundusScene(&random)
            var painter = FundusPainter(
                scene, framing: scene.framing(width: width, height: height, view: view), random: random.split())
            painter.paint()
            return finished(kind, painter.painting, painter.mask, eye: scene.eye, style: style, random: random.split())
        case .endoscopy:
            let scene = EndoscopyScene(&random, index: index, seed: seed, width: width, height: height)
            var painter = EndoscopyPainter(scene, random: random.split())
            painter.paint()
            return finished(kind, painter.painting, painter.mask, eye: .unknown, style: style, random: random.split())
        }
    }

    static func finished(
        _ kind: Kind, _ painting: Painting, _ mask: GreyImage, eye: Eye, style: PhantomStyle, random: SeededGenerator
    ) -> Phantom {
        var raster = painting.photographed(style, random: random)
        Lettering.stamp(on: &raster)
        // Counted in the mask: in a picture of an odd shape, polyps may be cut or joined.
        let polyps = kind == .endoscopy ? mask.mask(atLeast: 255).components().count : 0
        return Phantom(kind: kind, raster: raster, mask: mask, eye: eye, polyps: polyps)
    }
}

/// The camera's look: what makes one device's pictures differ from another's of the same eyes or bowels.
public struct PhantomStyle: Sendable, Hashable {
    /// Factors on red, green and blue, 1 for the neutral camera.
    public var gains: SIMD3<Float>
    /// Standard deviation of the blur, px at 1000 px a side; scaled with the image.
    public var blur: Double
    /// Standard deviation of the sensor's noise, grey levels of 255.
    public var noise: Double

    /// A camera. The default is neutral, sharp and clean.
    public init(gains: SIMD3<Float> = SIMD3(1, 1, 1), blur: Double = 0.9, noise: Double = 2.2) {
        self.gains = gains
        self.blur = blur
        self.noise = noise
    }

    /// The camera of the shipped phantoms.
    public static let standard = PhantomStyle()
    /// Another camera: colder, softer, noisier. For tests of what happens when a site's device changes.
    public static let other = PhantomStyle(gains: SIMD3(0.75, 1, 1.2), blur: 3, noise: 5)
}

extension SeededGenerator {
    /// The numbers of one image of one seed.
    init(seed: UInt64, index: Int) {
        var outer = SeededGenerator(state: seed)
        var inner = SeededGenerator(state: outer.next() ^ (UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03))
        self.init(state: inner.next())
    }

    /// A generator of its own, so that one part of a picture may draw more numbers without changing the others.
    mutating func split() -> SeededGenerator { SeededGenerator(state: next()) }

    /// -1 or 1.
    mutating func sign() -> Double { next() & 1 == 0 ? -1 : 1 }

    /// A normal number of mean 0 and variance 1 (Box & Muller, 1958).
    mutating func normal() -> Double {
        (-2 * log(1 - uniform(0...0x1.fffffffffffffp-1))).squareRoot() * cos(2 * .pi * uniform())
    }
}
