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
    /// Events, and the sweep where it is due; an inbox that went or came back is told of.
    func lookAtInbox(_ now: Duration) {
        let overflows = inbox.facts.overflows
        inbox.poll(now: now)
        if inbox.facts.overflows > overflows { tools.log.tell(.overflow, .warning, "inotify lost events; the inbox is swept") }
        let sweeps = inbox.sweeps
        inbox.sweepIfDue(now: now)
        if inbox.sweeps != sweeps {
            // Of files that are gone nothing is remembered.
            drawn = drawn.filter { inbox.observations[$0.key] != nil }
            inboxTries = inboxTries.filter { inbox.observations[$0.key] != nil }
        }
        if case .gone(let error) = inbox.state { alarm(.inbox, error.description) } else { alarm(.inbox, nil) }
        let unreadable = inbox.root == nil ? 0 : inbox.facts.unreadable
        let folders = unreadable == 1 ? "a folder" : "\(unreadable) folders"
        alarm(
            .folders,
            unreadable == 0
                ? nil : "\(folders) in the inbox cannot be read, and what is in there waits; papilla doctor names it")
    }

    /// Whether there is room enough to take in something new.
    var hasSpace: Bool { !tools.telemetry.now.alarms.contains { $0.kind == .disk } }

    func checkSpace() -> Bool {
        guard tools.folders.isInPlace(tools.configuration.paths) else {
            reopen(.foldersMoved)
            return false
        }
        for (name, folder) in tools.folders.all {
            guard let space = try? DiskSpace(of: folder), space.isBelow(tools.configuration.diskFloor) else { continue }
            alarm(
                .disk,
                "nothing new is taken in: the disk of the \(name) has \(Quantity.text(bytes: space.free)) left, less than disk_floor"
            )
            return false
        }
        alarm(.disk, nil)
        return true
    }

    /// Raises or ends an alarm.
    func alarm(_ kind: Telemetry.Alarm.Kind, _ text: String?) {
        Alarms(telemetry: tools.telemetry, ledger: tools.ledger, log: tools.log, wallClock: tools.wallClock).set(kind, text)
    }

    /// Passes on what `status` shows.
    func report() {
        let facts = inbox.factsNow()
        let (retrying, abandoned, mode) = (queue.entries.count, tools.executor.abandonedCount, facts.mode)
        tools.telemetry.update {
            ($0.inbox, $0.inboxMode, $0.retrying, $0.abandoned) = (facts, mode, retrying, abandoned)
        }
        alarm(.stuck, abandoned == 0 ? nil : "\(abandoned) reading that was given up has not ended")
        let line = statusLine
        if line != lastStatusLine { Notify.status(line) }
        lastStatusLine = line
    }

    /// What a person reads in `systemctl status`.
    var statusLine: String {
        let state = tools.telemetry.now
        if let alarm = state.alarms.first { return "Alarm: \(alarm.text)" }
        let done = state.outcomes.values.reduce(0, +)
        let waiting = state.inbox.waiting + state.retrying
        return
            "\(state.inHand.isEmpty ? "Idle" : "Reading"), \(waiting) waiting, \(done) done (\(state.outcomes[.failed] ?? 0) failed)"
    }

    // MARK: - Draining

    /// Whether nothing is left that could be done now.
    var isDrained: Bool {
        guard inbox.root != nil else { return true }
        return queue.entries.allSatisfy(\.isGivenUp) && inbox.isDrained
    }

    /// - Throws: `refused` where something is left pending, or could not be looked at.
    func checkDrained() async throws {
        if case .gone(let error) = inbox.state { throw error }
        let pending = try await tools.ledger.pending().count
        guard pending == 0 else {
            throw PapillaError(
                .refused, "\(pending) \(pending == 1 ? "arrival is" : "arrivals are") still pending",
                hint: "papilla status says what they wait for; run it again when that is there")
        }
        guard inbox.facts.unreadable == 0 else {
            throw PapillaError(
                .refused, "\(inbox.facts.unreadable) of the inbox's folders could not be read",
                hint: "papilla doctor names them; run it again when they may be read")
        }
    }
}
