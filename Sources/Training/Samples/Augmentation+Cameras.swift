internal import Glibc
internal import Imaging
internal import Screening

/// The colours of a picture as mean and deviation of its light and of two differences, which hardly depend on one another (Reinhard et al.
/// 2001, in a plainer space). Black, which is padding, does not count.
struct Palette: Sendable, Equatable {
    let mean: SIMD3<Float>
    let deviation: SIMD3<Float>

    /// Of interleaved colours, every `step`th pixel; nil where all is black.
    init?(_ count: Int, step: Int = 1, _ pixel: (Int) -> SIMD3<Float>) {
        var sum = SIMD3<Double>.zero
        var squares = SIMD3<Double>.zero
        var seen = 0.0
        for index in stride(from: 0, to: count, by: step) {
            let colour = pixel(index)
            guard colour.sum() > 30 else { continue }
            let value = SIMD3<Double>(Self.turned(colour))
            sum += value
            squares += value * value
            seen += 1
        }
        guard seen > 0 else { return nil }
        let middle = sum / seen
        let variance = squares / seen - middle * middle
        mean = SIMD3<Float>(middle)
        deviation = SIMD3<Float>(
            variance.clamped(lowerBound: .init(repeating: 4), upperBound: .init(repeating: 1e6)).squareRoot())
    }

    /// Of a picture.
    init?(_ raster: Raster) {
        let pixels = raster.pixels
        self.init(raster.width * raster.height, step: 7) {
            SIMD3(Float(pixels[3 * $0]), Float(pixels[3 * $0 + 1]), Float(pixels[3 * $0 + 2]))
        }
    }

    /// Light, red against green, yellow against blue.
    private static func turned(_ c: SIMD3<Float>) -> SIMD3<Float> {
        SIMD3((c.x + c.y + c.z) / 3, (c.x - c.y) / 2, (c.x + c.y - 2 * c.z) / 4)
    }

    private static func back(_ v: SIMD3<Float>) -> SIMD3<Float> {
        let blue = v.x - 4 * v.z / 3
        let both = (3 * v.x - blue) / 2
        return SIMD3(both + v.y, both - v.y, blue)
    }

    /// Gives colours (0...255) this palette, by `share` of the way.
    func lay(over colours: inout [Float], share: Float) {
        let source = colours
        let own = Palette(source.count / 3, step: 3) { SIMD3(source[3 * $0], source[3 * $0 + 1], source[3 * $0 + 2]) }
        guard let own else { return }
        let factor = (deviation / own.deviation).clamped(lowerBound: .init(repeating: 0.5), upperBound: .init(repeating: 2))
        for at in stride(from: 0, to: colours.count, by: 3) {
            let colour = SIMD3(colours[at], colours[at + 1], colours[at + 2])
            guard colour.sum() > 0 else { continue }
            let moved = Self.back((Self.turned(colour) - own.mean) * factor + mean)
            // Dark pixels stay nearly as dark, or a border would get a colour.
            let part = share * min(1, colour.sum() / 60)
            let mixed = (colour + (moved - colour) * part).clamped(lowerBound: .zero, upperBound: .init(repeating: 255))
            colours[at] = mixed.x
            colours[at + 1] = mixed.y
            colours[at + 2] = mixed.z
        }
    }
}

extension Augmentation {
    /// Shows green light as red and blue as green and blue, more or less: what narrow bands make of mucosa.
    static func narrow(_ colours: inout [Float], _ random: inout SeededGenerator) {
        let (red, kept) = (Float(random.uniform(0.8...1.3)), Float(random.uniform(0...0.3)))
        let (green, blue) = (Float(random.uniform(0.8...1.2)), Float(random.uniform(0.7...1.1)))
        for at in stride(from: 0, to: colours.count, by: 3) {
            let r = colours[at]
            let g = colours[at + 1]
            let b = colours[at + 2]
            colours[at] = min(255, red * (kept * r + (1 - kept) * g))
            colours[at + 1] = min(255, green * (0.4 * g + 0.6 * b))
            colours[at + 2] = min(255, blue * (0.2 * g + 0.8 * b))
        }
    }

    /// Covers a border with a dark panel with lines of writing, or a corner with a small plain picture. Nothing is to be found there.
    static func lay(
        panelOver colours: inout [Float], _ truth: inout Mask, window: (width: Double, height: Double),
        _ random: inout SeededGenerator
    ) {
        let side = truth.width
        var (left, top) = (
            Int((Double(side) * (1 - window.width) / 2).rounded()), Int((Double(side) * (1 - window.height) / 2).rounded())
        )
        var (right, bottom) = (side - left, side - top)
        let isPanel = random.chance(0.5)
        let share = random.uniform(isPanel ? 0.08...0.25 : 0.15...0.3)
        let (width, height) = (max(1, Int(share * Double(right - left))), max(1, Int(share * Double(bottom - top))))
        let (first, second) = (random.chance(0.5), random.chance(0.5))
        if isPanel, first {
            if second { right = left + width } else { left = right - width }
        } else if isPanel {
            if second { bottom = top + height } else { top = bottom - height }
        } else {
            if first { right = left + width } else { left = right - width }
            if second { bottom = top + height } else { top = bottom - height }
        }
        let ground = isPanel ? [Float(0), 0, 0] : (0..<3).map { _ in Float(random.uniform(20...160)) }
        let letter = max(2, side / 64)
        for y in top..<bottom {
            for x in left..<right {
                let isWriting = isPanel && y / letter % 3 == 1 && (x / letter * 7 + y / (3 * letter) * 5) % 11 < 5
                for channel in 0..<3 { colours[3 * (y * side + x) + channel] = isWriting ? 200 : ground[channel] }
                truth.pixels[y * side + x] = 0
            }
        }
    }
}
