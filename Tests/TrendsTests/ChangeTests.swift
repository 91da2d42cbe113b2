import Screening
import Testing

@testable import Trends

@Suite("What a change is worth")
struct ChangeTests {
    private func changes(_ images: [ExaminedImage], _ repeatability: Repeatability = Repeatability(ofModels: ["cup-1": 0.04]))
        -> [Change]
    {
        Sample.history(images, repeatability).eyes.first?.changes ?? []
    }

    @Test("Within the manifest's limit it is stable, beyond it a change, and it says which way")
    func verdicts() throws {
        for (after, verdict, direction) in [
            (0.53, Change.Verdict.stable, nil), (0.56, .change, Change.Direction.wider), (0.44, .change, .narrower),
            (0.539, .stable, nil),
        ] {
            let change = try #require(
                changes([
                    Sample.photograph(1, taken: "2024-02-29", ratio: 0.5),
                    Sample.photograph(2, taken: "2025-02-28", ratio: after),
                ]).first)
            #expect(change.verdict == verdict && change.direction == direction && change.basis == .model && change.limit == 0.04)
            #expect(change.value.map { abs($0 - (after - 0.5)) < 1e-12 } == true)
            #expect(change.interval.map { $0.contains { $0 > 0 } && $0.contains { $0 < 0 } } == (verdict == .stable))
            #expect(abs(change.years - 1) < 0.01)
        }
    }

    @Test("Without the manifest's figure the intervals decide: √2 times one's half where both are as wide")
    func intervals() {
        let images = [
            Sample.photograph(1, taken: "2024-01-01", ratio: 0.5), Sample.photograph(2, taken: "2025-01-01", ratio: 0.61),
            Sample.photograph(3, taken: "2026-01-01", ratio: 0.74),
        ]
        let found = changes(images, Repeatability())
        #expect(found.map(\.basis) == [.interval, .interval, .interval])
        #expect(found.allSatisfy { abs(($0.limit ?? 0) - 0.08 * 2.0.squareRoot()) < 1e-12 })
        #expect(found.map(\.verdict) == [.stable, .change, .change] && found.map(\.against) == [.previous, .previous, .first])
        var bare = images
        for index in bare.indices { bare[index].ratio?.interval = [0.5, 0.5] }
        #expect(changes(bare, Repeatability()).map(\.why) == [.noError, .noError, .noError])
    }

    @Test("Slow widening shows against the first visit, where no step alone is beyond error")
    func slow() {
        let images = (0..<6).map { Sample.photograph($0, taken: "\(2020 + $0)-04-01", ratio: 0.5 + 0.02 * Double($0)) }
        let found = changes(images)
        #expect(found.filter { $0.against == .previous }.allSatisfy { $0.verdict == .stable })
        #expect(found.filter { $0.against == .first }.map(\.verdict) == [.stable, .change, .change, .change])
        #expect(found.last?.from.visit == "2020-04-01")
    }

    @Test("Other networks cannot be compared; read again, the line is whole; a reader's outline can be compared with all")
    func models() throws {
        var images = [
            Sample.photograph(1, taken: "2024-01-01", ratio: 0.5, cup: "cup-0"),
            Sample.photograph(2, taken: "2025-01-01", ratio: 0.8), Sample.photograph(3, taken: "2026-01-01", ratio: 0.81),
        ]
        let broken = changes(images)
        #expect(broken.map(\.verdict) == [.cannotTell, .stable] && broken[0].why == .modelChanged && broken[0].value == nil)
        images[0].models = images[1].models
        images[0].version = 2
        #expect(changes(images).map(\.verdict) == [.change, .stable, .change])
        // The first one, drawn by a reader, after all.
        images[0].models = .init(disc: "disc-0", cup: "cup-0")
        images[0].decision = .correct
        images[0].ratio = .init(0.55)
        let drawn = changes(images)
        #expect(drawn.map(\.basis) == [.readers, .model, .readers] && drawn.map(\.verdict) == [.change, .stable, .change])
        #expect(drawn[0].limit == ErrorLimit.betweenReaders.value)
    }

    @Test("Rejected never counts and a visit that was unfit says so; the next one is held against the last that had a ratio")
    func gaps() throws {
        var images = (0..<4).map { Sample.photograph($0, taken: "\(2020 + $0)-04-01", ratio: 0.5) }
        images[1].decision = .reject
        images[1].ratio = .init(0.9, interval: [0.8, 1])
        images[2].outcome = .ungradable
        images[2].ratio = nil
        let eye = try #require(Sample.history(images).eyes.first)
        #expect(eye.points.map(\.missing) == [nil, .rejected, .quality, nil] && eye.points.map(\.value) == [0.5, nil, nil, 0.5])
        #expect(eye.changes.map(\.why) == [.rejected, .quality, nil])
        #expect(eye.changes.last?.from.visit == "2020-04-01" && eye.changes.last?.verdict == .stable)
    }

    @Test("A doubtful eye tells nothing until a reader has had a word; an unknown one is in no line; swapped eyes change lines")
    func eyes() {
        var second = Sample.photograph(2, taken: "2025-01-01", ratio: 0.7)
        let first = Sample.photograph(1, taken: "2024-01-01")
        second.attention = [.eyeConflict]
        #expect(changes([first, second]).map(\.why) == [.otherEye])
        let third = Sample.photograph(3, taken: "2026-01-01", ratio: 0.51)
        let found = changes([first, second, third])
        #expect(found.map(\.why) == [.otherEye, .otherEye, nil] && found.last?.from.visit == "2024-01-01")
        second.decision = .accept
        #expect(changes([first, second]).map(\.verdict) == [.change])
        second.eye = .unknown
        let history = Sample.history([first, second])
        #expect(history.unplaced == 1 && history.eyes.map(\.eye) == [.right] && history.eyes[0].points.count == 1)
        // Called wrong: both eyes of a visit, until a reader swaps them.
        var swapped = [
            Sample.photograph(1, .right, taken: "2024-01-01", ratio: 0.3),
            Sample.photograph(2, .left, taken: "2024-01-01", ratio: 0.7),
            Sample.photograph(3, .left, taken: "2025-01-01", ratio: 0.3),
            Sample.photograph(4, .right, taken: "2025-01-01", ratio: 0.7),
        ]
        #expect(Sample.history(swapped).eyes.flatMap(\.changes).map(\.direction) == [.wider, .narrower])
        (swapped[2].eye, swapped[3].eye) = (.right, .left)
        #expect(Sample.history(swapped).eyes.flatMap(\.changes).map(\.verdict) == [.stable, .stable])
    }

    @Test("Photographs out of order by years are put in order")
    func order() {
        let images = [2026, 2019, 2024, 2021].enumerated().map {
            Sample.photograph($0, taken: "\($1)-04-01", ratio: Double($1 - 2000) / 50)
        }
        let eye = Sample.history(images).eyes.first
        #expect(eye?.points.map(\.visit) == ["2019-04-01", "2021-04-01", "2024-04-01", "2026-04-01"])
        #expect(eye?.changes.filter { $0.against == .previous }.allSatisfy { ($0.value ?? 0) > 0 && $0.years > 0 } == true)
    }
}

