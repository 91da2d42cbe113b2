internal import Glibc
internal import Imaging
internal import Screening

/// Paints a fundus scene, layer by layer: retina, choroid, macula, disc, vessels, light, field of view.
struct FundusPainter {
    private(set) var painting: Painting
    private(set) var mask: GreyImage
    private let scene: FundusScene
    private let framing: FundusFraming
    private var random: SeededGenerator
    /// Where the disc's own traits are drawn from: what of them stays from photograph to photograph. Nil: from `random`.
    private let tissue: SeededGenerator?

    init(_ scene: FundusScene, framing: FundusFraming, random: SeededGenerator, tissue: SeededGenerator? = nil) {
        self.tissue = tissue
        self.scene = scene
        self.framing = framing
        self.random = random
        painting = Painting(width: framing.width, height: framing.height)
        mask = GreyImage(width: framing.width, height: framing.height)
    }

    /// Paints everything.
    mutating func paint() {
        paintRetina()
        paintDisc()
        paintVessels()
        paintLight()
        limitToField()
    }

    /// A field whose cells are given in the scene's units.
    private mutating func noise(_ cell: SIMD2<Double>, octaves: Int, persistence: Double = 0.5) -> Plane {
        Noise.field(
            width: framing.width, height: framing.height, cell: cell * framing.scale, octaves: octaves, persistence: persistence,
            random: &random)
    }

    private mutating func paintRetina() {
        let coarse = noise(SIMD2(0.5, 0.5), octaves: 3), grain = noise(SIMD2(0.035, 0.035), octaves: 4, persistence: 0.7)
        let streaks = noise(SIMD2(0.16, 0.09), octaves: 3, persistence: 0.55)
        let (scene, framing) = (scene, framing)
        let retina = scene.colours.retina, choroid = scene.light.choroid, sheen = scene.light.sheen
        let width = Float(scene.discDiameter), macula = SIMD2<Float>(scene.macula), disc = SIMD2<Float>(scene.disc.centre)
        let origin = SIMD2<Float>(framing.place(0, 0)), unit = Float(1 / framing.scale)
        painting.change { index, x, y, colour in
            let place = origin + SIMD2(Float(x), Float(y)) * unit
            // Ridges of a noise field: the choroid's vessels shining through, redder and brighter than what lies between them.
            let ridge = max(0, 1 - abs(streaks.values[index]) * 1.6)
            let body: Float = 1 + 0.06 * coarse.values[index] + 0.022 * grain.values[index]
            let tone: SIMD3<Float> = SIMD3(0.13, 0.05, 0.02) * (choroid * ridge) + body
            let toMacula: SIMD2<Float> = (place - macula) / width, near = (toMacula * toMacula).sum()
            let fovea: Float = 0.24 / (1 + 22 * near * near) + 0.14 / (1 + 1.1 * near)
            let yellow = SIMD3<Float>(0.8, 1, 1.25) * fovea
            // Nerve fibres: brightest above and below the disc on the temporal side, where they run in thick bundles.
            let toDisc: SIMD2<Float> = (place - disc) / width, far = (toDisc * toDisc).sum()
            let bundle: Float = abs(toDisc.y) / (far.squareRoot() + 0.2)
            let fibres: Float = sheen * (0.35 + bundle) / (1 + 0.55 * far) * (1 + 0.12 * grain.values[index])
            let surface: SIMD3<Float> = retina * tone * (1 - yellow)
            let gleam: SIMD3<Float> = SIMD3(0.75, 1, 0.9) * (retina.y * fibres)
            colour = surface + gleam
        }
    }

