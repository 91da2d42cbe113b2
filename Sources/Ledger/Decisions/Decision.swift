public import Screening

/// What a reader had before them: a decision on something else than the newest is refused, so that two readers never overwrite each other.
public struct Seen: Sendable, Codable, Hashable {
    /// The version of the screening.
    public var version: Int
    /// How many decisions there were.
    public var decisions: Int

    /// What was shown.
    public init(version: Int, decisions: Int) { (self.version, self.decisions) = (version, decisions) }
}

/// A reader's word that is to be written down.
public struct NewDecision: Sendable, Hashable {
    /// On which screening.
    public var arrival: ScreeningID
    /// Who decides.
    public var reader: String
    /// What is decided.
    public var verdict: Report.Decision.Verdict
    /// Why.
    public var note: String?
    /// What the reader saw; nil where the newest version is meant, whatever it is.
    public var seen: Seen?
    /// Whether the reader drew without having been shown what the models found.
    public var blind: Bool

    /// A decision.
    /// - Throws: `badInput` for a reader without a name, a rejection without a reason, texts that are too long or no single line, and for
    ///   a blind decision that draws nothing: what was not seen can be neither accepted nor rejected for what it says.
    public init(
        _ arrival: ScreeningID, reader: String, verdict: Report.Decision.Verdict, note: String?, seen: Seen? = nil,
        blind: Bool = false
    ) throws(PapillaError) {
        let note = note.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
        guard (1...80).contains(reader.count), !reader.allSatisfy(\.isWhitespace), Self.isPlain(reader) else {
            throw PapillaError(
                .badInput, "A reader's name has 1 to 80 characters on one line", hint: "Name the reader with --reader")
        }
        guard note.map({ $0.count <= 2000 && Self.isPlain($0) }) ?? true else {
            throw PapillaError(.badInput, "A note has at most 2000 characters on one line")
        }
        guard verdict != .reject || note != nil else {
            throw PapillaError(.badInput, "A rejection says why", hint: "Give the reason with --note")
        }
        guard !blind || verdict == .correct else {
            throw PapillaError(.badInput, "Only outlines are drawn blind", hint: "Draw, or look at the result first")
        }
        (self.arrival, self.reader, self.verdict, self.note) = (arrival, reader, verdict, note)
        (self.seen, self.blind) = (seen, blind)
    }

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

/// A decision as the ledger has it. It is never changed; of several, the last one counts.
public struct DecisionRow: Sendable, Codable, Hashable {
    /// Its number in the ledger: later ones are larger.
    public var number: Int64
    /// On which screening.
    public var arrival: ScreeningID
    /// The version that the reader was shown.
    public var version: Int
    /// Who decided.
    public var reader: String
    /// What was decided.
    public var verdict: Report.Decision.Verdict
    /// Why; null also once forgotten.
    @Nullable public var note: String?
    /// `user@uid` of the process that asked for it.
    public var actor: String
    /// When.
    public var at: Timestamp
    /// The version that a correction published.
    @Nullable public var result: Int?
    /// Whether the reader drew without having been shown what the models found.
    public var blind: Bool

    /// Whether it is about a version: made on it, or what made it. A later version nobody has decided on.
    public func isAbout(_ version: Int) -> Bool { version == self.version || version == result }

    /// When, for a person: `2026-11-24 10:41`.
    package var minute: String { String("\(at)".prefix(16)).replacing("T", with: " ") }

    /// As a database has it.
    package init(
        number: Int64, arrival: ScreeningID, version: Int, reader: String, verdict: Report.Decision.Verdict,
        note: String? = nil, actor: String, at: Timestamp, result: Int? = nil, blind: Bool
    ) {
        self.number = number
        self.arrival = arrival
        self.version = version
        self.reader = reader
        self.verdict = verdict
        self.note = note
        self.actor = actor
        self.at = at
        self.result = result
        self.blind = blind
    }
}

/// A later version that is written down, by a correction or by later models, and may or may not be in the outbox yet.
public struct PendingCorrection: Sendable, Hashable {
    /// Of which screening.
    public var arrival: ScreeningID
    /// The version that it publishes.
    public var version: Int
    /// When the arrival was received: under that day its bundles are.
    public var received: Timestamp

    /// As a database has it.
    package init(
        arrival: ScreeningID, version: Int, received: Timestamp
    ) {
        self.arrival = arrival
        self.version = version
        self.received = received
    }
}

/// What the audit keeps of a decision; verification holds the rows against it. What only a correction has is absent otherwise.
package struct DecisionDetail: Encodable {
    package var decision: Int64
    package var version: Int
    package var reader: String
    package var verdict: Report.Decision.Verdict
    package var note: String?
    package var result: Int?
    package var outcome: Outcome?
    package var bundle: String?
    package var bundleDigest: Digest?
    /// Absent where the result was shown.
    package var blind: Bool?

    package init(_ decision: NewDecision, number: Int64, version: Int) {
        (self.decision, self.version, reader) = (number, version, decision.reader)
        (verdict, note, blind) = (decision.verdict, decision.note, decision.blind ? true : nil)
    }

    enum CodingKeys: String, CodingKey {
        case decision, version, reader, verdict, note, result, outcome, bundle, blind
        case bundleDigest = "bundle_sha256"
    }
}
