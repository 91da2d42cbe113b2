import DataSets
import Imaging
import Neural
import Phantoms
import Reading
import Screening
import TestSupport
import Testing

@testable import Training

struct LoaderTests {
    private func loader(phantoms: Double = 0, balance: Double = 0) async throws -> (DataSetFolder, Loader) {
        let drawn = try DataSetFolder.discs(count: 10) { _ in .train }
        let set = try DataSet(directory: drawn.path)
        var options = TrainingOptions(task: .polyp)
        options.side = 32
        options.batch = 4
        options.phantoms = phantoms
        options.balance = balance
        let preparation = Preparation(task: .polyp, side: 32)
        let subjects = try await preparation.subjects(set, .train)
        return (
            drawn,
            Loader(
                options: options, heads: [.mask, .distance], subjects: subjects, phantoms: [],
                input: InputScale(mean: [0.5, 0.4, 0.3], deviation: [0.2, 0.2, 0.2]))
        )
    }

    @Test func aBatchFollowsFromItsStepAlone() async throws {
        let (_, loader) = try await loader()
        let alone = (0..<6).map { loader.batch(step: $0).batch }
        // Ahead on several threads, and begun in the middle.
        var prefetch = Prefetch(loader, from: 2, to: 6, ahead: 3)
        for step in 2..<6 {
            let batch = try #require(await prefetch.batch()).batch
            #expect(batch.input == alone[step].input)
            #expect(batch.mask == alone[step].mask)
            #expect(batch.distance == alone[step].distance)
        }
        #expect(await prefetch.batch() == nil)
        #expect(alone[0].input != alone[3].input)
        #expect(alone[0].input.count == 4 * 3 * 32 * 32 && alone[0].mask.count == 4 * 32 * 32 && alone[0].contour.isEmpty)
    }

    @Test func theTruthFollowsThePictureThroughEveryAugmentation() async throws {
        let (_, loader) = try await loader()
        var (both, sum) = (0, 0)
        for (index, subject) in loader.subjects.enumerated() {
            for epoch in 0..<5 {
                var random = SeededGenerator(9, UInt64(epoch), UInt64(index))
                var mild = Augmentation.standard(.polyp)
                // Geometry is what is asked about; colours would need another threshold.
                mild.brightness = 1
                mild.contrast = 1
                mild.gamma = 1
                mild.gain = 1
                mild.saturation = 1
                let (colours, truth) = mild.sample(subject.looks[0], side: 32, &random)
                for pixel in 0..<32 * 32 {
                    let isBright = colours[3 * pixel + 1] > 130
                    let isInside = truth.pixels[pixel] != 0
                    sum += (isBright ? 1 : 0) + (isInside ? 1 : 0)
                    both += isBright && isInside ? 1 : 0
                }
            }
        }
        #expect(2 * Double(both) / Double(sum) > 0.95)
    }

    @Test func anEpochHasEveryoneOnce() {
        let order = EpochOrder(sets: [[0, 1, 2], [3, 4]], phantoms: 0, phantomShare: 0, balance: 0, seed: 5)
        for epoch in 0..<3 {
            let subjects = order.places(epoch: epoch).compactMap { if case .subject(let index) = $0 { index } else { nil } }
            #expect(subjects.sorted() == [0, 1, 2, 3, 4])
        }
        let long = EpochOrder(sets: [Array(0..<50)], phantoms: 0, phantomShare: 0, balance: 0, seed: 5)
        #expect(long.places(epoch: 0) != long.places(epoch: 1))
        #expect(long.places(epoch: 1) == long.places(epoch: 1))
    }

    @Test func phantomsAreNeverMoreThanTheirShare() {
        let order = EpochOrder(sets: [Array(0..<400)], phantoms: 7, phantomShare: 0.05, balance: 0, seed: 5)
        let places = order.places(epoch: 0)
        let phantoms = places.count { if case .phantom = $0 { true } else { false } }
        #expect(places.count == order.count)
        #expect(phantoms >= 20 && Double(phantoms) <= 0.05 * Double(places.count))
        let subjects = Set(places.compactMap { if case .subject(let index) = $0 { index } else { nil } })
        #expect(subjects.count == 400)
    }

    @Test func balanceEvensOutDataSets() {
        func share(_ balance: Double) -> Double {
            let order = EpochOrder(
                sets: [Array(0..<90), Array(90..<100)], phantoms: 0, phantomShare: 0, balance: balance, seed: 1)
            let places = order.places(epoch: 0)
            return Double(places.count { if case .subject(let index) = $0 { index >= 90 } else { false } }) / Double(places.count)
        }
        #expect(share(0) == 0.1)
        #expect(share(0.5) == 0.25)
        #expect(share(1) == 0.5)
    }

    /// What training shows a network without augmentation is what reading shows it, but for the finest detail: a gap between the two was
    /// once worth 0.05 of Dice.
    @Test(arguments: [96, 128, 192, 256]) func trainingAndReadingShowTheSame(_ side: Int) {
        for (kind, task) in [(Phantom.Kind.endoscopy, ModelTask.polyp), (.fundus, .disc)] {
            let phantom = Phantom.make(kind, seed: 11, index: 3, view: .whole)
            let look = Preparation(task: task, side: side).looks(phantom.raster, phantom.mask)[0]
            let trained = Warp(look, side: side).apply(look, side: side).colours
            let read = NetworkView(whole: FieldOfView(of: phantom.raster), side: side).pixels(of: phantom.raster).pixels
            let difference = zip(trained, read).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(read.count)
            #expect(difference < 1.5, "\(kind)")
        }
    }

