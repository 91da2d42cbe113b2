internal import Glibc
public import Imaging

/// A circle in continuous pixel coordinates.
public struct Circle: Sendable, Codable, Hashable {
    /// Centre, px.
    public var centre: Point
    /// px
    public var radius: Double

    /// A circle by centre and radius.
    public init(centre: Point, radius: Double) {
        self.centre = centre
        self.radius = radius
    }
}

extension Circle {
    /// The circle that most of the points lie on; nil where there is none.
    ///
    /// Circles through three points each are tried and the one with most points within `tolerance` px of it is kept (Fischler & Bolles,
    /// "Random sample consensus", 1981, but over a fixed sequence of triples, so that the same points always give the same circle); those
    /// points are then fitted algebraically (Kåsa, IEEE Trans. Instrumentation and Measurement 25, 1976). Points on other edges, such as
    /// the straight sides of a trimmed field, so have no say.
    ///
    /// - Parameter minimumShare: of the points that must lie on the circle, and as much of a right angle of arc must be seen.
    static func fit(_ points: [Point], tolerance: Double, minimumShare: Double) -> Circle? {
        guard points.count >= 12 else { return nil }
        var best: (circle: Circle, inliers: Int)?
        // Strides that share no divisor with one another spread the triples over the outline.
        for trial in 0..<160 {
            let first = trial * points.count / 160
            let second = (first + points.count / 3 + (trial * 7) % max(1, points.count / 6)) % points.count
            let third = (first + 2 * points.count / 3 - (trial * 11) % max(1, points.count / 6)) % points.count
            guard let circle = Circle(through: points[first], points[second], points[third]) else { continue }
            let inliers = points.count { circle.passes($0, within: tolerance) }
            if inliers > best?.inliers ?? 0 { best = (circle, inliers) }
        }
        guard let best, Double(best.inliers) >= minimumShare * Double(points.count) else { return nil }
        let kept = points.filter { best.circle.passes($0, within: tolerance) }
        guard let refined = Circle(leastSquares: kept), refined.arcs(of: kept) >= 9 else { return nil }
        return refined
    }

    /// Whether the circle passes a point at a distance of `tolerance` px or less.
    private func passes(_ point: Point, within tolerance: Double) -> Bool {
        let (x, y) = (point.x - centre.x, point.y - centre.y)
        let (inner, outer) = (max(0, radius - tolerance), radius + tolerance)
        let square = x * x + y * y
        return square >= inner * inner && square <= outer * outer
    }

    /// How many of 36 sectors hold a point.
    private func arcs(of points: [Point]) -> Int {
        Set(points.map { Int((atan2($0.y - centre.y, $0.x - centre.x) / .pi + 1) * 17.999) }).count
    }

    private init?(through a: Point, _ b: Point, _ c: Point) {
        let bx = b.x - a.x
        let by = b.y - a.y
        let cx = c.x - a.x
        let cy = c.y - a.y
        let determinant = 2 * (bx * cy - by * cx)
        guard abs(determinant) > 1e-6 else { return nil }
        let (bb, cc) = (bx * bx + by * by, cx * cx + cy * cy)
        let (x, y) = ((cy * bb - by * cc) / determinant, (bx * cc - cx * bb) / determinant)
        self.init(centre: Point(x: a.x + x, y: a.y + y), radius: hypot(x, y))
    }

    private init?(leastSquares points: [Point]) {
        let count = Double(points.count)
        let mean = Point(x: points.reduce(0) { $0 + $1.x } / count, y: points.reduce(0) { $0 + $1.y } / count)
        var uu = 0.0
        var uv = 0.0
        var vv = 0.0
        var uz = 0.0
        var vz = 0.0
        var zz = 0.0
        for point in points {
            let (u, v) = (point.x - mean.x, point.y - mean.y)
            let z = u * u + v * v
            uu = uu + u * u
            uv = uv + u * v
            vv = vv + v * v
            uz = uz + u * z
            vz = vz + v * z
            zz = zz + z
        }
        let determinant = 2 * (uu * vv - uv * uv)
        guard abs(determinant) > 1e-9 else { return nil }
        let (x, y) = ((uz * vv - vz * uv) / determinant, (vz * uu - uz * uv) / determinant)
        self.init(centre: Point(x: mean.x + x, y: mean.y + y), radius: (x * x + y * y + zz / count).squareRoot())
    }
}
