import Glibc
import Imaging
import Screening

@testable import Reading

/// What a perfect network would see of known ellipses: probabilities that fall through 0.5 on the ellipse, with a border of known width.
struct PaintedLook: Sendable {
    /// In pixels of the original.
    var ellipses: [Ellipse]
    /// Standard deviation of the border's place, px of the original.
    var softness = 2.0
    /// The probability deep inside.
    var peak = 1.0
    /// By how much the auxiliary head's region is larger, px of the original; nil: there is no auxiliary head.
    var auxiliaryGrowth: Double? = 0

    func look(_ view: NetworkView) -> NetworkAnswer {
        var probability = Plane(width: view.side, height: view.side, fill: 0)
        var auxiliary = Mask(width: view.side, height: view.side)
        for y in 0..<view.side {
            for x in 0..<view.side {
                let point = view.original(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let depth = ellipses.map { $0.depth(of: point) }.max() ?? -1e9
                probability[x, y] = Float(peak * 0.5 * erfc(-depth / softness / 2.0.squareRoot()))
                if let growth = auxiliaryGrowth { auxiliary[x, y] = depth + growth > 0 }
            }
        }
        return NetworkAnswer(probability: probability, auxiliary: auxiliaryGrowth == nil ? nil : auxiliary)
    }
}

extension Ellipse {
    /// About how far inside the ellipse a point is, px; exact on the ellipse and for circles.
    func depth(of point: Point) -> Double {
        let turn = angle * .pi / 180
        let (x, y) = (point.x - cx, cy - point.y)
        let (u, v) = ((x * cos(turn) + y * sin(turn)) / a, (y * cos(turn) - x * sin(turn)) / b)
        let radius = (u * u + v * v).squareRoot()
        guard radius > 1e-9 else { return b }
        // The way along the ray from the centre, foreshortened by the slope of the border there.
        let gradient = ((u / a) * (u / a) + (v / b) * (v / b)).squareRoot() / radius
        return (1 - radius) / max(gradient, 1 / a)
    }

    static func circle(_ x: Double, _ y: Double, _ radius: Double) -> Ellipse {
        Ellipse(cx: x, cy: y, a: radius, b: radius, angle: 0)
    }
}
