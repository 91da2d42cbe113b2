internal import Imaging

/// What is flat and reaches the frame in another colour than black: a page, a slide, a letterbox, a window's title. It is found at low
/// resolution, from the corners of the frame inwards; black needs none of this, because the field's own rules begin with it.
struct Surround: Sendable, Equatable {
    /// One, or as many as there are colours: a window's title above a page.
    let grounds: [Ground]

    /// Finds the grounds; nil where the frame is picture up to a corner, or black in one.
    init?(of small: Raster) {
        guard small.width > 16, small.height > 16 else { return nil }
        let (right, foot) = (small.width - 4, small.height - 4)
        let corners = [(1, 1), (right, 1), (1, foot), (right, foot)].map { x, y in
            Self.mean(of: small, x: x, y: y)
        }
        var grounds: [Ground] = []
        var left = Set(corners.indices)
        while let first = left.min() {
            let alike = left.filter { corner in
                (0..<3).allSatisfy { abs(corners[corner][$0] - corners[first][$0]) <= Self.unevenness }
            }
            left.subtract(alike)
            // A corner alone, or a band of one colour beside a picture that reaches the other corners, may be a part of the picture that is lost.
            guard alike.count > 1 else { return nil }
            let colour = (0..<3).map { channel in
                let values = alike.map { corners[$0][channel] }.sorted()
                return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
            }
            guard let ground = Ground(in: small, colour: colour) else { return nil }
            grounds.append(ground)
        }
        self.grounds = grounds
    }

    /// The image, at its own or at low resolution, with black in the place of the grounds: as if it had been taken on black.
    func blackened(_ raster: Raster) -> Raster {
        var result = raster
        for ground in grounds { ground.blacken(&result) }
        return result
    }

    /// The corners of one ground are as much alike.
    private static let unevenness = 20

    private static func mean(of small: Raster, x: Int, y: Int) -> [Int] {
        (0..<3).map { channel in
            var sum = 0
            for row in y..<y + 3 {
                for column in x..<x + 3 { sum += Int(small.pixels[3 * (row * small.width + column) + channel]) }
            }
            return sum / 9
        }
    }
}

/// A flat ground of one colour.
struct Ground: Sendable, Equatable {
    /// Red, green and blue.
    let colour: [Int]
    /// How far a pixel may be from the colour, in its farthest channel, and still be more ground than picture: half the way to the picture.
    let reach: Int
    /// The ground's pixels at low resolution.
    let mask: Mask

    /// Finds what is of a colour, flat, and joined to the frame.
    init?(in small: Raster, colour: [Int]) {
        let (width, height) = (small.width, small.height)
        func distance(_ index: Int, _ colour: [Int]) -> Int {
            max(
                abs(Int(small.pixels[3 * index]) - colour[0]), abs(Int(small.pixels[3 * index + 1]) - colour[1]),
                abs(Int(small.pixels[3 * index + 2]) - colour[2]))
        }
        guard colour.max() ?? 0 > Self.darkest else { return nil }
        // What is like the corners and joined to the frame.
        var alike = Mask(width: width, height: height)
        for index in alike.pixels.indices where distance(index, colour) <= Self.tolerance { alike.pixels[index] = 255 }
        let ground = alike.labelled().mask { component in
            component.box.x == 0 || component.box.y == 0 || component.box.x + component.box.width == width
                || component.box.y + component.box.height == height
        }
        let area = ground.area
        guard area * 33 >= width * height, area * 20 <= 19 * width * height else { return nil }
        // A ground is flat; mucosa or retina that happens to be alike in its corners is not.
        var even = 0
        for index in ground.pixels.indices where ground.pixels[index] != 0 && distance(index, colour) <= Self.evenness {
            even += 1
        }
        guard even * 100 >= 93 * area else { return nil }
        // It ends at an edge: most of what stands beside it is of another colour.
        let beside = ground.dilated(radius: 3)
        var edge = 0
        var sharp = 0
        var sums = [0, 0, 0]
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
    fileprivate static let darkest = 42
    /// The ground's pixels are as much alike, compression noise and all.
    private static let tolerance = 24
    /// Nearly all of them are as much alike.
    private static let evenness = 8

    /// Puts black in the ground's place, in the image at its own or at low resolution.
    func blacken(_ raster: inout Raster) {
        let (width, height) = (raster.width, raster.height)
        // By low-resolution pixels from the ground: beside it all is mixed with it, a little farther each pixel goes by its own colour, and
        // farther still, where an outline is ragged, only what is of the ground's very colour is ground.
        let beside = mask.dilated(radius: 1)
        let near = mask.dilated(radius: 2)
        let far = mask.dilated(radius: 6)
        let columns = (0..<width).map { $0 * mask.width / width }
        raster.pixels.withUnsafeMutableBufferPointer { pixels in
            for y in 0..<height {
                let row = y * mask.height / height * mask.width
                for x in 0..<width where far.pixels[row + columns[x]] != 0 {
                    let (index, place) = (3 * (y * width + x), row + columns[x])
                    let limit = near.pixels[place] != 0 ? reach : Self.tolerance
                    let isGround =
                        beside.pixels[place] != 0
                        || (0..<3).allSatisfy { abs(Int(pixels[index + $0]) - colour[$0]) <= limit }
                    if isGround {
                        pixels[index] = 0
                        pixels[index + 1] = 0
                        pixels[index + 2] = 0
                    }
                }
            }
        }
    }
}
