/// A concept by its code in a public scheme, as DICOM, HL7 and FHIR name things.
public struct CodedConcept: Sendable, Codable, Hashable {
    /// Who gives the code: `DCM` is DICOM's own scheme (PS3.16, annex D).
    public var scheme: String
    /// The code.
    public var value: String
    /// What it stands for, in the scheme's words.
    public var meaning: String

    /// A concept of a scheme.
    public init(scheme: String, value: String, meaning: String) {
        self.scheme = scheme
        self.value = value
        self.meaning = meaning
    }

    /// A concept of DICOM's own scheme.
    static func dicom(_ value: String, _ meaning: String) -> CodedConcept {
        CodedConcept(scheme: "DCM", value: value, meaning: meaning)
    }

    /// Papilla's own scheme, for what no public one was found to have. Objects that use it say whose it is.
    public static let ownScheme = "99PAPILLA"

    /// A concept of Papilla's own scheme.
    static func own(_ value: String, _ meaning: String) -> CodedConcept {
        CodedConcept(scheme: ownScheme, value: value, meaning: meaning)
    }

    /// Vertical diameter of the cup over that of the disc.
    public static let verticalCupToDiscRatio = dicom("131257", "Cup to disc ratio vertical")
    /// Horizontal diameter of the cup over that of the disc.
    public static let horizontalCupToDiscRatio = dicom("131258", "Cup to disc ratio horizontal")
    /// Area of the cup over that of the disc.
    public static let cupToDiscAreaRatio = dicom("131256", "Cup to disc area ratio")
    /// The vertical ratio of the same eye at an earlier visit.
    public static let priorVerticalRatio = own("VCDR_PRIOR", "Cup to disc ratio vertical, prior examination")
    /// When that was.
    public static let priorDate = own("VCDR_PRIOR_DATE", "Date of the prior examination")
    /// The vertical ratio less that of the earlier visit.
    public static let verticalRatioChange = own("VCDR_CHANGE", "Change of cup to disc ratio vertical since prior examination")
    /// How many polyps there are.
    public static let numberOfFindings = dicom("111406", "Number of similar findings")
}

/// A figure with a public code and a unit: what a program takes that knows nothing of Papilla.
///
/// Only what a code alone tells apart is one. Areas in pixels would be two of one code for disc and cup; they stand in the findings.
public struct Measurement: Sendable, Codable, Hashable {
    /// Whose outlines were measured.
    public enum Method: String, Sendable, Codable, CaseIterable {
        /// The networks'.
        case automatic
        /// The networks' of one structure, a reader's of the other.
        case semiautomatic
        /// A reader's.
        case manual
    }

    /// What was measured.
    public var code: CodedConcept
    /// The figure.
    public var value: Double
    /// Its unit in UCUM.
    public var unit: String
    /// 95 % interval, [low, high]; null where there is none.
    @Nullable public var interval: [Double]?
    /// Whose outlines were measured.
    public var method: Method

    /// A figure with its unit.
    public init(_ code: CodedConcept, _ value: Double, unit: String, interval: [Double]? = nil, method: Method) {
        self.code = code
        self.value = value
        self.unit = unit
        self.interval = interval
        self.method = method
    }
}

extension Report {
    /// What the findings say, figure by figure.
    public var codedFindings: [Measurement] {
        let drawn = drawn
        var measurements: [Measurement] = []
        if let ratio = fundus?.cdr {
            let method: Measurement.Method =
                switch (drawn.contains(.disc), drawn.contains(.cup)) {
                case (false, false): .automatic
                case (true, true): .manual
                default: .semiautomatic
                }
            func add(_ code: CodedConcept, _ value: Double, _ interval: [Double] = []) {
                measurements.append(
                    Measurement(
                        code, value, unit: "{ratio}", interval: interval.isEmpty ? nil : interval, method: method))
            }
            add(.verticalCupToDiscRatio, ratio.vertical, ratio.interval)
            add(.horizontalCupToDiscRatio, ratio.horizontal)
            add(.cupToDiscAreaRatio, ratio.area)
        }
        if let endoscopy {
            measurements.append(
                Measurement(
                    .numberOfFindings, Double(endoscopy.polyps.count), unit: "{findings}",
                    method: drawn.contains(.polyp) ? .manual : .automatic))
        }
        return measurements
    }
}

extension KeyedDecodingContainer {
    /// A report of schema 1 has no coded measurements.
    public func decode(_ type: [Measurement].Type, forKey key: Key) throws -> [Measurement] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
