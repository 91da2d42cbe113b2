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

    /// As a database has it.
    package init(
        begun: Timestamp? = nil, after: ScreeningID? = nil, lastBegun: Timestamp? = nil, lastEnded: Timestamp? = nil,
        rotten: [ScreeningID]
    ) {
        self.begun = begun
        self.after = after
        self.lastBegun = lastBegun
        self.lastEnded = lastEnded
        self.rotten = rotten
    }

    enum CodingKeys: String, CodingKey {
        case begun, after, rotten
        case lastBegun = "last_begun"
        case lastEnded = "last_ended"
    }

    /// What the audit keeps of a pass.
    package struct Pass: Codable, Sendable {
        package var begun: Timestamp
        package var after: ScreeningID?
        package var arrivals: Int?

        /// A pass.
        package init(
            begun: Timestamp, after: ScreeningID? = nil, arrivals: Int? = nil
        ) {
            self.begun = begun
            self.after = after
            self.arrivals = arrivals
        }
    }

    package enum Event: String {
        case verifying, verified, rotten, sound
    }
}

extension AuditLedger {
    /// Notes what the reading of an arrival's files came to, where that is news.
    public func note(
        _ id: ScreeningID, rot: [Verification.Problem], in known: Set<ScreeningID>
    ) async throws(PapillaError) {
        guard rot.isEmpty == known.contains(id) else { return }
        let event = rot.isEmpty ? FileChecks.Event.sound : .rotten
        try await record(event.rawValue, subject: id.description, detail: ["kinds": rot.map(\.kind)])
    }

    /// Notes how far a pass is.
    public func notePass(begun: Timestamp, after: ScreeningID?) async throws(PapillaError) {
        try await record(
            FileChecks.Event.verifying.rawValue, subject: "service", detail: FileChecks.Pass(begun: begun, after: after))
    }

    /// Notes that a pass has ended, over so many arrivals.
    public func endPass(begun: Timestamp, arrivals: Int) async throws(PapillaError) {
        try await record(
            FileChecks.Event.verified.rawValue, subject: "service", detail: FileChecks.Pass(begun: begun, arrivals: arrivals))
    }
}
