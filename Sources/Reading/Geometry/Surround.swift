internal import Imaging

/// What is flat and reaches the frame in another colour than black: a page, a slide, a letterbox, a window's title. It is found at low
/// resolution, from the corners of the frame inwards. Black needs none of this, because the field's own rules begin with it; but what
/// lies inside a black frame, or inside a ground that was found, is looked at in the same way.
struct Surround: Sendable, Equatable {
    /// One, or as many as there are colours: a window's title above a page, a page on a table.
    let grounds: [Ground]

    /// Finds the grounds; nil where the frame is picture up to a corner, or nothing but black is around it.
    init?(of small: Raster) {
        var grounds: [Ground] = []
        var rest = small
        let whole = PixelBox(x: 0, y: 0, width: small.width, height: small.height)
        var frame = whole
        // Each turn finds the grounds at the frame's corners, or goes in to what black encloses.
        for _ in 0..<6 where frame.width > 16 && frame.height > 16 {
            let corners = Self.corners(of: rest, in: frame)
            if corners.allSatisfy({ $0.max() ?? 0 <= Ground.darkest }) {
                guard let inner = Self.lit(rest, in: frame) else { break }
                frame = inner
            } else {
                guard let found = Self.grounds(in: rest, frame: frame, corners: corners) else { break }
                // Inside black may be a picture as well as a page: mucosa is coloured, paper and screens hardly are.
                guard frame == whole || found.allSatisfy(\.isNeutral) else { break }
                grounds += found
                for ground in found { ground.blacken(&rest) }
            }
        }
        guard !grounds.isEmpty else { return nil }
        self.grounds = grounds
    }

    /// The image, at its own or at low resolution, with black in the place of the grounds: as if it had been taken on black.
    func blackened(_ raster: Raster) -> Raster {
        var result = raster
        for ground in grounds { ground.blacken(&result) }
        return result
    }

    /// The grounds that hold the corners which are not black; nil where one of these may be picture.
    private static func grounds(in small: Raster, frame: PixelBox, corners: [[Int]]) -> [Ground]? {
        var grounds: [Ground] = []
        var left = Set(corners.indices.filter { corners[$0].max() ?? 0 > Ground.darkest })
        while let first = left.min() {
            let alike = left.filter { corner in
                (0..<3).allSatisfy { abs(corners[corner][$0] - corners[first][$0]) <= unevenness }
            }
            left.subtract(alike)
            // A corner alone, or a band of one colour beside a picture that reaches the other corners, may be a part of the picture that is lost.
            guard alike.count > 1 else { return nil }
            let colour = (0..<3).map { channel in
                let values = alike.map { corners[$0][channel] }.sorted()
                return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
            }
            guard let ground = Ground(in: small, frame: frame, colour: colour) else { return nil }
            grounds.append(ground)
        }
        // Beside black, a band that no picture reaches into may be the picture's lost rows.
        let isBesideBlack = corners.contains { $0.max() ?? 0 <= Ground.darkest }
        guard !isBesideBlack || !grounds.contains(where: \.isBand) else { return nil }
        return grounds
    }

    /// The box of the most extended part that is not black (a page around a picture with black of its own is a ring), without its
    /// outermost pixels, which are mixed with black; nil where it is the frame itself, or less than a tenth of it.
    private static func lit(_ small: Raster, in frame: PixelBox) -> PixelBox? {
        var lit = Mask(width: small.width, height: small.height)
        small.pixels.withUnsafeBufferPointer { pixels in
            for y in frame.y..<frame.y + frame.height {
                for index in y * small.width + frame.x..<y * small.width + frame.x + frame.width {
                    let brightest = max(pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2])
                    if brightest > Ground.darkest { lit.pixels[index] = 255 }
                }
            }
        }
        let area = frame.width * frame.height
        let parts = lit.labelled().components.filter { $0.area * 33 > area }
        guard let box = parts.map(\.box).max(by: { $0.width * $0.height < $1.width * $1.height }), box != frame,
            box.width * box.height * 10 > area
        else { return nil }
        return PixelBox(x: box.x + 1, y: box.y + 1, width: box.width - 2, height: box.height - 2)
    }

    /// The corners of one ground are as much alike.
    private static let unevenness = 20

    /// The means of 3 x 3 px a pixel inside the frame's corners.
    private static func corners(of small: Raster, in frame: PixelBox) -> [[Int]] {
        let (right, foot) = (frame.x + frame.width - 4, frame.y + frame.height - 4)
        return [(frame.x + 1, frame.y + 1), (right, frame.y + 1), (frame.x + 1, foot), (right, foot)].map { x, y in
            (0..<3).map { channel in
                var sum = 0
                for row in y..<y + 3 {
                    for column in x..<x + 3 { sum += Int(small.pixels[3 * (row * small.width + column) + channel]) }
                }
                return sum / 9
            }
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

    /// Finds what is of a colour, flat, and joined to a frame: the image's own, or what black encloses.
    init?(in small: Raster, frame: PixelBox, colour: [Int]) {
        let (width, height) = (small.width, small.height)
        func distance(_ index: Int, _ colour: [Int]) -> Int {
            max(
                abs(Int(small.pixels[3 * index]) - colour[0]), abs(Int(small.pixels[3 * index + 1]) - colour[1]),
                abs(Int(small.pixels[3 * index + 2]) - colour[2]))
        }
        // What is like the corners and joined to the frame.
        var alike = Mask(width: width, height: height)
        for index in alike.pixels.indices where distance(index, colour) <= Self.tolerance { alike.pixels[index] = 255 }
        let ground = alike.labelled().mask { component in
            component.box.x <= frame.x || component.box.y <= frame.y
                || component.box.x + component.box.width >= frame.x + frame.width
                || component.box.y + component.box.height >= frame.y + frame.height
        }
        let area = ground.area
        guard area * 33 >= frame.width * frame.height, area * 20 <= 19 * frame.width * frame.height else { return nil }
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

    /// Whether it is white, grey or nearly so, as paper and screens are.
    var isNeutral: Bool { (colour.max() ?? 0) - (colour.min() ?? 0) <= 40 }

    /// Whether it fills a rectangle.
    var isBand: Bool {
        let boxes = mask.labelled().components.map { $0.box.width * $0.box.height }
        return mask.area * 100 >= 97 * boxes.reduce(0, +)
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
