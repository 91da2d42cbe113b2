import FoundationEssentials
import Screening
import TestSupport
import Testing

/// What `Deploy/manual/schema/report.json` says, held against the types. Whole reports are held against it by the end-to-end tests.
@Suite struct SchemaTests {
    private struct Schema: Decodable {
        struct Definition: Decodable {
            struct Property: Decodable {
                var names: [String?]?
                enum CodingKeys: String, CodingKey { case names = "enum" }
            }
            var required: [String]?
            var properties: [String: Property]?
            var names: [String]?
            enum CodingKeys: String, CodingKey {
                case required, properties
                case names = "enum"
            }
        }
        struct Named: Decodable {}
        var required: [String]
        var properties: [String: Named]
        var definitions: [String: Definition]
        enum CodingKeys: String, CodingKey {
            case required, properties
            case definitions = "$defs"
        }
    }

    private struct Keys: Decodable {
        var names: Set<String>
        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        init(from decoder: any Decoder) throws {
            names = Set(try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue))
        }
    }

    private let schema: Schema

    init() throws {
        let path = Checkout.path("Deploy/manual/schema/report.json")
        schema = try CanonicalJSON.decode(Schema.self, from: try String(contentsOfFile: path, encoding: .utf8).utf8)
    }

    private func report() throws -> Report {
        Report(
            id: try #require(ScreeningID("20261124-k7q2m9xd")),
            source: Report.Source(
                name: "eye.jpg", path: "eye.jpg", sha256: nil, bytes: 0, received: Timestamp(milliseconds: 0)),
            outcome: .failed, engine: .init(version: "0", isa: "none", threads: 1, batch: 1))
    }

    private func names(_ definition: String, _ property: String) -> Set<String> {
        Set(schema.definitions[definition]?.properties?[property]?.names?.compactMap(\.self) ?? [])
    }

    @Test("Every key of a report is required and described, at the top and of the values that are always there")
    func everyKey() throws {
        let report = try report()
        func keys(_ value: some Encodable) throws -> Set<String> {
            try CanonicalJSON.decode(Keys.self, from: try CanonicalJSON.line(value).utf8).names
        }
        let top = try keys(report)
        #expect(Set(schema.required) == top && Set(schema.properties.keys) == top)
        for (name, keys) in [
            "source": try keys(report.source), "examination": try keys(report.examination),
            "subject": try keys(Subject(identifier: "7")),
            "measurement": try keys(Measurement(.numberOfFindings, 1, unit: "{findings}", method: .manual)),
            "decision": try keys(Report.Decision(reader: "A", verdict: .accept, note: nil, at: report.source.received)),
        ] {
            let definition = try #require(schema.definitions[name], "\(name)")
            #expect(Set(definition.required ?? []) == keys && Set((definition.properties ?? [:]).keys) == keys, "\(name)")
        }
    }

    @Test("Every word that a report may use is allowed")
    func everyWord() {
        #expect(Set(schema.definitions["outcome"]?.names ?? []) == Set(Outcome.allCases.map(\.rawValue)))
        #expect(names("reason", "code") == Set(Reason.Code.allCases.map(\.rawValue)))
        #expect(names("attention", "code").isSuperset(of: Attention.Code.allCases.map(\.rawValue)))
        #expect(names("measurement", "method") == Set(Measurement.Method.allCases.map(\.rawValue)))
        #expect(names("model", "task") == Set(ModelTask.allCases.map(\.rawValue)))
        #expect(Set(schema.definitions["modality_name"]?.names ?? []) == Set(Modality.allCases.map(\.rawValue)))
    }

    @Test("Figures have their codes; who drew decides their method, and what has no ratio has none")
    func measurements() throws {
        var report = try report()
        #expect(report.codedFindings.isEmpty)
        func structure(_ probability: Double?) -> Structure {
            Structure(
                area: 9, centre: [1, 1], ellipse: Ellipse(cx: 1, cy: 1, a: 1, b: 1, angle: 0), verticalDiameter: 2,
                horizontalDiameter: 2, meanProbability: probability, mask: "disc.png", rawMask: "disc-raw.png")
        }
        report.fundus = FundusFindings(
            disc: structure(0.9), cup: structure(0.9),
            cdr: CupToDiscRatio(vertical: 0.5, horizontal: 0.4, area: 0.2, interval: [0.4, 0.6]), rim: nil, disagreement: [:])
        var figures = report.codedFindings
        #expect(figures.map(\.code.value) == ["131257", "131258", "131256"] && figures.map(\.value) == [0.5, 0.4, 0.2])
        #expect(figures.map(\.interval) == [[0.4, 0.6], nil, nil])
        #expect(figures.allSatisfy { $0.unit == "{ratio}" && $0.method == .automatic && $0.code.scheme == "DCM" })
        report.decision = Report.Decision(reader: "A", verdict: .correct, note: nil, at: report.source.received)
        report.fundus?.cup?.meanProbability = nil
        report.fundus?.cdr?.interval = []
        figures = report.codedFindings
        #expect(figures.allSatisfy { $0.method == .semiautomatic && $0.interval == nil })
        report.fundus?.disc.meanProbability = nil
        #expect(report.codedFindings.allSatisfy { $0.method == .manual })
        report.fundus?.cdr = nil
        #expect(report.codedFindings.isEmpty)
        report.fundus = nil
        report.endoscopy = EndoscopyFindings(polyps: [], polypAreaFraction: 0, disagreement: nil, mask: "polyp.png")
        #expect(report.codedFindings == [Measurement(.numberOfFindings, 0, unit: "{findings}", method: .manual)])
    }

    @Test("A report with frames is read as it was written, and one of schema 1 without measurements")
    func readAgain() throws {
        var report = try report()
        let text = """
            [{"frame": 2, "outcome": "no_finding", "reasons": [], "modality": null, "quality": null, "fundus": null, "endoscopy": null,
            "attention": []}]
            """
        report.frames = try CanonicalJSON.decode([Report.Frame].self, from: text.utf8)
        let line = try CanonicalJSON.line(report)
        #expect(try CanonicalJSON.decode(Report.self, from: line.utf8) == report)
        let former = line.replacing(#""measurements":[],"#, with: "").replacing("papilla.report/2", with: "papilla.report/1")
        #expect(try CanonicalJSON.decode(Report.self, from: former.utf8).measurements.isEmpty && former != line)
    }
}
