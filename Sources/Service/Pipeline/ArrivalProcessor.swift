internal import Custody
internal import Deliveries
internal import Files
internal import Imaging
internal import Ledger
internal import Reading
internal import Registry
internal import Screening
internal import Settings

/// The way of one arrival from the inbox to its end: ledger row, spool, claim, reading, bundle, original, ledger.
///
/// Every step looks first at what is done already, so that `carryOn` may be called again after an error, and after a stop of the process
/// at any point: the same arrival ends with one bundle and one original, each once.
struct ArrivalProcessor: Sendable {
    /// How an arrival ended.
    struct Finished: Sendable {
        let report: Report
        /// Relative to the outbox.
        let bundle: String
        let timing: Report.Timing
    }

    let ledger: any ArrivalLedger & VisitLedger
    let spool: Spool
    let publisher: Publisher
    let originals: Originals
    let screener: any ImageScreener
    let configuration: Configuration
    /// Where readings run, so that one that never ends holds up nobody else.
    let executor: WorkExecutor
    var wallClock: @Sendable () -> Timestamp = { .now }
    /// A monotonic clock's reading.
    var now: @Sendable () -> Duration = { .zero }
    var checkpoint: Checkpoint = { _ in }

    /// An arrival's attempts after which it is given up.
    static let attemptLimit = 3

    /// Carries an arrival on from wherever it is to its end.
    ///
    /// - Parameter inbox: nil while the inbox is gone; then only what is in the spool goes on.
    /// - Throws: `Obstacle` where it must wait, `Ended`, `CancellationError`.
    func carryOn(_ arrival: Arrival, from inbox: Folder?) async throws -> Finished {
        guard let row = try await Obstacle.within(.storage, { try await ledger.arrival(arrival.id) }) else {
            throw Obstacle(
                scope: .storage, error: PapillaError(.internal, "An arrival without a row was carried on", place: "\(arrival.id)")
            )
        }
        guard row.state != .finished else { return try ended(arrival) }
        if let published = try Obstacle.within(.storage, { try publisher.find(arrival.id, day: arrival.day) }) {
            return try await conclude(arrival, published, timing: published.report.timing, key: nil)
        }
        if try Obstacle.within(.storage, { try originals.has(arrival.id, day: arrival.day) }) {
            try Obstacle.within(.storage) { try originals.giveBack(arrival.id, day: arrival.day, to: spool) }
        }
        guard row.spool == nil else {
            let held = try Obstacle.within(.storage) { try spool.held(for: arrival.id, arrival.path.name) }
            if held == nil { try Obstacle.within(.file) { try spool.checkOthers(for: arrival.id) } }
            var source = source(arrival, row)
            // Someone may have written to it since its claim; what made the process die is not touched more often than it must be.
            if let held, held.status.kind == .file, arrival.attempts < Self.attemptLimit {
                let content = try Obstacle.within(.file) { try OpenFile.open(held.name, in: held.folder).digest() }
                (source.sha256, source.bytes) = (content.digest, content.bytes)
            }
            let told = try held.map { held throws(Obstacle) in try identification(of: arrival, held) }
            return try await read(arrival, held, source, identification(told, row))
        }
        let found = try await claim(arrival, row, from: inbox)
        guard let claimed = try await Obstacle.within(.storage, { try await ledger.arrival(arrival.id) }) else {
            return try await carryOn(arrival, from: inbox)
        }
        return try await read(arrival, found?.held, source(arrival, claimed), identification(found?.identification, claimed))
    }

    /// An arrival that had ended in a try before, and whose bundle is not in the outbox any more.
    struct Ended: Error {}

    /// How an arrival ended in a try before, which did not hear that the end was written down.
    private func ended(_ arrival: Arrival) throws -> Finished {
        try? spool.tidy(arrival.id)
        guard let published = try? publisher.find(arrival.id, day: arrival.day) else { throw Ended() }
        return Finished(report: published.report, bundle: published.folder, timing: published.report.timing)
    }

    /// What the report says of the file.
    private func source(_ arrival: Arrival, _ row: ArrivalRow) -> Report.Source {
        Report.Source(
            name: "\(arrival.path.name)", path: "\(arrival.path)", sha256: row.sha256, bytes: row.bytes ?? 0,
            received: arrival.received,
            sidecar: row.sidecar, patient: row.patient, study: row.study, eye: row.eye)
    }

