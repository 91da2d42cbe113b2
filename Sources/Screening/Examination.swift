/// The person that an image is of, as a site numbers people. Two subjects of one number from two issuers are two people.
public struct Subject: Sendable, Codable, Hashable {
    /// The patient's number, as its issuer writes it.
    public var identifier: String
    /// Who gave the number: a hospital, a registry; null where nobody said.
    @Nullable public var issuer: String?

    /// A number and who gave it.
    public init(identifier: String, issuer: String? = nil) {
        self.identifier = identifier
        self.issuer = issuer
    }
}

/// The facts of the taking of an image. Those that nobody gave are null.
public struct Examination: Sendable, Codable, Hashable {
    /// The source of a fact. The first that says anything counts.
    public enum Whence: String, Sendable, Codable, CaseIterable {
        /// A JSON file beside the image.
        case sidecar
        /// The image's own file (DICOM).
        case container
        /// The file's name.
        case name
        /// What the photograph shows.
        case photograph
        /// A reader, in place of all that.
        case reader
    }

    /// The eye, and who says so.
    public struct Side: Sendable, Codable, Hashable {
        /// The eye.
        public var value: Eye
        /// Where it is known from; null where it is not known at all.
        @Nullable public var whence: Whence?

        /// An eye and where it is known from.
        public init(_ value: Eye = .unknown, from whence: Whence? = nil) {
            self.value = value
            self.whence = whence
        }

        /// Whether the site stated an eye in words that were not understood, or not one eye: then none is guessed.
        public var isUnclear: Bool { value == .unknown && whence != nil }
    }

    /// The study or visit.
    @Nullable public var study: String?
    /// The order's number.
    @Nullable public var accession: String?
    /// When it was taken.
    @Nullable public var taken: ExaminationTime?
    /// Which eye it is.
    public var eye: Side
    /// What it was taken with.
    @Nullable public var device: String?
    /// Who took it.
    @Nullable public var operatorName: String?
    /// Whether a person's data are written into the pixels; null where nobody said.
    @Nullable public var burnedIn: Bool?

    /// An examination of which nothing is known.
    public init() { eye = Side() }

    /// The eye as a site states it: nothing of what the photograph tells.
    public var statedEye: Side { eye.whence == .photograph ? Side() : eye }

    /// The eye as a reader corrected it; nil where none did.
    public var correctedEye: Side? { eye.whence == .reader ? eye : nil }

    /// Takes the eye that a reading ended with: where none was stated, the photograph told it.
    public mutating func tell(_ read: Eye) {
        if eye.whence == nil || eye.whence == .photograph { eye = Side(read, from: read == .unknown ? nil : .photograph) }
    }

    enum CodingKeys: String, CodingKey {
        case study, accession, taken, eye, device
        case operatorName = "operator"
        case burnedIn = "burned_in"
    }
}

extension KeyedDecodingContainer {
    /// A report of schema 1 says nothing of the examination.
    public func decode(_ type: Examination.Type, forKey key: Key) throws -> Examination {
        try decodeIfPresent(type, forKey: key) ?? Examination()
    }
}
