/// A symmetric 3 x 3 matrix: what the ellipse fit needs of linear algebra.
struct Symmetric3 {
    /// xx, xy, xz, yy, yz, zz.
    private var entries = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    subscript(row: Int, column: Int) -> Double {
        get {
            switch (min(row, column), max(row, column)) {
            case (0, 0): entries.0
            case (0, 1): entries.1
            case (0, 2): entries.2
            case (1, 1): entries.3
            case (1, 2): entries.4
            default: entries.5
            }
        }
        set {
            switch (min(row, column), max(row, column)) {
            case (0, 0): entries.0 = newValue
            case (0, 1): entries.1 = newValue
            case (0, 2): entries.2 = newValue
            case (1, 1): entries.3 = newValue
            case (1, 2): entries.4 = newValue
            default: entries.5 = newValue
            }
        }
    }

    mutating func addOuterProduct(of v: SIMD3<Double>) {
        entries.0 += v.x * v.x
        entries.1 += v.x * v.y
        entries.2 += v.x * v.z
        entries.3 += v.y * v.y
        entries.4 += v.y * v.z
        entries.5 += v.z * v.z
    }

    static func * (matrix: Symmetric3, v: SIMD3<Double>) -> SIMD3<Double> {
        v.x * matrix.row(0) + v.y * matrix.row(1) + v.z * matrix.row(2)
    }

    /// The inverse of a positive definite matrix; nil for any other.
    var inverse: Symmetric3? {
        guard let lower = cholesky else { return nil }
        var inverse = Symmetric3()
        for column in 0..<3 {
            var unit = SIMD3<Double>.zero
            unit[column] = 1
            let solution = lower.solveTransposed(lower.solve(unit))
            for row in 0...column { inverse[row, column] = solution[row] }
        }
        return inverse
    }

    /// L of LLᵀ; nil where the matrix is not positive definite.
    var cholesky: Lower3? {
        let l11 = self[0, 0].squareRoot()
        let (l21, l31) = (self[1, 0] / l11, self[2, 0] / l11)
        let l22 = (self[1, 1] - l21 * l21).squareRoot()
        let l32 = (self[2, 1] - l31 * l21) / l22
        let l33 = (self[2, 2] - l31 * l31 - l32 * l32).squareRoot()
        // The root of a negative number is not a number, and no number is above 0 then.
        guard l11 > 0, l22 > 0, l33 > 0, l33.isFinite else { return nil }
        return Lower3(diagonal: SIMD3(l11, l22, l33), l21: l21, l31: l31, l32: l32)
    }

    /// Eigenvalues and unit eigenvectors, by Jacobi's rotations.
    func eigenvalues() -> (values: [Double], vectors: [SIMD3<Double>]) {
        var matrix = self
        var vectors: [SIMD3<Double>] = [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
        // Convergence is quadratic: five sweeps are plenty, and a bound ends the loop for entries that are not finite.
        for _ in 0..<12 {
            for (p, q) in [(0, 1), (0, 2), (1, 2)] where matrix[p, q] != 0 {
                let theta = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                let c = 1 / (t * t + 1).squareRoot()
                let s = t * c
                let r = 3 - p - q
                let mpr = matrix[p, 3 - p - q]
                let mqr = matrix[q, 3 - p - q]
                matrix[p, p] -= t * matrix[p, q]
                matrix[q, q] += t * matrix[p, q]
                matrix[p, q] = 0
                matrix[p, r] = c * mpr - s * mqr
                matrix[q, r] = s * mpr + c * mqr
                (vectors[p], vectors[q]) = (c * vectors[p] - s * vectors[q], s * vectors[p] + c * vectors[q])
            }
        }
        return ([matrix[0, 0], matrix[1, 1], matrix[2, 2]], vectors)
    }

    private func row(_ index: Int) -> SIMD3<Double> { SIMD3(self[index, 0], self[index, 1], self[index, 2]) }
}

/// A lower triangular 3 x 3 matrix L.
struct Lower3 {
    var diagonal: SIMD3<Double>
    var l21: Double, l31: Double, l32: Double

    /// The x of Lx = v.
    func solve(_ v: SIMD3<Double>) -> SIMD3<Double> {
        let x = v.x / diagonal.x
        let y = (v.y - l21 * x) / diagonal.y
        return SIMD3(x, y, (v.z - l31 * x - l32 * y) / diagonal.z)
    }

    /// The x of Lᵀx = v.
    func solveTransposed(_ v: SIMD3<Double>) -> SIMD3<Double> {
        let z = v.z / diagonal.z
        let y = (v.y - l32 * z) / diagonal.y
        return SIMD3((v.x - l21 * y - l31 * z) / diagonal.x, y, z)
    }

    /// L⁻¹ M L⁻ᵀ.
    func congruent(_ matrix: Symmetric3) -> Symmetric3 {
        // Columns of L⁻¹M; its rows' solutions are then the columns of the product's transpose, which is itself.
        let half = (0..<3).map { column in solve(SIMD3(matrix[0, column], matrix[1, column], matrix[2, column])) }
        var product = Symmetric3()
        for row in 0..<3 {
            let solution = solve(SIMD3(half[0][row], half[1][row], half[2][row]))
            for column in row..<3 { product[row, column] = solution[column] }
        }
        return product
    }
}
