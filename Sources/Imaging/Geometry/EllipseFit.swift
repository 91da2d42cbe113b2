public import Screening

/// Direct least-squares fitting of ellipses.
///
/// Minimises the algebraic distance under the constraint 4ac - b² = 1, so that the answer is always an ellipse (Fitzgibbon, Pilu
/// & Fisher, IEEE Trans. PAMI 21, 1999), with the scatter matrix split as by Halíř & Flusser ("Numerically stable direct least
/// squares fitting of ellipses", WSCG 1998).
public enum EllipseFit {
    /// The ellipse closest to the points; nil where they do not make one: fewer than five, on a line, or not finite.
    public static func fit(_ points: [Point]) -> Ellipse? {
        // The fit does not depend on the coordinates' origin, scale or shear; whitened ones keep every digit of a small, far-off
        // or thin ellipse.
        guard points.count >= 5, let whitening = Whitening(of: points) else { return nil }
        var quadratic = Symmetric3(), linear = Symmetric3()
        var mixed = [SIMD3<Double>](repeating: .zero, count: 3)
        for point in points {
            let (x, y) = whitening.apply(point)
            let (second, first) = (SIMD3(x * x, x * y, y * y), SIMD3(x, y, 1))
            quadratic.addOuterProduct(of: second)
            linear.addOuterProduct(of: first)
            for row in 0..<3 { mixed[row] += second[row] * first }
        }
        // The linear terms that are best for given quadratic ones, and what is left to minimise then.
        guard let inverse = linear.inverse else { return nil }
        let best = mixed.map { -(inverse * $0) }
        var reduced = quadratic
        for row in 0..<3 { for column in row..<3 { reduced[row, column] += (mixed[row] * best[column]).sum() } }
        guard let conic = leastEllipse(of: reduced) else { return nil }
        return whitening.ellipse(quadratic: conic, linear: conic.x * best[0] + conic.y * best[1] + conic.z * best[2])
    }

    /// The ellipse closest to the outline of the mask's largest region: its pixel edges' midpoints, without those on the image's
    /// border, which say where the image ends and not where the region does. Nil where they do not make one.
    public static func fit(_ mask: Mask) -> Ellipse? {
        let outlines = Contour.trace(mask)
        guard let outline = outlines.max(by: { Contour.signedArea($0) < Contour.signedArea($1) }) else { return nil }
        let edges = midpoints(of: outline)
        let inner = edges.filter { $0.x > 0 && $0.y > 0 && $0.x < Double(mask.width) && $0.y < Double(mask.height) }
        return fit(inner.count >= 5 ? inner : edges)
    }

    /// The quadratic terms a of the ellipse that minimise aᵀEa under 4ac - b² = 1, up to scale.
    ///
    /// E is positive, so Ea = λCa turns into the symmetric problem L⁻¹CL⁻ᵀy = y/λ with E = LLᵀ, whose eigenvalues are real in any
    /// arithmetic; C has one positive eigenvalue, hence exactly one of them is positive (Sylvester's law of inertia), and that
    /// one is the ellipse.
    private static func leastEllipse(of reduced: Symmetric3) -> SIMD3<Double>? {
        var lifted = reduced
        // Points that lie exactly on an ellipse make E singular, and rounding may then make it negative.
        let ridge = 1e-13 * (reduced[0, 0] + reduced[1, 1] + reduced[2, 2])
        for index in 0..<3 { lifted[index, index] += ridge }
        guard let lower = lifted.cholesky else { return nil }
        var constraint = Symmetric3()
        constraint[0, 2] = 2
        constraint[1, 1] = -1
        let (values, vectors) = lower.congruent(constraint).eigenvalues()
        guard let largest = values.indices.max(by: { values[$0] < values[$1] }), values[largest] > 0 else { return nil }
        let conic = lower.solveTransposed(vectors[largest])
        return 4 * conic.x * conic.z - conic.y * conic.y > 0 ? conic : nil
    }

    private static func midpoints(of outline: [Point]) -> [Point] {
        guard var previous = outline.last else { return [] }
        var midpoints: [Point] = []
        for corner in outline {
            let steps = Int(max(abs(corner.x - previous.x), abs(corner.y - previous.y)))
            let (dx, dy) = ((corner.x - previous.x) / Double(steps), (corner.y - previous.y) / Double(steps))
            for step in 0..<steps {
                midpoints.append(Point(x: previous.x + (Double(step) + 0.5) * dx, y: previous.y + (Double(step) + 0.5) * dy))
            }
            previous = corner
        }
        return midpoints
    }
}

/// Coordinates in which points have mean 0, unit variances and no correlation: x = (p.x - cx) / l11 and so on, with LLᵀ their
/// covariance.
private struct Whitening {
    private var cx = 0.0, cy = 0.0
    private var l11 = 0.0, l21 = 0.0, l22 = 0.0

    /// Nil where the points are not finite or lie on a line.
    init?(of points: [Point]) {
        let count = Double(points.count)
        for point in points {
            cx += point.x / count
            cy += point.y / count
        }
        var xx = 0.0
        var xy = 0.0
        var yy = 0.0
        for point in points {
            xx += (point.x - cx) * (point.x - cx) / count
            xy += (point.x - cx) * (point.y - cy) / count
            yy += (point.y - cy) * (point.y - cy) / count
        }
        // What of the variance of y does not follow from x; a millionth of the larger side is a line.
        guard xx.isFinite, yy.isFinite, xx > 0, yy - xy * xy / xx > 1e-12 * max(xx, yy), xx > 1e-12 * yy else { return nil }
        l11 = xx.squareRoot()
        l21 = xy / l11
        l22 = (yy - l21 * l21).squareRoot()
    }

    func apply(_ point: Point) -> (x: Double, y: Double) {
        let x = (point.x - cx) / l11
        return (x, (point.y - cy - l21 * x) / l22)
    }

    /// The ellipse a x² + b xy + c y² + d x + e y + f = 0 of whitened coordinates, in the points' own.
    func ellipse(quadratic: SIMD3<Double>, linear: SIMD3<Double>) -> Ellipse? {
        let a = quadratic.x
        let b = quadratic.y
        let c = quadratic.z
        let determinant = 4 * a * c - b * b
        let x = (b * linear.y - 2 * c * linear.x) / determinant
        let y = (b * linear.x - 2 * a * linear.y) / determinant
        let level = -(linear.z + (linear.x * x + linear.y * y) / 2)
        // (p - centre)ᵀ S⁻¹ (p - centre) = 1 with S the inverse of the quadratic form over the level, carried back by L.
        let sxx = 4 * level * c / determinant
        let sxy = -2 * level * b / determinant
        let syy = 4 * level * a / determinant
        let xx = l11 * l11 * sxx
        let xy = l11 * (l21 * sxx + l22 * sxy)
        let yy = l21 * l21 * sxx + 2 * l21 * l22 * sxy + l22 * l22 * syy
        return Ellipse(cx: cx + l11 * x, cy: cy + l21 * x + l22 * y, xx: xx, xy: xy, yy: yy)
    }
}
