import Ledger
import Screening
import Testing

@testable import Trends

@Suite("What there is to publish of a subject")
struct VisitPlanTests {
    private let begin = Sample.time("2020-01-01T00:00:00Z")

    private func plan(
        _ images: [ExaminedImage], _ published: [VisitRow] = [], taken: Set<ScreeningID> = [], begin: Timestamp? = nil,
        limits: [String: Double] = ["cup-1": 0.04], said: [VisitPlan.Item] = []
    ) -> [VisitPlan.Item] {
        VisitPlan(
            Sample.subject, images, published: published, repeatability: Repeatability(ofModels: limits),
            begin: begin ?? self.begin, taken: taken, made: Sample.time("2026-11-24T12:00:00Z"),
            said: { row in said.last { $0.report.id == row.id && $0.report.version == row.version }?.report }
        ).items
    }

    private func rows(_ items: [VisitPlan.Item]) -> [VisitRow] {
        items.map { $0.row(digest: Digest(of: [1]), pageDigest: Digest(of: [2])) }
    }

    @Test("Every visit is published once, under an ID that is the same again, and then nothing is left to do")
    func once() {
        let images = [
            Sample.photograph(1, taken: "2024-02-29"), Sample.photograph(2, .left, taken: "2024-02-29"),
            Sample.photograph(3, taken: "2025-02-28", ratio: 0.6),
        ]
        let first = plan(images)
        #expect(first.map(\.report.day) == ["2024-02-29", "2025-02-28"] && first.allSatisfy { $0.report.version == 1 })
        #expect(plan(images.reversed()).map(\.report.id) == first.map(\.report.id))
        #expect(Set(first.map(\.report.id)).count == 2)
        #expect(plan(images, rows(first)).isEmpty)
        let row = rows(first)[1]
        #expect(row.attention.contains(.change) && row.worst == .right && row.members.map(\.id) == [images[2].id])
        #expect(row.folder == "2025-02-28/visit.\(row.id)")
        // An ID that was forgotten is not used again.
        let other = plan(images, taken: [first[0].report.id])
        #expect(other[0].report.id != first[0].report.id && other[1].report.id == first[1].report.id)
    }

    @Test("A late image, a new reading and a decision each make the next version, and only of their visit")
    func versions() {
        var images = [Sample.photograph(1, taken: "2024-02-29"), Sample.photograph(2, taken: "2025-02-28")]
        let published = rows(plan(images))
        images.append(Sample.photograph(3, .left, taken: "2024-02-29"))
        let late = plan(images, published)
        #expect(late.map(\.report.version) == [2] && late[0].report.supersedes == published[0].folder)
        #expect(late[0].report.id == published[0].id && late[0].members.count == 2)
        images.removeLast()
        images[1].version = 2
        #expect(plan(images, published).map(\.report.id) == [published[1].id])
        images[1].version = 1
        images[0].decision = .accept
        #expect(plan(images, published).map(\.report.id) == [published[0].id])
    }

    @Test("What an earlier visit became changes what a later one says of change")
    func later() {
        var images = [
            Sample.photograph(1, taken: "2023-01-01"), Sample.photograph(2, taken: "2024-01-01"),
            Sample.photograph(3, taken: "2025-01-01"),
        ]
        let published = rows(plan(images))
        images[0].decision = .correct
        images[0].ratio = .init(0.1)
        let next = plan(images, published)
        #expect(next.map(\.report.day) == ["2023-01-01", "2024-01-01", "2025-01-01"])
        #expect(next[1].report.eyes[0].isChanged && next[2].report.attentionCodes == [.change])
    }

    @Test("A change is not said of a visit that is gone, whether or not it is known what was said")
    func gone() {
        let images = [
            Sample.photograph(1, taken: "2024-01-01"), Sample.photograph(2, taken: "2025-01-01", ratio: 0.7),
        ]
        let first = plan(images)
        #expect(first[1].report.eyes[0].isChanged)
        for said in [[], first] {
            // Forgotten: neither image nor visit are there.
            let left = plan([images[1]], [rows(first)[1]], said: said)
            #expect(left.map(\.report.version) == [2] && left[0].report.id == first[1].report.id)
            #expect(left[0].report.eyes[0].changes.isEmpty && left[0].report.attentionCodes.isEmpty)
            #expect(plan([images[1]], rows(left), said: said + left).isEmpty)
            // Another subject's: the visit is emptied.
            let emptied = plan([images[1]], rows(first), said: said)
            #expect(emptied.map(\.members.count) == [1, 0])
            #expect(plan([images[1]], rows(emptied), said: said + emptied).isEmpty)
        }
    }

