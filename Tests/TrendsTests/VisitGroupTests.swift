import Screening
import Testing

@testable import Trends

@Suite("Visits")
struct VisitGroupTests {
    private func days(_ images: [ExaminedImage], hours: Int64 = 0) -> [String] {
        VisitGroup.all(of: images) { _ in hours * 3600 }.map(\.day)
    }

    @Test("Images of one day are a visit, whatever order they came in, and a leap day is a day")
    func byDay() {
        let images = [
            Sample.photograph(1, taken: "2024-03-01"), Sample.photograph(2, taken: "2024-02-29T09:00:00Z"),
            Sample.photograph(3, .left, taken: "2024-02-29T09:01:00Z"), Sample.photograph(4, taken: "2019-06-30"),
            Sample.photograph(5, taken: "2024-02-29"),
        ]
        let visits = VisitGroup.all(of: images) { _ in 0 }
        #expect(visits.map(\.day) == ["2019-06-30", "2024-02-29", "2024-03-01"])
        #expect(visits[1].images.count == 3)
        for order in [images.reversed(), images.sorted { $0.id > $1.id }, images.shuffled()] {
            #expect(VisitGroup.all(of: order) { _ in 0 } == visits)
        }
    }

    @Test("A clinic may work across midnight, but not through the night")
    func acrossMidnight() {
        let evening = Sample.photograph(1, taken: "2025-05-05T23:50:00Z"),
            night = Sample.photograph(2, taken: "2025-05-06T00:20:00Z")
        #expect(days([evening, night]) == ["2025-05-05"])
        #expect(days([evening, Sample.photograph(3, taken: "2025-05-06T09:00:00Z")]) == ["2025-05-05", "2025-05-06"])
        // A day has no hour: it is not known to be near midnight.
        #expect(days([evening, Sample.photograph(4, taken: "2025-05-06")]) == ["2025-05-05", "2025-05-06"])
    }

    @Test("Days are those of the zone: no visit is split or joined where UTC changes its day")
    func byLocalDay() {
        // As in Sydney in March, eleven hours ahead: 09:00 and 16:30 on the 3rd, 09:30 on the 4th.
        let morning = Sample.photograph(1, taken: "2026-03-02T22:00:00Z"),
            afternoon = Sample.photograph(2, taken: "2026-03-03T05:30:00Z"),
            next = Sample.photograph(3, taken: "2026-03-03T22:30:00Z")
        #expect(days([morning, afternoon, next], hours: 11) == ["2026-03-03", "2026-03-04"])
        #expect(days([morning, afternoon, next]) == ["2026-03-02", "2026-03-03"])
        // A day without an hour, and a study, are of the same days.
        #expect(days([morning, Sample.photograph(4, taken: "2026-03-03")], hours: 11) == ["2026-03-03"])
        let study = Sample.photograph(5, taken: "2026-03-02T21:00:00Z", study: "S1")
        #expect(days([study, afternoon, next], hours: 11) == ["2026-03-03", "2026-03-04"])
        // As in Los Angeles in March, eight hours behind: 09:00 and 17:00 on the 3rd, 08:30 on the 4th.
        let west = [
            Sample.photograph(1, taken: "2026-03-03T17:00:00Z"), Sample.photograph(2, taken: "2026-03-04T01:00:00Z"),
            Sample.photograph(3, taken: "2026-03-04T16:30:00Z"),
        ]
        #expect(days(west, hours: -8) == ["2026-03-03", "2026-03-04"])
    }

    @Test("Summer time changes what the day is of a photograph that was taken in summer")
    func summerTime() {
        // As in London: the clock goes forward at 01:00 UTC on 29 March.
        let forward = Sample.time("2026-03-29T01:00:00Z")
        let images = [
            Sample.photograph(1, taken: "2026-03-28T23:30:00Z"), Sample.photograph(2, taken: "2026-03-29T23:30:00Z"),
            Sample.photograph(3, taken: "2026-03-30T08:00:00Z"),
        ]
        let visits = VisitGroup.all(of: images) { $0 < forward ? 0 : 3600 }
        #expect(visits.map(\.day) == ["2026-03-28", "2026-03-30"] && visits.map(\.images.count) == [1, 2])
    }

