internal import Control
internal import Custody
internal import DataSets
internal import Deliveries
internal import Files
internal import FoundationEssentials
internal import Imaging
internal import Ledger
internal import Reading
internal import Registry
internal import Screening
internal import Settings

/// Does what readers decide: writes decisions down, measures corrections again and publishes them as the next version, and has finished
/// arrivals read again by today's models.
///
/// A later version is in the ledger before its bundle is in the outbox, and its end after, as an arrival is: where the process stops in
/// between, `recover` finds the bundle and writes its end down, or finds none and gives the version up.
actor Reviewing {
    let ledger: any ArrivalLedger & DecisionLedger & RereadLedger & VisitLedger
    let publisher: Publisher
    private let archive: Folder
    /// As it is now: a reload changes it.
    let configuration: @Sendable () async -> Configuration
    let checkpoint: Checkpoint
    let now: @Sendable () -> Timestamp
    let locks: KeyedLock<ScreeningID>

    init(
        ledger: any ArrivalLedger & DecisionLedger & RereadLedger & VisitLedger, folders: ServiceFolders,
        configuration: @escaping @Sendable () async -> Configuration, checkpoint: @escaping Checkpoint = { _ in },
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        (self.ledger, archive, self.checkpoint, self.now) = (ledger, folders.originals.archive, checkpoint, now)
        self.configuration = configuration
        locks = folders.arrivals
        var publisher = folders.publisher
        publisher.checkpoint = checkpoint
        self.publisher = publisher
    }

    /// Ends what an earlier run began, or a station that this one took over from.
    func recover() async throws {
        for id in try await ledger.pendingCorrections().map(\.arrival) {
            await locks.lock(id)
            defer { locks.unlock(id) }
            // As it is now: it may have ended while this waited.
            for pending in try await ledger.pendingCorrections() where pending.arrival == id { try await settle(pending) }
        }
    }

    /// Does what a reader decided.
    ///
    /// - Parameter user: `user@uid` of the process that asked.
    /// - Throws: `badInput` for what cannot be decided so, `refused` where another reader was first, `notFound`.
    func run(_ request: ReviewRequest, actor user: String) async throws -> DecisionRow {
        let id = try await ledger.arrival(matching: request.arrival).id
        let decision = try NewDecision(
            id, reader: request.reader ?? String(user.prefix { $0 != "@" }), verdict: request.verdict, note: request.note,
            seen: request.seen, blind: request.blind)
        guard (request.verdict == .correct) == (!request.masks.isEmpty || request.eye != nil) else {
            throw PapillaError(.badInput, "A correction has masks or an eye, and nothing else does")
        }
        await locks.lock(id)
        defer { locks.unlock(id) }
        for pending in try await ledger.pendingCorrections() where pending.arrival == id { try await settle(pending) }
        guard request.verdict == .correct else { return try await ledger.decide(decision, actor: user) }
        // As it is now: it may have been forgotten while this waited.
        guard let row = try await ledger.arrival(id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: "\(id)")
        }
        return try await correct(row, decision, request.masks, request.eye, user)
    }

    private func correct(_ row: ArrivalRow, _ decision: NewDecision, _ masks: [String: Data], _ eye: Eye?, _ user: String)
        async throws -> DecisionRow
    {
        guard row.outcome != .failed, row.forgotten == nil, row.expired == nil else {
            throw PapillaError(
                .badInput, "Only an image that could be read and is in the archive can be corrected", place: "\(row.id)")
        }
        let (earlier, place) = try await newest(of: row.id)
        let before = try await reports(of: row.id, before: earlier.report.version)
        let file = try await original(of: row)
        let limits = await configuration().limits
        let image = try Self.image(file, limits, frame: earlier.report.decidingFrame)
        let given = Report.Decision(
            reader: decision.reader, verdict: .correct, note: decision.note, at: now(), blind: decision.blind)
        let stated =
            eye.map { Examination.Side($0, from: .reader) } ?? earlier.report.examination.correctedEye
            ?? Examination.Side(row.eye, from: row.eyeFrom)
        let correction = try Correction(
            of: earlier, after: before, image: image, drawn: Self.drawn(masks, limits), eye: stated, blind: decision.blind)
        let writers = await configuration().bundleWriters
        let bundle = try await priors().amended(
            try await correction.bundle(given, supersedes: place, writers: writers, original: file, limits: limits),
            after: before + [earlier.report], by: writers
        ) { () throws(PapillaError) in file }
        try await ledger.beginCorrection(decision, version: bundle.report.version, actor: user)
        try checkpoint(.begun)
        let published = try publisher.publish(bundle, day: row.received.day)
        try checkpoint(.published)
        return try await conclude(published)
    }

    func settle(_ pending: PendingCorrection) async throws {
        let published = try publisher.find(pending.arrival, day: pending.received.day, version: pending.version)
        guard let published else { return try await ledger.abandonCorrection(of: pending.arrival) }
        if published.report.reread == nil {
            _ = try await conclude(published)
        } else {
            try await ledger.concludeRereading(await ending(published))
        }
    }

    private func conclude(_ published: Publisher.Published) async throws -> DecisionRow {
        try await ledger.concludeCorrection(await ending(published))
    }

    func ending(_ published: Publisher.Published) async -> Ending {
        Ending(
            report: published.report, bundle: published.folder, bundleDigest: published.digest, original: nil,
            timing: published.report.timing, deliveries: await configuration().deliveryTerms)
    }

    func priors() async -> PriorLookup {
        PriorLookup(ledger: ledger, store: ModelStore(directory: await configuration().paths.models))
    }

    /// The newest version's bundle, and its folder relative to the outbox.
    func newest(of id: ScreeningID) async throws -> (bundle: Bundle, folder: String) {
        guard let newest = try await ledger.versions(of: id).last?.bundle, let bundle = try publisher.load(newest) else {
            throw PapillaError(
                .damaged, "The newest bundle is not as it was published", place: "\(id)", hint: "Run papilla audit verify")
        }
        return (bundle, newest)
    }

    /// The reports of the versions before one, the first one first, that are still as they were published: what they told may have to be
    /// taken back.
    func reports(of id: ScreeningID, before version: Int) async throws -> [Report] {
        try await ledger.versions(of: id).filter { $0.version < version }.compactMap { row in
            guard let bundle = row.bundle, let bytes = try publisher.report(bundle, expecting: row.digest) else { return nil }
            return try CanonicalJSON.decode(Report.self, from: bytes)
        }
    }

    /// The content of an arrival's original: the very bytes that were screened.
    func original(of row: ArrivalRow) async throws -> [UInt8] {
        let limit = await configuration().limits.maximumBytes
        guard let original = row.original, original.hasPrefix("archive/"),
            let path = RelativePath(ours: String(original.dropFirst("archive/".count))),
            let bytes = try archive.folder(path.parent).read(path.name, limit: limit)
        else {
            throw PapillaError(
                .damaged, "The original is not in the archive", place: "\(row.id)", hint: "Run papilla audit verify")
        }
        guard Digest(of: bytes) == row.sha256 else {
            throw PapillaError(
                .damaged, "The original in the archive is not the image that was screened", place: "\(row.id)",
                hint: "Run papilla audit verify")
        }
        return bytes
    }

    private static func image(_ bytes: [UInt8], _ limits: ImageLimits, frame: Int) throws -> DecodedImage {
        do { return try ImageDecoder.decode(bytes, limits: limits, frame: frame) } catch {
            throw PapillaError(.damaged, "The original can no longer be read: \(error.reason.detail)")
        }
    }

    private static func drawn(_ masks: [String: Data], _ limits: ImageLimits) throws -> [ModelTask: Mask] {
        var drawn: [ModelTask: Mask] = [:]
        for (name, bytes) in masks {
            guard let task = ModelTask(rawValue: name), Correction.tasks.contains(task) else {
                throw PapillaError(.badInput, "There is no structure \(name): disc, cup or polyp was expected")
            }
            drawn[task] = try DrawnMask.read(Array(bytes), of: task, limits: limits)
        }
        return drawn
    }
}