    @Test("A visit says no longer that it cannot be compared once it can be, and of an earlier photograph that came late")
    func comparable() {
        var images = [
            Sample.photograph(1, taken: "2023-01-01", cup: "cup-0"), Sample.photograph(2, taken: "2025-01-01"),
        ]
        let first = plan(images)
        #expect(first[1].report.eyes[0].changes.map(\.why) == [.modelChanged])
        // Read again by today's models: nothing has changed, and that is said.
        (images[0].version, images[0].models.cup) = (2, "cup-1")
        let second = plan(images, rows(first), said: first)
        #expect(second.map(\.report.version) == [2, 2])
        #expect(second[1].report.eyes[0].changes.map(\.verdict) == [.stable])
        #expect(plan(images, rows(second), said: second).isEmpty)
        images.append(Sample.photograph(3, taken: "2024-01-01"))
        let third = plan(images, rows(second), said: second)
        #expect(third.map { "\($0.report.day) \($0.report.version)" } == ["2024-01-01 1", "2025-01-01 3"])
        #expect(third[1].report.eyes[0].changes.map(\.from.visit) == ["2024-01-01", "2023-01-01"])
        // What a site's repeats tell of the error is no reason to publish, as long as the verdict is the same.
        let kept = [second[0], third[0], third[1]]
        #expect(plan(images, rows(kept), limits: ["cup-1": 0.05], said: kept).isEmpty)
    }

    @Test("Visits from before the ledger knew any are left alone until something comes to them")
    func before() {
        var old = Sample.photograph(1, taken: "2019-01-01")
        old.received = Sample.time("2019-01-01T10:00:00Z")
        let new = Sample.photograph(2, taken: "2026-01-01")
        #expect(plan([old, new]).map(\.report.day) == ["2026-01-01"])
        #expect(plan([old, Sample.photograph(3, .left, taken: "2019-01-01")]).map(\.report.day) == ["2019-01-01"])
    }

    @Test("Visits that became one go on under one ID; one whose images went to another subject gets a last version without any")
    func moved() {
        var images = [
            Sample.photograph(1, taken: "2024-05-05"), Sample.photograph(2, taken: "2024-05-07"),
            Sample.photograph(3, taken: "2024-05-07"),
        ]
        let published = rows(plan(images))
        for index in images.indices { images[index].study = "S" }
        let joined = plan(images, published)
        #expect(joined.count == 2 && joined[0].report.id == published[1].id && joined[0].members.count == 3)
        #expect(joined[1].report.id == published[0].id && joined[1].members.isEmpty && joined[1].report.images.isEmpty)
        let empty = rows(joined)
        #expect(plan(images, empty).isEmpty)
        let gone = plan([], published)
        #expect(gone.count == 2 && gone.allSatisfy { $0.members.isEmpty && $0.report.version == 2 && $0.report.weight == 0 })
    }

    @Test("The repeats of a visit are kept with it, and a ledger's repeats give the site's limit")
    func repeats() {
        let images = [
            Sample.photograph(1, taken: "2024-05-05", ratio: 0.5, device: "A"),
            Sample.photograph(2, taken: "2024-05-05", ratio: 0.52, device: "A"), Sample.photograph(3, .left, taken: "2024-05-05"),
        ]
        let rows = rows(plan(images))
        #expect(rows[0].repeats.count == 1 && rows[0].repeats[0].device == "A" && rows[0].repeats[0].count == 1)
        let many = [VisitRow.Repeats](repeating: rows[0].repeats[0], count: 20)
        let limit = Repeatability(many, ofModels: [:]).limit(between: images[0], and: images[1])
        #expect(limit?.basis == .site && abs((limit?.value ?? 0) - 1.96 * 0.02) < 1e-9)
    }

    @Test("The folder's files are what the ledger is told of them")
    func bundle() throws {
        let item = try #require(plan([Sample.photograph(1, taken: "2024-05-05")]).first)
        let bundle = try VisitBundle(item.report, overlays: [:])
        #expect(
            bundle.folder == "2024-05-05/visit.\(item.report.id)" && bundle.files.map(\.name) == ["visit.html", "visit.json"])
        #expect(bundle.digest == Digest(of: bundle.files[1].bytes) && bundle.pageDigest == Digest(of: bundle.files[0].bytes))
        #expect(try CanonicalJSON.decode(VisitReport.self, from: bundle.files[1].bytes) == item.report)
    }
}
