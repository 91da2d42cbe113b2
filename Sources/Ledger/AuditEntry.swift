public import Screening

/// One entry of the audit: who did what to which subject, chained to the entry before it.
///
/// The hash is SHA-256 over its fields, each written as a netstring (its length in UTF-8 bytes in decimal, `:`, the bytes, `,`), which
/// no two lists of fields share: previous hash, seq in decimal, at, actor, event, subject, SHA-256 of the detail, and, in entries of rule 2,
/// the binding. Digests are written in lower-case hexadecimal; `at` as RFC 3339 in UTC with milliseconds; detail and binding are canonical
/// JSON (sorted keys, no spaces) in UTF-8. The first entry's previous hash is 64 zeros. In Python:
///
/// ```python
/// fields = [previous, str(seq), at, actor, event, subject, sha256(detail)] + ([binding or ""] if rule == 2 else [])
/// hash = sha256(b"".join(b"%d:%b," % (len(f.encode()), f.encode()) for f in fields))
/// ```
///
/// Rule 1 is that of 0.1.0, whose entries bound no rows. A chain goes over to rule 2 once, and never back.
public struct AuditEntry: Sendable, Codable, Hashable {
    /// 1, 2, 3, ... without a gap.
    public var seq: Int64
    /// When.
    public var at: Timestamp
    /// `service`, or `user@uid`.
    public var actor: String
    /// What happened: `received`, `finished`, `promoted`, ...
    public var event: String
    /// To what: an arrival's ID, a model, `service`.
    public var subject: String
    /// Canonical JSON; null where it was forgotten.
    @Nullable public var detail: String?
    /// Of the detail; it stays when the detail is forgotten.
    public var detailDigest: Digest
    /// The rule of its hash: 1 (of 0.1.0) or 2.
    public var rule: Int
    /// Which rows were written with it, as digests of what it left in them; null where none were. See the ledger's `Binding`.
    @Nullable public var binding: String?
    /// The hash of the entry before.
    public var previous: Digest
    /// Of all the fields above.
    public var hash: Digest

    /// As a database has it.
    package init(
        seq: Int64, at: Timestamp, actor: String, event: String, subject: String, detail: String? = nil,
        detailDigest: Digest, rule: Int, binding: String? = nil, previous: Digest, hash: Digest
    ) {
        self.seq = seq
        self.at = at
        self.actor = actor
        self.event = event
        self.subject = subject
        self.detail = detail
        self.detailDigest = detailDigest
        self.rule = rule
        self.binding = binding
        self.previous = previous
        self.hash = hash
    }

    enum CodingKeys: String, CodingKey {
        case seq, at, actor, event, subject, detail, rule, binding, previous, hash
        case detailDigest = "detail_sha256"
    }

    /// What the ledger itself writes; the service adds its own events by name.
    package enum Event: String {
        case created, received, claimed, begun, waiting, finished, expired, forgotten, disowned, decided, correcting, corrected,
            rereading, reread, abandoned, delivered, migrated, bound, visited
    }

    /// The hash before the first entry.
    package static let genesisPrevious = String(repeating: "0", count: 64)

    /// The chain's hash of an entry, from its fields as they are stored.
    package static func hash(
        previous: String, seq: Int64, at: String, actor: String, event: String, subject: String, detailDigest: String, rule: Int,
        binding: String?
    ) -> Digest {
        var fields = Netstrings()
        for field in [previous, "\(seq)", at, actor, event, subject, detailDigest] { fields.add(field) }
        if rule >= 2 { fields.add(binding ?? "") }
        return fields.digest
    }

    /// The rule of new entries.
    package static let rule = 2

    /// A detail as canonical JSON, as the chain keeps it.
    ///
    /// - Parameter isBound: whether its entry binds rows: a detail that goes with a forgotten arrival, and what its names were bound with,
    ///   must not be guessed from a digest that stays.
    package static func line(_ detail: some Encodable, isBound: Bool) throws -> String {
        try isBound ? CanonicalJSON.line(Salted(detail: detail)) : CanonicalJSON.line(detail)
    }

    /// A detail with a salt beside its own fields.
    private struct Salted<Detail: Encodable>: Encodable {
        let detail: Detail
        private enum CodingKeys: CodingKey { case salt }

        func encode(to encoder: any Encoder) throws {
            try detail.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(AuditEntry.randomHexadecimal(), forKey: .salt)
        }
    }

    /// 128 random bits.
    package static func randomHexadecimal() -> String {
        (0..<2).map { _ in
            let word = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }
}

/// Which audit entries are asked for. Everything that is set must hold.
public struct AuditFilter: Sendable, Hashable {
    /// Of this subject: an arrival's ID, a model, `service`.
    public var subject: String?
    /// Of this event.
    public var event: String?
    /// At or after this moment.
    public var since: Timestamp?
    /// Before this moment.
    public var until: Timestamp?
    /// At most so many, the newest.
    public var limit: Int?

    /// Which entries are asked for; all of them by default.
    public init(subject: String? = nil, event: String? = nil, since: Timestamp? = nil, until: Timestamp? = nil, limit: Int? = nil)
    {
        (self.subject, self.event, self.since, self.until, self.limit) = (subject, event, since, until, limit)
    }
}
