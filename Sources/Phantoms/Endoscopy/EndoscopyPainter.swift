internal import Glibc
internal import Imaging
internal import Screening

/// Paints an endoscopy scene: the bowel's wall with folds and vessels, polyps, wet reflections, the frame around the content.
struct EndoscopyPainter {
    private(set) var painting: Painting
    private(set) var mask: GreyImage
    private let scene: EndoscopyScene
    private var random: SeededGenerator

    init(_ scene: EndoscopyScene, random: SeededGenerator) {
        self.scene = scene
        self.random = random
        painting = Painting(width: scene.width, height: scene.height)
        mask = GreyImage(width: scene.width, height: scene.height)
    }

    /// Paints everything.
    mutating func paint() {
        let light = wall()
        paintMucosa(light)
        for polyp in scene.polyps {
            paintShadow(of: polyp)
            paint(polyp, light: light)
        }
        paintReflections(light)
        limitToContent()
    }

    /// The place of a pixel's centre, units.
    @inline(__always)
    private func place(_ x: Int, _ y: Int) -> SIMD2<Float> {
        SIMD2<Float>((SIMD2(Double(x), Double(y)) + 0.5 - scene.centre) / scene.scale)
    }

    private mutating func noise(_ cell: Double, octaves: Int, persistence: Double = 0.5) -> Plane {
        Noise.field(
            width: scene.width, height: scene.height, cell: cell * scene.scale, octaves: octaves, persistence: persistence,
            random: &random)
    }

    /// How much light comes back from each place of the wall, 1 for a good exposure.
    ///
    /// Rings around the lumen are haustral folds: from the lumen outwards, each begins with a bright edge, behind which the
    /// deeper wall is dark, and falls off into the trough before the next, nearer one.
    private mutating func wall() -> Plane {
        let bend = noise(0.9, octaves: 2), other = noise(0.9, octaves: 2), height = noise(0.8, octaves: 3, persistence: 0.36)
        let scene = scene, phase = Float(random.uniform(0...1)), lobe = Float(random.uniform(0...0.12))
        var light = Plane(width: scene.width, height: scene.height, fill: 0)
        let lumen = SIMD2<Float>(scene.lumen), radius = Float(scene.lumenRadius), folds = Float(scene.folds)
        let strength = Float(scene.foldStrength), lamp = SIMD2<Float>(scene.lamp), relief = Float(0.14 * scene.scale)
        let (width, rows) = (scene.width, scene.height)
        light.values.withUnsafeMutableBufferPointer { values in
            for y in 0..<rows {
                for x in 0..<width {
                    let index = y * width + x
                    let off: SIMD2<Float> = place(x, y) - lumen + SIMD2(bend.values[index], other.values[index]) * 0.1
                    let distance = max(0.02, (off * off).sum().squareRoot())
                    // Three lobes: the taeniae pull the folds into a rounded triangle.
                    let cosine = off.x / distance
                    let reach: Float = distance * (1 + lobe * (4 * cosine * cosine * cosine - 3 * cosine))
                    let octave = log2(reach / radius)
                    let depth = smoothstep(-0.9, 2.0, octave)
                    let turn: Float = octave * folds + phase + 0.22 * other.values[index]
                    let part = turn - turn.rounded(.down)
                    let ring: Float = smoothstep(0, 0.06, part) * (1 - part) * 1.7 - 0.7
                    // Folds do not go all around, and are lost on the near wall.
                    let reality: Float =
                        smoothstep(-0.7, 1, bend.values[index]) * smoothstep(-0.6, 0.2, octave) * smoothstep(3.2, 1.4, octave)
                    let right = height.values[min(index + 1, y * width + width - 1)],
                        below = height.values[min(index + width, rows * width - 1)]
                    let slope: Float =
                        ((right - height.values[index]) * lamp.x + (below - height.values[index]) * lamp.y) * relief
                    let near: Float = 0.1 + 0.94 * depth
                    values[index] = near * max(0.15, 1 + strength * reality * ring) * max(0.4, 1 + slope) * scene.exposure
                }
            }
        }
        return light
    }

