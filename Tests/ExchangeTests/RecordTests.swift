import Foundation
import Screening
import TestSupport
import Testing

@testable import Exchange

@Suite("A report in the words of records")
struct RecordTests {
    /// Python with hl7apy and fhir.resources: what Deploy/test installs.
    private static let python = ProcessInfo.processInfo.environment["PAPILLA_RECORDS"]

    /// Golden files. Run with PAPILLA_REGENERATE=1 to write them anew, and look at the difference.
    @Test func messagesAndBundlesAreTheGoldenOnes() throws {
        let folder = Checkout.top.appending(path: "Tests/ExchangeTests/Fixtures")
        for (name, content) in try Results.all() {
            // Lines in the golden file, so that a difference can be read.
            for (file, text) in [
                ("\(name).hl7", HL7Message(content).text), ("fhir-\(name).json", try FHIRBundle(content).document()),
            ] {
                let place = folder.appending(path: file)
                if ProcessInfo.processInfo.environment["PAPILLA_REGENERATE"] != nil { try Data(text.utf8).write(to: place) }
                #expect(text == String(decoding: try Data(contentsOf: place), as: UTF8.self), "\(file)")
            }
        }
    }

    @Test("hl7apy (strict) and fhir.resources take the golden files", .enabled(if: python != nil))
    func goldenFilesAreValid() throws {
        let folder = Checkout.path("Tests/ExchangeTests/Fixtures")
        let result = try Program.run([Checkout.path("Tests/Records/check.py"), folder], program: try #require(Self.python))
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("11 messages, 11 bundles"))
    }

    @Test func delimitersAreEscaped() throws {
        #expect(HL7Message.escaped("a|b^c&d~e\\f\r\ng") == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f  g")
        let text = HL7Message(ResultContent(try Results.fundus(), study: nil)).text
        #expect(text.contains("PID|1||Ä\\F\\7\\S\\1\\T\\2\\R\\3\\E\\4^^^Klinik Süd^MR"))
    }

    @Test func namesHaveTheirPartsInOrder() throws {
        func name(_ text: String) throws -> String {
            let content = ResultContent(try Results.fundus(), person: PersonDetails(name: text), study: nil)
            let segment = HL7Message(content).text.split(separator: "\r").first { $0.hasPrefix("PID") } ?? ""
            return String(segment.split(separator: "|", omittingEmptySubsequences: false)[5])
        }
        #expect(try name("Berg^Anna^Maria^Dr.^jun.=山") == "Berg^Anna^Maria^jun.^Dr.")
        #expect(try name("Berg^Anna^^Dr.") == "Berg^Anna^^^Dr.")
        #expect(try name("Berg") == "Berg")
        #expect(try name("") == "^" && name("^^") == "^")
        #expect(try name("A|B^C") == "A\\F\\B^C")
    }

    @Test func timesAreInUTC() {
        #expect(HL7Message.time("2026-11-24T10:41:07.250Z") == "20261124104107+0000")
        #expect(HL7Message.time("2026-11-24") == "20261124")
    }

    @Test("What is sent again is not made twice, and a correction takes the place of what it corrects")
    func amends() throws {
        func requests(_ name: String) throws -> [[String: Any]] {
            let content = try #require(try Results.all().first { $0.name == name }?.content)
            let data = Data(try FHIRBundle(content).document().utf8)
            let bundle = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            return try #require(bundle["entry"] as? [[String: Any]]).compactMap { $0["request"] as? [String: Any] }
        }
        let (first, second) = (try requests("fundus"), try requests("corrected"))
        #expect(first.allSatisfy { $0["method"] as? String == "POST" && $0["ifNoneExist"] is String })
        for (before, after) in zip(first.dropFirst(), second.dropFirst()) {
            let condition = try #require(before["ifNoneExist"] as? String)
            #expect(after["method"] as? String == "PUT")
            #expect(after["url"] as? String == "\(before["url"] ?? "")?\(condition)")
        }
        let text = try FHIRBundle(try #require(try Results.all().first { $0.name == "corrected" }?.content)).document()
        #expect(text.contains("\"amended\"") && !text.contains("\"preliminary\"") && text.contains("Anna Berg"))
    }

    @Test("Of several frames only the one whose own ratio asks for a look has the flag")
    func flags() throws {
        let content = try #require(try Results.all().first { $0.name == "frames" }?.content)
        #expect(content.report.attention.contains { $0.code == .ratioHigh })
        #expect(content.figures.filter(\.isHigh).map(\.key) == ["131257-2"])
        let flagged = HL7Message(content).text.split(separator: "\r").filter { $0.contains("|H|") }
        #expect(flagged.count == 1 && flagged[0].contains("^DCM|2|"))
        #expect(try FHIRBundle(content).document().components(separatedBy: "\"High\"").count == 2)
    }

    @Test("A number is of its issuer's namespace: an OID, a URI, or other words as they are")
    func issuers() {
        for (issuer, system) in [
            ("1.2.276.0.76.4.1", "urn:oid:1.2.276.0.76.4.1"), ("https://clinic.example/mrn", "https://clinic.example/mrn"),
            ("urn:oid:1.2.3", "urn:oid:1.2.3"), ("Klinik Süd", "urn:papilla:issuer:Klinik%20S%C3%BCd"),
            ("1.2.", "urn:papilla:issuer:1.2."), ("urn: a", "urn:papilla:issuer:urn%3A%20a"), ("\u{9}", "urn:papilla:issuer:%09"),
        ] {
            #expect(FHIRBundle.system(of: issuer) == system)
        }
    }

    @Test("Of several frames each that has something is told, and how many have nothing")
    func frames() throws {
        var report = try Results.endoscopy(polyps: 1)
        let found = report.endoscopy
        report.frames = (1...3).map { number in
            var frame = Report.Frame(number, number == 2 ? .noFinding : .measured)
            frame.endoscopy = found
            if number == 2 { frame.endoscopy?.polyps = [] }
            return frame
        }
        #expect(
            ResultContent(report, study: nil).summary(prior: true).joined(separator: " ").hasPrefix(
                "Frame 1: 1 polyp was outlined. Frame 3: 1 polyp was outlined. In 1 of 3 frames nothing was measured or outlined. "
            ))
    }

