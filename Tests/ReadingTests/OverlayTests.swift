import Imaging
import Screening
import Testing

@testable import Reading

struct OverlayTests {
    private func image(_ width: Int, _ height: Int, phantom: Bool = false) -> DecodedImage {
        DecodedImage(raster: Drawn.image(width, height) { x, y in Drawn.retina(x, y) }, format: .jpeg, isPhantom: phantom)
    }

    private func measured(_ disc: Ellipse, _ cup: Ellipse) -> ImageReading {
        func structure(_ ellipse: Ellipse) -> Structure {
            Structure(
                area: ellipse.area, centre: [ellipse.cx, ellipse.cy], ellipse: ellipse,
                verticalDiameter: ellipse.verticalDiameter,
                horizontalDiameter: ellipse.horizontalDiameter, meanProbability: 0.9, mask: "", rawMask: "")
        }
        var reading = ImageReading(.measured)
        reading.fundus = FundusFindings(
            disc: structure(disc), cup: structure(cup),
            cdr: CupToDiscRatio(vertical: 0.5, horizontal: 0.5, area: 0.25, interval: [0.4, 0.6]),
            rim: Rim(disc: disc, cup: cup, eye: .right), disagreement: [:])
        return reading
    }

    private func count(_ raster: Raster, _ isIt: (Int, Int, Int) -> Bool) -> Int {
        (0..<raster.width * raster.height).count {
            isIt(Int(raster.pixels[3 * $0]), Int(raster.pixels[3 * $0 + 1]), Int(raster.pixels[3 * $0 + 2]))
        }
    }

    private func greenPixels(_ raster: Raster) -> Int { count(raster) { $1 > 180 && $0 < 110 && $2 < 130 } }
    private func cyanPixels(_ raster: Raster) -> Int { count(raster) { $1 > 180 && $2 > 200 && $0 < 150 } }