    @Test("A study is a visit; one whose number goes on for years is many, and an image without one joins the day's only study")
    func byStudy() {
        let a = Sample.photograph(1, taken: "2025-05-05", study: "S1"), b = Sample.photograph(2, taken: "2025-05-06", study: "S1")
        let other = Sample.photograph(3, taken: "2025-05-05", study: "S2"), none = Sample.photograph(4, taken: "2025-05-06")
        let later = Sample.photograph(5, taken: "2026-05-05", study: "S1")
        let visits = VisitGroup.all(of: [a, b, other, none, later])
        #expect(visits.map(\.study) == ["S1", "S2", "S1"])
        #expect(visits[0].images.map(\.id) == [a.id, b.id, none.id].sorted() && visits[2].images.map(\.id) == [later.id])
        // Two studies on the day: nobody says which.
        let fifth = Sample.photograph(6, taken: "2025-05-05")
        #expect(VisitGroup.all(of: [a, other, fifth]).map(\.study) == [nil, "S1", "S2"])
    }

    @Test(
        "A clock that is ahead, or that was never set, is not believed; one that is years behind cannot be told from an old photograph"
    )
    func clocks() {
        for (taken, whence) in [
            ("2031-01-01", ExaminationDate.Whence.clockAhead), ("2000-01-01T08:00:00Z", .clockUnset), ("1970-01-01", .clockUnset),
            ("2026-11-25", .stated), ("1998-04-01", .stated),
        ] {
            let image = Sample.photograph(1, taken: taken)
            #expect(image.examined.whence == whence, "\(taken)")
            #expect(image.examined.day == (whence == .stated ? String(taken.prefix(10)) : "2026-11-24"), "\(taken)")
        }
        #expect(Sample.photograph(1, taken: nil).examined.whence == .arrival)
        let history = Sample.history([Sample.photograph(1, taken: "2031-01-01"), Sample.photograph(2, taken: "2020-01-02")])
        #expect(history.eyes[0].points.map(\.clock) == [.stated, .clockAhead])
    }

    @Test(
        "A clock that was never set is known by the day that it shows where it hangs, or that it tells in UTC",
        arguments: [
            ("1999-12-31T16:15:00Z", 8, true), ("1999-12-31T16:15:00Z", 0, false), ("1999-12-31T15:59:00Z", 8, false),
            ("2000-01-02T04:00:00Z", -8, true), ("2000-01-02T08:00:00Z", -8, false), ("2000-01-01T00:15:00Z", -8, true),
            ("1969-12-31T11:00:00Z", 13, true), ("2000-01-01", 8, true), ("1999-12-31", 8, false),
        ] as [(String, Int64, Bool)])
    func neverSet(taken: String, hours: Int64, isUnset: Bool) {
        let received = Sample.time("2026-11-24T18:00:00Z")
        let date = ExaminationDate(taken: ExaminationTime(taken), received: received) { _ in hours * 3600 }
        #expect(date.whence == (isUnset ? .clockUnset : .stated))
        // The arrival's day is of the zone, too.
        let arrived = hours >= 6 ? "2026-11-25" : "2026-11-24"
        #expect(!isUnset || date.day == arrived)
    }

    @Test("What came twice, byte for byte, is one photograph, as the last sidecar has it")
    func copies() {
        let wrong = Sample.photograph(1, .left, taken: "2025-05-05")
        var right = Sample.photograph(2, .right, taken: "2025-05-05")
        right.sha256 = wrong.sha256
        let visits = VisitGroup.all(of: [right, wrong])
        #expect(visits.count == 1 && visits[0].images.map(\.id) == [right.id])
        #expect(visits[0].photographs(of: .left).isEmpty && visits[0].photographs(of: .right).count == 1)
        // What could not be read has no digest, and is never a copy.
        var unread = wrong
        unread.sha256 = nil
        #expect(VisitGroup.all(of: [right, unread])[0].images.count == 2)
    }

