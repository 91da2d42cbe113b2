internal import GRDB
public import Screening

/// How the regular reading of all files stands: what the audit says of it.
public struct FileChecks: Sendable, Codable, Hashable {
    /// When the pass that is under way began; null: none is.
    @Nullable public var begun: Timestamp?
    /// The last arrival that it has read.
    @Nullable public var after: ScreeningID?
    /// When the last whole pass began.
    @Nullable public var lastBegun: Timestamp?
    /// When it ended.
    @Nullable public var lastEnded: Timestamp?
    /// Arrivals with a file that was not as it was written, when it was last read.
    public var rotten: [ScreeningID]

    enum CodingKeys: String, CodingKey {
        case begun, after, rotten
        case lastBegun = "last_begun"
        case lastEnded = "last_ended"
    }

    /// What the audit keeps of a pass.
    struct Pass: Codable {
        var begun: Timestamp
        var after: ScreeningID?
        var arrivals: Int?
    }

    enum Event: String {
        case verifying, verified, rotten, sound
    }
}

extension LedgerStore {
    /// How the regular reading of all files stands.
    public func fileChecks() throws(PapillaError) -> FileChecks {
        try read { db in
            func last(_ event: FileChecks.Event) throws -> (seq: Int64, at: Timestamp, pass: FileChecks.Pass)? {
                let row = try Row.fetchOne(
                    db, sql: "SELECT * FROM audit WHERE event = ? ORDER BY seq DESC LIMIT 1", arguments: [event.rawValue])
                guard let entry = try row.map(AuditEntry.init), let detail = entry.detail else { return nil }
                return (entry.seq, entry.at, try CanonicalJSON.decode(FileChecks.Pass.self, from: detail.utf8))
            }
            let (verifying, verified) = (try last(.verifying), try last(.verified))
            let underWay = verifying.flatMap { $0.seq > verified?.seq ?? 0 ? $0.pass : nil }
            let rotten = try Row.fetchAll(
                db,
                sql: """
                    SELECT subject, event, max(seq) FROM audit WHERE event IN ('rotten', 'sound')
                        AND NOT EXISTS (SELECT 1 FROM arrival WHERE id = subject AND forgotten IS NOT NULL)
                    GROUP BY subject ORDER BY subject
                    """)
            return FileChecks(
                begun: underWay?.begun, after: underWay?.after, lastBegun: verified?.pass.begun, lastEnded: verified?.at,
                rotten: rotten.filter { $0["event"] == FileChecks.Event.rotten.rawValue }.compactMap {
                    ScreeningID($0["subject"])
                })
        }
    }

    /// Arrivals that have ended and are not forgotten, in the order of their IDs.
    public func ended(after id: ScreeningID?, limit: Int) throws(PapillaError) -> [ScreeningID] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT id FROM arrival WHERE id > ? AND state = 'finished' AND forgotten IS NULL ORDER BY id LIMIT ?",
                arguments: [id?.description ?? "", limit]
            ).compactMap(ScreeningID.init)
        }
    }

    /// Reads every file of an arrival, and says what is no longer as it was written. A bundle that the site took out of the outbox is none
    /// of that.
    ///
    /// - Parameter pace: called after bytes were read, with how many.
    public nonisolated func rot(
        of id: ScreeningID, in folders: Folders, pace: @escaping @Sendable (_ bytes: Int) async -> Void
    ) async throws(PapillaError) -> [Verification.Problem] {
        try await check(id, folders, pace: pace)?.problems.filter { $0.kind != .bundleMissing } ?? []
    }

    /// Notes what the reading of an arrival's files came to, where that is news.
    public func note(_ id: ScreeningID, rot: [Verification.Problem], in known: Set<ScreeningID>) throws(PapillaError) {
        guard rot.isEmpty == known.contains(id) else { return }
        struct Detail: Encodable { var kinds: [Verification.Problem.Kind] }
        let event = rot.isEmpty ? FileChecks.Event.sound : .rotten
        try record(event.rawValue, subject: id.description, detail: Detail(kinds: rot.map(\.kind)))
    }

    /// Notes how far a pass is.
    public func notePass(begun: Timestamp, after: ScreeningID?) throws(PapillaError) {
        try record(FileChecks.Event.verifying.rawValue, subject: "service", detail: FileChecks.Pass(begun: begun, after: after))
    }

    /// Notes that a pass has ended, over so many arrivals.
    public func endPass(begun: Timestamp, arrivals: Int) throws(PapillaError) {
        try record(
            FileChecks.Event.verified.rawValue, subject: "service", detail: FileChecks.Pass(begun: begun, arrivals: arrivals))
    }
}
