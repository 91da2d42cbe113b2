package import Screening

/// A screening as a FHIR R4 transaction: a Device, an Observation for each figure, a DiagnosticReport. A patient and a study are named by
/// identifier and never made; what is sent again is not made twice, and a later version takes the place of the earlier one: a figure that
/// it does not have any more was entered in error.
package struct FHIRBundle: Sendable {
    private let content: ResultContent
    private static let resultSystem = "urn:papilla:result"
    private static let deviceSystem = "urn:papilla:device"
    private static let codeSystem = "urn:papilla:code"

    package init(_ content: ResultContent) { self.content = content }

    /// - Throws: `internal` where the JSON cannot be written.
    package func document() throws(PapillaError) -> String {
        do { return try CanonicalJSON.document(bundle) } catch {
            throw PapillaError(.internal, "A FHIR bundle could not be written", place: "\(content.report.id)", cause: error)
        }
    }

    // MARK: - The transaction

    private var bundle: JSONValue {
        let observations = [outcome] + content.figures.map(observation)
        let result = observations.map { JSONValue.object(["reference": .text(urn($0.key))]) }
        var entries = [entry(device, "Device", Self.deviceSystem, deviceName, key: "device", amends: false)]
        for (key, observation) in observations + content.withdrawn.map(withdrawal) {
            entries.append(entry(observation, "Observation", Self.resultSystem, name(key), key: key, amends: true))
        }
        entries.append(
            entry(diagnosticReport(result), "DiagnosticReport", Self.resultSystem, name("report"), key: "report", amends: true))
        return [
            "resourceType": "Bundle", "type": "transaction", "timestamp": .text(content.issued.description),
            "entry": .list(entries),
        ]
    }

    /// Makes a resource where there is none of its identifier; a later version is put in the place of the one that there is.
    private func entry(
        _ resource: JSONValue, _ type: String, _ system: String, _ value: String, key: String, amends: Bool
    ) -> JSONValue {
        let condition = "identifier=\(system)|\(value)"
        let isLater = amends && content.report.version > 1
        let request: JSONValue =
            isLater
            ? ["method": "PUT", "url": .text("\(type)?\(condition)")]
            : ["method": "POST", "url": .text(type), "ifNoneExist": .text(condition)]
        return ["fullUrl": .text(urn(key)), "resource": resource, "request": request]
    }

    /// What a result's resource is called in all its versions.
    private func name(_ key: String) -> String { "\(content.report.id)/\(key)" }

    /// A UUID that the same result always has: of version 8 (RFC 9562), from its name's SHA-256.
    private func urn(_ key: String) -> String {
        var digits = Array(Digest(of: "papilla/\(content.report.id)/v\(content.report.version)/fhir/\(key)".utf8).description)
        digits[12] = "8"
        digits[16] = "8"
        let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        return "urn:uuid:" + parts.joined(separator: "-")
    }

    // MARK: - Resources

    /// The program with its networks: another device where any of them is another.
    private var deviceName: String {
        let networks = content.report.models.map { "\($0.name) \($0.sha256)" }.joined(separator: "\n")
        return "papilla-\(content.report.engine.version)-\(Digest(of: networks.utf8).description.prefix(16))"
    }

    private var device: JSONValue {
        let networks = content.report.models.map { model -> JSONValue in
            [
                "type": ["text": .text("\(model.task.rawValue) network")],
                "value": .text("\(model.name) sha256:\(model.sha256)"),
            ]
        }
        return [
            "resourceType": "Device", "identifier": [["system": .text(Self.deviceSystem), "value": .text(deviceName)]],
            "deviceName": [["name": "Papilla", "type": "user-friendly-name"]],
            "version": .list([["value": .text(content.report.engine.version)]] + networks),
        ]
    }

    /// How it ended: there is always one observation, since a report without any is refused by some.
    private var outcome: (key: String, JSONValue) {
        let code = Self.concept(Self.codeSystem, "outcome", "Outcome", text: "Outcome")
        let value = Self.concept(Self.codeSystem, content.report.outcome.rawValue, content.outcome, text: content.outcome)
        let notes = content.report.reasons.map(\.detail) + content.report.attention.map { "\($0.code.rawValue): \($0.detail)" }
        return ("outcome", observation("outcome", code, ["valueCodeableConcept": value], notes: notes))
    }

    private func observation(_ figure: ResultContent.Figure) -> (key: String, JSONValue) {
        let code = figure.measurement.code
        let concept = Self.concept(
            "http://dicom.nema.org/resources/ontology/DCM", code.value, code.meaning, text: figure.name)
        var more: [String: JSONValue?] = [
            "valueQuantity": [
                "value": .number(figure.value), "unit": .text(figure.unit), "system": "http://unitsofmeasure.org",
                "code": .text(figure.measurement.unit),
            ],
            "method": ["text": .text(figure.measurement.method.rawValue)],
        ]
        var notes: [String] = []
        if let interval = figure.measurement.interval, interval.count == 2 {
            notes.append("95 % interval \(interval[0]) to \(interval[1])")
        }
        if figure.isHigh { more["interpretation"] = [["text": "High"]] }
        if code == .verticalCupToDiscRatio, let prior = content.report.prior, content.isDeciding(figure) {
            more["component"] = JSONValue.list(Self.components(prior, unit: figure.measurement.unit))
            notes.append(prior.sentence)
        }
        let side = [
            Eye.left: ("8966001", "Left eye structure"), .right: ("18944008", "Right eye structure"),
        ][content.report.examination.eye.value]
        if let side, content.report.modality?.value == .fundus {
            more["bodySite"] = Self.concept("http://snomed.info/sct", side.0, side.1)
        }
        return (figure.key, observation(figure.key, concept, more, notes: notes))
    }

    /// A figure that is none any more: without its value, which nobody is to read.
    private func withdrawal(_ figure: ResultContent.Figure) -> (key: String, JSONValue) {
        let code = figure.measurement.code
        let concept = Self.concept(
            "http://dicom.nema.org/resources/ontology/DCM", code.value, code.meaning, text: figure.name)
        let note = "Version \(content.report.version) of the result does not have this figure."
        return (figure.key, observation(figure.key, concept, ["status": "entered-in-error"], notes: [note]))
    }

    /// The earlier ratio with its day, and the change since with what it is worth.
    private static func components(_ prior: PriorRatio, unit: String) -> [JSONValue] {
        func quantity(_ value: Double) -> JSONValue {
            [
                "value": .number((value * 10000).rounded() / 10000), "unit": "ratio", "system": "http://unitsofmeasure.org",
                "code": .text(unit),
            ]
        }
        func code(_ code: CodedConcept) -> JSONValue { concept(codeSystem, code.value, code.meaning, text: code.meaning) }
        let isUp = prior.difference > 0
        let change = concept(
            "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", isUp ? "U" : "D",
            "Significant change \(isUp ? "up" : "down")", text: "More than measurement error")
        let worth: JSONValue = prior.verdict == .change ? change : ["text": "Within measurement error"]
        return [
            ["code": code(.priorVerticalRatio), "valueQuantity": quantity(prior.value)],
            ["code": code(.priorDate), "valueDateTime": .text(prior.taken.description)],
            [
                "code": code(.verticalRatioChange), "valueQuantity": quantity(prior.difference), "interpretation": [worth],
                "referenceRange": [
                    [
                        "low": quantity(-prior.limit), "high": quantity(prior.limit),
                        "text": "95 % of differences of an unchanged eye",
                    ]
                ],
            ],
        ]
    }

    private func observation(
        _ key: String, _ code: JSONValue, _ more: [String: JSONValue?], notes: [String]
    ) -> JSONValue {
        let category = Self.concept(
            "http://terminology.hl7.org/CodeSystem/observation-category", "imaging", "Imaging")
        let members: [String: JSONValue?] = [
            "resourceType": "Observation", "identifier": identifier(key), "status": status, "category": [category], "code": code,
            "subject": subject, "effectiveDateTime": .text(content.taken), "issued": .text(content.issued.description),
            "derivedFrom": study.map { [$0] }, "device": ["reference": .text(urn("device"))],
            "note": .list((notes + [content.report.notice]).map { ["text": .text($0)] }),
        ]
        return .object(members.merging(more) { $1 })
    }

    private func diagnosticReport(_ result: [JSONValue]) -> JSONValue {
        let category = Self.concept("http://terminology.hl7.org/CodeSystem/v2-0074", "IMG", "Diagnostic Imaging")
        let performer = content.report.decision.map { decision -> JSONValue in [["display": .text(decision.reader)]] }
        return [
            "resourceType": "DiagnosticReport", "identifier": identifier("report"), "status": status, "category": [category],
            "code": Self.concept("http://loinc.org", "18748-4", "Diagnostic imaging study"), "subject": subject,
            "effectiveDateTime": .text(content.taken), "issued": .text(content.issued.description),
            "basedOn": content.report.examination.accession.map(Self.order), "imagingStudy": study.map { [$0] },
            "resultsInterpreter": performer, "result": .list(result),
            "conclusion": .text(content.summary(prior: true).joined(separator: " ")),
        ]
    }

    private var status: JSONValue { content.state == .amended ? "amended" : "preliminary" }

    private func identifier(_ key: String) -> JSONValue {
        [["system": .text(Self.resultSystem), "value": .text(name(key))]]
    }

    private var subject: JSONValue {
        let issuer = content.report.subject?.issuer
        let type = Self.concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical record number")
        return [
            "type": "Patient",
            "identifier": [
                "type": content.report.subject.map { _ in type },
                "system": content.report.subject == nil ? "urn:papilla:unknown" : issuer.map { .text(Self.system(of: $0)) },
                "value": .text(content.patient),
                "assigner": issuer.map { ["display": .text($0)] },
            ],
        ]
    }

    /// The namespace of an issuer's numbers, by which records tell one number of two issuers apart: an OID or a URI as it is, other words
    /// percent-encoded.
    static func system(of issuer: String) -> String {
        if issuer.wholeMatch(of: #/[0-2](\.(0|[1-9][0-9]*))+/#) != nil { return "urn:oid:\(issuer)" }
        if issuer.wholeMatch(of: #/(https?:\/\/|urn:)[!-~]+/#) != nil { return issuer }
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        return issuer.utf8.reduce(into: "urn:papilla:issuer:") { text, byte in
            let digits = String(byte, radix: 16, uppercase: true)
            text += unreserved.contains(byte) ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + digits
        }
    }

    private var study: JSONValue? {
        content.study.map {
            ["type": "ImagingStudy", "identifier": ["system": "urn:dicom:uid", "value": .text("urn:oid:\($0)")]]
        }
    }

    private static func order(_ accession: String) -> JSONValue {
        let type = concept("http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN", "Accession ID")
        return [["type": "ServiceRequest", "identifier": ["type": type, "value": .text(accession)]]]
    }

    private static func concept(_ system: String, _ code: String, _ display: String, text: String? = nil) -> JSONValue {
        [
            "coding": [["system": .text(system), "code": .text(code), "display": .text(display)]],
            "text": text.map { .text($0) },
        ]
    }
}
