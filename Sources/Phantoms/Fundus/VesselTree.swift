internal import Glibc
internal import Imaging
internal import Screening

/// One vessel: a line with a width at each of its points, in the scene's units.
struct Vessel: Sendable {
    var points: [SIMD2<Double>]
    var widths: [Double]
    var isArtery: Bool
}

/// The retina's vessels: from the disc, arcades above and below the macula, branches, twigs towards the macula and to the nasal
/// side.
struct VesselTree {
    private let hub: SIMD2<Double>
    private let diameter: Double
    private let temporal: Double
    private let macula: SIMD2<Double>
    private var random: SeededGenerator
    private var vessels: [Vessel] = []

    init(
        disc: RoundOutline, cup: RoundOutline, diameter: Double, temporal: Double, macula: SIMD2<Double>, random: SeededGenerator
    ) {
        // They come up at the nasal side of the cup.
        let nasal = SIMD2(-temporal * 0.45 * cup.radii.x, 0)
        hub = disc.centre * 0.4 + cup.centre * 0.6 + nasal
        self.diameter = diameter
        self.temporal = temporal
        self.macula = macula
        self.random = random
    }

    /// The main courses, in disc diameters from the hub: x temporal, y down for the lower half.
    private static let courses: [(points: [SIMD2<Double>], width: Double)] = [
        (
            [
                SIMD2(0, 0), SIMD2(0.05, 0.42), SIMD2(0.35, 1.05), SIMD2(1.1, 1.75), SIMD2(2.3, 2.05), SIMD2(3.5, 1.85),
                SIMD2(4.8, 1.2), SIMD2(6, 0.7),
            ], 1
        ),
        ([SIMD2(0, 0), SIMD2(-0.08, 0.4), SIMD2(-0.4, 1.0), SIMD2(-1.0, 1.9), SIMD2(-1.7, 3.0), SIMD2(-2.2, 4.5)], 0.8),
        ([SIMD2(0, 0), SIMD2(0.02, 0.4), SIMD2(0.1, 1.1), SIMD2(0.3, 2.2), SIMD2(0.8, 3.4), SIMD2(1.2, 5)], 0.62),
        ([SIMD2(0, 0), SIMD2(-0.4, 0.12), SIMD2(-1.1, 0.4), SIMD2(-2.2, 0.7), SIMD2(-3.6, 1.3)], 0.5),
        ([SIMD2(0, 0), SIMD2(0.35, 0.12), SIMD2(0.9, 0.35), SIMD2(1.5, 0.55), SIMD2(2.1, 0.5)], 0.32),
    ]

    /// All vessels: veins first, so that arteries lie over them.
    mutating func grow() -> [Vessel] {
        for isArtery in [false, true] {
            for half in [-1.0, 1.0] {
                for (index, course) in Self.courses.enumerated() {
                    // Not every eye has every smaller vessel.
                    guard index < 2 || random.chance(index == 4 ? 0.75 : 0.6) else { continue }
                    main(course, half: half, isArtery: isArtery)
                }
            }
        }
        return vessels
    }

    private mutating func main(_ course: (points: [SIMD2<Double>], width: Double), half: Double, isArtery: Bool) {
        let spread = random.uniform(0.8...1.2), shift = (isArtery ? 1 : -1) * 0.05 + random.uniform(-0.05...0.05)
        var knots: [SIMD2<Double>] = []
        for (index, point) in course.points.enumerated() {
            let loose = min(1, Double(index) / 3)
            let jitter = SIMD2(random.normal(), random.normal()) * (0.17 * loose)
            let bent = SIMD2(point.x + shift * (index == 0 ? 1.6 : 1), point.y * (1 + (spread - 1) * loose)) + jitter
            knots.append(hub + SIMD2(temporal * bent.x, half * bent.y) * diameter)
        }
        let width = diameter * course.width * (isArtery ? random.uniform(0.05...0.064) : random.uniform(0.066...0.088))
        let line = wavy(smooth(knots), strength: 0.02)
        add(line, width: width, end: 0.4, isArtery: isArtery)
        branch(line, width: width, end: 0.4, isArtery: isArtery, level: 0)
    }

