internal import Custody
internal import Files
internal import Intake
internal import Journal
internal import Ledger
internal import Logging
internal import Reading
internal import Screening
internal import Settings

extension Pipeline {
    /// Takes up what an earlier run left: half-written bundles go, and every pending arrival is carried on from where its file is.
    func recover() async throws {
        var waits = 0
        tools.telemetry.update { [now = tools.now()] in $0.beat = now }
        while !isStopping {
            do {
                try tools.folders.publisher.clean()
                let rows = try await tools.ledger.pending()
                let now = tools.now()
                for row in rows { try take(row, now: now) }
                if !rows.isEmpty {
                    tools.log.tell(.recovered, .notice, "carrying on what an earlier run left", ["arrivals": "\(rows.count)"])
                }
                return
            } catch {
                let error = PapillaError(any: error)
                waits += 1
                guard error.isRetryable, !isDraining || waits < Self.drainTries else { throw error }
                _ = trouble(error)
                let until = tools.now() + Backoff.wait(waits)
                while !isStopping, tools.now() < until {
                    // Cancelled, every wait ends at once.
                    try Task.checkCancellation()
                    tools.telemetry.update { [now = tools.now()] in $0.beat = now }
                    // Not longer than the watchdog is patient, and who stops the service does not wait for it.
                    await wakeSignal.wait(atMost: min(.seconds(10), until - tools.now()))
                }
            }
        }
    }

    func take(_ row: ArrivalRow, now: Duration) throws {
        guard var arrival = Arrival(row) else { return }
        (arrival.isLast, arrival.since) = (isDraining, now)
        let folders = tools.folders
        let isInCustody =
            try row.spool != nil || folders.spool.held(for: row.id, arrival.path.name) != nil
            || folders.originals.has(row.id, day: arrival.day)
        if isInCustody {
            queue.add(RetryQueue.Entry(arrival: arrival, due: now))
        } else {
            inbox.know(
                arrival.path, id: row.id, status: FileStatus(device: row.device, inode: row.inode), received: row.received,
                now: now)
        }
    }

    /// One try of one arrival.
    func carryOn(_ entry: RetryQueue.Entry) async {
        let arrival = entry.arrival
        tools.telemetry.update { [now = tools.now()] in $0.inHand[arrival.id] = now }
        defer { tools.telemetry.update { $0.inHand[arrival.id] = nil } }
        do {
            let finished = try await processor.carryOn(arrival, from: openInbox())
            finish(entry, finished)
        } catch let obstacle as Obstacle {
            await meet(obstacle, entry)
        } catch is ArrivalProcessor.Ended {
            conclude(entry)
        } catch is CancellationError {
            keep(entry, until: tools.now())
        } catch {
            await meet(Obstacle(scope: .storage, error: PapillaError(any: error)), entry)
        }
    }

    private var processor: ArrivalProcessor {
        ArrivalProcessor(
            ledger: tools.ledger, spool: tools.folders.spool, publisher: tools.folders.publisher,
            originals: tools.folders.originals,
            screener: screener, configuration: tools.configuration, executor: tools.executor, wallClock: tools.wallClock,
            now: tools.now, checkpoint: tools.checkpoint)
    }

    /// Nothing is left to do for it.
    private func conclude(_ entry: RetryQueue.Entry) {
        if entry.isInInbox { inbox.conclude(entry.arrival.path, now: tools.now()) }
        inboxTries[entry.arrival.path] = nil
        troubles = 0
        alarm(.storage, nil)
    }