    private mutating func paintDisc() {
        let scene = scene, framing = framing, colours = scene.colours
        let mottle = noise(SIMD2(0.03, 0.03), octaves: 3, persistence: 0.6), slow = noise(SIMD2(0.13, 0.13), octaves: 2)
        var own = tissue ?? random
        let edge = Float(own.uniform(0.035...0.085)), nasalBlur = Float(own.uniform(0...0.06))
        let slope = Float(own.uniform(0.07...0.2)), pallor = Float(own.uniform(0.02...0.3)),
            ring = Float(own.uniform(0...0.12))
        let halo = Float(own.uniform(0.02...0.2)), pigment = Float(own.uniform(0...0.3)),
            fullness = Float(own.uniform(0.9...1))
        // What brightens the retina around the disc brightens the disc.
        let lit = 1 + 0.3 * halo + 0.25 * scene.light.sheen
        let atrophyTurn = own.uniform(-0.5...0.5), temporal = scene.temporal
        if tissue == nil { random = own }
        let atrophyAxis = SIMD2(temporal * cos(atrophyTurn), sin(atrophyTurn)), atrophy = scene.light.atrophy
        let box = framing.box(around: scene.disc.centre, reach: scene.discDiameter * 1.9)
        var truth = mask
        painting.change(columns: box.columns, rows: box.rows) { index, x, y, colour in
            let place = framing.place(x, y)
            let (reach, cosine, sine) = scene.disc.reach(place.x, place.y)
            let r = Float(reach), toTemporal = Float(cosine * temporal)
            // Light scattered by the disc, and atrophy: a crescent where the sclera shines through, dark at its outer border.
            let out: Float = max(0, r - 1)
            let scattered: Float = halo / (1 + 12 * out * out) * smoothstep(3.4, 1, r)
            colour *= 1 + scattered
            let crescent: Float =
                atrophy * max(0, Float(cosine * atrophyAxis.x + sine * atrophyAxis.y)) * (1 + 0.25 * slow.values[index])
            if crescent > 0.02, r > 0.9 {
                let inside = smoothstep(1 + crescent + 0.06, 1 + crescent - 0.02, r)
                let border: Float = max(0, 1 - abs(r - 1 - crescent) / 0.07)
                let bare: SIMD3<Float> = SIMD3(1.3, 1.3, 1.25) * (1 + 0.09 * mottle.values[index])
                colour *= mix(SIMD3(1, 1, 1), bare, inside) * (1 - pigment * border)
            }
            guard r < 1.4 else { return }
            let soft = edge + nasalBlur * max(0, -toTemporal)
            let inside = smoothstep(1 + soft, 1 - soft, r) * fullness
            // The rim: paler on the temporal side, with the nerve fibres' stripes.
            let shade: Float = 1 + 0.05 * toTemporal + 0.035 * slow.values[index] + 0.02 * mottle.values[index]
            let bright: Float = (shade + ring * smoothstep(0.82, 0.97, r)) * lit
            var tissue = colours.rim * bright
            let (depth, _, _) = scene.cup.reach(place.x, place.y)
            let c = Float(depth)
            let sloped = slope * (1 + 0.5 * toTemporal)
            let hollow = smoothstep(1 + sloped, 1 - sloped, c)
            let lamina: Float = 1 + pallor * max(0, 1 - c * c) + 0.025 * mottle.values[index] + 0.03 * slow.values[index]
            tissue = mix(tissue, colours.cup * (lamina * lit), hollow)
            colour = mix(colour, tissue, inside)
            if reach <= 1 { truth.pixels[index] = depth <= 1 ? 255 : 128 }
        }
        mask = truth
    }

    private mutating func paintVessels() {
        var veins = StrokeField(width: framing.width, height: framing.height), arteries = veins, reflexes = veins
        let full = scene.discDiameter * framing.scale * 0.045
        for vessel in scene.vessels {
            let points = vessel.points.map(framing.pixel), widths = vessel.widths.map { $0 * framing.scale }
            if vessel.isArtery {
                arteries.draw(points, widths: widths, full: full)
            } else {
                veins.draw(points, widths: widths, full: full)
            }
            // The bright line along wide vessels.
            if widths[0] > 4 { reflexes.draw(points, widths: widths.map { $0 * 0.3 }, full: full) }
        }
        let vein = 1 - scene.colours.vein, artery = 1 - scene.colours.artery
        let dark = veins.depth
        let bright = arteries.depth
        let line = reflexes.depth
        painting.change { index, _, _, colour in
            let (v, a) = (dark.values[index], bright.values[index])
            guard v > 0 || a > 0 else { return }
            let gleam: Float = 1 + line.values[index] * (a > v ? 0.16 : 0.07)
            colour *= (1 - vein * v) * (1 - artery * a) * gleam
        }
    }

    private mutating func paintLight() {
        let light = scene.light, unit = Float(1 / framing.scale), origin = SIMD2<Float>(framing.place(0, 0))
        let uneven = noise(SIMD2(0.9, 0.9), octaves: 1)
        painting.change { index, x, y, colour in
            let place = origin + SIMD2(Float(x), Float(y)) * unit
            let squared = (place * place).sum()
            let falling: Float = 1 - light.vignette * squared * (0.4 + 0.6 * squared)
            let tilted: Float = 1.04 + (place * light.tilt).sum() + 0.05 * uneven.values[index]
            colour *= max(0.1, falling * tilted)
            guard light.stray > 0 else { return }
            let edge = (place * light.strayDirection).sum() + 0.35 * squared
            colour = mix(colour, light.strayColour, light.stray * smoothstep(0.75, 1.4, edge))
        }
    }

    /// Black outside of the field of view, with an edge as a lens draws it.
    private mutating func limitToField() {
        let scene = scene, unit = Float(1 / framing.scale), origin = SIMD2<Float>(framing.place(0, 0))
        let soft = max(0.004, 1.2 * unit), cut = Float(scene.cut)
        painting.change { _, x, y, colour in
            let place = origin + SIMD2(Float(x), Float(y)) * unit
            var inside = smoothstep(1 + soft, 1 - soft, (place * place).sum().squareRoot())
            inside *= smoothstep(cut + unit, cut - unit, abs(place.y))
            if scene.light.notch {
                // A tab at 40° above the horizontal, as some plates have.
                let turned = SIMD2(place.x * 0.766 - place.y * 0.643, place.x * 0.643 + place.y * 0.766)
                if abs(turned.y) < 0.035 {
                    inside = max(inside, smoothstep(1.04 + soft, 1.04 - soft, turned.x) * smoothstep(0.9, 0.95, turned.x))
                }
            }
            colour *= inside
        }
    }
}
