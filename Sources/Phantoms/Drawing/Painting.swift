internal import Glibc
internal import Imaging
internal import Screening

/// A picture in the making: three planes of light, 0 black, 255 white, more where it is overexposed.
struct Painting {
    let width: Int
    let height: Int
    private(set) var red: [Float]
    private(set) var green: [Float]
    private(set) var blue: [Float]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        red = [Float](repeating: 0, count: width * height)
        green = red
        blue = red
    }

    /// Changes the pixels of some columns and rows: `change` gets the pixel's index, column, row and colour.
    mutating func change(
        columns: Range<Int>, rows: Range<Int>, _ change: (_ index: Int, _ x: Int, _ y: Int, _ colour: inout SIMD3<Float>) -> Void
    ) {
        red.withUnsafeMutableBufferPointer { red in
            green.withUnsafeMutableBufferPointer { green in
                blue.withUnsafeMutableBufferPointer { blue in
                    for y in rows {
                        for x in columns {
                            let index = y * width + x
                            var colour = SIMD3(red[index], green[index], blue[index])
                            change(index, x, y, &colour)
                            red[index] = colour.x
                            green[index] = colour.y
                            blue[index] = colour.z
                        }
                    }
                }
            }
        }
    }

    /// Changes every pixel.
    mutating func change(_ change: (_ index: Int, _ x: Int, _ y: Int, _ colour: inout SIMD3<Float>) -> Void) {
        self.change(columns: 0..<width, rows: 0..<height, change)
    }

    /// The picture through a camera: blurred, its highlights rolled off, with the sensor's noise.
    func photographed(_ style: PhantomStyle, random: SeededGenerator) -> Raster {
        var random = random
        let blur = GaussianBlur(sigma: style.blur * Double(max(width, height)) / 1000)
        let planes = [red, green, blue].map { blur.apply(to: $0, width: width, height: height) }
        var raster = Raster(width: width, height: height)
        // The sum of four evenly spread 16-bit numbers is close enough to a normal one, of deviation 65536 / √3.
        let scale = Float(style.noise) * Float(3).squareRoot() / 65536
        raster.pixels.withUnsafeMutableBufferPointer { pixels in
            for channel in 0..<3 {
                let gain = style.gains[channel]
                planes[channel].withUnsafeBufferPointer { plane in
                    for index in 0..<plane.count {
                        let bits = random.next()
                        let sum = Float((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48))
                        let light = rolledOff(plane[index] * gain)
                        // Less in the dark, as sensors and their noise filters have it.
                        let noise = (sum - 131_070) * scale * (0.35 + 0.65 * min(1, light / 90))
                        pixels[3 * index + channel] = UInt8(min(max(light + noise + 0.5, 0), 255))
                    }
                }
            }
        }
        return raster
    }

    /// Light above 205 approaches 255 instead of being cut there.
    private func rolledOff(_ light: Float) -> Float {
        guard light > 205 else { return light }
        return 255 - 50 * exp(-(light - 205) / 42)
    }
}

/// A Gaussian blur, separable, edges repeated.
struct GaussianBlur {
    private let weights: [Float]

    init(sigma: Double) {
        guard sigma > 0.2 else {
            weights = [1]
            return
        }
        let radius = Int((2.6 * sigma).rounded(.up))
        let bell = (-radius...radius).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let sum = bell.reduce(0, +)
        weights = bell.map { $0 / sum }
    }

    func apply(to values: [Float], width: Int, height: Int) -> [Float] {
        guard weights.count > 1 else { return values }
        let radius = weights.count / 2
        var half = [Float](repeating: 0, count: values.count), result = half
        values.withUnsafeBufferPointer { values in
            half.withUnsafeMutableBufferPointer { half in
                for y in 0..<height {
                    for (tap, weight) in weights.enumerated() {
                        let source = min(max(y + tap - radius, 0), height - 1) * width
                        for x in 0..<width { half[y * width + x] += weight * values[source + x] }
                    }
                }
            }
        }
        var padded = [Float](repeating: 0, count: width + 2 * radius)
        half.withUnsafeBufferPointer { half in
            result.withUnsafeMutableBufferPointer { result in
                padded.withUnsafeMutableBufferPointer { padded in
                    for y in 0..<height {
                        for x in 0..<padded.count { padded[x] = half[y * width + min(max(x - radius, 0), width - 1)] }
                        for (tap, weight) in weights.enumerated() {
                            for x in 0..<width { result[y * width + x] += weight * padded[x + tap] }
                        }
                    }
                }
            }
        }
        return result
    }
}

/// The word PHANTOM, set in the lower left corner in letters of 5 x 7 dots: no font of the machine's, so that the pixels are the
/// same everywhere.
enum Lettering {
    private static let letters: [[UInt8]] = [
        [0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000],
        [0b10001, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
        [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
        [0b10001, 0b11001, 0b10101, 0b10101, 0b10011, 0b10001, 0b10001],
        [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100],
        [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
        [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001],
    ]

    /// Writes it, grey on black, or lighter than what is there.
    static func stamp(on raster: inout Raster) {
        let dot = max(1, min(raster.width, raster.height) / 400)
        let (left, top) = (3 * dot, raster.height - 10 * dot)
        for (place, letter) in letters.enumerated() {
            for y in 0..<7 * dot {
                for x in 0..<5 * dot where letter[y / dot] >> (4 - x / dot) & 1 == 1 {
                    let (column, row) = (left + place * 6 * dot + x, top + y)
                    guard column < raster.width, row >= 0 else { continue }
                    for channel in 0..<3 {
                        let index = 3 * (row * raster.width + column) + channel
                        raster.pixels[index] = UInt8(min(255, (Int(raster.pixels[index]) + 150) * 3 / 4 + 20))
                    }
                }
            }
        }
    }
}