    /// What a colour becomes in some light: redder in the dark, where only light that went through tissue comes from.
    @inline(__always)
    private static func lit(_ colour: SIMD3<Float>, _ light: Float) -> SIMD3<Float> {
        let root = max(light, 0).squareRoot()
        return colour * SIMD3(light * 0.7 + 0.3 * root, light * (0.8 + 0.2 * light), light * (0.75 + 0.25 * root))
    }

    private mutating func paintMucosa(_ light: Plane) {
        let blotches = noise(0.4, octaves: 3), grain = noise(0.05, octaves: 3, persistence: 0.7)
        let net = noise(0.34, octaves: 3, persistence: 0.5), fine = noise(0.13, octaves: 2), reach = noise(0.7, octaves: 1)
        let mucosa = scene.mucosa, strength = scene.vessels
        painting.change { index, _, _, colour in
            let flush: Float = 0.05 * blotches.values[index]
            let shade: Float = 1 + 0.025 * grain.values[index]
            let tone: SIMD3<Float> = SIMD3(1 + 0.4 * flush, 1 - flush, 1 - 0.8 * flush) * shade
            // Where a noise field passes through zero, thin lines: the vessels' net.
            let wide = max(0, 1 - abs(net.values[index]) / 0.06), thin = max(0, 1 - abs(fine.values[index]) / 0.1)
            let vessel: Float = (wide * 0.8 + thin * 0.35) * strength * smoothstep(-0.8, 0.8, reach.values[index])
            let through: SIMD3<Float> = 1 - SIMD3(0.16, 0.42, 0.36) * vessel
            colour = Self.lit(mucosa * tone * through, light.values[index])
        }
    }

    /// The pixels within some reach of a polyp.
    private func box(around polyp: PolypScene, reach: Double) -> (columns: Range<Int>, rows: Range<Int>) {
        let middle = polyp.outline.centre * scene.scale + scene.centre, radius = polyp.outline.bound * reach * scene.scale
        func range(_ centre: Double, _ count: Int) -> Range<Int> {
            let low = min(max(Int((centre - radius).rounded(.down)), 0), count)
            return low..<min(max(Int((centre + radius).rounded(.up)), low), count)
        }
        return (range(middle.x, scene.width), range(middle.y, scene.height))
    }

    /// Dark around the polyp's foot, and a shadow on the side away from the lamp.
    private mutating func paintShadow(of polyp: PolypScene) {
        let box = box(around: polyp, reach: 1.9),
            away = SIMD2<Float>(-scene.lamp / max(0.01, (scene.lamp * scene.lamp).sum().squareRoot()))
        let (scene, strength) = (scene, polyp.shadow * polyp.steepness)
        painting.change(columns: box.columns, rows: box.rows) { _, x, y, colour in
            let place = (SIMD2(Double(x), Double(y)) + 0.5 - scene.centre) / scene.scale
            let (reach, cosine, sine) = polyp.outline.reach(place.x, place.y)
            let out = Float(reach) - 1
            guard out > -0.2, out < 0.9 else { return }
            let facing = max(0, Float(cosine) * away.x + Float(sine) * away.y)
            let foot: Float = 0.16 * smoothstep(0.16, 0, out)
            let cast: Float = facing * smoothstep(0.2 + 0.6 * facing, 0, out)
            colour *= 1 - strength * (foot + 0.75 * cast)
        }
    }