@Suite("Repeatability")
struct RepeatabilityTests {
    /// Visits with two photographs of the right eye that differ by a step.
    private func visits(_ count: Int, step: Double, device: String? = nil, from number: Int = 0, cup: String = "cup-1")
        -> [VisitGroup]
    {
        (0..<count).flatMap { index -> [VisitGroup] in
            let sign: Double = index % 2 == 0 ? 1 : -1
            let first = Sample.photograph(number + 2 * index, taken: "2024-01-01", ratio: 0.5, cup: cup, device: device)
            let second = Sample.photograph(
                number + 2 * index + 1, taken: "2024-01-01", ratio: 0.5 + sign * step, cup: cup, device: device)
            return VisitGroup.all(of: [first, second])
        }
    }

    private func pair(_ device: String?, _ other: String?, cup: String = "cup-1") -> (ExaminedImage, ExaminedImage) {
        (
            Sample.photograph(1, taken: "2024-01-01", cup: cup, device: device),
            Sample.photograph(2, taken: "2025-01-01", cup: cup, device: other)
        )
    }

    @Test("Repeats count from 20 on: 1.96 √2 standard deviations within an eye and visit")
    func enough() throws {
        var repeatability = Repeatability(ofModels: ["cup-1": 0.04])
        let (a, b) = pair(nil, nil)
        for visit in visits(19, step: 0.02) { repeatability.add(visit) }
        #expect(repeatability.limit(between: a, and: b) == ErrorLimit(0.04, .model))
        for visit in visits(1, step: 0.02) { repeatability.add(visit) }
        let limit = try #require(repeatability.limit(between: a, and: b))
        // Two values that differ by d have the standard deviation d/√2, so the limit is 1.96 d.
        #expect(limit.basis == .site && abs(limit.value - 1.96 * 0.02) < 1e-12)
    }