    private func finish(_ entry: RetryQueue.Entry, _ finished: ArrivalProcessor.Finished) {
        let arrival = entry.arrival
        conclude(entry)
        let report = finished.report
        let seconds = max(0, Double(tools.wallClock().milliseconds - arrival.received.milliseconds) / 1000)
        tools.telemetry.update { state in
            state.outcomes[report.outcome, default: 0] += 1
            state.latency.add(seconds)
            state.add(finished.timing)
        }
        var fields = ["outcome": report.outcome.rawValue]
        if let reason = report.reasons.first { fields["reason"] = reason.code.rawValue }
        tools.log.tell(.finished, report.outcome == .failed ? .warning : .info, "screened", id: arrival.id, fields)
        if report.reasons.first?.code == .timedOut {
            tools.log.tell(.timedOut, .error, "a reading took too long and was given up", id: arrival.id)
        }
        if report.outcome == .failed, let reason = report.reasons.first {
            tools.telemetry.failed(reason.detail, id: arrival.id, at: tools.wallClock())
        }
        tools.ended(finished)
    }

    /// Decides who waits, and for how long.
    private func meet(_ obstacle: Obstacle, _ entry: RetryQueue.Entry) async {
        let arrival = entry.arrival
        guard obstacle.error.isRetryable else { return await giveUp(arrival, obstacle.error, entry) }
        var entry = entry
        entry.tries += 1
        let now = tools.now()
        let until = obstacle.scope == .storage ? trouble(obstacle.error) : now + Backoff.wait(entry.tries)
        let reason = obstacle.waitsFor(in: tools.configuration.paths)
        tools.telemetry.update { $0.waits += 1 }
        if (try? await tools.ledger.wait(arrival.id, for: reason)) != nil, entry.tries == 1 {
            tools.log.tell(.waiting, .notice, "an arrival waits: \(reason)", id: arrival.id)
        }
        if obstacle.scope == .incomplete {
            inboxTries[arrival.path] = entry.tries
            inbox.left(arrival.path, id: arrival.id, now: now)
        } else {
            tools.telemetry.failed(reason, id: arrival.id, at: tools.wallClock())
            keep(entry, until: until)
        }
    }

    /// Trying again cannot help: it ends as failed.
    private func giveUp(_ arrival: Arrival, _ error: PapillaError, _ entry: RetryQueue.Entry) async {
        tools.log.tell(.trouble, .error, "an arrival could not be processed: \(error.description)", id: arrival.id)
        do {
            finish(entry, try await processor.fail(arrival, error))
        } catch is ArrivalProcessor.Ended {
            conclude(entry)
        } catch {
            if let obstacle = error as? Obstacle, obstacle.error.isRetryable { return await meet(obstacle, entry) }
            let error = (error as? Obstacle)?.error ?? PapillaError(any: error)
            tools.telemetry.failed(error.description, id: arrival.id, at: tools.wallClock())
            var entry = entry
            entry.tries += 1
            keep(entry, until: trouble(error))
        }
    }

    /// Where the file is decides who remembers it: the queue, or the inbox. What once came from the queue stays there: its original may be in
    /// the archive already, and in the inbox another file may have its name.
    private func keep(_ entry: RetryQueue.Entry, until: Duration) {
        var entry = entry
        entry.due = until
        entry.isGivenUp = isDraining && entry.tries >= Self.drainTries
        let isInCustody = (try? tools.folders.spool.held(for: entry.arrival.id, entry.arrival.path.name)) != nil
        if !entry.isInInbox || isInCustody || entry.arrival.attempts > 0 {
            if entry.isInInbox { inbox.conclude(entry.arrival.path, now: tools.now()) }
            entry.isInInbox = false
            queue.add(entry)
        } else {
            inboxTries[entry.arrival.path] = entry.tries
            inbox.postpone(
                entry.arrival.path, id: entry.arrival.id, until: entry.isGivenUp ? Inbox.never : until, now: tools.now())
        }
    }

    /// Storage is in trouble: nothing begins for a while.
    ///
    /// - Returns: until when.
    func trouble(_ error: any Error) -> Duration {
        let error = (error as? Obstacle)?.error ?? PapillaError(any: error)
        troubles += 1
        pausedUntil = tools.now() + Backoff.wait(troubles)
        let text = Obstacle(scope: .storage, error: error).waitsFor(in: tools.configuration.paths)
        alarm(.storage, "everything waits: \(text)")
        tools.telemetry.failed(text, at: tools.wallClock())
        return pausedUntil
    }
}
