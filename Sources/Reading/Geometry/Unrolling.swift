internal import Glibc
internal import Imaging

/// A round structure unrolled: of the S x S numbers, a row is an angle and a column a distance from the centre. What is round becomes
/// straight, and the border of a small cup gets as many pixels as that of a large one. The cup network's view where its manifest says
/// `polar` (Fu et al., IEEE TMI 2018).
public enum Unrolling {
    /// Turns that the rows go through: one, and an eighth more at either end, so that the input's first and last row cut nothing.
    static let turns = 1.25
    /// The radius that is shown, in disc diameters.
    public static let reach = 0.8
    /// Samples along the angle that make one pixel: far from the centre neighbours of a column lie apart.
    public static let samples = 3

    /// The unit vector of a row: y from the input's top, px.
    public static func direction(_ y: Double, side: Int) -> (x: Double, y: Double) {
        let angle = 2 * Double.pi * turns * (y / Double(side) - 0.5)
        return (cos(angle), sin(angle))
    }

    /// Distance from the centre, in px of an S x S square around the circle, of a column: x from the input's left, px.
    public static func distance(_ x: Double) -> Double { x / 2 }

    /// The column and row of a place, given from the centre in px of an S x S square around the circle.
    static func place(x: Float, y: Float, side: Int) -> (x: Float, y: Float) {
        ((x * x + y * y).squareRoot() * 2, (atan2f(y, x) / (2 * .pi * Float(turns)) + 0.5) * Float(side))
    }
}

extension Raster {
    /// A square picture, unrolled about its middle: S x S, antialiased.
    func unrolled(side: Int) -> Raster {
        var result = Raster(width: side, height: side, fill: (0, 0, 0))
        let (scale, half) = (Double(width) / Double(side), Float(width) / 2)
        let samples = Unrolling.samples
        let directions = (0..<side * samples).map {
            let direction = Unrolling.direction((Double($0) + 0.5) / Double(samples), side: side)
            return SIMD2(Float(direction.x), Float(direction.y))
        }
        let distances = (0..<side).map { Float(Unrolling.distance(Double($0) + 0.5) * scale) }
        pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { target in
                nonisolated(unsafe) let (source, target) = (source, target)
                Cores.forEachBand(of: side, height: 32) { _, rows in
                    for row in rows {
                        for column in 0..<side {
                            var sum = SIMD4<Float>(repeating: 0.5 * Float(samples))
                            for sample in 0..<samples {
                                let place = half + distances[column] * directions[row * samples + sample]
                                sum += colour(source, at: place)
                            }
                            sum /= Float(samples)
                            let index = 3 * (row * side + column)
                            for channel in 0..<3 { target[index + channel] = UInt8(sum[channel]) }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Bilinear colour at a continuous place; the border pixel stands for what lies outside.
    @inline(__always)
    private func colour(_ source: UnsafeBufferPointer<UInt8>, at place: SIMD2<Float>) -> SIMD4<Float> {
        let corner = (place - 0.5).rounded(.down)
        let along = place - 0.5 - corner
        let (left, top) = (Int(corner.x), Int(corner.y))
        let (x0, x1) = (3 * min(max(left, 0), width - 1), 3 * min(max(left + 1, 0), width - 1))
        let (y0, y1) = (3 * width * min(max(top, 0), height - 1), 3 * width * min(max(top + 1, 0), height - 1))
        func pixel(_ index: Int) -> SIMD4<Float> {
            SIMD4(Float(source[index]), Float(source[index + 1]), Float(source[index + 2]), 0)
        }
        let upper = pixel(y0 + x0) * (1 - along.x) + pixel(y0 + x1) * along.x
        let lower = pixel(y1 + x0) * (1 - along.x) + pixel(y1 + x1) * along.x
        return upper * (1 - along.y) + lower * along.y
    }
}

extension Plane {
    /// Rolls an unrolled plane up again.
    ///
    /// - Parameters:
    ///   - box: the pixels wanted.
    ///   - rectangle: the square around the circle, in the box's pixels; outside of the circle everything is 0.
    func rolledUp(over box: PixelBox, from rectangle: Rectangle) -> Plane {
        var result = Plane(width: box.width, height: box.height, fill: 0)
        let (side, scale) = (width, Float(Double(width) / rectangle.width))
        let centre = rectangle.centre
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                nonisolated(unsafe) let (source, target) = (source, target)
                Cores.forEachBand(of: box.height, height: 64) { _, rows in
                    for row in rows {
                        let y = Float(Double(box.y + row) + 0.5 - centre.y) * scale
                        for column in 0..<box.width {
                            let x = Float(Double(box.x + column) + 0.5 - centre.x) * scale
                            guard x * x + y * y < Float(side * side) / 4 else { continue }
                            target[row * box.width + column] = value(source, at: Unrolling.place(x: x, y: y, side: side))
                        }
                    }
                }
            }
        }
        return result
    }

    /// Bilinear value at a continuous place; the border value stands for what lies outside.
    @inline(__always)
    private func value(_ source: UnsafeBufferPointer<Float>, at place: (x: Float, y: Float)) -> Float {
        let (left, top) = ((place.x - 0.5).rounded(.down), (place.y - 0.5).rounded(.down))
        let (alongX, alongY) = (place.x - 0.5 - left, place.y - 0.5 - top)
        let (x0, x1) = (min(max(Int(left), 0), width - 1), min(max(Int(left) + 1, 0), width - 1))
        let (y0, y1) = (min(max(Int(top), 0), height - 1), min(max(Int(top) + 1, 0), height - 1))
        let upper = source[y0 * width + x0] * (1 - alongX) + source[y0 * width + x1] * alongX
        let lower = source[y1 * width + x0] * (1 - alongX) + source[y1 * width + x1] * alongX
        return upper * (1 - alongY) + lower * alongY
    }
}
