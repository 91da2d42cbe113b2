public import Imaging

/// Which of the paper's three distance maps a network learns. All are Euclidean distances to the nearest boundary pixel, 0 on the boundary.
public enum DistanceMap: String, Sendable, Codable, CaseIterable {
    /// Positive outside, 0 inside.
    case outside = "D1"
    /// Positive outside and inside.
    case absolute = "D2"
    /// Positive outside, negative inside.
    case signed = "D3"
}

/// What the heads learn, made from the mask alone (Murugesan et al., 2019, section 2): the mask, its contour and a distance map.
public struct Targets: Sendable, Equatable {
    /// S x S, 1 inside.
    public let mask: [UInt8]
    /// S x S, 1 within the contour's radius of a boundary pixel: the boundary dilated with a disk.
    public let contour: [UInt8]
    /// S x S, 0...1: distances end at R = S / 4 and are divided by it; the signed map has its boundary at 0.5. 1 everywhere for an empty mask.
    public let distance: [Float]

    /// The contour's radius at side S, px: 5 at 256 and in proportion, at least 1.
    public static func contourRadius(side: Int) -> Double { max(1, 5 * Double(side) / 256) }

    /// The targets of a square mask. The mask's side is the network's.
    public init(mask: Mask, distance map: DistanceMap) {
        let boundary = mask.boundary()
        let distances = DistanceTransform.euclidean(toForeground: boundary)
        let radius = Float(Self.contourRadius(side: mask.width))
        let limit = Float(mask.width) / 4
        let isEmpty = mask.area == 0
        self.mask = mask.pixels.map { $0 == 0 ? 0 : 1 }
        // A pixel lies in the disk around some boundary pixel exactly where its distance to the nearest one is at most the radius.
        contour = distances.values.map { $0 <= radius ? 1 : 0 }
        var scaled = [Float](repeating: 1, count: distances.values.count)
        if !isEmpty {
            for index in scaled.indices {
                let reached = min(distances.values[index], limit) / limit
                let isInside = mask.pixels[index] != 0
                switch map {
                case .outside: scaled[index] = isInside ? 0 : reached
                case .absolute: scaled[index] = reached
                case .signed: scaled[index] = 0.5 + (isInside ? -0.5 : 0.5) * reached
                }
            }
        }
        distance = scaled
    }
}