    @Test(arguments: [(1, 1), (30, 20), (332, 500), (640, 480), (1634, 1634), (3000, 2000), (5000, 20), (20, 5000)])
    func sizesStayWithinTheLimits(width: Int, height: Int) throws {
        var reading = ImageReading(.outOfDomain)
        reading.end([Reason(.neither, "The image is neither a colour fundus photograph nor an endoscopy frame (97 % sure).")])
        let overlay = try Overlay(of: reading, image(width, height)).drawn().raster()
        #expect(max(overlay.width, overlay.height) <= 1600)
        #expect(overlay.width >= 480)
        // Words below the picture: light pixels on the panel's ground.
        #expect(count(overlay) { $0 > 220 && $1 > 180 && $2 > 0 } > 300)
        let greatest = Double(max(width, height))
        if greatest <= 640, width == height { #expect(overlay.width == 640) }
    }

    @Test func discIsSolidAndCupIsDashed() throws {
        let (disc, cup) = (Ellipse.circle(300, 250, 120), Ellipse.circle(300, 250, 60))
        let overlay = try Overlay(of: measured(disc, cup), image(640, 500)).drawn().raster()
        let bare = try Overlay(of: ImageReading(.measured), image(640, 500)).drawn().raster()
        #expect(greenPixels(bare) == 0 && cyanPixels(bare) == 0)
        #expect(greenPixels(overlay) > 700 && cyanPixels(overlay) > 150)
        // Walking around each outline: the disc's colour everywhere, the cup's with gaps.
        func share(_ ellipse: Ellipse, _ isIt: (Int, Int, Int) -> Bool) -> Double {
            let points = ellipse.points(count: 500)
            let hits = points.count { point in
                let index = 3 * (Int(point.y) * overlay.width + Int(point.x))
                return isIt(Int(overlay.pixels[index]), Int(overlay.pixels[index + 1]), Int(overlay.pixels[index + 2]))
            }
            return Double(hits) / 500
        }
        #expect(share(disc) { $1 > $0 + 40 && $1 > $2 + 40 } > 0.97)
        let cupShare = share(cup) { $1 > 90 && $2 > $0 + 30 }
        #expect(cupShare > 0.4 && cupShare < 0.8)
    }

    @Test func smallDiscsAreShownEnlarged() throws {
        // Without the enlarged part only the thin circle would be green.
        let small = try Overlay(of: measured(.circle(900, 500, 40), .circle(900, 500, 20)), image(1600, 1000)).drawn().raster()
        #expect(greenPixels(small) > 1500)
        #expect(small.height > 1000)
    }

    @Test func polypsAreDrawnAndNumbered() throws {
        func polyp(_ x: Double, _ y: Double) -> Polyp {
            Polyp(
                box: [Int(x) - 40, Int(y) - 40, 80, 80], area: 5000, areaFraction: 0.01, centroid: [x, y], confidence: 0.9,
                contour: Ellipse.circle(x, y, 40).points(count: 60).map { [$0.x, $0.y] })
        }
        var reading = ImageReading(.measured)
        reading.endoscopy = EndoscopyFindings(
            polyps: [polyp(200, 200), polyp(500, 300)], polypAreaFraction: 0.02, disagreement: 0, mask: "polyp.png")
        let overlay = try Overlay(of: reading, image(800, 600)).drawn().raster()
        #expect(greenPixels(overlay) > 500)
        #expect(Caption(reading).headline == "2 polyps found")
        // The number's white letters above the first box.
        let corner = overlay.pixels.indices.count { index in
            let (x, y) = (index / 3 % overlay.width, index / 3 / overlay.width)
            return index % 3 == 0 && (160..<185).contains(x) && (130..<162).contains(y) && overlay.pixels[index] > 240
                && overlay.pixels[index + 2] > 240
        }
        #expect(corner > 10)
    }

    @Test("Of the overlay of a small frame the words take less than a quarter, of a large one as much as they need")
    func wordsAreShort() throws {
        var frame = ImageReading(.measured)
        frame.modality = .init(value: .endoscopy, probabilities: ["endoscopy": 1])
        frame.quality = Quality(grade: .good, checks: [:])
        frame.endoscopy = EndoscopyFindings(
            polyps: [
                Polyp(
                    box: [100, 100, 80, 80], area: 5000, areaFraction: 0.046, centroid: [140, 140], confidence: 0.99,
                    contour: Ellipse.circle(140, 140, 40).points(count: 60).map { [$0.x, $0.y] })
            ], polypAreaFraction: 0.046, disagreement: 0, mask: "polyp.png")
        frame.attention = [Attention(.polyp, "A polyp was found.", value: 1, threshold: 1)]
        var eye = measured(.circle(190, 140, 80), .circle(190, 140, 40))
        eye.modality = .init(value: .fundus, probabilities: ["fundus": 1])
        eye.quality = frame.quality
        for reading in [frame, eye] {
            let overlay = try Overlay(of: reading, image(384, 288)).drawn().raster()
            // The picture itself is enlarged to 640 x 480.
            #expect(overlay.width == 640 && Double(overlay.height - 480) < 0.25 * Double(overlay.height), "\(overlay.height)")
        }
    }

    @Test("Beside each other or below: no word goes beyond its column", arguments: [384, 640, 900, 1600])
    func columns(width: Int) throws {
        var reading = measured(.circle(190, 140, 80), .circle(190, 140, 40))
        reading.attention = [Attention(.ratioHigh, "The vertical cup-to-disc ratio is high.", value: 0.715, threshold: 0.65)]
        let overlay = try Overlay(of: reading, image(width, width * 3 / 4)).drawn().raster()
        let height = max(480, width * 3 / 4)
        // The margins at both sides of the words hold none.
        let edges = (height..<overlay.height).flatMap { y in
            [0, 1, 2, 3, overlay.width - 4, overlay.width - 3, overlay.width - 2, overlay.width - 1].map {
                overlay.pixels[3 * (y * overlay.width + $0)]
            }
        }
        #expect(!edges.isEmpty && edges.allSatisfy { $0 < 60 })
    }

    @Test func phantomsSaySo() throws {
        let (plain, phantom) = (
            try Overlay(of: ImageReading(.noFinding), image(640, 480)).drawn().raster(),
            try Overlay(of: ImageReading(.noFinding), image(640, 480, phantom: true)).drawn().raster()
        )
        #expect(count(phantom) { $0 > 240 && $1 > 240 && $2 > 240 } > count(plain) { $0 > 240 && $1 > 240 && $2 > 240 } + 300)
    }

    @Test func captionsSayWhatMatters() {
        var reading = measured(.circle(0, 0, 10), .circle(0, 0, 5))
        reading.eye = .left
        reading.attention = [Attention(.ratioHigh, "The vertical cup-to-disc ratio is high.", value: 0.715, threshold: 0.65)]
        let caption = Caption(reading)
        #expect(caption.headline == "Measured")
        #expect(caption.figures.first == "Vertical cup-to-disc ratio 0.50")
        #expect(caption.figures[1].hasPrefix("95 % interval 0.40 to 0.60"))
        #expect(caption.figures[2].hasSuffix("left eye"))
        #expect(caption.attention == ["The vertical cup-to-disc ratio is high: 0.72, threshold 0.65."])
        var failed = ImageReading(.ungradable)
        failed.end([Reason(.tooDark, "The picture is too dark.")])
        #expect(Caption(failed).headline == "Ungradable" && Caption(failed).reasons == ["The picture is too dark."])
    }

    @Test func numbersAreRounded() {
        #expect(Caption.decimal(0.996) == "1.00" && Caption.decimal(-0.004) == "0.00" && Caption.decimal(12.3456) == "12.35")
        #expect(Caption.percent(0.0423) == "4.2 %" && Caption.percent(0.05) == "5 %" && Caption.percent(0.976) == "98 %")
    }
}
