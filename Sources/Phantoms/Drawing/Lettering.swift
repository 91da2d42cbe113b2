internal import Imaging

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
