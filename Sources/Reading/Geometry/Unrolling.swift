#if canImport(Glibc)
    internal import Glibc
#endif
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
        let scale = Double(width) / Double(side)
        let samples = Unrolling.samples
        result.pixels.withUnsafeMutableBufferPointer { target in
            nonisolated(unsafe) let target = target
            Cores.forEachBand(of: side, height: 32) { _, rows in
                for row in rows {
                    let directions = (0..<samples).map {
                        Unrolling.direction(Double(row) + (Double($0) + 0.5) / Double(samples), side: side)
                    }
                    for column in 0..<side {
                        let distance = Unrolling.distance(Double(column) + 0.5) * scale
                        var sum = SIMD4<Float>(repeating: 0)
                        for direction in directions {
                            let x = Double(width) / 2 + distance * direction.x
                            sum += colour(Float(x), Float(Double(height) / 2 + distance * direction.y))
                        }
                        sum = (sum / Float(samples)).rounded(.toNearestOrAwayFromZero)
                        let index = 3 * (row * side + column)
                        for channel in 0..<3 { target[index + channel] = UInt8(sum[channel]) }
                    }
                }
            }
        }
        return result
    }

    /// Bilinear colour at a continuous place; the border pixel stands for what lies outside.
    private func colour(_ x: Float, _ y: Float) -> SIMD4<Float> {
        let (left, top) = ((x - 0.5).rounded(.down), (y - 0.5).rounded(.down))
        let (alongX, alongY) = (x - 0.5 - left, y - 0.5 - top)
        let (x0, x1) = (min(max(Int(left), 0), width - 1), min(max(Int(left) + 1, 0), width - 1))
        let (y0, y1) = (min(max(Int(top), 0), height - 1), min(max(Int(top) + 1, 0), height - 1))
        func pixel(_ x: Int, _ y: Int) -> SIMD4<Float> {
            let index = 3 * (y * width + x)
            return SIMD4(Float(pixels[index]), Float(pixels[index + 1]), Float(pixels[index + 2]), 0)
        }
        let upper = pixel(x0, y0) * (1 - alongX) + pixel(x1, y0) * alongX
        let lower = pixel(x0, y1) * (1 - alongX) + pixel(x1, y1) * alongX
        return upper * (1 - alongY) + lower * alongY
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
        result.values.withUnsafeMutableBufferPointer { target in
            nonisolated(unsafe) let target = target
            Cores.forEachBand(of: box.height, height: 64) { _, rows in
                for row in rows {
                    let y = Float(Double(box.y + row) + 0.5 - centre.y) * scale
                    for column in 0..<box.width {
                        let x = Float(Double(box.x + column) + 0.5 - centre.x) * scale
                        guard x * x + y * y < Float(side * side) / 4 else { continue }
                        target[row * box.width + column] = value(at: Unrolling.place(x: x, y: y, side: side))
                    }
                }
            }
        }
        return result
    }

    /// Bilinear value at a continuous place; the border value stands for what lies outside.
    private func value(at place: (x: Float, y: Float)) -> Float {
        let (left, top) = ((place.x - 0.5).rounded(.down), (place.y - 0.5).rounded(.down))
        let (alongX, alongY) = (place.x - 0.5 - left, place.y - 0.5 - top)
        let (x0, x1) = (min(max(Int(left), 0), width - 1), min(max(Int(left) + 1, 0), width - 1))
        let (y0, y1) = (min(max(Int(top), 0), height - 1), min(max(Int(top) + 1, 0), height - 1))
        let upper = self[x0, y0] * (1 - alongX) + self[x1, y0] * alongX
        let lower = self[x0, y1] * (1 - alongX) + self[x1, y1] * alongX
        return upper * (1 - alongY) + lower * alongY
    }
}
