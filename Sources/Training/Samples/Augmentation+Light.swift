internal import Glibc
internal import Imaging
internal import Screening

/// Changes between the scene and the file: light, reflections, the endoscope's mask, compression. Padding is exactly black and stays so,
/// because the service pads after all of that.
extension Augmentation {
    /// Multiplies by a light that falls off along a line and towards the border (or the middle).
    func illuminate(_ colours: inout [Float], side: Int, _ random: inout SeededGenerator) {
        guard light > 0 else { return }
        let (across, down) = (random.uniform(-light...light), random.uniform(-light...light))
        let outwards = random.uniform(-1.5 * light...light)
        func factors(_ slope: Double) -> [Float] {
            (0..<side).map { index in
                let place = 2 * (Double(index) + 0.5) / Double(side) - 1
                return Float(exp(slope * place + outwards * (place * place - 1.0 / 3)))
            }
        }
        let (columns, rows) = (factors(across), factors(down))
        for y in 0..<side {
            for x in 0..<side {
                let factor = rows[y] * columns[x]
                for index in 3 * (y * side + x)..<3 * (y * side + x) + 3 { colours[index] = min(colours[index] * factor, 255) }
            }
        }
    }

    /// Lays a few white spots over the picture: small ellipses with soft edges.
    func reflect(_ colours: inout [Float], side: Int, _ random: inout SeededGenerator) {
        guard random.chance(highlights) else { return }
        for _ in 0...random.below(8) {
            let (cx, cy) = (random.uniform() * Double(side), random.uniform() * Double(side))
            let radius = Double(side) * exp(random.uniform(log(0.006)...log(0.04)))
            let (flat, turn) = (random.uniform(0.3...1), random.uniform(0...Double.pi))
            let strength = Float(random.uniform(0.6...1))
            let (sine, cosine) = (sin(turn), cos(turn))
            let reach = Int(radius * 1.5) + 1
            for y in max(0, Int(cy) - reach)..<max(0, min(side, Int(cy) + reach + 1)) {
                for x in max(0, Int(cx) - reach)..<max(0, min(side, Int(cx) + reach + 1)) {
                    let (dx, dy) = (Double(x) + 0.5 - cx, Double(y) + 0.5 - cy)
                    let along = (dx * cosine + dy * sine) / radius
                    let beside = (dy * cosine - dx * sine) / (radius * flat)
                    // Full inside of half the radius, nothing beyond one and a half.
                    let share = strength * Float(min(1, max(0, 1.5 - (along * along + beside * beside).squareRoot())))
                    let at = 3 * (y * side + x)
                    guard share > 0, colours[at] + colours[at + 1] + colours[at + 2] > 0 else { continue }
                    for index in at..<at + 3 { colours[index] += (255 - colours[index]) * share }
                }
            }
        }
    }

    /// Blackens what an endoscope with another mask would not show: the corners beyond an octagon or an oval around the window.
    func cutCorners(
        _ colours: inout [Float], _ truth: inout Mask, window: (width: Double, height: Double), _ random: inout SeededGenerator
    ) {
        guard random.chance(corners) else { return }
        let side = truth.width
        let isOval = random.chance(0.5)
        let limit = isOval ? random.uniform(1.05...1.35) : random.uniform(1.3...1.8)
        for v in 0..<side {
            let y = abs(2 * (Double(v) + 0.5) / Double(side) - 1) / window.height
            for u in 0..<side {
                let x = abs(2 * (Double(u) + 0.5) / Double(side) - 1) / window.width
                guard isOval ? x * x + y * y > limit * limit : x + y > limit else { continue }
                let at = v * side + u
                for index in 3 * at..<3 * at + 3 { colours[index] = 0 }
                truth.pixels[at] = 0
            }
        }
    }

    /// To JPEG and back.
    func compress(_ colours: inout [Float], side: Int, _ random: inout SeededGenerator) {
        guard random.chance(compression) else { return }
        let quality = 35 + random.below(51)
        let raster = Raster(width: side, height: side, pixels: colours.map { UInt8(min(max($0 + 0.5, 0), 255)) })
        // Memory that ran out is no reason to end a run: the sample then stays as it is.
        guard let bytes = try? ImageEncoder.jpeg(raster, quality: quality, chroma: .halved),
            let back = try? ImageDecoder.decode(bytes).raster, back.pixels.count == colours.count
        else { return }
        for at in stride(from: 0, to: colours.count, by: 3) where colours[at] + colours[at + 1] + colours[at + 2] > 0 {
            for index in at..<at + 3 { colours[index] = Float(back.pixels[index]) }
        }
    }
}