    /// The same where the disc is unrolled: colours and truth, of a whole photograph and of a picture of the disc alone.
    @Test(arguments: [Phantom.View.whole, .disc]) func trainingAndReadingUnrollTheSame(_ kind: Phantom.View) throws {
        let side = 128
        let phantom = Phantom.make(.fundus, seed: 11, index: 3, view: kind)
        let looks = Preparation(task: .cup, side: side, isUnrolled: true).looks(phantom.raster, phantom.mask)
        #expect(looks.count == 1)
        let (trained, truth) = Warp(looks[0], side: side).apply(looks[0], side: side)
        let grey = phantom.mask
        let columns = (0..<grey.width).filter { x in (0..<grey.height).contains { grey.pixels[$0 * grey.width + x] > 0 } }
        let rows = (0..<grey.height).filter { y in (0..<grey.width).contains { grey.pixels[y * grey.width + $0] > 0 } }
        let left = columns.first!
        let right = columns.last! + 1
        let top = rows.first!
        let bottom = rows.last! + 1
        let view = NetworkView(
            unrolledDisc: Point(x: Double(left + right) / 2, y: Double(top + bottom) / 2),
            diameter: Double(max(right - left, bottom - top)), width: grey.width, height: grey.height, side: side)
        let read = view.pixels(of: phantom.raster).pixels
        let difference = zip(trained, read).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(read.count)
        #expect(difference < 2)
        var wrong = 0
        for y in 0..<side {
            for x in 0..<side {
                let place = view.original(Point(x: Double(x) + 0.5, y: Double(y) + 0.5))
                let (column, row) = (Int(place.x), Int(place.y))
                guard column >= 0, row >= 0, column < grey.width, row < grey.height else { continue }
                if (grey.pixels[row * grey.width + column] == 255) != (truth[x, y] as Bool) { wrong += 1 }
            }
        }
        #expect(wrong * 50 < side * side)
    }

    @Test func fundusPicturesAreSeenWholeAndUpClose() {
        // A whole field: a disc of 60 px in 512.
        var grey = GreyImage(width: 512, height: 512)
        for y in 200..<260 { for x in 300..<360 { grey.pixels[y * 512 + x] = y > 220 ? 255 : 128 } }
        let raster = Raster(width: 512, height: 512, fill: (150, 80, 40))
        let disc = Preparation(task: .disc, side: 64).looks(raster, grey)
        #expect(disc.count == 2)
        // Whole: the side is the field. Crop: 2.5 diameters; the disc then takes 1 / 2.5 of the view.
        #expect(abs(disc[0].side / Double(disc[0].raster.width) - 1) < 0.01)
        let share = Double(Warp(disc[1], side: 64).apply(disc[1], side: 64).truth.area) / (64 * 64)
        #expect(abs(share - 1 / (2.5 * 2.5)) < 0.01)
        #expect(Preparation(task: .cup, side: 64).looks(raster, grey).count == 1)
        // Without a disc there is nothing to crop around.
        #expect(Preparation(task: .cup, side: 64).looks(raster, GreyImage(width: 512, height: 512)).isEmpty)
        #expect(Preparation(task: .disc, side: 64).looks(raster, GreyImage(width: 512, height: 512)).count == 1)
    }
}

struct RateScheduleTests {
    @Test func warmsUpAndDecaysToNothing() {
        let schedule = RateSchedule(peak: 1e-3, steps: 1000, schedule: .cosine)
        #expect(schedule.warmUp == 50)
        #expect(abs(schedule.rate(0) - 2e-5) < 1e-10)
        #expect(schedule.rate(50) == 1e-3)
        #expect(abs(schedule.rate(525) - 5e-4) < 1e-6)
        #expect(schedule.rate(999) < 1e-8)
        #expect((50..<999).allSatisfy { schedule.rate($0) >= schedule.rate($0 + 1) })
    }

    @Test func thePapersIsConstant() {
        let schedule = RateSchedule(peak: 1e-4, steps: 10, schedule: .constant)
        #expect((0..<10).allSatisfy { schedule.rate($0) == 1e-4 })
    }
}

/// Frames without a polyp that are drawn apart.
struct NegativesTests {
    private func order(_ share: Double) -> EpochOrder {
        EpochOrder(
            sets: [[0, 1, 2, 3, 4, 5, 6, 7]], phantoms: 0, phantomShare: 0, balance: 0, seed: 3, negatives: ([8, 9], share))
    }

    @Test func everyOtherSubjectStandsOnceAndNegativesHaveTheirShare() {
        let places = order(0.2).places(epoch: 0)
        #expect(places.count == 10)
        let subjects = places.compactMap { if case .subject(let index) = $0 { index } else { nil } }
        #expect(Set(subjects.filter { $0 < 8 }) == Set(0..<8) && subjects.filter { $0 < 8 }.count == 8)
        #expect(subjects.filter { $0 >= 8 }.count == 2)
    }

    @Test func theHarderOneIsDrawnMoreOften() {
        let drawn = (0..<200).flatMap { order(0.2).places(epoch: $0, hardness: [0.2, 1.8]) }
        let (easy, hard) = (drawn.filter { $0 == .subject(8) }.count, drawn.filter { $0 == .subject(9) }.count)
        #expect(easy + hard == 400)
        #expect(abs(Double(hard) / 400 - 0.9) < 0.05)
    }

    @Test func whatIsSeenCountsFromTheNextEpochOn() {
        var hardness = Hardness()
        hardness.begin(2)
        hardness.see(1, peak: 1)
        #expect(hardness.drawn == [1, 1])
        hardness.turn()
        #expect(hardness.drawn == [1, 1.6])
        hardness.begin(2)
        #expect(hardness.drawn == [1, 1.6])
    }
}
