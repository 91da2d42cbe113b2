internal import GRDB
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

    static let select = """
        SELECT decision.*, shown.arrival AS arrival, shown.version AS shown_version, made.version AS result_version
        FROM decision JOIN screening AS shown ON shown.id = decision.screening
            LEFT JOIN screening AS made ON made.id = decision.result
        """

    /// The number of an arrival's last decision, as SQL; the arrival is that of a table `arrival`.
    static let last = """
        (SELECT max(every.id) FROM decision AS every JOIN screening AS decided ON decided.id = every.screening
            WHERE decided.arrival = arrival.id)
        """

    init(_ row: Row) throws {
        guard let arrival = ScreeningID(row["arrival"]), let at = Timestamp(row["at"] as String),
            let verdict = Report.Decision.Verdict(rawValue: row["verdict"])
        else { throw PapillaError(.damaged, "A decision of the ledger cannot be read", hint: LedgerFile.damageHint) }
        (number, self.arrival, version, reader) = (row["id"], arrival, row["shown_version"], row["reader"])
        (self.verdict, note, actor, self.at, result) = (verdict, row["note"], row["actor"], at, row["result_version"])
        blind = row["blind"]
    }

    /// When, for a person: `2026-11-24 10:41`.
    var minute: String { String("\(at)".prefix(16)).replacing("T", with: " ") }

    /// All decisions on an arrival, in their order.
    static func all(_ db: Database, of id: ScreeningID) throws -> [DecisionRow] {
        try Row.fetchAll(db, sql: select + " WHERE shown.arrival = ? ORDER BY decision.id", arguments: [id.description])
            .map(DecisionRow.init)
    }
}
