public import Imaging

/// One way to look at one image: working pixels and truth, and the square that the network sees before any augmentation.
struct TrainingView: Sendable {
    /// The pixels outside of the working ones.
    enum Surround: Sendable {
        /// Black, as the service pads a photograph that ends there.
        case black
        /// The picture, mirrored at its border: a black corner would tell the network how far the picture was turned or shrunk.
        case reflected
    }

    /// Working pixels: about twice the network's resolution, or the image's own where that is less.
    let raster: Raster
    /// The truth in the working pixels; nil for the router.
    let truth: Mask?
    /// Centre of the network's view, working px.
    let centre: Point
    /// Side of the network's view, working px.
    let side: Double
    /// What lies outside of the working pixels.
    let surround: Surround
    /// The part of the view that the picture fills (width, height, 0...1); the rest is padding and stays black.
    let window: (width: Double, height: Double)
    /// How far augmentation may go, as factors of `side`.
    let zoom: ClosedRange<Double>
    /// The largest shift of the centre, as a share of `side`.
    let shift: Double
    /// The largest rotation, degrees.
    let rotation: Double
    /// Whether the circle in the view is shown unrolled.
    var isUnrolled = false
}

/// All looks at one image. Training draws one of them, validation takes each.
struct TrainingImage: Sendable {
    /// The data set that it is from.
    let set: String
    /// Its ID there.
    let id: String
    /// At least one.
    let looks: [TrainingView]
    /// A look at a part of the picture without anything to find, which only training takes; nil where there is none of some size.
    var background: TrainingView?
    /// The router's class: 0 fundus, 1 endoscopy, 2 neither.
    let label: Int32

    /// Whether its masks are known and there is nothing inside.
    var isEmpty: Bool { looks.allSatisfy { $0.truth?.area == 0 } }
}

/// The paper's three distance maps, of which a network learns one. All are Euclidean distances to the nearest boundary pixel, 0 on the
/// boundary.
public enum DistanceMap: String, Sendable, Codable, CaseIterable {
    /// Positive outside, 0 inside.
    case outside = "D1"
    /// Positive outside and inside.
    case absolute = "D2"
    /// Positive outside, negative inside.
    case signed = "D3"
}

/// The targets of the heads, made from the mask alone (Murugesan et al., 2019, section 2): the mask, its contour and a distance map.
public struct Targets: Sendable, Equatable {
    /// S x S, 1 inside.
    public let mask: [UInt8]
    /// S x S, 1 within the contour's radius of a boundary pixel: the boundary dilated with a disk.
    public let contour: [UInt8]
    /// S x S, 0...1: distances end at R = S / 4 and are divided by it; the signed map has its boundary at 0.5. 1 everywhere for an empty mask.
    public let distance: [Float]

    /// The contour's radius at side S, px: 5 at 256 and in proportion, at least 1.
    public static func contourRadius(side: Int) -> Double { max(1, 5 * Double(side) / 256) }

    /// The targets of a square mask. The mask's side is the network's.
    public init(mask: Mask, distance map: DistanceMap) {
        let boundary = mask.boundary()
        let distances = DistanceTransform.euclidean(toForeground: boundary)
        let radius = Float(Self.contourRadius(side: mask.width))
        let limit = Float(mask.width) / 4
        let isEmpty = mask.area == 0
        self.mask = mask.pixels.map { $0 == 0 ? 0 : 1 }
        // A pixel lies in the disk around some boundary pixel exactly where its distance to the nearest one is at most the radius.
        contour = distances.values.map { $0 <= radius ? 1 : 0 }
        var scaled = [Float](repeating: 1, count: distances.values.count)
        if !isEmpty {
            for index in scaled.indices {
                let reached = min(distances.values[index], limit) / limit
                let isInside = mask.pixels[index] != 0
                switch map {
                case .outside: scaled[index] = isInside ? 0 : reached
                case .absolute: scaled[index] = reached
                case .signed: scaled[index] = 0.5 + (isInside ? -0.5 : 0.5) * reached
                }
            }
        }
        distance = scaled
    }
}
