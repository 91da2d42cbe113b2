import Screening
import Testing

@testable import Exchange

/// Reports of every kind, without an image behind them.
enum Results {
    static func report(_ outcome: Outcome, reasons: [Reason] = [], _ change: (inout Report) -> Void = { _ in }) throws -> Report {
        var report = Report(
            id: try #require(ScreeningID("20261124-k7q2m9xd")),
            source: Report.Source(
                name: "a.jpg", path: "a.jpg", sha256: Digest(of: []), bytes: 3, format: "jpeg", width: 400, height: 300,
                received: try #require(Timestamp("2026-11-24T10:41:07.250Z"))),
            outcome: outcome, reasons: reasons,
            models: [Report.Model(task: .disc, name: "disc-20261124-1", sha256: Digest(of: [1]), precision: "int8")],
            engine: Report.Engine(version: "0.1.0", isa: "AVX2", threads: 1, batch: 1))
        change(&report)
        report.measurements = report.codedFindings
        return report
    }

    static func structure(_ area: Double, _ name: String) -> Structure {
        Structure(
            area: area, centre: [200, 150], ellipse: Ellipse(cx: 200, cy: 150, a: 40, b: 30, angle: 10), verticalDiameter: 61,
            horizontalDiameter: 79, meanProbability: 0.9, mask: "\(name).png", rawMask: "\(name)-raw.png")
    }

    static func fundus(_ change: (inout Report) -> Void = { _ in }) throws -> Report {
        try report(.measured) {
            $0.modality = Report.ModalityFinding(value: .fundus, probabilities: [:])
            $0.fundus = FundusFindings(
                disc: structure(3770, "disc"), cup: structure(990, "cup"),
                cdr: CupToDiscRatio(vertical: 0.7153, horizontal: 0.5, area: 0.26260, interval: [0.66, 0.76]), rim: nil,
                disagreement: [:])
            $0.attention = [Attention(.ratioHigh, "The ratio is 0.72, 0.65 or more.", value: 0.7153, threshold: 0.65)]
            $0.subject = Subject(identifier: "Ä|7^1&2~3\\4", issuer: "Klinik Süd")
            $0.examination.accession = "A12"
            $0.examination.taken = ExaminationTime("2026-11-24T09:30:00Z")
            $0.examination.eye = .init(.left, from: .sidecar)
            change(&$0)
        }
    }

    static func endoscopy(polyps count: Int) throws -> Report {
        try report(count == 0 ? .noFinding : .measured) {
            $0.modality = Report.ModalityFinding(value: .endoscopy, probabilities: [:])
            let polyp = Polyp(
                box: [1, 2, 3, 4], area: 12, areaFraction: 0.01, centroid: [2, 3], confidence: 0.8,
                contour: [[1, 2], [4, 2], [4, 6]])
            $0.endoscopy = EndoscopyFindings(
                polyps: .init(repeating: polyp, count: count), polypAreaFraction: 0.02, disagreement: nil, mask: "polyp.png")
        }
    }

    static let person = PersonDetails(name: "Berg^Anna^Maria^Dr.^jun.=山", birthDate: "19610214", sex: "F")

    /// Every kind by its name, with the contents that golden files are of.
    static func all() throws -> [(name: String, content: ResultContent)] {
        let ungradable = try report(.ungradable, reasons: [Reason(.outOfFocus, "The image is out of focus.")]) {
            $0.modality = Report.ModalityFinding(value: .fundus, probabilities: [:])
            $0.subject = Subject(identifier: "P1")
            $0.examination.taken = ExaminationTime("2026-11-20")
        }
        let corrected = try fundus {
            $0.version = 2
            $0.supersedes = "2026-11-24/a.20261124-k7q2m9xd"
            $0.decision = Report.Decision(
                reader: "Anna Berg", verdict: .correct, note: nil, at: Timestamp(milliseconds: 1_795_600_000_000))
            $0.fundus?.disc.meanProbability = nil
            $0.fundus?.cdr?.interval = []
        }
        let cupless = try fundus {
            $0.fundus?.cup = nil
            $0.fundus?.cdr = nil
        }
        let withdrawn = try fundus {
            $0.version = 3
            $0.decision = Report.Decision(
                reader: "Anna Berg", verdict: .correct, note: nil, at: Timestamp(milliseconds: 1_795_600_000_000))
            $0.fundus?.cup = nil
            $0.fundus?.cdr = nil
            $0.attention = []
            $0.examination.eye = .init(.unknown, from: .reader)
        }
        let frames = try fundus { report in
            let found = try? CanonicalJSON.line(report.fundus)
            report.frames = (1...2).compactMap { number in
                let text =
                    #"{"frame": \#(number), "outcome": "measured", "reasons": [], "attention": [], "fundus": \#(found ?? "")}"#
                var frame = try? CanonicalJSON.decode(Report.Frame.self, from: text.utf8)
                if number == 2 { frame?.attention = report.attention }
                return frame
            }
        }
        func changed(_ difference: Double, drawn: Bool = false) throws -> Report {
            try fundus {
                $0.prior = PriorRatio(
                    id: $0.id, taken: $0.examination.taken ?? ExaminationTime($0.source.received), value: 0.7153 - difference,
                    interval: drawn ? nil : [0.4, 0.52], difference: difference, limit: 0.08,
                    verdict: abs(difference) > 0.08 ? .change : .stable)
            }
        }
        return [
            ("fundus", ResultContent(try fundus(), person: person, study: "1.2.3")),
            ("corrected", ResultContent(corrected, person: person, study: "1.2.3")),
            ("cupless", ResultContent(cupless, study: nil)),
            ("withdrawn", ResultContent(withdrawn, after: [try fundus(), cupless], person: person, study: "1.2.3")),
            ("frames", ResultContent(frames, study: "1.2.3")),
            ("endoscopy", ResultContent(try endoscopy(polyps: 2), study: "1.2.3")),
            ("none", ResultContent(try endoscopy(polyps: 0), study: nil)),
            ("wider", ResultContent(try changed(0.25), study: "1.2.3")),
            ("narrower", ResultContent(try changed(-0.12, drawn: true), study: "1.2.3")),
            ("stable", ResultContent(try changed(-0.02), study: "1.2.3")),
            ("ungradable", ResultContent(ungradable, study: nil)),
        ]
    }
}
