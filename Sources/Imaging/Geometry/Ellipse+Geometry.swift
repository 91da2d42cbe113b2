internal import Glibc
public import Screening

extension Ellipse {
    /// The ellipse (p - c)ᵀ S⁻¹ (p - c) = 1 of a symmetric positive S = (xx, xy; xy, yy), in px² of the image's axes; nil for
    /// another S.
    init?(cx: Double, cy: Double, xx: Double, xy: Double, yy: Double) {
        let mean = (xx + yy) / 2
        let spread = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
        // The smaller eigenvalue as product over larger: a difference would lose a thin ellipse's digits.
        let smaller = (xx * yy - xy * xy) / (mean + spread)
        guard cx.isFinite, cy.isFinite, mean.isFinite, smaller > 0, smaller.isFinite else { return nil }
        // The image's y axis points down, so that an angle as seen is the negative of one in its coordinates.
        let angle = spread > 0 ? -0.5 * atan2(2 * xy, xx - yy) * 180 / .pi : 0
        self.init(
            cx: cx, cy: cy, a: (mean + spread).squareRoot(), b: smaller.squareRoot(), angle: angle <= -90 ? angle + 180 : angle)
    }

    /// px².
    public var area: Double { .pi * a * b }

    /// Extent along the image's y axis, px.
    public var verticalDiameter: Double { 2 * moments.yy.squareRoot() }

    /// Extent along the image's x axis, px.
    public var horizontalDiameter: Double { 2 * moments.xx.squareRoot() }

    /// Whether a place, in continuous coordinates, is inside or on the ellipse.
    public func contains(_ x: Double, _ y: Double) -> Bool {
        let (dx, dy) = (x - cx, y - cy)
        let along = dx * axis.x + dy * axis.y
        let across = dy * axis.x - dx * axis.y
        return (along / a) * (along / a) + (across / b) * (across / b) <= 1
    }

    /// The pixels whose centres are inside; what lies off the image is left out.
    public func mask(width: Int, height: Int) -> Mask {
        var mask = Mask(width: width, height: height)
        guard a > 0, b > 0, width > 0, a.isFinite, cx.isFinite, cy.isFinite else { return mask }
        let (_, xy, yy) = moments
        let reach = yy.squareRoot()
        for y in Self.pixels(from: cy - reach, to: cy + reach, count: height) {
            let dy = Double(y) + 0.5 - cy
            let middle = cx + xy / yy * dy
            let half = a * b / reach * max(0, 1 - dy * dy / yy).squareRoot()
            var chord = Self.pixels(from: middle - half, to: middle + half, count: width)
            // Rounding could decide either way at the chord's two ends; `contains` does.
            while let first = chord.first, !contains(Double(first) + 0.5, Double(y) + 0.5) { chord.removeFirst() }
            while let last = chord.last, !contains(Double(last) + 0.5, Double(y) + 0.5) { chord.removeLast() }
            for x in chord { mask[x, y] = true }
        }
        return mask
    }

    /// Points on the ellipse at equal steps of its parameter, clockwise as seen, from an end of the major axis.
    public func points(count: Int) -> [Point] {
        (0..<max(0, count)).map { index in
            let t = 2 * Double.pi * Double(index) / Double(count)
            let (along, across) = (a * cos(t), b * sin(t))
            return Point(x: cx + along * axis.x - across * axis.y, y: cy + along * axis.y + across * axis.x)
        }
    }

    /// The major axis' direction in image coordinates (y down), of length 1.
    private var axis: (x: Double, y: Double) { (cos(angle * .pi / 180), -sin(angle * .pi / 180)) }

    /// S of (p - c)ᵀ S⁻¹ (p - c) = 1.
    private var moments: (xx: Double, xy: Double, yy: Double) {
        let (u, v) = axis
        return (a * a * u * u + b * b * v * v, (a * a - b * b) * u * v, a * a * v * v + b * b * u * u)
    }

    /// The pixels 0..<count with centres in an interval, and one more at each end for rounding.
    private static func pixels(from low: Double, to high: Double, count: Int) -> Range<Int> {
        let limit = Double(count)
        let first = Int(min(max(low - 0.5, 0), limit).rounded(.down))
        let end = Int(min(max(high + 0.5, 0), limit).rounded(.up))
        return first < end ? first..<end : first..<first
    }
}