    @Test("What an earlier version told, however much earlier, and this one does not have is taken back, and nothing else is")
    func withdrawals() throws {
        let content = try #require(try Results.all().first { $0.name == "withdrawn" }?.content)
        let bundle = try JSONSerialization.jsonObject(with: Data(try FHIRBundle(content).document().utf8)) as? [String: Any]
        let entries = try #require(bundle?["entry"] as? [[String: Any]])
        var errors: Set<String> = []
        for entry in entries {
            let resource = try #require(entry["resource"] as? [String: Any])
            guard resource["status"] as? String == "entered-in-error" else { continue }
            let request = try #require(entry["request"] as? [String: String])
            #expect(request["method"] == "PUT" && resource["valueQuantity"] == nil)
            errors.insert(try #require(request["url"]))
        }
        let system = "Observation?identifier=urn:papilla:result|20261124-k7q2m9xd"
        #expect(errors == ["\(system)/131256", "\(system)/131257", "\(system)/131258"])
        let report = try #require(entries.last?["resource"] as? [String: Any])
        #expect((report["result"] as? [[String: Any]])?.count == 1, "the report has what stands")
        let lines = HL7Message(content).text.split(separator: "\r").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
        let deleted = lines.filter { $0[0] == "OBX" && $0[11] == "D" }
        #expect(deleted.allSatisfy { $0[5].isEmpty })
        #expect(
            deleted.map { $0[3].prefix { $0 != "^" } + "." + $0[4] }
                == ["131256.", "131257.", "131258.", "272741003.", "ATTENTION.1"])
        // What stands, or was never told, is not taken back.
        for name in ["fundus", "corrected", "frames"] {
            let content = try #require(try Results.all().first { $0.name == name }?.content)
            let again = ResultContent(content.report, after: [content.report], study: nil)
            #expect(again.withdrawn.isEmpty && !HL7Message(again).text.contains("|D|"))
        }
    }

    @Test("A ratio is told with the earlier one of the same eye, the change since, and what that is worth")
    func priors() throws {
        func components(_ name: String) throws -> [[String: Any]] {
            let content = try #require(try Results.all().first { $0.name == name }?.content)
            let bundle = try JSONSerialization.jsonObject(with: Data(try FHIRBundle(content).document().utf8)) as? [String: Any]
            let resources = (bundle?["entry"] as? [[String: Any]] ?? []).compactMap { $0["resource"] as? [String: Any] }
            let found = resources.compactMap { $0["component"] as? [[String: Any]] }
            #expect(found.count == (name == "fundus" ? 0 : 1))
            return found.first ?? []
        }
        func quantity(_ component: [String: Any]) -> Double? {
            (component["valueQuantity"] as? [String: Any])?["value"] as? Double
        }
        for (name, prior, change, flag) in [
            ("wider", 0.4653, 0.25, "\"U\""), ("narrower", 0.8353, -0.12, "\"D\""), ("stable", 0.7353, -0.02, "Within"),
        ] {
            let found = try components(name)
            #expect(found.compactMap(quantity) == [prior, change])
            #expect(found.compactMap { $0["valueDateTime"] as? String } == ["2026-11-24T09:30:00.000Z"])
            let text = try FHIRBundle(try #require(try Results.all().first { $0.name == name }?.content)).document()
            #expect(text.contains(flag) && !text.contains(flag == "Within" ? "Significant" : "Within"))
            let message = HL7Message(try #require(try Results.all().first { $0.name == name }?.content)).text
            #expect(message.contains("Vertical cup-to-disc ratio on 2026-11-24"))
        }
        _ = try components("fundus")
    }

    @Test func nothingSaysNull() throws {
        for (_, content) in try Results.all() { #expect(!(try FHIRBundle(content).document()).contains("null")) }
    }
}