    private mutating func add(_ points: [SIMD2<Double>], width: Double, end: Double, isArtery: Bool) {
        guard points.count > 2 else { return }
        let last = Double(points.count - 1)
        vessels.append(
            Vessel(points: points, widths: points.indices.map { width * (1 - (1 - end) * Double($0) / last) }, isArtery: isArtery)
        )
    }

    /// Side branches of a line, alternately left and right, and theirs.
    private mutating func branch(_ line: [SIMD2<Double>], width: Double, end: Double, isArtery: Bool, level: Int) {
        guard level < 3, line.count > 8 else { return }
        let step = distance(line[0], line[1])
        var side = random.sign()
        var along = diameter * (level == 0 ? random.uniform(0.5...0.9) : random.uniform(0.25...0.5))
        while true {
            let index = Int(along / step)
            guard index < line.count - 3 else { return }
            let here = line[index], parent = width * (1 - (1 - end) * Double(index) / Double(line.count))
            let heading = atan2(line[index + 1].y - here.y, line[index + 1].x - here.x) + side * random.uniform(0.45...1.05)
            let child = parent * random.uniform(0.45...0.72)
            if child > diameter * 0.008 {
                let length = diameter * random.uniform(0.7...1.9) * (level == 0 ? 1.3 : 0.8)
                let twig = wander(
                    from: here, heading: heading, turning: -side * random.uniform(0.1...0.5), length: length, step: step)
                add(twig, width: child, end: 0.35, isArtery: isArtery)
                branch(twig, width: child, end: 0.35, isArtery: isArtery, level: level + 1)
            }
            side = random.chance(0.75) ? -side : side
            along += diameter * random.uniform(0.35...0.95)
        }
    }

    /// A line that turns gently, first back towards its parent's course; it ends at the fovea's border or far outside of the
    /// field.
    private mutating func wander(
        from start: SIMD2<Double>, heading: Double, turning: Double, length: Double, step: Double
    ) -> [SIMD2<Double>] {
        var points = [start]
        var place = start
        var heading = heading
        var curvature = turning / diameter
        for _ in 0..<Int(length / step) {
            curvature = curvature * 0.97 + random.normal() * 0.11 / diameter
            heading += curvature * step
            place += SIMD2(cos(heading), sin(heading)) * step
            guard distance(place, macula) > 0.42 * diameter, (place * place).sum() < 1.3 else { break }
            points.append(place)
        }
        return points
    }

    /// A curve through knots (Catmull & Rom), in steps of a thirtieth of the disc.
    private func smooth(_ knots: [SIMD2<Double>]) -> [SIMD2<Double>] {
        let step = diameter / 30
        var points: [SIMD2<Double>] = []
        for index in 0..<knots.count - 1 {
            let (a, b) = (knots[index], knots[index + 1])
            let before = index > 0 ? knots[index - 1] : a, after = index + 2 < knots.count ? knots[index + 2] : b
            let count = max(1, Int(distance(a, b) / step))
            for part in 0..<count {
                let t = Double(part) / Double(count)
                let third: SIMD2<Double> = 3 * (a - b) + after - before
                let second: SIMD2<Double> = 2 * before - 5 * a + 4 * b - after
                let first: SIMD2<Double> = b - before
                points.append(a + 0.5 * t * (first + t * (second + t * third)))
            }
        }
        return points
    }

    /// The line with smooth sideways waves, weak near its beginning.
    private mutating func wavy(_ line: [SIMD2<Double>], strength: Double) -> [SIMD2<Double>] {
        let waves = (0..<3).map { _ in
            SIMD3(random.uniform(2...9), random.uniform(0...2 * .pi), random.normal() * strength * diameter)
        }
        let step = 1.0 / 30
        return line.indices.map { index in
            guard index > 0, index + 1 < line.count else { return line[index] }
            let along = line[index + 1] - line[index - 1], size = max(1e-9, (along * along).sum().squareRoot())
            let s = Double(index) * step
            let sideways = waves.reduce(0) { $0 + $1.z * sin($1.x * s + $1.y) } * min(1, s)
            return line[index] + SIMD2(-along.y, along.x) / size * sideways
        }
    }

    private func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { ((a - b) * (a - b)).sum().squareRoot() }
}
