internal import Glibc
internal import Imaging
internal import Reading
internal import Screening

/// An affine map from a square of S x S output pixels to a look's working pixels: centre + matrix x (u - S / 2). Where the look is
/// unrolled, the square is rolled up before.
struct Warp: Sendable {
    /// Where the middle of the output lies, working px.
    var centre: Point
    /// Working px per output px, row by row.
    var matrix: (Double, Double, Double, Double)

    /// The view itself: no augmentation.
    init(_ look: TrainingView, side: Int) {
        let scale = look.side / Double(side)
        self.init(centre: look.centre, scale: scale, degrees: 0, stretch: 1, mirrored: (false, false))
    }

    /// Rotation by `degrees`, stretched along x and compressed along y by `stretch`, mirrored before all that.
    init(centre: Point, scale: Double, degrees: Double, stretch: Double, mirrored: (x: Bool, y: Bool)) {
        self.centre = centre
        let (sine, cosine) = (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
        let (x, y) = (scale * stretch * (mirrored.x ? -1 : 1), scale / stretch * (mirrored.y ? -1 : 1))
        matrix = (cosine * x, -sine * y, sine * x, cosine * y)
    }

    /// Colours (S x S x 3, 0...255) and truth (S x S) of a look through this map.
    ///
    /// Antialiased by supersampling: as many bilinear samples along each axis as working pixels fall on an output pixel, averaged; an
    /// output pixel is inside where at least half of its samples are.
    func apply(_ look: TrainingView, side: Int) -> (colours: [Float], truth: Mask) {
        let determinant = abs(matrix.0 * matrix.3 - matrix.1 * matrix.2)
        let usual = min(max(Int((determinant.squareRoot() - 0.1).rounded(.up)), 1), 4)
        // (columns, rows) for each output pixel.
        let samples = look.isUnrolled ? (x: max(1, usual / 2), y: Unrolling.samples) : (x: usual, y: usual)
        let count = samples.x * samples.y
        var colours = [Float](repeating: 0, count: side * side * 3)
        var truth = Mask(width: side, height: side)
        let half = Double(side) / 2
        let left = Int((half * (1 - look.window.width)).rounded())
        let top = Int((half * (1 - look.window.height)).rounded())
        let source = Source(look)
        // From the middle, output px, of a sample of column u and row v.
        let alongX = (0..<side * samples.x).map { (Double($0) + 0.5) / Double(samples.x) }
        let alongY = (0..<side * samples.y).map { (Double($0) + 0.5) / Double(samples.y) }
        let directions = look.isUnrolled ? alongY.map { Unrolling.direction($0, side: side) } : []
        func places(_ u: Int, _ i: Int, _ v: Int, _ j: Int) -> (x: Double, y: Double) {
            let (x, row) = (alongX[u * samples.x + i], v * samples.y + j)
            guard look.isUnrolled else { return (x - half, alongY[row] - half) }
            let distance = Unrolling.distance(x)
            return (distance * directions[row].x, distance * directions[row].y)
        }
        look.raster.pixels.withUnsafeBufferPointer { pixels in
            colours.withUnsafeMutableBufferPointer { colours in
                for v in top..<side - top {
                    for u in left..<side - left {
                        var sum = SIMD4<Float>(repeating: 0)
                        for j in 0..<samples.y {
                            for i in 0..<samples.x {
                                let (x, y) = places(u, i, v, j)
                                sum += source.colour(
                                    pixels, Float(centre.x + matrix.0 * x + matrix.1 * y),
                                    Float(centre.y + matrix.2 * x + matrix.3 * y))
                            }
                        }
                        sum /= Float(count)
                        let index = 3 * (v * side + u)
                        colours[index] = sum.x
                        colours[index + 1] = sum.y
                        colours[index + 2] = sum.z
                    }
                }
            }
        }
        guard let mask = look.truth else { return (colours, truth) }
        mask.pixels.withUnsafeBufferPointer { pixels in
            truth.pixels.withUnsafeMutableBufferPointer { truth in
                for v in top..<side - top {
                    for u in left..<side - left {
                        var inside = 0
                        for j in 0..<samples.y {
                            for i in 0..<samples.x {
                                let (x, y) = places(u, i, v, j)
                                let px = Int((centre.x + matrix.0 * x + matrix.1 * y).rounded(.down))
                                let py = Int((centre.y + matrix.2 * x + matrix.3 * y).rounded(.down))
                                if let at = source.index(px, py), pixels[at] != 0 { inside += 1 }
                            }
                        }
                        truth[v * side + u] = 2 * inside >= count ? 255 : 0
                    }
                }
            }
        }
        return (colours, truth)
    }

    /// Reads working pixels with the look's rule for what lies outside.
    private struct Source {
        let width: Int
        let height: Int
        let isReflected: Bool

        init(_ look: TrainingView) {
            width = look.raster.width
            height = look.raster.height
            isReflected = look.surround == .reflected
        }

        /// The pixel's index; nil for black.
        @inline(__always) func index(_ x: Int, _ y: Int) -> Int? {
            if x >= 0, y >= 0, x < width, y < height { return y * width + x }
            guard isReflected else { return nil }
            return Self.reflected(y, height) * width + Self.reflected(x, width)
        }

        /// Bilinear colour at a continuous place.
        @inline(__always) func colour(_ pixels: UnsafeBufferPointer<UInt8>, _ x: Float, _ y: Float) -> SIMD4<Float> {
            let (cornerX, cornerY) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
            let (alongX, alongY) = (x - 0.5 - cornerX, y - 0.5 - cornerY)
            let (ix, iy) = (Int(cornerX), Int(cornerY))
            let upper, lower: SIMD4<Float>
            if ix >= 0, iy >= 0, ix + 1 < width, iy + 1 < height {
                let (first, second) = (3 * (iy * width + ix), 3 * ((iy + 1) * width + ix))
                upper = Self.mixed(pixels, first, alongX)
                lower = Self.mixed(pixels, second, alongX)
            } else {
                upper = pixel(pixels, ix, iy) * (1 - alongX) + pixel(pixels, ix + 1, iy) * alongX
                lower = pixel(pixels, ix, iy + 1) * (1 - alongX) + pixel(pixels, ix + 1, iy + 1) * alongX
            }
            return upper * (1 - alongY) + lower * alongY
        }

        /// Two neighbours of a row, mixed.
        @inline(__always) private static func mixed(_ pixels: UnsafeBufferPointer<UInt8>, _ at: Int, _ share: Float) -> SIMD4<
            Float
        > {
            let left = SIMD4<Float>(Float(pixels[at]), Float(pixels[at + 1]), Float(pixels[at + 2]), 0)
            let right = SIMD4<Float>(Float(pixels[at + 3]), Float(pixels[at + 4]), Float(pixels[at + 5]), 0)
            return left + (right - left) * share
        }

        @inline(__always) private func pixel(_ pixels: UnsafeBufferPointer<UInt8>, _ x: Int, _ y: Int) -> SIMD4<Float> {
            guard let index = index(x, y) else { return .zero }
            return SIMD4(Float(pixels[3 * index]), Float(pixels[3 * index + 1]), Float(pixels[3 * index + 2]), 0)
        }

        /// Mirrors a coordinate into 0..<count; the border pixel stands twice.
        static func reflected(_ value: Int, _ count: Int) -> Int {
            var folded = value % (2 * count)
            if folded < 0 { folded += 2 * count }
            return folded < count ? folded : 2 * count - 1 - folded
        }
    }
}
