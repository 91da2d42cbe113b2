internal import Control
internal import Files
internal import Intake
internal import Ledger
internal import Screening

/// The Prometheus text file (exposition format 0.0.4), for node_exporter's textfile collector.
enum MetricsFile {
    /// Replaces the file; a reader never sees half of it.
    static func write(_ text: String, to path: String) throws(FileError) {
        let folder = try Folder.make(AbsolutePath.parent(of: path))
        guard let name = path.pathNames().last else { return }
        let (file, draft) = (FileName(ours: String(name)), FileName(ours: ".\(name).draft"))
        try folder.remove(draft)
        try folder.write(Array(text.utf8), as: draft)
        try folder.rename(draft, to: folder, as: file)
    }

    /// What is written: figures only, no patient and no file.
    static func text(_ state: Telemetry.State, disks: [ServiceStatus.Disk], _ ledger: Overview?, now: Timestamp) -> String {
        var text = PrometheusText()
        text.metric("up", .gauge, "1 while the service takes files.", state.isReady && !state.isStopping ? 1 : 0)
        text.metric("start_time_seconds", .gauge, "When the service started.", seconds(state.started))
        text.metric(
            "arrivals_total", .counter, "Arrivals that ended since the start, by outcome.",
            Outcome.allCases.map { ("outcome", $0.rawValue, Double(state.outcomes[$0] ?? 0)) })
        text.metric("waits_total", .counter, "Times that an arrival had to wait for something.", Double(state.waits))
        if let ledger {
            let pending = ledger.states.filter { $0.key != ArrivalState.finished.rawValue }.values.reduce(0, +)
            text.metric("pending", .gauge, "Arrivals in the ledger that have not ended.", Double(pending))
            let oldest = ledger.oldestPending.map { max(0, seconds(now) - seconds($0.received)) } ?? 0
            text.metric(
                "oldest_pending_seconds", .gauge, "How long the oldest of them has been pending; 0: there is none.", oldest)
            deliveries(ledger.deliveries, now, &text)
        }
        text.metric("inbox_waiting", .gauge, "Files seen in the inbox and not taken yet.", Double(state.inbox.waiting))
        text.metric("inbox_ignored", .gauge, "Entries of the inbox that are left alone.", Double(state.inbox.ignored))
        text.metric("inbox_overflows_total", .counter, "Times that inotify lost events.", Double(state.inbox.overflows))
        if let sweep = state.inbox.lastSweep {
            text.metric("inbox_last_sweep_time_seconds", .gauge, "When the inbox was last swept.", seconds(sweep))
        }
        text.metric("in_hand", .gauge, "Images being worked on.", Double(state.inHand.count))
        text.metric("retrying", .gauge, "Arrivals that wait in the spool for another try.", Double(state.retrying))
        text.metric("abandoned", .gauge, "Readings that were given up and have not ended.", Double(state.abandoned))
        text.metric(
            "alarm", .gauge, "1 for everything that needs a person now; house is called storage now.",
            Telemetry.Alarm.Kind.allCases.flatMap { kind in
                let value = state.alarms.contains { $0.kind == kind } ? 1.0 : 0
                return [kind.rawValue, kind.formerName].compactMap(\.self).map { ("about", $0, value) }
            })
        if let checks = state.checks {
            text.metric(
                "rotten", .gauge, "Arrivals with a file that is no longer as it was written.", Double(checks.rotten.count))
            if let ended = checks.lastEnded {
                text.metric("verified_time_seconds", .gauge, "When every file had last been read.", seconds(ended))
            }
        }
        text.metric("disk_free_bytes", .gauge, "Free space, by folder.", disks.map { ("folder", $0.folder, Double($0.free)) })
        if let memory = ResidentMemory.bytes { text.metric("resident_memory_bytes", .gauge, "Memory in use.", Double(memory)) }
        text.histogram("latency_seconds", "From arrival to end.", [(labels: [], state.latency)])
        text.histogram(
            "stage_seconds", "By stage of the way.",
            state.stages.sorted { $0.key < $1.key }.map { (labels: [("stage", $0.key)], $0.value) })
        return text.text
    }

    /// By target; nothing where there never was one.
    private static func deliveries(_ counts: [DeliveryCounts], _ now: Timestamp, _ text: inout PrometheusText) {
        guard !counts.isEmpty else { return }
        func metric(_ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (DeliveryCounts) -> Double) {
            text.metric(name, kind, help, counts.map { ("target", $0.target, value($0)) })
        }
        metric("deliveries_due", .gauge, "Results that are still to be carried to a target.") { Double($0.due) }
        metric("deliveries_given_up", .gauge, "Those of them that are tried no more.") { Double($0.givenUp) }
        metric("deliveries_withheld", .gauge, "Results that must not leave the house yet.") { Double($0.withheld) }
        metric("delivered_total", .counter, "Results that a target was given.") { Double($0.delivered) }
        metric("oldest_delivery_seconds", .gauge, "How long the oldest of those that are due has been; 0: there is none.") {
            $0.oldestDue.map { max(0, seconds(now) - seconds($0)) } ?? 0
        }
    }

    private static func seconds(_ time: Timestamp) -> Double { Double(time.milliseconds) / 1000 }
}
