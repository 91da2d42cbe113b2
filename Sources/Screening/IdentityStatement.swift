/// The facts that a site may give of an image: in a sidecar, in the image's own file, or in its name.
public enum IdentityField: String, Sendable, Codable, CaseIterable {
    /// The patient's number.
    case patient
    /// Who gave that number.
    case issuer
    /// The study or visit.
    case study
    /// Which eye it is.
    case eye
    /// The order's number.
    case accession
    /// Who took it.
    case `operator`
    /// What it was taken with.
    case device
    /// When it was taken.
    case taken
    /// Whether it is the last image of its visit.
    case last
}

/// Something that may say whose image it is, and what was examined. Where several do, sidecar, container and name count in that order.
public protocol IdentitySource: Sendable {
    /// What it says, and what of it could not be used.
    var statement: IdentityStatement { get }
}

/// One source's statement: every field that is sound, and in words what is not.
public struct IdentityStatement: Sendable, Hashable {
    /// An eye as it was stated.
    public enum StatedEye: Sendable, Hashable {
        /// One eye, or that it is not known which.
        case eye(Eye)
        /// Something that was not understood, or not one eye.
        case unclear
    }

    /// Longer texts are not taken, bytes of UTF-8.
    public static let textLimit = 1024

    /// Who says it.
    public let whence: Examination.Whence
    /// Patient, issuer, study, accession, operator and device, where stated.
    public private(set) var texts: [IdentityField: String] = [:]
    /// The eye; nil where none is stated.
    public private(set) var eye: StatedEye?
    /// When it was taken.
    public private(set) var taken: ExaminationTime?
    /// Whether it is the last image of its visit.
    public private(set) var isLast: Bool?
    /// Whether a person's data are written into the pixels; nil where nothing is stated.
    public private(set) var isBurnedIn: Bool?
    /// What could not be used, each as a clause that names the field and never whom it is of.
    public private(set) var unusable: [String] = []

    /// A source that has said nothing yet.
    public init(from whence: Examination.Whence) { self.whence = whence }

    /// Takes what is stated for a field. Blank text states nothing; what makes no sense for the field is noted as unusable.
    public mutating func state(_ text: String, for field: IdentityField) {
        let text = Self.trimmed(text)
        guard !text.isEmpty else { return }
        guard text.utf8.count <= Self.textLimit else { return spoil(field, "is longer than \(Self.textLimit) bytes") }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return spoil(field, "holds control characters")
        }
        switch field {
        case .patient, .issuer, .study, .accession, .operator, .device: texts[field] = text
        case .eye:
            guard let stated = Eye(stated: text) else {
                return spoil(field, "\(Self.quoted(text)) is not one eye, or in words that are not known")
            }
            eye = .eye(stated)
        case .taken:
            guard let time = ExaminationTime(text) else {
                return spoil(field, "\(Self.quoted(text)) is no date or time with the year first")
            }
            taken = time
        case .last:
            switch text.lowercased() {
            case "true", "yes", "1", "last": isLast = true
            case "false", "no", "0": isLast = false
            default: spoil(field, "is neither true nor false")
            }
        }
    }

    /// Takes whether a person's data are written into the pixels.
    public mutating func stateBurnedIn(_ isBurnedIn: Bool) { self.isBurnedIn = isBurnedIn }

    /// Notes that a field was stated in a way that cannot be used.
    ///
    /// - Parameter why: goes on after the field's name: "is an object".
    public mutating func spoil(_ field: IdentityField, _ why: String) {
        if field == .eye { eye = .unclear }
        note("\(field.rawValue) \(why)")
    }

    /// Notes that something else than a field cannot be used.
    public mutating func note(_ clause: String) { unusable.append(clause) }

    /// Whether it states a field in a way that can be used.
    func states(_ field: IdentityField) -> Bool {
        switch field {
        case .eye: if case .eye(let stated) = eye { stated != .unknown } else { false }
        case .taken: taken != nil
        case .last: isLast != nil
        default: texts[field] != nil
        }
    }

    /// For a person: which of what was stated could not be used; nil where all of it could.
    public var complaint: String? {
        guard !unusable.isEmpty else { return nil }
        let source = whence == .sidecar ? "the sidecar" : whence == .name ? "the file's name" : "the image's own file"
        return "Not all that \(source) says could be used: \(unusable.joined(separator: "; "))."
    }

    private static func trimmed(_ text: String) -> String {
        var scalars = Substring(text).unicodeScalars
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }

    /// A short word in quotation marks; a long one, which may be anything, is not repeated.
    private static func quoted(_ text: String) -> String { text.count <= 24 ? "(\"\(text)\")" : "" }
}

