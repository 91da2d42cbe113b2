internal import Screening

/// A screening as an HL7 v2.5.1 message, ORU^R01 (unsolicited observation): what nearly every record and interface engine takes.
package struct HL7Message: Sendable {
    private let content: ResultContent
    private var segments: [String] = []

    package init(_ content: ResultContent) {
        self.content = content
        addHeader()
        addPatient()
        addOrder()
        addObservations()
    }

    /// The message in UTF-8; every segment ends in a carriage return.
    package var text: String { segments.map { $0 + "\r" }.joined() }

    /// A text within a field: what stands for itself there is written as an escape (HL7 v2.5.1, 2.7).
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\E\\"
            case "|": result += "\\F\\"
            case "^": result += "\\S\\"
            case "&": result += "\\T\\"
            case "~": result += "\\R\\"
            default: result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
            }
        }
        return result
    }

    /// A day or a moment as HL7 writes it, in UTC.
    static func time(_ text: String) -> String {
        let digits = text.prefix(19).filter(\.isNumber)
        return digits.count == 8 ? digits : digits + "+0000"
    }

    private mutating func add(_ name: String, _ fields: [Int: String]) {
        let last = fields.filter { !$0.value.isEmpty }.keys.max() ?? 0
        segments.append(name + (last == 0 ? "" : (1...last).map { "|" + (fields[$0] ?? "") }.joined()))
    }

    private mutating func addHeader() {
        let report = content.report
        // MSH-1 is the separator itself.
        add(
            "MSH",
            [
                1: "^~\\&", 2: "PAPILLA", 3: "PAPILLA", 6: Self.time(content.issued.description), 8: "ORU^R01^ORU_R01",
                9: "\(report.id).\(report.version)", 10: "P", 11: "2.5.1", 17: "UNICODE UTF-8",
            ])
    }

    private mutating func addPatient() {
        let subject = content.report.subject
        let authority = subject == nil ? "PAPILLA" : Self.escaped(subject?.issuer ?? "")
        // Family, given, middle, prefix and suffix there; family, given, middle, suffix and prefix here.
        var name = content.person.name.prefix { $0 != "=" }.split(separator: "^", omittingEmptySubsequences: false)
            .map { Self.escaped(String($0)) }
        if name.count > 3 {
            name += [String](repeating: "", count: max(0, 5 - name.count))
            name.swapAt(3, 4)
        }
        while name.last == "" { name.removeLast() }
        let sex = ["M", "F", "O"].contains(content.person.sex) ? content.person.sex : "U"
        add(
            "PID",
            [
                1: "1", 3: "\(Self.escaped(content.patient))^^^\(authority)^\(subject == nil ? "PI" : "MR")",
                5: name.isEmpty ? "^" : name.joined(separator: "^"),
                7: content.person.birthDate.allSatisfy(\.isNumber) ? content.person.birthDate : "", 8: sex,
            ])
    }

    private mutating func addOrder() {
        let report = content.report
        add(
            "OBR",
            [
                1: "1", 3: "\(report.id)^PAPILLA", 4: "18748-4^Diagnostic imaging study^LN", 7: Self.time(content.taken),
                18: Self.escaped(report.examination.accession ?? ""), 22: Self.time(content.issued.description), 24: "IMG",
                25: status,
            ])
    }

    private var status: String { content.state == .amended ? "C" : "P" }

    private mutating func addObservations() {
        let report = content.report
        var number = 0
        func fields(_ type: String, _ code: String, _ value: String, _ more: [Int: String] = [:]) -> [Int: String] {
            number += 1
            return more.merging([
                1: "\(number)", 2: type, 3: code, 5: value, 11: status, 14: Self.time(content.taken),
            ]) { $1 }
        }
        add("OBX", fields("ST", "OUTCOME^Outcome^99PAPILLA", Self.escaped(report.outcome.rawValue)))
        for figure in content.figures {
            let code = figure.measurement.code
            let isHigh = code == .verticalCupToDiscRatio && content.isRatioHigh
            add(
                "OBX",
                fields(
                    "NM", "\(code.value)^\(Self.escaped(code.meaning))^\(code.scheme)", Self.number(figure.value),
                    [
                        4: figure.frame.map { "\($0)" } ?? "", 6: "\(figure.measurement.unit)^\(figure.unit)^UCUM",
                        8: isHigh ? "H" : "",
                    ]))
        }
        let side = [Eye.left: "7771000^Left^SCT", .right: "24028007^Right^SCT"][report.examination.eye.value]
        if let side, report.modality?.value == .fundus { add("OBX", fields("CE", "272741003^Laterality^SCT", side)) }
        if let study = content.study { add("OBX", fields("ST", "110180^Study Instance UID^DCM", study)) }
        for attention in report.attention {
            let text = "\(attention.code.rawValue): \(attention.detail)"
            add("OBX", fields("TX", "ATTENTION^To be looked at^99PAPILLA", Self.escaped(text)))
        }
        if report.fundus?.cdr != nil, let prior = report.prior {
            add("OBX", fields("TX", "PRIOR^Ratio before^99PAPILLA", Self.escaped(prior.sentence)))
        }
        add("OBX", fields("TX", "121106^Comment^DCM", Self.escaped(content.summary(prior: false))))
    }

    private static func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
