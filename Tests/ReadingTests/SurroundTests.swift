import Imaging
import Phantoms
import Screening
import Testing

@testable import Reading

struct SurroundTests {
    /// A ground by its colour.
    static let grounds: [[Int]] = [
        [255, 255, 255], [128, 128, 128], [70, 70, 74], [230, 222, 200], [20, 40, 160], [60, 150, 70],
    ]

    /// A phantom on a ground, compressed: fundus with the ground in the place of its black, endoscopy with a margin all around it, and a
    /// line of text.
    private static func picture(
        _ kind: Phantom.Kind, _ index: Int, margin: Int, on ground: (_ x: Int, _ y: Int, _ size: (Int, Int)) -> [Int]
    )
        throws -> Raster
    {
        let phantom = Phantom.make(kind, seed: 5, index: index, width: 480, height: 400).raster
        let field = FieldOfView(of: phantom)
        let isFundus = kind == .fundus
        let (width, height) = (phantom.width + 2 * margin, phantom.height + 2 * margin)
        let circle = field.circle
        let raster = Drawn.image(width, height) { x, y in
            let (u, v) = (x - margin, y - margin)
            let isInside =
                if isFundus, let circle {
                    (Double(u) + 0.5 - circle.centre.x) * (Double(u) + 0.5 - circle.centre.x)
                        + (Double(v) + 0.5 - circle.centre.y) * (Double(v) + 0.5 - circle.centre.y) < circle.radius
                        * circle.radius
                } else {
                    u >= 0 && v >= 0 && u < phantom.width && v < phantom.height
                }
            guard isInside else {
                if !isFundus, y > height - 30, y < height - 20, x > 100, x < 260, x % 6 < 3 { return (10, 10, 10) }
                let colour = ground(x, y, (width, height))
                return (colour[0], colour[1], colour[2])
            }
            let place = 3 * (v * phantom.width + u)
            return (Int(phantom.pixels[place]), Int(phantom.pixels[place + 1]), Int(phantom.pixels[place + 2]))
        }
        return try ImageDecoder.decode(ImageEncoder.jpeg(raster, quality: 90)).raster
    }

    @Test("C1: on any ground a picture is read as on black", arguments: Phantom.Kind.allCases, grounds)
    func asOnBlack(kind: Phantom.Kind, ground: [Int]) throws { try Self.compare(kind) { _, _, _ in ground } }

    @Test(
        "C1: grounds of two colours: under a window's title, and beside a panel",
        arguments: Phantom.Kind.allCases)
    func severalGrounds(kind: Phantom.Kind) throws {
        let (white, blue) = ([250, 250, 250], [40, 60, 120])
        try Self.compare(kind) { _, y, _ in y < 24 ? blue : white }
        try Self.compare(kind) { x, _, size in x < size.0 / 3 ? blue : white }
    }

    @Test("C1: a ground within black, beside black, and within another", arguments: Phantom.Kind.allCases)
    func groundsAndBlack(kind: Phantom.Kind) throws {
        for ground in [[255, 255, 255], [128, 128, 128], [230, 222, 200]] {
            for frame in [[0, 0, 0], [90, 90, 94]] {
                try Self.compare(kind, margin: 60) { x, y, size in
                    min(x, y, size.0 - 1 - x, size.1 - 1 - y) < 14 ? frame : ground
                }
            }
            try Self.compare(kind) { x, _, size in x < size.0 / 2 ? ground : [0, 0, 0] }
            try Self.compare(kind) { _, y, size in y < size.1 / 2 ? ground : [0, 0, 0] }
        }
    }

    private static func compare(
        _ kind: Phantom.Kind, margin: Int? = nil, on ground: (_ x: Int, _ y: Int, _ size: (Int, Int)) -> [Int]
    ) throws {
        let margin = margin ?? (kind == .fundus ? 0 : 60)
        for index in 0..<3 {
            let (coloured, black) = (
                try Self.picture(kind, index, margin: margin, on: ground),
                try Self.picture(kind, index, margin: margin) { _, _, _ in [0, 0, 0] }
            )
            let (found, twin) = (FieldOfView(of: coloured), FieldOfView(of: black))
            try #require(found.surround != nil, "phantom \(index)")
            #expect(found.lost == nil && !found.isComposite)
            // Two pixels of the low resolution.
            for (a, b) in [
                (found.box.x, twin.box.x), (found.box.y, twin.box.y), (found.box.width, twin.box.width),
                (found.box.height, twin.box.height),
            ] {
                #expect(abs(a - b) <= 6, "phantom \(index): \(found.box), on black \(twin.box)")
            }
            if let circle = twin.circle { #expect(abs(try #require(found.circle).radius - circle.radius) < 3) }
            let shown = NetworkView(whole: twin, side: 128)
            let (first, second) = (shown.pixels(of: found.onBlack(coloured)), shown.pixels(of: black))
            let different = zip(first.pixels, second.pixels).count { abs(Int($0) - Int($1)) > 24 }
            #expect(different * 50 < first.pixels.count, "phantom \(index): \(different) of \(first.pixels.count)")
        }
    }

    @Test("C1: on black, and without a surround, nothing is changed", arguments: Phantom.Kind.allCases)
    func asItWas(kind: Phantom.Kind) {
        for index in 0..<8 {
            let raster = Phantom.make(kind, seed: 9, index: index, width: 400, height: 320).raster
            let field = FieldOfView(of: raster)
            #expect(field.surround == nil && field.onBlack(raster) == raster)
        }
        let disc = Phantom.make(.fundus, seed: 9, index: 1, width: 300, height: 300, view: .disc).raster
        #expect(FieldOfView(of: disc).surround == nil)
    }
}
