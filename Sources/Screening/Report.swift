/// `report.json` of a bundle, schema `papilla.report/2`. Every key is always there; a value that does not exist is null.
///
/// Reports of schema 1, which have neither subject, examination nor measurements, are read too. The JSON Schema of what is written is
/// `Deploy/manual/schema/report.json`.
public struct Report: Sendable, Codable, Hashable {
    /// The schema's name and number; a change of meaning raises it.
    public static let schema = "papilla.report/2"
    /// What every report says of itself.
    public static let notice = "Research use only. Not a medical device: a person decides."

    /// The file that the image came in.
    public struct Source: Sendable, Codable, Hashable {
        /// The file's name.
        public var name: String
        /// Its path in the inbox, or as given to `screen`.
        public var path: String
        /// Of its content.
        @Nullable public var sha256: Digest?
        /// Its size.
        public var bytes: Int
        /// `jpeg`, `png`, or null where it could not be decoded.
        @Nullable public var format: String?
        /// px, after EXIF orientation.
        @Nullable public var width: Int?
        /// px, after EXIF orientation.
        @Nullable public var height: Int?
        /// What the file says its colours are: `sRGB`, a profile's name, a gamma; null where it says nothing or could not be decoded.
        @Nullable public var colourSpace: String?
        /// When it arrived.
        public var received: Timestamp
        /// The sidecar's name, where there was one.
        @Nullable public var sidecar: String?
        /// From sidecar or name.
        @Nullable public var patient: String?
        /// From sidecar or name.
        @Nullable public var study: String?
        /// From sidecar, name or photograph.
        public var eye: Eye

        enum CodingKeys: String, CodingKey {
            case name, path, sha256, bytes, format, width, height, received, sidecar, patient, study, eye
            case colourSpace = "colour_space"
        }

        /// A source with what is known of it.
        public init(
            name: String, path: String, sha256: Digest?, bytes: Int, format: String? = nil, width: Int? = nil, height: Int? = nil,
            received: Timestamp, sidecar: String? = nil, patient: String? = nil, study: String? = nil, eye: Eye = .unknown
        ) {
            self.name = name
            self.path = path
            self.sha256 = sha256
            self.bytes = bytes
            self.format = format
            self.width = width
            self.height = height
            self.received = received
            self.sidecar = sidecar
            self.patient = patient
            self.study = study
            self.eye = eye
        }
    }

    /// The router's answer.
    public struct ModalityFinding: Sendable, Codable, Hashable {
        /// The most probable class.
        public var value: Modality
        /// fundus, endoscopy, neither: they sum to 1.
        public var probabilities: [String: Double]

        /// A class with the probabilities behind it.
        public init(value: Modality, probabilities: [String: Double]) {
            self.value = value
            self.probabilities = probabilities
        }
    }

    /// A model that took part.
    public struct Model: Sendable, Codable, Hashable {
        /// What it is for.
        public var task: ModelTask
        /// Its name in the registry.
        public var name: String
        /// Of its weights.
        public var sha256: Digest
        /// fp32, bf16 or int8.
        public var precision: String

        /// A model by name and digest.
        public init(task: ModelTask, name: String, sha256: Digest, precision: String) {
            self.task = task
            self.name = name
            self.sha256 = sha256
            self.precision = precision
        }
    }

    /// The engine that it ran with, so that a re-run can be compared byte by byte.
    public struct Engine: Sendable, Codable, Hashable {
        /// Papilla's version.
        public var version: String
        /// The instruction set that oneDNN used.
        public var isa: String
        /// Threads of the engine.
        public var threads: Int
        /// Images in one run of a network.
        public var batch: Int

        /// What it ran with.
        public init(version: String, isa: String, threads: Int, batch: Int) {
            self.version = version
            self.isa = isa
            self.threads = threads
            self.batch = batch
        }
    }

