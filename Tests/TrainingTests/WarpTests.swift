import Imaging
import Testing

@testable import Training

struct WarpTests {
    /// A 4 x 4 picture whose red is 10 times the pixel's index; the left half is inside.
    private func look(_ surround: TrainingView.Surround = .black, side: Double = 4, window: (Double, Double) = (1, 1))
        -> TrainingView
    {
        var raster = Raster(width: 4, height: 4)
        var truth = Mask(width: 4, height: 4)
        for index in 0..<16 {
            raster.pixels[3 * index] = UInt8(10 * index)
            truth.pixels[index] = index % 4 < 2 ? 255 : 0
        }
        return TrainingView(
            raster: raster, truth: truth, centre: Point(x: 2, y: 2), side: side, surround: surround, window: window, zoom: 1...1,
            shift: 0,
            rotation: 0)
    }

    private func reds(_ colours: [Float]) -> [Float] { stride(from: 0, to: colours.count, by: 3).map { colours[$0] } }

    @Test func theViewItselfIsThePicture() {
        let (colours, truth) = Warp(look(), side: 4).apply(look(), side: 4)
        #expect(reds(colours) == (0..<16).map { Float(10 * $0) })
        #expect(truth == look().truth)
    }

    @Test func shrinkingAverages() {
        let (colours, truth) = Warp(look(), side: 2).apply(look(), side: 2)
        #expect(reds(colours) == [25, 45, 105, 125])
        #expect(truth.pixels == [255, 0, 255, 0])
    }

    @Test func aQuarterTurn() {
        let warp = Warp(centre: Point(x: 2, y: 2), scale: 1, degrees: 90, stretch: 1, mirrored: (false, false))
        let (colours, truth) = warp.apply(look(), side: 4)
        let expected: [Float] = [30, 70, 110, 150, 20, 60, 100, 140, 10, 50, 90, 130, 0, 40, 80, 120]
        #expect(zip(reds(colours), expected).allSatisfy { abs($0 - $1) < 0.01 })
        #expect(truth.pixels == [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 255, count: 8))
    }

    @Test func mirrorsBeforeTurning() {
        let warp = Warp(centre: Point(x: 2, y: 2), scale: 1, degrees: 0, stretch: 1, mirrored: (true, false))
        let (colours, _) = warp.apply(look(), side: 4)
        #expect(reds(colours) == [30, 20, 10, 0, 70, 60, 50, 40, 110, 100, 90, 80, 150, 140, 130, 120])
    }

    @Test func outsideIsBlackOrAMirror() {
        let wide = Warp(centre: Point(x: 2, y: 2), scale: 1, degrees: 0, stretch: 1, mirrored: (false, false))
        let black = reds(wide.apply(look(.black), side: 8).colours)
        #expect(black[0] == 0 && black[8 * 7 + 7] == 0)
        let mirrored = wide.apply(look(.reflected), side: 8)
        // Two pixels out lies what stands two pixels in: (1, 1) is number 5.
        #expect(reds(mirrored.colours)[0] == 50)
        #expect(reds(mirrored.colours)[8 * 7 + 7] == 100)
        #expect(mirrored.truth[0, 0] && !mirrored.truth[7, 7])
    }

    @Test func paddingStaysBlack() {
        let look = look(.reflected, window: (1, 0.5))
        let (colours, truth) = Warp(look, side: 4).apply(look, side: 4)
        #expect(reds(colours)[..<4].allSatisfy { $0 == 0 } && reds(colours)[12...].allSatisfy { $0 == 0 })
        #expect(reds(colours)[4...].first == 40)
        #expect(!truth[0, 0] && truth[0, 1])
    }
}