    /// What the report says of whose it is: as the ledger has it, with what of it is not in the ledger.
    private func identification(_ told: Identification?, _ row: ArrivalRow) -> Identification {
        var identification = row.identification
        identification.attention = told?.attention ?? []
        identification.examination.burnedIn = told?.examination.burnedIn
        return identification
    }

    // MARK: - Reading

    private func read(
        _ arrival: Arrival, _ held: Spool.Held?, _ source: Report.Source, _ identification: Identification
    ) async throws -> Finished {
        guard let held else {
            return try await fail(
                arrival, source, identification, .vanished, "The file was there when it arrived, and was gone when its turn came."
            )
        }
        guard held.status.kind == .file else {
            let kind = held.status.kind == .link ? "A symbolic link" : "A FIFO, socket, device or folder"
            return try await fail(
                arrival, source, identification, .notARegularFile,
                "\(kind) was dropped; it is never opened. A regular file was expected.")
        }
        guard arrival.attempts < Self.attemptLimit else {
            return try await fail(
                arrival, source, identification, .crashed,
                "The process ended \(arrival.attempts) times while it read this file; it is not tried again.")
        }
        guard held.status.size > 0 else {
            return try await fail(arrival, source, identification, .empty, "The file has no content.")
        }
        let limit = configuration.limits.maximumBytes
        guard held.status.size <= limit else {
            return try await fail(
                arrival, source, identification, .tooLarge, "The file has \(held.status.size) bytes; at most \(limit) are read.")
        }
        let waited = Double(wallClock().milliseconds - arrival.received.milliseconds)
        // What a person should look at is drawn into the overlay.
        let noted = identification.attention.map(\.detail).joined()
        let key = Digest(of: "\(screener.key)\(source.eye.rawValue)\(noted)".utf8).description
        if let bundle = try await reuse(arrival, held, source, identification, key: key, waited: waited) {
            try checkUnchanged(held)
            return try await publish(arrival, try await withPrior(bundle, held), key: key)
        }
        _ = try await Obstacle.within(.storage) { try await ledger.begin(arrival.id, attempt: arrival.attempts + 1) }
        try checkpoint(.begun)
        let bytes = try Obstacle.within(.file) { try OpenFile.open(held.name, in: held.folder).readAll() }
        guard let bundle = try await screen(bytes, arrival, source, identification, waited: waited) else {
            return try await fail(
                arrival, source, identification, .timedOut,
                "The reading did not end within \(Quantity.text(configuration.imageDeadline)), the configured image_deadline.")
        }
        try checkpoint(.read)
        try checkUnchanged(held)
        if bundle.report.reasons.contains(where: { $0.code == .truncated }), !isGivenUp(arrival) {
            throw Obstacle(scope: .file, error: PapillaError(.badInput, "The rest of the file is missing", isRetryable: true))
        }
        guard bundle.report.outcome != .failed else { return try await publish(arrival, bundle, key: nil) }
        return try await publish(arrival, try await withPrior(bundle, held), key: key)
    }

    /// With the earlier ratio of the same eye, where there is one.
    private func withPrior(_ bundle: Bundle, _ held: Spool.Held) async throws -> Bundle {
        let priors = PriorLookup(ledger: ledger, store: ModelStore(directory: configuration.paths.models))
        return try await Obstacle.within(.storage) {
            try await priors.amended(bundle, by: screener.writers) { () throws(PapillaError) in
                do { return try OpenFile.open(held.name, in: held.folder).readAll() } catch { throw PapillaError(any: error) }
            }
        }
    }

    /// Whether a truncated file is not waited for any longer.
    private func isGivenUp(_ arrival: Arrival) -> Bool {
        arrival.isLast || arrival.since.map { now() - $0 >= configuration.deadline } ?? false
    }

    /// Nil where the deadline of an image is over.
    private func screen(
        _ bytes: [UInt8], _ arrival: Arrival, _ source: Report.Source, _ identification: Identification, waited: Double
    ) async throws -> Bundle? {
        do {
            return try await screener.screen(
                bytes, id: arrival.id, source: source, identification: identification, waited: waited, on: executor,
                atMost: configuration.imageDeadline)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let error = PapillaError(any: error)
            if error.isRetryable { throw Obstacle(scope: .file, error: error) }
            return try Bundle.failed(
                id: arrival.id, source: source, identification: identification,
                reason: Reason(.internal, "The reading failed: \(error.explained)."),
                engine: await screener.engine())
        }
    }