    @Test("5,000 visits of one subject are 5,000, in order, and each is compared twice at most")
    func many() throws {
        let start = Sample.time("2001-01-01T12:00:00Z").milliseconds
        let images = (0..<5000).flatMap { visit -> [ExaminedImage] in
            let taken = Timestamp(milliseconds: start + Int64(visit) * 86_400_000).description
            return [Eye.right, .left].enumerated().map { place, eye in
                Sample.photograph(2 * visit + place, eye, taken: taken, ratio: 0.4 + Double(visit) * 1e-5)
            }
        }
        let visits = VisitGroup.all(of: images.shuffled())
        #expect(visits.count == 5000 && zip(visits, visits.dropFirst()).allSatisfy { $0.day < $1.day })
        let history = History(of: Sample.subject, visits, repeatability: Repeatability(ofModels: ["cup-1": 0.04]))
        let right = try #require(history.eyes.first)
        #expect(right.points.count == 5000 && right.changes.count == 4999 + 4998)
        #expect(right.changes.first { $0.verdict == .change }?.against == .first)
        #expect(HistoryPlot(history).svg().utf8.count < 4_000_000)
    }
}

@Suite("Which photograph counts")
struct PhotographScoreTests {
    @Test("Each of the four figures moves the score, and what is not known stands in the middle")
    func terms() {
        let best = Sample.photograph(1, taken: nil, half: 0)
        var image = best
        image.focus = 8
        image.disagreement = 0
        #expect(image.score.total == 1)
        for change in [
            { $0.quality = .usable }, { $0.focus = 1.5 }, { $0.disagreement = 0.2 },
            { $0.ratio = .init(0.5, interval: [0.3, 0.7]) },
        ] as [(inout ExaminedImage) -> Void] {
            var worse = image
            change(&worse)
            #expect(worse.score.total < 1)
        }
        let nothing = ExaminedImage(id: Sample.id(1), received: best.received, outcome: .measured)
        #expect(nothing.score.total == 0.5)
        var odd = image
        for focus in [0, -1, .infinity, 1e-300, 1e300] {
            odd.focus = focus
            #expect((0...1).contains(odd.score.focus))
        }
    }

    @Test("The best gradable one counts; corrected before all, rejected never, a doubtful eye last; of equals the earlier")
    func order() {
        let good = Sample.photograph(1, taken: "2025-05-05T10:00:00Z"),
            equal = Sample.photograph(2, taken: "2025-05-05T10:01:00Z")
        var usable = Sample.photograph(3, taken: "2025-05-05T09:00:00Z")
        usable.quality = .usable
        var rejected = good
        (rejected.id, rejected.sha256, rejected.decision) = (Sample.id(4), nil, .reject)
        var drawn = Sample.photograph(5, taken: "2025-05-05T11:00:00Z", half: nil)
        drawn.decision = .correct
        drawn.quality = .usable
        var doubtful = Sample.photograph(6, taken: "2025-05-05T08:00:00Z")
        doubtful.attention = [.eyeConflict]
        doubtful.focus = 100
        var cut = Sample.photograph(7, taken: "2025-05-05T08:30:00Z")
        (cut.outcome, cut.ratio) = (.ungradable, nil)
        func order(_ images: [ExaminedImage]) -> [ScreeningID] {
            VisitGroup.all(of: images).flatMap { $0.photographs(of: .right) }.map(\.id)
        }
        #expect(order([equal, good, usable]) == [good, equal, usable].map(\.id))
        let all = order([cut, doubtful, rejected, usable, equal, good, drawn])
        #expect(all.prefix(5) == [drawn, good, equal, usable, doubtful].map(\.id)[...])
        // A reader who saw it and accepted it knew the eye.
        doubtful.decision = .accept
        #expect(order([doubtful, good]).first == doubtful.id)
    }
}
