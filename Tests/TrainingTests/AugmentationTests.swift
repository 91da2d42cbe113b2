import DataSets
import Imaging
import Screening
import TestSupport
import Testing

@testable import Training

struct AugmentationTests {
    private func look(window: (Double, Double) = (1, 0.5)) -> TrainingView {
        let (raster, grey) = DataSetFolder.picture(seed: 2, side: 64, radius: 10...14)
        return TrainingView(
            raster: raster, truth: Truth.mask(grey, for: .polyp), centre: Point(x: 32, y: 32), side: 64, surround: .reflected,
            window: window, zoom: 1...1, shift: 0, rotation: 0)
    }

    /// Everything at once, always.
    private var strongest: Augmentation {
        var augmentation = Augmentation.standard(.polyp, Disturbance.allCases)
        augmentation.highlights = 1
        augmentation.corners = 1
        augmentation.compression = 1
        augmentation.blur.probability = 0
        augmentation.noise.probability = 1
        return augmentation
    }

    @Test func paddingStaysBlackThroughEverything() {
        for seed in 0..<20 {
            var random = SeededGenerator(UInt64(seed), 1)
            let (colours, truth) = strongest.sample(look(), side: 64, &random)
            #expect(colours[..<(3 * 64 * 16)].allSatisfy { $0 == 0 } && colours[(3 * 64 * 48)...].allSatisfy { $0 == 0 })
            #expect(colours.allSatisfy { (0...255).contains($0) } && colours.contains { $0 > 60 })
            // What is black is no polyp.
            for index in 0..<64 * 64 where truth.pixels[index] != 0 { #expect(colours[3 * index] > 0) }
        }
    }

    @Test func cornersGoBlackWithTheirTruth() {
        var augmentation = Augmentation.standard(.polyp, [.corners])
        augmentation.corners = 1
        augmentation.mirror = 0
        augmentation.stretch = 1
        var random = SeededGenerator(5, 1)
        let (colours, truth) = augmentation.sample(look(window: (1, 1)), side: 64, &random)
        #expect(colours[0] == 0 && !truth[0, 0] && colours[3 * (32 * 64 + 32)] > 0)
    }

    @Test(arguments: ModelTask.allCases) func whatIsLeftOutDoesNothing(_ task: ModelTask) {
        var augmentation = Augmentation.standard(task, [])
        augmentation.mirror = 0
        augmentation.stretch = 1
        var random = SeededGenerator(1, 1)
        let sample = augmentation.sample(look(), side: 64, &random)
        let plain = Warp(look(), side: 64).apply(look(), side: 64)
        #expect(zip(sample.colours, plain.colours).allSatisfy { abs($0 - $1) < 0.3 })
        #expect(sample.truth == plain.truth)
    }

    @Test func theLargestSquareBesideAPolyp() {
        var mask = Mask(width: 20, height: 12)
        for y in 0..<12 { for x in 8..<11 { mask[x, y] = true } }
        #expect(Preparation.largestEmptySquare(in: mask) == PixelBox(x: 11, y: 0, width: 9, height: 9))
        #expect(Preparation.largestEmptySquare(in: Mask(width: 4, height: 4, pixels: [UInt8](repeating: 255, count: 16))) == nil)
    }

    @Test func aBackgroundHasNoPolyp() throws {
        // Grain, since what is flat up to the edge is no part of the field.
        var raster = Raster(width: 120, height: 80, fill: (150, 80, 60))
        for pixel in 0..<120 * 80 { raster.pixels[3 * pixel] -= UInt8(pixel * 37 % 61) }
        var grey = GreyImage(width: 120, height: 80)
        for y in 20..<60 {
            for x in 5..<40 {
                grey.pixels[y * 120 + x] = 255
                raster.pixels[3 * (y * 120 + x)] = 255
            }
        }
        let preparation = Preparation(task: .polyp, side: 32)
        let background = try #require(preparation.background(raster, grey))
        #expect(background.raster.pixels.indices.allSatisfy { $0 % 3 != 0 || background.raster.pixels[$0] < 200 })
        #expect(background.truth?.area == 0)
        #expect(preparation.background(raster, GreyImage(width: 120, height: 80)) == nil)
        #expect(Preparation(task: .disc, side: 32).background(raster, grey) == nil)
    }

    @Test func aPaletteBringsItsMeanAndLeavesBlack() throws {
        let source: [Float] = (0..<300).map { [60, 120, 180][$0 % 3] + Float($0 % 7) }
        let target = try #require(
            Palette(100) { index in SIMD3(150 + Float(index % 5), 90 + Float(index % 3), 70 + Float(index % 4)) })
        var colours = source + [0, 0, 0]
        target.lay(over: &colours, share: 1)
        let own = try #require(Palette(100) { SIMD3(colours[3 * $0], colours[3 * $0 + 1], colours[3 * $0 + 2]) })
        #expect(abs(own.mean.x - target.mean.x) < 0.5 && abs(own.mean.y - target.mean.y) < 0.5)
        #expect(abs(own.mean.z - target.mean.z) < 0.5)
        #expect(colours.suffix(3) == [0, 0, 0])
    }

    @Test func aPanelHasNothingToFind() {
        var (covered, random) = (0, SeededGenerator(7, 1))
        for _ in 0..<20 {
            var colours = [Float](repeating: 100, count: 64 * 64 * 3)
            var truth = Mask(width: 64, height: 64, pixels: [UInt8](repeating: 255, count: 64 * 64))
            Augmentation.lay(panelOver: &colours, &truth, window: (1, 0.5), &random)
            let outside = 64 * 16
            #expect(colours[..<(3 * outside)].allSatisfy { $0 == 100 } && truth.pixels[..<outside].allSatisfy { $0 == 255 })
            for index in 0..<64 * 64 where truth.pixels[index] == 0 { covered += 1 }
        }
        #expect(covered > 20 * 64)
    }
}
