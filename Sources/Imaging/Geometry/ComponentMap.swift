/// One connected region of a mask.
public struct Component: Sendable, Hashable {
    /// Its number in the mask, from 1, in the order in which the regions' first pixels are met row by row.
    public var label: Int
    /// Pixels.
    public var area: Int
    /// The smallest box that holds it.
    public var box: PixelBox
    /// Mean of its pixel centres, in continuous coordinates.
    public var centroid: Point

    /// A region with its measures.
    public init(label: Int, area: Int, box: PixelBox, centroid: Point) {
        self.label = label
        self.area = area
        self.box = box
        self.centroid = centroid
    }
}

extension Mask {
    /// The 8-connected regions, in the order in which their first pixels are met row by row.
    public func components() -> [Component] { labelled().components }

    /// The 8-connected regions together with the pixels that belong to each.
    public func labelled() -> ComponentMap { ComponentMap(of: self) }

    /// The 8-connected regions for which `isKept` says yes.
    public func keeping(_ isKept: (Component) throws -> Bool) rethrows -> Mask { try labelled().mask(where: isKept) }

    /// The mask with every hole filled: background that no 4-connected path joins to the image's border becomes foreground.
    public func filledHoles() -> Mask {
        let background = ComponentMap(of: self, foreground: false, diagonals: false)
        let isHole = background.components.map { hole in
            hole.box.x > 0 && hole.box.y > 0 && hole.box.x + hole.box.width < width && hole.box.y + hole.box.height < height
        }
        var filled = self
        background.fill(&filled) { isHole[$0] }
        return filled
    }
}

/// The connected regions of a mask and where their pixels are.
///
/// Pixels are kept as horizontal runs, joined row by row in a union-find forest, so that cost and memory follow the number of
/// runs and not that of pixels (He, Chao & Suzuki, "A run-based two-scan labeling algorithm", IEEE Trans. Image Processing 17,
/// 2008).
public struct ComponentMap: Sendable {
    /// Columns of the mask, px.
    public let width: Int
    /// Rows of the mask, px.
    public let height: Int
    /// The regions; the one labelled n stands at n - 1.
    public let components: [Component]
    private let runs: [PixelRun]

    /// The 8-connected regions of the foreground.
    public init(of mask: Mask) { self.init(of: mask, foreground: true, diagonals: true) }

    /// The regions of the foreground or of the background, joined across corners (8-connected) or not (4-connected).
    init(of mask: Mask, foreground: Bool, diagonals: Bool) {
        width = mask.width
        height = mask.height
        var runs = PixelRun.all(in: mask, foreground: foreground)
        let count = PixelRun.join(&runs, reach: diagonals ? 1 : 0)
        var sums = [Sums](repeating: Sums(), count: count)
        for run in runs { sums[run.label].add(run) }
        components = sums.enumerated().map { $1.component(label: $0 + 1) }
        self.runs = runs
    }

    /// The region's number of every pixel, height x width, 0 where there is none.
    public var labels: [Int32] {
        var labels = [Int32](repeating: 0, count: width * height)
        for run in runs {
            let first = run.row * width
            for index in first + run.start..<first + run.end { labels[index] = Int32(run.label + 1) }
        }
        return labels
    }

    /// The pixels of the regions for which `isKept` says yes.
    public func mask(where isKept: (Component) throws -> Bool) rethrows -> Mask {
        let kept = try components.map(isKept)
        var mask = Mask(width: width, height: height)
        fill(&mask) { kept[$0] }
        return mask
    }

    /// The pixels of one region.
    public func mask(of component: Component) -> Mask { mask { $0.label == component.label } }

    /// The sum of the plane's values over each region: of a probability map, how much speaks for it. The region labelled n stands
    /// at n - 1.
    ///
    /// The plane has the mask's size, or the program stops.
    public func sums(of plane: Plane) -> [Double] {
        precondition(plane.width == width && plane.height == height, "plane and mask have one size")
        var sums = [Double](repeating: 0, count: components.count)
        plane.values.withUnsafeBufferPointer { values in
            for run in runs {
                var sum = 0.0
                for index in run.row * width + run.start..<run.row * width + run.end { sum += Double(values[index]) }
                sums[run.label] += sum
            }
        }
        return sums
    }

    /// Sets the pixels of the regions chosen by their index in `components`.
    func fill(_ mask: inout Mask, where isChosen: (Int) -> Bool) {
        mask.pixels.withUnsafeMutableBufferPointer { pixels in
            for run in runs where isChosen(run.label) {
                pixels[run.row * width + run.start..<run.row * width + run.end].update(repeating: 255)
            }
        }
    }
}

/// Sums over a region's runs.
private struct Sums {
    private var area = 0, x = 0.0, y = 0.0
    private var left = Int.max, right = 0, top = Int.max, bottom = 0

    mutating func add(_ run: PixelRun) {
        let length = run.end - run.start
        area += length
        x += Double(length) * Double(run.start + run.end) / 2
        y += Double(length) * (Double(run.row) + 0.5)
        left = min(left, run.start)
        right = max(right, run.end)
        top = min(top, run.row)
        bottom = max(bottom, run.row + 1)
    }

    func component(label: Int) -> Component {
        Component(
            label: label, area: area, box: PixelBox(x: left, y: top, width: right - left, height: bottom - top),
            centroid: Point(x: x / Double(area), y: y / Double(area)))
    }
}
