internal import Glibc
internal import Imaging
internal import Screening

/// An eye and the camera in front of it, in units of the field of view's radius: origin in the field's centre, x right, y down.
struct FundusScene: Sendable {
    let eye: Eye
    /// +1 where temporal is to the right in the picture (a left eye), -1 where it is to the left.
    let temporal: Double
    private(set) var disc: RoundOutline
    private(set) var cup: RoundOutline
    /// Vertical diameter of the disc.
    private(set) var discDiameter: Double
    private(set) var macula: SIMD2<Double>
    /// The field is cut at this height above and below the centre; above 1 it is not.
    let cut: Double
    let colours: FundusColours
    private(set) var vessels: [Vessel]
    private(set) var light: FundusLight
    /// How wide a crop around the disc is, disc diameters.
    private(set) var cropWidth: Double

    /// - Parameter side: right or left; either, where it is nil.
    init(_ random: inout SeededGenerator, side: Eye? = nil) {
        let sign = random.sign()
        temporal = side == nil ? sign : side == .left ? 1 : -1
        eye = temporal > 0 ? .left : .right
        discDiameter = random.uniform(0.27...0.37)
        let place = random.uniform(0...1)
        // Most cameras centre the macula or the point between it and the disc; some the disc.
        let away = place < 0.5 ? random.uniform(0.58...0.7) : place < 0.8 ? random.uniform(0.3...0.5) : random.uniform(-0.1...0.1)
        let centre = SIMD2(-temporal * away, random.uniform(-0.14...0.08))
        let tall = discDiameter / 2, slim = 1 / random.uniform(1.0...1.2)
        disc = RoundOutline(
            centre: centre, radii: SIMD2(tall * slim, tall), turn: random.uniform(-0.25...0.25),
            harmonics: Self.bends(&random, 0.018))
        cup = Self.cup(in: disc, temporal: temporal, &random)
        macula = centre + SIMD2(temporal * random.uniform(2.3...2.7), random.uniform(0.05...0.35)) * discDiameter
        cut = random.chance(0.4) ? random.uniform(0.8...0.93) : 2
        colours = FundusColours(&random)
        light = FundusLight(&random)
        cropWidth = random.uniform(2.1...2.8)
        var tree = VesselTree(
            disc: disc, cup: cup, diameter: discDiameter, temporal: temporal, macula: macula, random: random.split())
        vessels = tree.grow()
    }

    /// A cup of vertical ratio 0.2 to 0.85, whole within the disc, a little to the temporal side of its centre.
    private static func cup(in disc: RoundOutline, temporal: Double, _ random: inout SeededGenerator) -> RoundOutline {
        let ratio = (random.uniform(0.2...0.85) + random.uniform(0.2...0.85)) / 2 + random.uniform(-0.12...0.12)
        let vertical = min(max(ratio, 0.2), 0.85)
        let horizontal = min(vertical * random.uniform(0.94...1.12), 0.88)
        let room = 1 - max(vertical, horizontal)
        let offset = SIMD2(temporal * random.uniform(0.0...0.45), random.uniform(-0.2...0.2)) * room
        return RoundOutline(
            centre: disc.centre + offset * disc.radii, radii: disc.radii * SIMD2(horizontal, vertical), turn: disc.turn,
            harmonics: bends(&random, 0.02))
    }

    private static func bends(_ random: inout SeededGenerator, _ strength: Double) -> [SIMD2<Double>] {
        (0..<3).map { SIMD2(random.normal(), random.normal()) * (strength / Double($0 + 2)) }
    }

    /// Vertical diameter of the cup over that of the disc, before their bends.
    var ratio: Double { cup.radii.y / disc.radii.y }

    /// The widest cup that still has a rim all around.
    static let widest = 0.9

