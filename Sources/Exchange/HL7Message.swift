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

    /// What one OBX says. Code and part tell it apart from the others of a result, in all versions.
    private struct Observation {
        var type: String
        var code: String
        /// Of several of one code.
        var part = ""
        var value: String
        var unit = ""
        var flag = ""

        var key: [String] { [code, part] }
    }

    /// What an earlier version told and this one does not have any more is deleted. Of table 0085 that is `D`; `W` would say that it was told
    /// of another patient, and `X` that it could not be had.
    private mutating func addObservations() {
        let observations = Self.observations(content)
        let standing = Set(observations.map(\.key))
        var withdrawn: [[String]: Observation] = [:]
        for observation in content.earlier.flatMap(Self.observations) where !standing.contains(observation.key) {
            withdrawn[observation.key] = observation
        }
        let deletions = withdrawn.values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (index, observation) in (observations + deletions).enumerated() {
            let isDeleted = index >= observations.count
            add(
                "OBX",
                [
                    1: "\(index + 1)", 2: observation.type, 3: observation.code, 4: observation.part,
                    5: isDeleted ? "" : observation.value, 6: observation.unit, 8: isDeleted ? "" : observation.flag,
                    11: isDeleted ? "D" : status, 14: Self.time(content.taken),
                ])
        }
    }

    private static func observations(_ content: ResultContent) -> [Observation] {
        let report = content.report
        var found = [
            Observation(type: "ST", code: "OUTCOME^Outcome^99PAPILLA", value: escaped(report.outcome.rawValue))
        ]
        for figure in content.figures {
            let code = figure.measurement.code
            found.append(
                Observation(
                    type: "NM", code: "\(code.value)^\(escaped(code.meaning))^\(code.scheme)",
                    part: figure.frame.map { "\($0)" } ?? "", value: number(figure.value),
                    unit: "\(figure.measurement.unit)^\(figure.unit)^UCUM", flag: figure.isHigh ? "H" : ""))
        }
        let side = [Eye.left: "7771000^Left^SCT", .right: "24028007^Right^SCT"][report.examination.eye.value]
        if let side, report.modality?.value == .fundus {
            found.append(Observation(type: "CE", code: "272741003^Laterality^SCT", value: side))
        }
        if let study = content.study {
            found.append(Observation(type: "ST", code: "110180^Study Instance UID^DCM", value: study))
        }
        for (index, attention) in report.attention.enumerated() {
            found.append(
                Observation(
                    type: "TX", code: "ATTENTION^To be looked at^99PAPILLA", part: "\(index + 1)",
                    value: escaped("\(attention.code.rawValue): \(attention.detail)")))
        }
        if report.fundus?.cdr != nil, let prior = report.prior {
            found.append(Observation(type: "TX", code: "PRIOR^Ratio before^99PAPILLA", value: escaped(prior.sentence)))
        }
        // A line of text to a frame: receivers take short ones.
        let lines = content.summary(prior: false)
        let summary = report.frames == nil ? escaped(lines.joined(separator: " ")) : lines.map(escaped).joined(separator: "~")
        return found + [Observation(type: "TX", code: "121106^Comment^DCM", value: summary)]
    }

    private static func number(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
}
