public import Screening

/// An arrival as the ledger knows it now.
public struct ArrivalRow: Sendable, Codable, Hashable {
    /// Its ID.
    public var id: ScreeningID
    /// Path in the inbox; null once forgotten.
    @Nullable public var path: String?
    /// The file's name; null once forgotten.
    @Nullable public var name: String?
    /// Whether it came through `urgent/`.
    public var isUrgent: Bool
    /// When it was first seen.
    public var received: Timestamp
    /// The file's device in the inbox.
    public var device: UInt64
    /// The file's inode in the inbox.
    public var inode: UInt64
    /// Where it stands.
    public var state: ArrivalState
    /// When the state last changed.
    public var changed: Timestamp
    /// What it waits for, in state `waiting`.
    @Nullable public var waitsFor: String?
    /// Readings begun without an end.
    public var attempts: Int
    /// Path in the spool, from the claim to the end.
    @Nullable public var spool: String?
    /// The sidecar's name.
    @Nullable public var sidecar: String?
    /// From sidecar or name.
    @Nullable public var patient: String?
    /// From sidecar or name.
    @Nullable public var study: String?
    /// From sidecar or name.
    public var eye: Eye
    /// Who states the eye; null where nobody does. An unknown eye that someone states was stated in words that were not understood.
    @Nullable public var eyeFrom: Examination.Whence?
    /// Who gave the patient's number.
    @Nullable public var issuer: String?
    /// The order's number.
    @Nullable public var accession: String?
    /// Who took it.
    @Nullable public var operatorName: String?
    /// What it was taken with.
    @Nullable public var equipment: String?
    /// When it was taken.
    @Nullable public var taken: ExaminationTime?
    /// Whether it is the last image of its visit.
    public var isLast: Bool
    /// Of the content.
    @Nullable public var sha256: Digest?
    /// The content's size.
    @Nullable public var bytes: Int?
    /// How it ended; null while pending.
    @Nullable public var outcome: Outcome?
    /// When it ended.
    @Nullable public var finished: Timestamp?
    /// `archive/…` or `quarantine/…`; null while pending, for what vanished, and once forgotten.
    @Nullable public var original: String?
    /// The newest version's bundle, relative to the outbox; null while pending and once forgotten.
    @Nullable public var bundle: String?
    /// When its original was removed, because it was kept long enough.
    @Nullable public var expired: Timestamp?
    /// When its names were forgotten.
    @Nullable public var forgotten: Timestamp?

    /// As a database has it.
    package init(
        id: ScreeningID, path: String? = nil, name: String? = nil, isUrgent: Bool, received: Timestamp, device: UInt64,
        inode: UInt64, state: ArrivalState, changed: Timestamp, waitsFor: String? = nil, attempts: Int,
        spool: String? = nil, sidecar: String? = nil, patient: String? = nil, study: String? = nil, eye: Eye,
        eyeFrom: Examination.Whence? = nil, issuer: String? = nil, accession: String? = nil, operatorName: String? = nil,
        equipment: String? = nil, taken: ExaminationTime? = nil, isLast: Bool, sha256: Digest? = nil, bytes: Int? = nil,
        outcome: Outcome? = nil, finished: Timestamp? = nil, original: String? = nil, bundle: String? = nil,
        expired: Timestamp? = nil, forgotten: Timestamp? = nil
    ) {
        self.id = id
        self.path = path
        self.name = name
        self.isUrgent = isUrgent
        self.received = received
        self.device = device
        self.inode = inode
        self.state = state
        self.changed = changed
        self.waitsFor = waitsFor
        self.attempts = attempts
        self.spool = spool
        self.sidecar = sidecar
        self.patient = patient
        self.study = study
        self.eye = eye
        self.eyeFrom = eyeFrom
        self.issuer = issuer
        self.accession = accession
        self.operatorName = operatorName
        self.equipment = equipment
        self.taken = taken
        self.isLast = isLast
        self.sha256 = sha256
        self.bytes = bytes
        self.outcome = outcome
        self.finished = finished
        self.original = original
        self.bundle = bundle
        self.expired = expired
        self.forgotten = forgotten
    }

    enum CodingKeys: String, CodingKey {
        case id, path, name, received, device, inode, state, changed, attempts, spool, sidecar, patient, study, eye, sha256,
            bytes, outcome
        case finished, original, bundle, expired, forgotten, issuer, accession, equipment, taken
        case eyeFrom = "eye_from"
        case operatorName = "operator"
        case isLast = "last"
        case isUrgent = "urgent"
        case waitsFor = "waits_for"
    }
}

extension ArrivalRow {
    /// Whose it is and what was examined, without what of that a person should look at.
    public var identification: Identification {
        var result = Identification()
        result.subject = patient.map { Subject(identifier: $0, issuer: issuer) }
        result.examination.study = study
        result.examination.accession = accession
        result.examination.taken = taken
        result.examination.eye = .init(eye, from: eyeFrom)
        result.examination.device = equipment
        result.examination.operatorName = operatorName
        result.isLast = isLast
        return result
    }
}

extension ArrivalRow {
    /// Refuses a step that may not be taken from here.
    package func check(_ step: ArrivalState.Step) throws(PapillaError) {
        guard state.allows(step, isClaimed: spool != nil) else {
            throw PapillaError(
                .refused, "An arrival in state \(state.rawValue) cannot take the step \(step.rawValue)", place: id.description)
        }
    }
}

/// Which arrivals are asked for. Everything that is set must hold.
public struct ArrivalFilter: Sendable, Hashable {
    /// In one of these states.
    public var states: Set<ArrivalState>?
    /// Ended as one of these.
    public var outcomes: Set<Outcome>?
    /// Received at or after this moment.
    public var since: Timestamp?
    /// Received before this moment.
    public var until: Timestamp?
    /// At most so many.
    public var limit: Int?
    /// The latest received first, instead of the earliest.
    public var newestFirst: Bool

    /// Which arrivals are asked for; all of them by default.
    public init(
        states: Set<ArrivalState>? = nil, outcomes: Set<Outcome>? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
        limit: Int? = nil,
        newestFirst: Bool = false
    ) {
        (self.states, self.outcomes, self.since, self.until) = (states, outcomes, since, until)
        (self.limit, self.newestFirst) = (limit, newestFirst)
    }
}