    @Test("Each camera has its own; one with few repeats is judged by all, and of two cameras the less repeatable one counts")
    func cameras() {
        var repeatability = Repeatability()
        for visit in visits(20, step: 0.01, device: "A") + visits(20, step: 0.03, device: "B", from: 100) {
            repeatability.add(visit)
        }
        for visit in visits(3, step: 0.01, device: "C", from: 200) { repeatability.add(visit) }
        func limit(_ first: String, _ second: String) -> Double {
            let (a, b) = pair(first, second)
            return repeatability.limit(between: a, and: b)?.value ?? 0
        }
        #expect(
            abs(limit("A", "A") - 0.0196) < 1e-9 && abs(limit("A", "B") - 0.0588) < 1e-9 && abs(limit("B", "A") - 0.0588) < 1e-9)
        #expect(limit("C", "C") > 0.0196 && limit("C", "C") < 0.0588)
        // Of other networks nothing is known.
        let (a, b) = pair("A", "A", cup: "cup-2")
        #expect(repeatability.limit(between: a, and: b)?.basis == .interval)
    }

    @Test("Copies, readers' outlines, rejected ones and other eyes are no repeats; repeats that never differ are no camera's")
    func noRepeats() {
        var repeatability = Repeatability()
        for index in 0..<30 {
            let first = Sample.photograph(3 * index, taken: "2024-01-01", ratio: 0.4)
            var copy = Sample.photograph(3 * index + 1, taken: "2024-01-01", ratio: 0.4)
            copy.sha256 = first.sha256
            var rejected = Sample.photograph(3 * index + 2, taken: "2024-01-01", ratio: 0.9)
            rejected.decision = .reject
            var drawn = Sample.photograph(3 * index + 1000, taken: "2024-01-01", ratio: 0.8, half: nil)
            drawn.decision = .correct
            for visit in VisitGroup.all(of: [
                first, copy, rejected, drawn, Sample.photograph(3 * index + 2000, .left, taken: "2024-01-01"),
            ]) {
                repeatability.add(visit)
            }
        }
        #expect(repeatability.repeats.isEmpty)
        for visit in visits(40, step: 0) { repeatability.add(visit) }
        let (a, b) = pair(nil, nil)
        #expect(repeatability.limit(between: a, and: b)?.basis == .interval)
    }

    @Test("Among stable eyes whose error is as the repeats say, about one pair in twenty is called changed")
    func falseAlarms() {
        var random = SeededGenerator(3, 1)
        func error() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() } * 0.02 }
        var repeatability = Repeatability()
        for index in 0..<400 {
            repeatability.add(
                [0.5 + error(), 0.5 + error()],
                of: .init(device: nil, models: Sample.photograph(index, taken: nil).models))
        }
        var pairs = (called: 0, all: 0)
        for eye in 0..<300 {
            let images = (0..<5).map {
                Sample.photograph(1000 + eye * 10 + $0, taken: "\(2020 + $0)-04-01", ratio: 0.3 + Double(eye) / 1000 + error())
            }
            let changes = Sample.history(images, repeatability).eyes.flatMap(\.changes)
            pairs.all += changes.count
            pairs.called += changes.count { $0.verdict == .change }
        }
        #expect(pairs.all == 300 * 7)
        #expect((0.03...0.075).contains(Double(pairs.called) / Double(pairs.all)), "\(pairs)")
    }
}