    /// Milliseconds by stage.
    public struct Timing: Sendable, Codable, Hashable {
        /// From arrival to the start of reading.
        public var wait: Double
        /// File to pixels.
        public var decode: Double
        /// The router.
        public var route: Double
        /// Networks and measures.
        public var infer: Double
        /// Overlay and masks.
        public var render: Double
        /// Writing the bundle. In the bundle itself always 0: it is not known before the bundle is complete; the ledger has it.
        public var publish: Double

        /// Milliseconds by stage, 0 where a stage did not happen.
        public init(
            wait: Double = 0, decode: Double = 0, route: Double = 0, infer: Double = 0, render: Double = 0, publish: Double = 0
        ) {
            self.wait = wait
            self.decode = decode
            self.route = route
            self.infer = infer
            self.render = render
            self.publish = publish
        }
    }

    /// A file of the bundle.
    public struct File: Sendable, Codable, Hashable {
        /// Its name in the bundle's folder.
        public var name: String
        /// Its size.
        public var bytes: Int
        /// Of its content.
        public var sha256: Digest

        /// A file with size and digest.
        public init(name: String, bytes: Int, sha256: Digest) {
            self.name = name
            self.bytes = bytes
            self.sha256 = sha256
        }
    }

    /// A reader's word on a screening.
    public struct Decision: Sendable, Codable, Hashable {
        /// The three verdicts.
        public enum Verdict: String, Sendable, Codable { case accept, reject, correct }
        /// Who decided.
        public var reader: String
        /// What was decided.
        public var verdict: Verdict
        /// Why, in the reader's words.
        @Nullable public var note: String?
        /// When.
        public var at: Timestamp
        /// Whether the reader drew without having been shown what the models found.
        public var blind: Bool

        /// A decision.
        public init(reader: String, verdict: Verdict, note: String?, at: Timestamp, blind: Bool = false) {
            self.reader = reader
            self.verdict = verdict
            self.note = note
            self.at = at
            self.blind = blind
        }

