internal import Glibc
internal import Imaging
internal import Screening

/// A scene before a colonoscope, in units of half the content's height: origin in the content's centre, x right, y down.
struct EndoscopyScene: Sendable {
    /// Size of the picture, px.
    let width: Int
    let height: Int
    /// The content's centre and half size, px.
    let centre: SIMD2<Double>
    let half: SIMD2<Double>
    /// How much of the corners is cut, units; 0.05 or so is a rounded rectangle.
    let corner: Double
    /// Grey of the margin.
    let margin: Float
    /// Where the bowel's inside runs away from the camera; may lie off the content.
    let lumen: SIMD2<Double>
    /// Radius of its dark, units.
    let lumenRadius: Double
    /// Haustral folds an octave of distance, and how strong they are.
    let folds: Double
    let foldStrength: Double
    /// Colour of the mucosa in full light.
    let mucosa: SIMD3<Float>
    /// Direction from which the lamps shine in the picture's plane, units.
    let lamp: SIMD2<Double>
    /// Strength of the vessels' net, and of wet reflections.
    let vessels: Float
    let wetness: Float
    /// Overall exposure.
    let exposure: Float
    let polyps: [PolypScene]

    /// Pixels a unit.
    var scale: Double { half.y }

    /// Every third frame, from a place in the cycle that the seed chooses, has no polyp; of the others, every fourth or so has
    /// two.
    init(_ random: inout SeededGenerator, index: Int, seed: UInt64, width: Int, height: Int) {
        self.width = width
        self.height = height
        let isEmpty = (UInt64(truncatingIfNeeded: index) &+ seed) % 3 == 2
        let tall = Double(height) / 2 * random.uniform(0.86...0.98)
        let wide = min(tall * random.uniform(1.05...1.28), Double(width) / 2 * 0.97)
        half = SIMD2(wide, tall)
        let room = SIMD2(Double(width), Double(height)) / 2 - half
        centre = SIMD2(Double(width), Double(height)) / 2 + room * SIMD2(random.uniform(-0.2...0.95), random.uniform(-0.6...0.6))
        corner = random.chance(0.7) ? random.uniform(0.3...0.55) : random.uniform(0.05...0.15)
        margin = random.chance(0.6) ? 2 : Float(random.uniform(8...18))
        let view = random.uniform(0...1), angle = random.uniform(0...2 * .pi)
        // The lumen in the picture, at its edge, or far away: the camera faces the wall then.
        let away = view < 0.5 ? random.uniform(0.1...0.6) : view < 0.8 ? random.uniform(0.75...1.1) : random.uniform(1.8...2.4)
        lumen = SIMD2(cos(angle) * away * 1.1, sin(angle) * away * 0.9)
        lumenRadius = random.uniform(0.16...0.34)
        folds = random.uniform(0.7...1.5)
        foldStrength = random.uniform(0.1...0.42)
        let colours: [SIMD3<Double>] = [
            SIMD3(218, 132, 108), SIMD3(214, 138, 88), SIMD3(205, 120, 112), SIMD3(226, 150, 118), SIMD3(196, 140, 124),
        ]
        let tint = SIMD3(random.uniform(0.96...1.04), random.uniform(0.9...1.1), random.uniform(0.86...1.14))
        mucosa = SIMD3(colours[Int(random.next() % 5)] * tint)
        let side = random.uniform(0...2 * .pi)
        lamp = SIMD2(cos(side), sin(side)) * random.uniform(0.2...0.6)
        vessels = Float(random.chance(0.8) ? random.uniform(0.2...1) : 0)
        wetness = Float(random.uniform(0.2...1))
        exposure = Float(random.uniform(0.85...1.12))
        polyps = isEmpty ? [] : Self.polyps(lumen: lumen, lumenRadius: lumenRadius, wide: half.x / half.y, &random)
    }

