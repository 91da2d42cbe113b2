internal import Imaging

/// One way to look at one image: working pixels and truth, and the square that the network sees before any augmentation.
struct TrainingView: Sendable {
    /// What lies outside of the working pixels.
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
