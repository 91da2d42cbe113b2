import Imaging
import Screening

/// Images drawn for the tests, by a function of the pixel.
enum Drawn {
    static func image(_ width: Int, _ height: Int, _ colour: (Int, Int) -> (Int, Int, Int)) -> Raster {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let (red, green, blue) = colour(x, y)
                pixels += [UInt8(clamping: red), UInt8(clamping: green), UInt8(clamping: blue)]
            }
        }
        return Raster(width: width, height: height, pixels: pixels)
    }

    /// A number 0..<1 that looks random and depends on the place only.
    static func noise(_ x: Int, _ y: Int) -> Double {
        var value = UInt64(truncatingIfNeeded: x &* 73_856_093 ^ y &* 19_349_663) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
        value = value &* 0xBF58_476D_1CE4_E5B9
        return Double(value >> 40) / Double(1 << 24)
    }

    /// A textured retina: orange, with fine bright and dark structure.
    static func retina(_ x: Int, _ y: Int) -> (Int, Int, Int) {
        let fine = Int(40 * noise(x / 3, y / 3)) + Int(30 * noise(x / 17, y / 17))
        return (140 + fine, 70 + fine, 30 + fine / 2)
    }

    /// A whole field: a circle of retina on a near-black, noisy border, with a disc and a cup in it.
    static func fundus(_ width: Int, _ height: Int, field: Ellipse, disc: Ellipse, cup: Ellipse) -> Raster {
        image(width, height) { x, y in
            let place = (Double(x) + 0.5, Double(y) + 0.5)
            guard field.contains(place.0, place.1) else {
                let dark = Int(8 * noise(x, y))
                return (dark, dark, dark)
            }
            if cup.contains(place.0, place.1) { return (255, 250, 240) }
            if disc.contains(place.0, place.1) { return (225, 200, 150) }
            return retina(x, y)
        }
    }
}
