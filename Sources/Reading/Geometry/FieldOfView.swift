public import Imaging

/// The place of the picture in the frame: the largest bright component at low resolution, without borders of any colour and side panels.
public struct FieldOfView: Sendable, Equatable {
    /// The picture's box, px of the original, inside the frame. The whole frame where there is no border.
    public let box: PixelBox
    /// The circle of a fundus photograph's field, px of the original, where one is seen.
    public let circle: Circle?
    /// px² of the original, holes filled.
    public let area: Double
    /// Of the frame, 0...1.
    public let share: Double
    /// Whether another component is about as large and lies apart: several pictures in one frame.
    public let isComposite: Bool
    /// The picture's pixels at low resolution.
    let mask: Mask
    /// The frame's rows as the file has them, px of the original.
    private let frameHeight: Int
    /// Whether they are columns of the raster.
    private let liesOnSide: Bool
    /// The ground around the picture where it is not black.
    let surround: Surround?
    /// The rows that are missing from the picture, where some are.
    let lost: LostRows?

    /// Finds the field of an image.
    /// - Parameter liesOnSide: whether the file's rows are columns of the raster, so that lost rows are.
    public init(of raster: Raster, liesOnSide: Bool = false) {
        let scale = max(1, Double(max(raster.width, raster.height)) / Self.side)
        let width = max(1, Int((Double(raster.width) / scale).rounded()))
        let height = max(1, Int((Double(raster.height) / scale).rounded()))
        let small = raster.resampled(from: raster.bounds, width: width, height: height)
        self.init(lowResolution: small, width: raster.width, height: raster.height, liesOnSide: liesOnSide)
    }

    /// The image as it is read: with black in the place of a ground of another colour, or as it is.
    public func onBlack(_ raster: Raster) -> Raster { surround?.blackened(raster) ?? raster }

    /// The longer side of the low resolution, px: fine enough for the few pixels between a picture and the panel beside it.
    static let side = 256.0

    /// The field's diameter, px of the original: the circle's, or else the box's longer side.
    public var diameter: Double { circle.map { 2 * $0.radius } ?? Double(max(box.width, box.height)) }

    /// The field's centre, px of the original.
    public var centre: Point { circle?.centre ?? Rectangle(box).centre }

    /// Where rows are lost: the part that is left, and its middle square, px of the original.
    var keptBoxes: [PixelBox] {
        guard let lost, mask.height > 0, mask.width > 0, box.width > 0, box.height > 0 else { return [] }
        let box = liesOnSide ? self.box.transposed : self.box
        let scale = Double(frameHeight) / Double(liesOnSide ? mask.width : mask.height)
        let top = Int((Double(lost.kept.lowerBound) * scale).rounded(.up))
        let foot = Int((Double(lost.kept.upperBound) * scale).rounded(.down))
        guard foot > top else { return [] }
        let side = min(box.width, foot - top)
        let kept = [
            PixelBox(x: box.x, y: top, width: box.width, height: foot - top),
            PixelBox(x: box.x + (box.width - side) / 2, y: top + (foot - top - side) / 2, width: side, height: side),
        ]
        return liesOnSide ? kept.map(\.transposed) : kept
    }

    /// - Parameters:
    ///   - image: the image at low resolution.
    ///   - width: of the original, px.
    ///   - height: of the original, px.
    ///   - liesOnSide: whether the file's rows are columns here.
    init(lowResolution image: Raster, width: Int, height: Int, liesOnSide: Bool = false) {
        frameHeight = liesOnSide ? width : height
        self.liesOnSide = liesOnSide
        surround = Surround(of: image)
        let small = surround?.blackened(image) ?? image
        let (scaleX, scaleY) = (Double(width) / Double(small.width), Double(height) / Double(small.height))
        let picture = BrightRegion.mask(of: small)
        let map = picture.labelled()
        let bySize = map.components.sorted { $0.area > $1.area }
        guard let largest = bySize.first, largest.area * 50 >= small.width * small.height else {
            var all = Mask(width: small.width, height: small.height)
            all.pixels = [UInt8](repeating: 255, count: all.pixels.count)
            mask = all
            circle = nil
            isComposite = false
            share = 1
            area = Double(width * height)
            box = PixelBox(x: 0, y: 0, width: width, height: height)
            // So little may be left of a picture.
            lost = Self.lostRows(small, picture, picture, nil, liesOnSide)
            return
        }
        let filled = map.mask(of: largest).filledHoles()
        // One low-resolution pixel from the frame is the frame: antialiasing blurs no more than that.
        let right = largest.box.x + largest.box.width
        let bottom = largest.box.y + largest.box.height
        let left = largest.box.x <= 1 ? 0 : Int((Double(largest.box.x) * scaleX).rounded(.down))
        let top = largest.box.y <= 1 ? 0 : Int((Double(largest.box.y) * scaleY).rounded(.down))
        let end = right >= small.width - 1 ? width : min(width, Int((Double(right) * scaleX).rounded(.up)))
        let foot = bottom >= small.height - 1 ? height : min(height, Int((Double(bottom) * scaleY).rounded(.up)))
        box = PixelBox(x: left, y: top, width: end - left, height: foot - top)
        share = Double(filled.area) / Double(small.width * small.height)
        area = share * Double(width * height)
        isComposite = bySize.count > 1 && Self.areApart(largest, bySize[1])
        let outline = Self.circle(around: filled)
        circle = outline.map {
            Circle(centre: Point(x: $0.centre.x * scaleX, y: $0.centre.y * scaleY), radius: $0.radius * (scaleX + scaleY) / 2)
        }
        mask = filled
        lost = Self.lostRows(small, picture, filled, outline, liesOnSide)
    }

    private static func lostRows(
        _ small: Raster, _ picture: Mask, _ field: Mask, _ circle: Circle?, _ liesOnSide: Bool
    ) -> LostRows? {
        guard liesOnSide else { return LostRows(in: small, picture: picture, field: field, circle: circle) }
        return LostRows(
            in: small.transposed, picture: picture.transposed, field: field.transposed,
            circle: circle.map { Circle(centre: Point(x: $0.centre.y, y: $0.centre.x), radius: $0.radius) })
    }

    /// Whether the second component is at least half as large as the first and stands beside it, above or below it.
    private static func areApart(_ first: Component, _ second: Component) -> Bool {
        let (a, b) = (first.box, second.box)
        let x = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
        let y = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
        return second.area * 2 >= first.area && (x <= a.width / 20 || y <= a.height / 20)
    }

    /// The circle that the field's outline follows where it is not the frame itself.
    private static func circle(around field: Mask) -> Circle? {
        let margin = max(2, max(field.width, field.height) / 80)
        let edge = field.boundary()
        var points: [Point] = []
        for y in margin..<max(margin, field.height - margin) {
            for x in margin..<max(margin, field.width - margin) where edge[x, y] {
                points.append(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
            }
        }
        let side = Double(max(field.width, field.height))
        guard let circle = Circle.fit(points, tolerance: side / 120, minimumShare: 0.6), circle.radius > side / 5,
            circle.radius < side,
            Double(points.count) > circle.radius
        else { return nil }
        return circle
    }
}

extension PixelBox {
    /// The same where what is here a row is a column.
    fileprivate var transposed: PixelBox { PixelBox(x: y, y: x, width: height, height: width) }
}