    /// The same eye with another vertical ratio: the cup grows or shrinks in both directions, and stays whole within the disc.
    func widened(to ratio: Double) -> FundusScene {
        let old = cup.radii / disc.radii
        let vertical = min(max(ratio, 0.1), Self.widest)
        let new = SIMD2(min(old.x * vertical / old.y, Self.widest), vertical)
        let place = (cup.centre - disc.centre) / disc.radii / (1 - old.max())
        var scene = self
        scene.cup = RoundOutline(
            centre: disc.centre + place * (1 - new.max()) * disc.radii, radii: disc.radii * new, turn: cup.turn,
            harmonics: cup.harmonics)
        return scene
    }

    /// The same eye before the camera again: turned, shifted, nearer or farther, in another light, cropped otherwise.
    func photographedAnew(_ random: inout SeededGenerator) -> FundusScene {
        func within(_ value: Double, _ bound: Double) -> Double { min(max(value, -bound), bound) }
        let pose = Pose(
            turn: within(0.04 * random.normal(), 0.1), scale: 1 + within(0.02 * random.normal(), 0.05),
            shift: SIMD2(within(0.04 * random.normal(), 0.08), within(0.04 * random.normal(), 0.08)))
        var scene = self
        scene.disc = pose.apply(to: disc)
        scene.cup = pose.apply(to: cup)
        scene.discDiameter = discDiameter * pose.scale
        scene.macula = pose.apply(to: macula)
        for index in vessels.indices {
            scene.vessels[index].points = vessels[index].points.map(pose.apply)
            scene.vessels[index].widths = vessels[index].widths.map { $0 * pose.scale }
        }
        scene.light = light.anew(&random)
        scene.cropWidth = random.uniform(2.1...2.8)
        return scene
    }

    /// How the scene lies in a picture.
    func framing(width: Int, height: Int, view: Phantom.View) -> FundusFraming {
        switch view {
        case .whole:
            let radius = 0.485 * min(Double(width), Double(height) / min(cut, 1))
            return FundusFraming(width: width, height: height, scale: radius, centre: SIMD2(Double(width), Double(height)) / 2)
        case .disc:
            let scale = Double(min(width, height)) / (cropWidth * discDiameter)
            return FundusFraming(
                width: width, height: height, scale: scale, centre: SIMD2(Double(width), Double(height)) / 2 - disc.centre * scale
            )
        }
    }
}

/// How an eye stands before the camera: turned about the field's centre, scaled, then shifted.
private struct Pose {
    /// Radians, clockwise as seen.
    let turn: Double
    let scale: Double
    let shift: SIMD2<Double>

    func apply(to place: SIMD2<Double>) -> SIMD2<Double> {
        let (c, s) = (cos(turn), sin(turn))
        return SIMD2(place.x * c - place.y * s, place.x * s + place.y * c) * scale + shift
    }

    func apply(to outline: RoundOutline) -> RoundOutline {
        let harmonics = outline.harmonics.enumerated().map { index, bend in
            let angle = turn * Double(index + 2)
            return SIMD2(bend.x * cos(angle) - bend.y * sin(angle), bend.x * sin(angle) + bend.y * cos(angle))
        }
        return RoundOutline(
            centre: apply(to: outline.centre), radii: outline.radii * scale, turn: outline.turn + turn, harmonics: harmonics)
    }
}

/// The place of a scene's units among a picture's pixels.
struct FundusFraming: Sendable {
    let width: Int
    let height: Int
    /// Pixels a unit.
    let scale: Double
    /// The field's centre, px.
    let centre: SIMD2<Double>

    /// The place of a pixel's centre.
    @inline(__always)
    func place(_ x: Int, _ y: Int) -> SIMD2<Double> { (SIMD2(Double(x), Double(y)) + 0.5 - centre) / scale }

    /// A place in px, continuous coordinates.
    @inline(__always)
    func pixel(_ place: SIMD2<Double>) -> SIMD2<Double> { place * scale + centre }

    /// The columns and rows of a square around a place, clipped to the picture.
    func box(around place: SIMD2<Double>, reach: Double) -> (columns: Range<Int>, rows: Range<Int>) {
        let middle = pixel(place)
        func range(_ centre: Double, _ count: Int) -> Range<Int> {
            let low = min(max(Int((centre - reach * scale).rounded(.down)), 0), count)
            return low..<min(max(Int((centre + reach * scale).rounded(.up)), low), count)
        }
        return (range(middle.x, width), range(middle.y, height))
    }
}

