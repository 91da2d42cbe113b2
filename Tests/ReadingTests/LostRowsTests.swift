import Imaging
import Phantoms
import Screening
import Testing

@testable import Reading

struct LostRowsTests {
    /// What may stand where rows are missing.
    enum Loss: CaseIterable, Sendable { case grey, green, white, blue, repeated, black, shifted, noise }
    /// Where rows are missing.
    enum Place: CaseIterable, Sendable { case top, foot, middle }

    private static func picture(_ kind: Phantom.Kind, _ index: Int) -> Raster {
        kind == .fundus
            ? Phantom.make(kind, seed: 23, index: index, width: 480, height: 480).raster
            : Phantom.make(kind, seed: 23, index: index, width: 500, height: 400).raster
    }

    private static func losing(_ share: Double, _ place: Place, _ loss: Loss, _ raster: Raster) throws -> Raster {
        let (width, height) = (raster.width, raster.height)
        let count = Int(Double(height) * share)
        let first =
            switch place {
            case .top: 0
            case .foot: height - count
            case .middle: (height - count) / 2
            }
        var lost = raster
        let beside = first > 0 ? first - 1 : count
        for y in first..<first + count {
            for x in 0..<width {
                for channel in 0..<3 {
                    lost.pixels[3 * (y * width + x) + channel] =
                        switch loss {
                        case .grey: 128
                        case .green: channel == 1 ? 135 : 0
                        case .white: 255
                        case .blue: channel == 2 ? 220 : 20
                        case .repeated: raster.pixels[3 * (beside * width + x) + channel]
                        case .black: 0
                        case .shifted: raster.pixels[3 * (y * width + (x + width / 3) % width) + channel]
                        case .noise: UInt8(255 * Drawn.noise(3 * x + channel, y))
                        }
                }
            }
        }
        return try ImageDecoder.decode(ImageEncoder.jpeg(lost, quality: 88)).raster
    }

    /// Which share of a frame is picture in the rows that are left, 0...1.
    private static func shareLeft(of raster: Raster, _ share: Double, _ place: Place) -> Double {
        let mask = FieldOfView(of: raster).mask
        let count = Int(Double(mask.height) * share)
        let first =
            switch place {
            case .top: 0
            case .foot: mask.height - count
            case .middle: (mask.height - count) / 2
            }
        let left = (0..<mask.height).filter { $0 < first || $0 >= first + count }
        return Double(left.map { y in (0..<mask.width).count { mask[$0, y] } }.reduce(0, +)) / Double(mask.width * mask.height)
    }

    @Test("C2: lost rows are seen, whatever stands in their place", arguments: Phantom.Kind.allCases, Loss.allCases)
    func lostRowsAreSeen(kind: Phantom.Kind, loss: Loss) throws {
        for (index, share) in [0.08, 0.12, 0.2, 0.35, 0.5, 0.7, 0.9].enumerated() {
            let whole = Self.picture(kind, index)
            for place in Place.allCases {
                // A shift is told by the seam, which a frame without a border need not show; and a border hides what is black in it.
                if loss == .shifted, kind == .endoscopy || share < 0.2 || share > 0.8 { continue }
                if loss == .black, kind == .endoscopy, share < 0.1 { continue }
                // Where black is all that is left, nothing tells that there was a picture.
                if loss == .black || loss == .repeated, Self.shareLeft(of: whole, share, place) < 0.02 { continue }
                let lost = try Self.losing(share, place, loss, whole)
                #expect(FieldOfView(of: lost).lost != nil, "\(share) of the rows, \(place)")
            }
        }
    }

    @Test("C2: whole pictures are whole", arguments: Phantom.Kind.allCases)
    func wholeIsWhole(kind: Phantom.Kind) throws {
        for index in 0..<12 {
            let picture = Self.picture(kind, index)
            #expect(FieldOfView(of: picture).lost == nil, "phantom \(index)")
            let poor = try ImageDecoder.decode(ImageEncoder.jpeg(picture, quality: 20)).raster
            #expect(FieldOfView(of: poor).lost == nil, "phantom \(index), low bit rate")
            var dark = picture
            for pixel in dark.pixels.indices { dark.pixels[pixel] /= 3 }
            #expect(FieldOfView(of: dark).lost == nil, "phantom \(index), dark")
            var bright = picture
            for pixel in bright.pixels.indices { bright.pixels[pixel] = UInt8(min(255, 2 * Int(bright.pixels[pixel]))) }
            #expect(FieldOfView(of: bright).lost == nil, "phantom \(index), washed out")
        }
    }

    @Test("C2: a field that is cut at top and bottom is whole, and black below one that is cut off is not")
    func cutFields() {
        let (disc, cup) = (Ellipse.circle(600, 350, 50), Ellipse.circle(600, 350, 20))
        let whole = Drawn.fundus(900, 700, field: .circle(450, 350, 400), disc: disc, cup: cup)
        #expect(FieldOfView(of: whole).lost == nil)
        func blackened(_ rows: [Range<Int>]) -> Raster {
            var raster = whole
            for row in rows.joined() { for index in row * 2700..<(row + 1) * 2700 { raster.pixels[index] = 0 } }
            return raster
        }
        #expect(FieldOfView(of: blackened([0..<60, 640..<700])).lost == nil)
        #expect(FieldOfView(of: blackened([600..<700])).lost?.kind == .black)
        #expect(FieldOfView(of: blackened([0..<100])).lost?.kind == .black)
        #expect(FieldOfView(of: blackened([300..<400])).lost?.kind == .black)
    }

    /// What a decoder makes of a file whose orientation is 6: its rows are columns, the first of them at the right.
    private static func turned(_ raster: Raster) -> Raster {
        var turned = Raster(width: raster.height, height: raster.width)
        for y in 0..<raster.height {
            for x in 0..<raster.width {
                let (from, to) = (3 * (y * raster.width + x), 3 * (x * turned.width + raster.height - 1 - y))
                for channel in 0..<3 { turned.pixels[to + channel] = raster.pixels[from + channel] }
            }
        }
        return turned
    }

    @Test("C2: rows that are lost are seen where the file lies on its side, too", arguments: [Loss.grey, .white])
    func lostColumns(loss: Loss) throws {
        let whole = Self.picture(.fundus, 3)
        let lost = try Self.losing(0.35, .foot, loss, whole)
        #expect(FieldOfView(of: Self.turned(lost), liesOnSide: true).lost != nil)
        #expect(FieldOfView(of: Self.turned(whole), liesOnSide: true).lost == nil)
    }

    @Test("C2: a picture that is of one colour all over has lost nothing")
    func oneColour() { #expect(FieldOfView(of: Raster(width: 300, height: 200, fill: (150, 80, 40))).lost == nil) }
}
