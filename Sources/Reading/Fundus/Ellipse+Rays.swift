internal import Glibc
internal import Imaging
internal import Screening

extension Ellipse {
    /// How far from a place to where a ray leaves the ellipse for good, px; nil where the ray misses it.
    ///
    /// - Parameter degrees: the ray's direction, counter-clockwise from +x as seen.
    func exit(from origin: Point, degrees: Double) -> Double? {
        let (turn, ray) = (angle * .pi / 180, degrees * .pi / 180)
        // In the ellipse's own frame, y up, scaled to the unit circle: |p + t d| = 1.
        let (x, y) = (origin.x - cx, cy - origin.y)
        let (px, py) = ((x * cos(turn) + y * sin(turn)) / a, (y * cos(turn) - x * sin(turn)) / b)
        let (dx, dy) = (cos(ray - turn) / a, sin(ray - turn) / b)
        let dd = dx * dx + dy * dy
        let pd = px * dx + py * dy
        let pp = px * px + py * py
        let discriminant = pd * pd - dd * (pp - 1)
        guard discriminant >= 0, dd > 0 else { return nil }
        let distance = (discriminant.squareRoot() - pd) / dd
        return distance >= 0 ? distance : nil
    }

    /// The outline of what this ellipse shares with another that holds its centre: 360 points.
    func outline(clippedTo other: Ellipse) -> [Point] {
        let centre = Point(x: cx, y: cy)
        guard other.contains(cx, cy) else { return points(count: 360) }
        return (0..<360).map { degree in
            let own = exit(from: centre, degrees: Double(degree)) ?? 0
            let reach = min(own, other.exit(from: centre, degrees: Double(degree)) ?? own)
            let angle = Double(degree) * .pi / 180
            return Point(x: cx + reach * cos(angle), y: cy - reach * sin(angle))
        }
    }

    /// Extents along the image's axes, px, of what this ellipse shares with another: its vertical and horizontal diameter after clipping.
    /// Zero where they share nothing; to a few thousandths of the axes where the border has a corner.
    func extents(clippedTo other: Ellipse) -> (vertical: Double, horizontal: Double) {
        // Two convex shapes' common border consists of each one's border inside the other.
        let common =
            points(count: 1440).filter { other.contains($0.x, $0.y) } + other.points(count: 1440).filter { contains($0.x, $0.y) }
        guard let left = common.map(\.x).min(), let right = common.map(\.x).max(), let top = common.map(\.y).min(),
            let bottom = common.map(\.y).max()
        else { return (0, 0) }
        return (bottom - top, right - left)
    }
}