/// The colours of an eye through its camera, 0…255 and above.
struct FundusColours: Sendable {
    /// The retina near the disc.
    let retina: SIMD3<Float>
    /// The disc's rim.
    let rim: SIMD3<Float>
    /// The cup.
    let cup: SIMD3<Float>
    /// What a vein and an artery let through of the light.
    let vein: SIMD3<Float>
    let artery: SIMD3<Float>

    init(_ random: inout SeededGenerator) {
        // As around the discs in photographs of five kinds of cameras.
        let retinas: [SIMD3<Double>] = [
            SIMD3(104, 61, 29), SIMD3(120, 60, 20), SIMD3(160, 80, 20), SIMD3(114, 68, 34), SIMD3(130, 84, 60),
        ]
        let retina = retinas[Int(random.next() % 5)] * random.uniform(0.88...1.14)
        let tint = SIMD3(random.uniform(0.94...1.06), random.uniform(0.92...1.08), random.uniform(0.8...1.25))
        self.retina = SIMD3<Float>(retina * tint)
        // The rim is redder than the retina, the cup nearer to white, even where the camera shows hardly any blue.
        let lift = random.uniform(1.48...1.72)
        let gain = SIMD3(lift, lift * random.uniform(0.82...0.94), lift * random.uniform(0.72...0.95))
        let red = SIMD3<Double>(self.retina) * gain
        rim = SIMD3(SIMD3(min(red.x, 232), red.y, red.z))
        let white = red * SIMD3(random.uniform(1.2...1.36), random.uniform(1.5...1.85), random.uniform(1.5...2.0))
        cup = SIMD3(SIMD3(min(white.x, 255), white.y, max(white.z, 0.28 * white.x)))
        vein = SIMD3(SIMD3(random.uniform(0.66...0.8), random.uniform(0.4...0.5), random.uniform(0.5...0.65)))
        artery = SIMD3(SIMD3(random.uniform(0.86...0.95), random.uniform(0.54...0.66), random.uniform(0.62...0.78)))
    }
}

/// The fall of the light.
struct FundusLight: Sendable {
    let vignette: Float
    let tilt: SIMD2<Float>
    /// Strength of a bright crescent at the field's edge (stray light), often 0, and its direction.
    let stray: Float
    let strayDirection: SIMD2<Float>
    let strayColour: SIMD3<Float>
    /// Strength of the nerve fibres' sheen above and below the disc.
    private(set) var sheen: Float
    /// Strength of the choroid's streaks.
    private(set) var choroid: Float
    /// Width of the atrophy around the disc, disc radii; 0 for none.
    private(set) var atrophy: Float
    /// Whether the plate's little notch shows at the field's edge.
    let notch: Bool

    init(_ random: inout SeededGenerator) {
        vignette = Float(random.uniform(0.18...0.45))
        tilt = SIMD2(Float(random.normal()), Float(random.normal())) * 0.07
        stray = random.chance(0.2) ? Float(random.uniform(0.3...0.75)) : 0
        let angle = random.uniform(0...2 * .pi)
        strayDirection = SIMD2(Float(cos(angle)), Float(sin(angle)))
        strayColour = SIMD3(Float(random.uniform(170...230)), 200, Float(random.uniform(90...200)))
        sheen = Float(random.uniform(0...0.22))
        choroid = Float(random.uniform(0.25...1))
        atrophy = random.chance(0.4) ? Float(random.uniform(0.1...0.32)) : 0
        notch = random.chance(0.3)
    }

    /// Another light on the same eye: sheen, choroid and atrophy are the eye's own.
    func anew(_ random: inout SeededGenerator) -> FundusLight {
        var light = FundusLight(&random)
        light.sheen = sheen
        light.choroid = choroid
        light.atrophy = atrophy
        return light
    }
}
