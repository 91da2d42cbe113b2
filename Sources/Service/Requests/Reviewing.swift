internal import Control
internal import Custody
internal import DataSets
internal import Deliveries
internal import Files
internal import FoundationEssentials
internal import Imaging
internal import Ledger
internal import Reading
internal import Screening
internal import Settings

/// Does what readers decide: writes decisions down, measures corrections again and publishes them as the next version.
///
/// A correction is in the ledger before its bundle is in the outbox, and its end after, as an arrival is: where the process stops in
/// between, `recover` finds the bundle and writes its end down, or finds none and gives the correction up.
actor Reviewing {
    private let ledger: any ArrivalLedger & DecisionLedger
    private let publisher: Publisher
    private let archive: Folder
    private let limits: ImageLimits
    /// As it is now: a reload changes it.
    private let configuration: @Sendable () async -> Configuration
    private let checkpoint: Checkpoint
    private let now: @Sendable () -> Timestamp
    private let locks: KeyedLock<ScreeningID>

    init(
        ledger: any ArrivalLedger & DecisionLedger, folders: ServiceFolders, limits: ImageLimits,
        configuration: @escaping @Sendable () async -> Configuration, checkpoint: @escaping Checkpoint = { _ in },
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        (self.ledger, archive, self.limits, self.checkpoint, self.now) = (
            ledger, folders.originals.archive, limits, checkpoint, now
        )
        self.configuration = configuration
        locks = folders.arrivals
        var publisher = folders.publisher
        publisher.checkpoint = checkpoint
        self.publisher = publisher
    }

    /// Ends what an earlier run began.
    func recover() async throws {
        for pending in try await ledger.pendingCorrections() {
            await locks.lock(pending.arrival)
            defer { locks.unlock(pending.arrival) }
            try await settle(pending)
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
        guard (request.verdict == .correct) != request.masks.isEmpty else {
            throw PapillaError(.badInput, "A correction has masks, and nothing else does")
        }
        await locks.lock(id)
        defer { locks.unlock(id) }
        for pending in try await ledger.pendingCorrections() where pending.arrival == id { try await settle(pending) }
        guard request.verdict == .correct else { return try await ledger.decide(decision, actor: user) }
        // As it is now: it may have been forgotten while this waited.
        guard let row = try await ledger.arrival(id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: "\(id)")
        }
        return try await correct(row, decision, request.masks, user)
    }

    private func correct(_ row: ArrivalRow, _ decision: NewDecision, _ masks: [String: Data], _ user: String) async throws
        -> DecisionRow
    {
        guard row.outcome != .failed, row.forgotten == nil, row.expired == nil, let original = row.original,
            original.hasPrefix("archive/"),
            let path = RelativePath(ours: String(original.dropFirst("archive/".count)))
        else {
            throw PapillaError(
                .badInput, "Only an image that could be read and is in the archive can be corrected", place: "\(row.id)")
        }
        guard let newest = try await ledger.versions(of: row.id).last?.bundle, let earlier = try publisher.load(newest) else {
            throw PapillaError(
                .damaged, "The newest bundle is not as it was published", place: "\(row.id)", hint: "Run papilla audit verify")
        }
        let file = try read(path)
        let image = try Self.image(file, expecting: row.sha256, limits)
        let given = Report.Decision(
            reader: decision.reader, verdict: .correct, note: decision.note, at: now(), blind: decision.blind)
        let correction = try Correction(
            of: earlier, image: image, drawn: Self.drawn(masks, limits), eye: row.eye, blind: decision.blind)
        let bundle = try await correction.bundle(
            given, supersedes: newest, writers: await configuration().bundleWriters, original: file)
        try await ledger.beginCorrection(decision, version: bundle.report.version, actor: user)
        try checkpoint(.begun)
        let published = try publisher.publish(bundle, day: row.received.day)
        try checkpoint(.published)
        return try await conclude(published)
    }

    private func settle(_ pending: PendingCorrection) async throws {
        let published = try publisher.find(pending.arrival, day: pending.received.day, version: pending.version)
        if let published { _ = try await conclude(published) } else { try await ledger.abandonCorrection(of: pending.arrival) }
    }

    private func conclude(_ published: Publisher.Published) async throws -> DecisionRow {
        try await ledger.concludeCorrection(
            Ending(
                report: published.report, bundle: published.folder, bundleDigest: published.digest, original: nil,
                timing: published.report.timing, deliveries: await configuration().deliveryTerms))
    }

    private func read(_ path: RelativePath) throws -> [UInt8] {
        let folder = try archive.folder(path.parent)
        guard let bytes = try folder.read(path.name, limit: limits.maximumBytes) else {
            throw PapillaError(.damaged, "The original is not in the archive", hint: "Run papilla audit verify")
        }
        return bytes
    }

    private static func image(_ bytes: [UInt8], expecting digest: Digest?, _ limits: ImageLimits) throws -> DecodedImage {
        guard Digest(of: bytes) == digest else {
            throw PapillaError(
                .damaged, "The original in the archive is not the image that was screened", hint: "Run papilla audit verify")
        }
        do { return try ImageDecoder.decode(bytes, limits: limits) } catch {
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