    private func reuse(
        _ arrival: Arrival, _ held: Spool.Held, _ source: Report.Source, _ identification: Identification, key: String,
        waited: Double
    ) async throws -> Bundle? {
        guard let digest = source.sha256 else { return nil }
        let found = try await Obstacle.within(.storage) { try await ledger.reusable(sha256: digest, key: key).map(Reused.init) }
        guard let found, let earlier = try? publisher.load(found.bundle), earlier.report.id == found.id else { return nil }
        return try await Bundle.reusing(
            earlier, id: arrival.id, source: source, identification: identification, waited: waited, writers: screener.writers
        ) { () throws(PapillaError) in
            do { return try OpenFile.open(held.name, in: held.folder).readAll() } catch { throw PapillaError(any: error) }
        }
    }

    private struct Reused: Sendable {
        let id: ScreeningID
        let bundle: String
        init(_ found: (id: ScreeningID, bundle: String)) { (id, bundle) = found }
    }

    // MARK: - The end

    /// Ends an arrival that could not be read.
    func fail(
        _ arrival: Arrival, _ source: Report.Source, _ identification: Identification, _ code: Reason.Code, _ detail: String
    ) async throws -> Finished {
        let bundle = try Bundle.failed(
            id: arrival.id, source: source, identification: identification, reason: Reason(code, detail),
            engine: await screener.engine())
        return try await publish(arrival, bundle, key: nil)
    }

    /// Ends an arrival for a reason of our own: an error that trying again cannot help. One whose bundle is out already waits for a person:
    /// what is published stands.
    func fail(_ arrival: Arrival, _ error: PapillaError) async throws -> Finished {
        let row = try await Obstacle.within(.storage) { try await ledger.arrival(arrival.id) }
        if row?.state == .finished { return try ended(arrival) }
        guard try Obstacle.within(.storage, { try !publisher.holds(arrival.id, day: arrival.day) }) else {
            var waiting = error
            waiting.isRetryable = true
            throw Obstacle(scope: .file, error: waiting)
        }
        let source =
            row.map { self.source(arrival, $0) }
            ?? Report.Source(
                name: "\(arrival.path.name)", path: "\(arrival.path)", sha256: nil, bytes: 0, received: arrival.received)
        return try await fail(arrival, source, row?.identification ?? Identification(), .internal, "\(error.explained).")
    }

    private func publish(_ arrival: Arrival, _ bundle: Bundle, key: String?) async throws -> Finished {
        let clock = ContinuousClock()
        let start = clock.now
        let published = try Obstacle.within(.storage) { try publisher.publish(bundle, day: arrival.day) }
        try checkpoint(.published)
        var timing = bundle.report.timing
        timing.publish = ((clock.now - start) / .microseconds(1)).rounded() / 1000
        return try await conclude(arrival, published, timing: timing, key: key)
    }

    /// The bundle is out: the original follows, and the ledger.
    private func conclude(_ arrival: Arrival, _ published: Publisher.Published, timing: Report.Timing, key: String?) async throws
        -> Finished
    {
        let report = published.report
        let place: Originals.Place = report.outcome.isQuarantined ? .quarantine : .archive
        let original = try Obstacle.within(.storage) { () -> String? in
            let isHere = try spool.held(for: arrival.id, arrival.path.name) != nil
            guard try isHere || originals.has(arrival.id, day: arrival.day) else {
                if report.outcome == .failed { return nil }
                throw Obstacle(
                    scope: .file,
                    error: PapillaError(
                        .damaged, "The original is gone from the spool, although its bundle is out", isRetryable: true))
            }
            let reason = report.outcome == .failed ? try ReasonFile(report).bytes() : nil
            return try originals.store(
                arrival.id, arrival.path.name.stored, from: spool, day: arrival.day, in: place, reason: reason)
        }
        try checkpoint(.stored)
        try await Obstacle.within(.storage) {
            try await ledger.finish(
                arrival.id,
                Ending(
                    report: report, bundle: published.folder, bundleDigest: published.digest, original: original, timing: timing,
                    key: key, deliveries: configuration.deliveryTerms))
            try spool.tidy(arrival.id)
        }
        try checkpoint(.finished)
        return Finished(report: report, bundle: published.folder, timing: timing)
    }
}
