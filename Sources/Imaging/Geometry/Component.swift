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
        (self.label, self.area, self.box, self.centroid) = (label, area, box, centroid)
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