    private mutating func paint(_ polyp: PolypScene, light: Plane) {
        let outline = polyp.outline, size = outline.radii.max()
        let lobes = noise(size * 0.75, octaves: 2, persistence: 0.4), pits = noise(size * 0.16, octaves: 2, persistence: 0.7)
        let blotches = noise(size * 0.5, octaves: 2)
        let (scene, mucosa) = (scene, scene.mucosa)
        let box = box(around: polyp, reach: 1.3)
        let base = baseLight(under: polyp, light)
        let toLamp = SIMD3(Float(scene.lamp.x) * 0.9, Float(scene.lamp.y) * 0.9, 0.82),
            lamp = toLamp / (toLamp * toLamp).sum().squareRoot()
        let halfway = lamp + SIMD3(0, 0, 1), gloss = halfway / (halfway * halfway).sum().squareRoot()
        let reliefOfLobes = polyp.lobes * Float(size * scene.scale) * 0.35,
            reliefOfPits = polyp.pits * Float(size * scene.scale) * 0.012
        var truth = mask
        let width = scene.width
        painting.change(columns: box.columns, rows: box.rows) { index, x, y, colour in
            let place = (SIMD2(Double(x), Double(y)) + 0.5 - scene.centre) / scene.scale
            let (reach, cosine, sine) = outline.reach(place.x, place.y)
            if reach <= 1, scene.inside(Float(place.x), Float(place.y)) > 0 { truth.pixels[index] = 255 }
            let lifted = Float(cosine) * polyp.lifted.x + Float(sine) * polyp.lifted.y
            let edge: Float = polyp.edge + polyp.merging * max(0, -lifted)
            let inside = smoothstep(1 + edge, 1 - edge, Float(reach))
            guard inside > 0 else { return }
            // A dome: the surface leans outwards ever more towards its border; lobes and pits bend it further.
            let t = min(Float(reach), 1)
            let lean: Float = polyp.steepness * t * (0.35 + 0.65 * t * t) * (0.8 + 0.2 * lifted)
            let right = min(index + 1, (y + 1) * width - 1), below = min(index + width, lobes.values.count - 1)
            let lobe = SIMD2(lobes.values[right] - lobes.values[index], lobes.values[below] - lobes.values[index]) * reliefOfLobes
            let pit = SIMD2(pits.values[right] - pits.values[index], pits.values[below] - pits.values[index]) * reliefOfPits
            let across = SIMD2(Float(cosine), Float(sine)) * lean - lobe - pit
            let up = max(0.15, 1 - lean * lean).squareRoot()
            let long = SIMD3(across.x, across.y, up), normal = long / (long * long).sum().squareRoot()
            let facing = max(0, (normal * lamp).sum())
            let shade: Float = base * (0.34 + 0.8 * facing) * (1 - 0.14 * max(0, lifted) * smoothstep(0.85, 1, t))
            let tone: SIMD3<Float> = polyp.tint * (1 + 0.05 * blotches.values[index] + 0.05 * polyp.pits * pits.values[index])
            var surface = Self.lit(mucosa * tone, shade)
            let mirrored = max(0, (normal * gloss).sum())
            surface += smoothstep(0.988, 0.999, mirrored) * scene.wetness * 260 * smoothstep(-0.3, 0.9, pits.values[index])
            colour = mix(colour, surface, inside)
        }
        mask = truth
    }

    /// How bright a polyp is: it comes towards the camera, so never as dark as the wall behind it.
    private func baseLight(under polyp: PolypScene, _ light: Plane) -> Float {
        let middle = polyp.outline.centre * scene.scale + scene.centre
        let x = min(max(Int(middle.x), 0), scene.width - 1), y = min(max(Int(middle.y), 0), scene.height - 1)
        return min(1.25, max(0.62, light[x, y]) * 1.08)
    }

    /// White spots where wet mucosa mirrors the lamps: small, in groups, where light is strong.
    private mutating func paintReflections(_ light: Plane) {
        let across = scene.scale * random.uniform(0.02...0.03), along = across * random.uniform(1...2.2)
        let cell = random.chance(0.5) ? SIMD2(across, along) : SIMD2(along, across)
        let spots = Noise.field(width: scene.width, height: scene.height, cell: cell, octaves: 2, random: &random)
        let groups = noise(0.32, octaves: 2)
        let wetness = scene.wetness
        painting.change { index, _, _, colour in
            let strength: Float = groups.values[index] + 0.6 * min(light.values[index], 1.2)
            let needed: Float = 3.7 - 0.85 * strength - 0.4 * wetness
            let white = smoothstep(needed, needed + 0.5, spots.values[index])
            if white > 0 { colour = mix(colour, SIMD3(420, 410, 400), white * (0.5 + 0.5 * wetness)) }
        }
    }

    /// Everything but the content is the frame's dark margin.
    private mutating func limitToContent() {
        let scene = scene, unit = Float(1 / scene.scale)
        let (origin, margin) = (place(0, 0), SIMD3(scene.margin, scene.margin, scene.margin))
        painting.change { _, x, y, colour in
            let place = origin + SIMD2(Float(x), Float(y)) * unit
            colour = mix(margin, colour, smoothstep(-unit, unit, scene.inside(place.x, place.y)))
        }
    }
}