    private static func polyps(
        lumen: SIMD2<Double>, lumenRadius: Double, wide: Double, _ random: inout SeededGenerator
    ) -> [PolypScene] {
        let count = random.chance(0.25) ? 2 : 1
        var polyps: [PolypScene] = []
        for attempt in 0..<60 where polyps.count < count {
            // Where there is little room, smaller ones are tried in the end.
            let size = random.uniform(0.2...(count == 1 ? 0.52 : 0.34)) * (attempt > 40 ? 0.6 : 1)
            let place = SIMD2(random.uniform(-0.72...0.72) * wide, random.uniform(-0.72...0.72))
            let toLumen = lumen - place, distance = (toLumen * toLumen).sum().squareRoot()
            let outside = SIMD2(abs(place.x) / wide, abs(place.y)) + size * 0.55
            guard distance > lumenRadius + size * 0.9, outside.max() < 1, outside.sum() < 1.5 else { continue }
            let isFree = polyps.allSatisfy { other in
                let apart = other.outline.centre - place
                return (apart * apart).sum().squareRoot() > other.outline.bound + size * 1.5
            }
            guard isFree else { continue }
            polyps.append(PolypScene(at: place, size: size, lumen: lumen, random: &random))
        }
        // A frame that should have a polyp has one, even if the lumen left no free place for it.
        guard polyps.isEmpty else { return polyps }
        let opposite = lumen / max(0.1, (lumen * lumen).sum().squareRoot()) * -0.45
        return [PolypScene(at: opposite, size: 0.22, lumen: lumen, random: &random)]
    }

    /// How far inside of the content a place is, units; negative outside.
    @inline(__always)
    func inside(_ x: Float, _ y: Float) -> Float {
        let wide = Float(half.x / half.y), corner = Float(corner)
        let (toSide, toTop) = (wide - abs(x), 1 - abs(y))
        return min(toSide, toTop, (toSide + toTop - corner) * 0.7071)
    }
}

/// One polyp: a bump on the wall.
struct PolypScene: Sendable {
    /// Its border, units.
    let outline: RoundOutline
    /// How steeply it rises at its border, 0…1: flat to pedunculated.
    let steepness: Float
    /// Its colour over the mucosa's.
    let tint: SIMD3<Float>
    /// How sharp its border is, share of its radius.
    let edge: Float
    /// Direction in which it leans away from the wall, to the lumen: there its border stands out, on the other side it flows into
    /// the wall.
    let lifted: SIMD2<Float>
    /// How soft the border is on that other side, share of its radius.
    let merging: Float
    /// How strong the lobes and the pits of its surface are.
    let lobes: Float
    let pits: Float
    /// Strength of its shadow.
    let shadow: Float

    init(at centre: SIMD2<Double>, size: Double, lumen: SIMD2<Double>, random: inout SeededGenerator) {
        let toLumen = lumen - centre
        lifted = SIMD2<Float>(toLumen / max(0.01, (toLumen * toLumen).sum().squareRoot()))
        let slim = random.uniform(0.62...1)
        let bends = (0..<4).map { order in SIMD2(random.normal(), random.normal()) * (0.075 / Double(order + 1)) }
        outline = RoundOutline(centre: centre, radii: SIMD2(size, size * slim), turn: random.uniform(0 ... .pi), harmonics: bends)
        steepness = Float(random.uniform(0.5...0.85))
        // Adenomas are redder than the mucosa, hyperplastic polyps paler.
        let isRed = random.chance(0.68)
        let strength = random.uniform(0.3...1)
        let full = isRed ? SIMD3(1.08, 0.78, 0.78) : SIMD3(1.1, 1.14, 1.12)
        tint = SIMD3(1 + (full - 1) * strength)
        edge = Float(random.uniform(0.02...0.06))
        merging = Float(random.uniform(0.04...0.22))
        lobes = Float(random.uniform(0.05...0.35))
        pits = Float(random.uniform(0...0.6))
        shadow = Float(random.uniform(0.2...0.6))
    }
}