/// Whose image it is, and what was examined: what all sources say together.
public struct Identification: Sendable, Hashable {
    /// Null where no source names a patient.
    public var subject: Subject?
    /// What is known of the taking.
    public var examination = Examination()
    /// Whether it is the last image of its visit; false where nobody said.
    public var isLast = false
    /// What a person should look at: what could not be used, and where two sources disagree.
    public var attention: [Attention] = []

    /// Nothing is known.
    public init() {}

    /// Puts together what sources say, the one that counts most first. What one leaves open is taken from the next.
    public init(_ statements: [IdentityStatement]) {
        let patient = statements.first { $0.texts[.patient] != nil }
        func text(_ field: IdentityField) -> String? { statements.lazy.compactMap { $0.texts[field] }.first }
        if let identifier = patient?.texts[.patient] {
            // A number and its issuer belong together: who gave another source's number did not give this one's, if it is another.
            let issuer = statements.first { statement in
                statement.texts[.issuer] != nil && [nil, identifier].contains(statement.texts[.patient])
            }
            subject = Subject(identifier: identifier, issuer: issuer?.texts[.issuer])
        } else if let issuer = statements.first(where: { $0.texts[.issuer] != nil }) {
            attention.append(
                Attention(.sidecar, "The \(issuer.whence.rawValue) says who gave a patient's number, but no number is known."))
        }
        // What belongs to a patient is not taken from a source that names another.
        func ofSubject(_ field: IdentityField) -> String? {
            statements.lazy.filter { [nil, patient?.texts[.patient]].contains($0.texts[.patient]) }
                .compactMap { $0.texts[field] }.first
        }
        examination.study = ofSubject(.study)
        examination.accession = ofSubject(.accession)
        examination.device = text(.device)
        examination.operatorName = text(.operator)
        examination.taken = statements.lazy.compactMap(\.taken).first
        examination.burnedIn = statements.lazy.compactMap(\.isBurnedIn).first
        isLast = statements.lazy.compactMap(\.isLast).first ?? false
        for statement in statements where examination.eye.whence == nil {
            switch statement.eye {
            case .eye(.unknown), nil: break
            case .eye(let eye): examination.eye = .init(eye, from: statement.whence)
            case .unclear: examination.eye = .init(.unknown, from: statement.whence)
            }
        }
        for complaint in statements.compactMap(\.complaint) { attention.append(Attention(.sidecar, complaint)) }
        let disputed = IdentityField.allCases.filter { Self.isDisputed($0, statements) }
        // Words for a camera or a person differ from list to list, and leave no doubt whose image it is.
        let words = Set<IdentityField>([.device, .operator])
        for (code, conflicts) in [
            (Attention.Code.identityConflict, disputed.filter { !words.contains($0) }),
            (.sidecar, disputed.filter(words.contains)),
        ] {
            let disputing = statements.filter { statement in conflicts.contains(where: statement.states) }
            guard let first = disputing.first else { continue }
            attention.append(
                Attention(
                    code,
                    "\(disputing.map(\.whence.rawValue).joined(separator: " and ")) disagree on "
                        + "\(conflicts.map(\.rawValue).joined(separator: ", ")); the \(first.whence.rawValue) counts."))
        }
    }

    /// Whether two sources state a field and mean different things.
    private static func isDisputed(_ field: IdentityField, _ statements: [IdentityStatement]) -> Bool {
        switch field {
        case .eye:
            return Set(statements.compactMap { if case .eye(let eye) = $0.eye, eye != .unknown { eye } else { nil } }).count > 1
        case .taken: return !ExaminationTime.agree(statements.compactMap(\.taken))
        case .last: return Set(statements.compactMap(\.isLast)).count > 1
        default: return Set(statements.compactMap { $0.texts[field] }).count > 1
        }
    }
}
