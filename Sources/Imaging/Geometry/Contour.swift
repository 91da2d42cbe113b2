/// Outlines of masks as closed polygons.
public enum Contour {
    /// The outlines of all 8-connected regions and of their holes.
    ///
    /// A polygon runs along the edges between foreground and background pixels, in continuous coordinates, and lists the corners
    /// only; its last point is joined to its first. Outer outlines go clockwise as seen and have positive ``signedArea(_:)``,
    /// holes go the other way and have negative, and all of them together sum to exactly the number of foreground pixels.
    /// Polygons come in the order in which a row-by-row scan meets them, an outline before the holes in it. Two regions that
    /// touch at a corner are one.
    public static func trace(_ mask: Mask) -> [[Point]] {
        var polygons: [[Point]] = []
        // Every outline has an edge with background above and foreground below, walked to the right: those are where outlines
        // begin.
        var isWalked = [Bool](repeating: false, count: mask.width * mask.height)
        for run in PixelRun.all(in: mask, foreground: true) {
            for x in run.start..<run.end where !isWalked[run.row * mask.width + x] && !mask[x, run.row - 1] {
                polygons.append(walk(mask, x: x, y: run.row, &isWalked))
            }
        }
        return polygons
    }

    /// The area within a polygon, px²: positive if its points go clockwise as seen (y down), negative if counter-clockwise.
    public static func signedArea(_ polygon: [Point]) -> Double {
        guard let first = polygon.first, var previous = polygon.last else { return 0 }
        var twice = 0.0
        for point in polygon {
            // Relative to one of the points, so that far-off polygons lose no digits.
            twice += (previous.x - first.x) * (point.y - first.y) - (point.x - first.x) * (previous.y - first.y)
            previous = point
        }
        return twice / 2
    }

    /// Follows the outline whose first edge is the upper one of pixel (x, y), foreground to the right hand.
    private static func walk(_ mask: Mask, x startX: Int, y startY: Int, _ isWalked: inout [Bool]) -> [Point] {
        var polygon: [Point] = []
        var x = startX
        var y = startY
        var dx = 1
        var dy = 0
        repeat {
            if dx == 1 { isWalked[y * mask.width + x] = true }
            x = x + dx
            y = y + dy
            // The two pixels ahead of the corner (x, y), to the left and to the right of the way.
            let (left, right) =
                switch (dx, dy) {
                case (1, 0): (mask[x, y - 1], mask[x, y])
                case (0, 1): (mask[x, y], mask[x - 1, y])
                case (-1, 0): (mask[x - 1, y], mask[x - 1, y - 1])
                default: (mask[x - 1, y - 1], mask[x, y - 1])
                }
            guard left || !right else { continue }
            polygon.append(Point(x: Double(x), y: Double(y)))
            // Foreground ahead to the left is followed even across a corner: regions are 8-connected.
            (dx, dy) = left ? (dy, -dx) : (-dy, dx)
        } while !(x == startX && y == startY && dx == 1)
        return polygon
    }
}