        /// Reads a decision; one of schema 1 says nothing of blindness, because everything was shown then.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            reader = try container.decode(String.self, forKey: .reader)
            verdict = try container.decode(Verdict.self, forKey: .verdict)
            note = try container.decodeIfPresent(String.self, forKey: .note)
            at = try container.decode(Timestamp.self, forKey: .at)
            blind = try container.decodeIfPresent(Bool.self, forKey: .blind) ?? false
        }
    }

    /// The findings in one frame of a file that holds several.
    public struct Frame: Sendable, Codable, Hashable {
        /// Counted from 1, as in the file.
        public var frame: Int
        /// How it ended.
        public var outcome: Outcome
        /// Why, unless measured or no finding.
        public var reasons: [Reason]
        /// What the router said.
        @Nullable public var modality: ModalityFinding?
        /// How good it is.
        @Nullable public var quality: Quality?
        /// Findings of a fundus photograph.
        @Nullable public var fundus: FundusFindings?
        /// Findings of an endoscopy frame.
        @Nullable public var endoscopy: EndoscopyFindings?
        /// What a person should look at.
        public var attention: [Attention]

        /// A frame that ended as it did; what was found in it is added.
        public init(_ frame: Int, _ outcome: Outcome, reasons: [Reason] = [], attention: [Attention] = []) {
            (self.frame, self.outcome, self.reasons, self.attention) = (frame, outcome, reasons, attention)
        }
    }

    /// `papilla.report/2`; of an older report that was read, its own.
    public var schema = Report.schema
    /// The arrival's ID.
    public var id: ScreeningID
    /// 1, and one more for each correction and each reading by later models.
    public var version = 1
    /// The bundle folder that this one replaces.
    @Nullable public var supersedes: String?
    /// The ID of the screening whose reading was used again, where content, models and settings were the same.
    @Nullable public var reusedFrom: ScreeningID?
    /// Where the image came from.
    public var source: Source
    /// Whom it is of; null where nobody said.
    @Nullable public var subject: Subject?
    /// What is known of the taking.
    public var examination: Examination
    /// How it ended.
    public var outcome: Outcome
    /// Why, unless measured or no finding.
    public var reasons: [Reason]
    /// What the router said; null where the image could not be decoded.
    @Nullable public var modality: ModalityFinding?
    /// How good the image is; null for images out of domain or not decoded.
    @Nullable public var quality: Quality?
    /// Findings of a fundus photograph.
    @Nullable public var fundus: FundusFindings?
    /// Findings of an endoscopy frame.
    @Nullable public var endoscopy: EndoscopyFindings?
    /// The figures of the findings, with public codes.
    public var measurements: [Measurement]
    /// Every frame of a file that holds several: the fields above are then those of the frame that decides. Null for a plain image.
    @Nullable public var frames: [Frame]?
    /// The ratio of the same eye at the latest earlier visit that it can be compared with, when this was published; null without one.
    @Nullable public var prior: PriorRatio?
    /// What a person should look at.
    public var attention: [Attention]
    /// The thresholds that were used.
    public var thresholds: [String: Double]
    /// The models that took part.
    public var models: [Model]
    /// What it ran with.
    public var engine: Engine
    /// Milliseconds by stage.
    public var timing: Timing
    /// Every other file of the bundle.
    public var files: [File]
    /// A reader's word, in a later version.
    @Nullable public var decision: Decision?
    /// When the original was read again by the models of that day, in a version that was made so.
    @Nullable public var reread: Timestamp?
    /// Research use.
    public var notice = Report.notice

    /// A report without files: the publisher fills them in. `attention` holds that of the identification, too, where it is to be there.
    public init(
        id: ScreeningID, source: Source, identification: Identification = Identification(), outcome: Outcome,
        reasons: [Reason] = [], modality: ModalityFinding? = nil,
        quality: Quality? = nil,
        fundus: FundusFindings? = nil, endoscopy: EndoscopyFindings? = nil, attention: [Attention] = [],
        thresholds: [String: Double] = [:],
        models: [Model] = [], engine: Engine, timing: Timing = Timing()
    ) {
        self.id = id
        self.source = source
        self.outcome = outcome
        self.reasons = reasons
        subject = identification.subject
        examination = identification.examination
        self.modality = modality
        self.quality = quality
        self.fundus = fundus
        self.endoscopy = endoscopy
        self.attention = attention
        self.thresholds = thresholds
        self.models = models
        self.engine = engine
        self.timing = timing
        files = []
        measurements = []
        measurements = codedFindings
    }

    enum CodingKeys: String, CodingKey {
        case schema, id, version, supersedes, source, subject, examination, outcome, reasons
        case modality, quality, fundus, endoscopy, measurements, frames
        case attention, thresholds, models, engine, files, prior, decision, reread, notice
        case reusedFrom = "reused_from"
        case timing = "timing_ms"
    }
}

extension Report {
    /// The frame whose findings are those of the whole file, counted from 1; 1 for a plain image.
    public var decidingFrame: Int {
        let found = frames?.first {
            $0.outcome == outcome && $0.reasons == reasons && $0.fundus == fundus && $0.endoscopy == endoscopy
        }
        return found?.frame ?? 1
    }

    /// The structures whose outlines a reader drew, in this version or in an earlier one that it kept: disc, cup, polyp. All others are
    /// the networks' own.
    public var drawn: Set<ModelTask> {
        guard decision?.verdict == .correct else { return [] }
        var drawn: Set<ModelTask> = []
        // What a reader drew has no probability.
        if let fundus {
            if fundus.disc.meanProbability == nil { drawn.insert(.disc) }
            if let cup = fundus.cup, cup.meanProbability == nil { drawn.insert(.cup) }
        }
        // Polyps are drawn all at once.
        if endoscopy != nil { drawn.insert(.polyp) }
        return drawn
    }
}
