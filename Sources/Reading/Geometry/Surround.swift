internal import Imaging

/// A flat ground in another colour than black around a picture: a page, a slide, a letterbox. It is found at low resolution, from the
/// corners of the frame inwards; black needs none of this, because the field's own rules begin with it.
struct Surround: Sendable, Equatable {
    /// Red, green and blue of the ground.
    let colour: [Int]
    /// How far a pixel may be from the colour, in its farthest channel, and still be more ground than picture: half the way to the picture.
    let reach: Int
    /// The ground's pixels at low resolution.
    let mask: Mask

    /// Finds the ground; nil where the frame is picture up to its corners, or where the ground is black.
    init?(of small: Raster) {
        let (width, height) = (small.width, small.height)
        guard width > 16, height > 16 else { return nil }
        func distance(_ index: Int, _ colour: [Int]) -> Int {
            max(
                abs(Int(small.pixels[3 * index]) - colour[0]), abs(Int(small.pixels[3 * index + 1]) - colour[1]),
                abs(Int(small.pixels[3 * index + 2]) - colour[2]))
        }
        let corners = [(1, 1), (width - 4, 1), (1, height - 4), (width - 4, height - 4)].map { x, y in
            Self.mean(of: small, x: x, y: y)
        }
        let colour = (0..<3).map { channel in
            let values = corners.map { $0[channel] }.sorted()
            return (values[1] + values[2]) / 2
        }
        guard colour.max() ?? 0 > Self.darkest,
            corners.allSatisfy({ corner in (0..<3).allSatisfy { abs(corner[$0] - colour[$0]) <= Self.unevenness } })
        else { return nil }
        // What is like the corners and joined to the frame.
        var alike = Mask(width: width, height: height)
        for index in alike.pixels.indices where distance(index, colour) <= Self.tolerance { alike.pixels[index] = 255 }
        let ground = alike.labelled().mask { component in
            component.box.x == 0 || component.box.y == 0 || component.box.x + component.box.width == width
                || component.box.y + component.box.height == height
        }
        let area = ground.area
        guard area * 33 >= width * height, area * 20 <= 19 * width * height else { return nil }
        // A ground is flat; mucosa or retina that happens to be alike in four corners is not.
        var even = 0
        for index in ground.pixels.indices where ground.pixels[index] != 0 && distance(index, colour) <= Self.evenness {
            even += 1
        }
        guard even * 100 >= 93 * area else { return nil }
        // It ends at an edge: most of what stands beside it is of another colour.
        let beside = ground.dilated(radius: 3)
        var (edge, sharp, sums) = (0, 0, [0, 0, 0])
        for index in beside.pixels.indices where beside.pixels[index] != 0 && ground.pixels[index] == 0 {
            edge += 1
            if distance(index, colour) > Self.tolerance + 8 { sharp += 1 }
        }
        guard sharp * 2 >= edge else { return nil }
        var rest = 0
        for index in beside.pixels.indices where beside.pixels[index] == 0 {
            rest += 1
            for channel in 0..<3 { sums[channel] += Int(small.pixels[3 * index + channel]) }
        }
        guard rest > 0 else { return nil }
        let difference = (0..<3).map { abs(sums[$0] / rest - colour[$0]) }.max() ?? 0
        self.colour = colour
        reach = max(Self.tolerance, min(96, difference / 2))
        mask = ground
    }

    /// A brighter ground than this is not the black of the field's own rules, in its brightest channel.
    private static let darkest = 42
    /// The corners are as much alike.
    private static let unevenness = 20
    /// The ground's pixels are as much alike, compression noise and all.
    private static let tolerance = 24
    /// Nearly all of them are as much alike.
    private static let evenness = 8

    private static func mean(of small: Raster, x: Int, y: Int) -> [Int] {
        (0..<3).map { channel in
            var sum = 0
            for row in y..<y + 3 {
                for column in x..<x + 3 { sum += Int(small.pixels[3 * (row * small.width + column) + channel]) }
            }
            return sum / 9
        }
    }

    /// The image, at its own or at low resolution, with black in the place of the ground: as if it had been taken on black.
    func blackened(_ raster: Raster) -> Raster {
        let (width, height) = (raster.width, raster.height)
        // By low-resolution pixels from the ground: beside it all is mixed with it, a little farther each pixel goes by its own colour, and
        // farther still, where an outline is ragged, only what is of the ground's very colour is ground.
        let (beside, near, far) = (mask.dilated(radius: 1), mask.dilated(radius: 2), mask.dilated(radius: 6))
        let columns = (0..<width).map { $0 * mask.width / width }
        var result = raster
        result.pixels.withUnsafeMutableBufferPointer { pixels in
            for y in 0..<height {
                let row = y * mask.height / height * mask.width
                for x in 0..<width where far.pixels[row + columns[x]] != 0 {
                    let (index, place) = (3 * (y * width + x), row + columns[x])
                    let limit = near.pixels[place] != 0 ? reach : Self.tolerance
                    let isGround =
                        beside.pixels[place] != 0
                        || (0..<3).allSatisfy { abs(Int(pixels[index + $0]) - colour[$0]) <= limit }
                    if isGround { (pixels[index], pixels[index + 1], pixels[index + 2]) = (0, 0, 0) }
                }
            }
        }
        return result
    }
}
