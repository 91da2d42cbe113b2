internal import Screening

/// The Prometheus text file (exposition format 0.0.4), for node_exporter's textfile collector.
enum MetricsFile {
    /// Replaces the file; a reader never sees half of it.
    static func write(_ text: String, to path: String) throws(FileError) {
        let folder = try Folder.make(AbsolutePath.parent(of: path))
        guard let name = path.split(separator: "/").last else { return }
        let (file, draft) = (FileName(ours: String(name)), FileName(ours: ".\(name).draft"))
        try folder.remove(draft)
        try folder.write(Array(text.utf8), as: draft)
        try folder.rename(draft, to: folder, as: file)
    }

    /// What is written: figures only, no patient and no file.
    static func text(_ state: Telemetry.State, disks: [ServiceStatus.Disk], pending: Int?) -> String {
        var lines: [String] = []
        func metric(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: String)]) {
            lines += ["# HELP papilla_\(name) \(help)", "# TYPE papilla_\(name) \(type)"]
            lines += values.map { "papilla_\(name)\($0.labels) \($0.value)" }
        }
        metric("up", "gauge", "1 while the service takes files.", [("", state.isReady && !state.isStopping ? "1" : "0")])
        metric("start_time_seconds", "gauge", "When the service started.", [("", "\(Double(state.started.milliseconds) / 1000)")])
        metric(
            "arrivals_total", "counter", "Arrivals that ended since the start, by outcome.",
            Outcome.allCases.map { ("{outcome=\"\($0.rawValue)\"}", "\(state.outcomes[$0] ?? 0)") })
        if let pending { metric("pending", "gauge", "Arrivals in the ledger that have not ended.", [("", "\(pending)")]) }
        metric("inbox_waiting", "gauge", "Files seen in the inbox and not taken yet.", [("", "\(state.inbox.waiting)")])
        metric("inbox_ignored", "gauge", "Entries of the inbox that are left alone.", [("", "\(state.inbox.ignored)")])
        metric("inbox_overflows_total", "counter", "Times that inotify lost events.", [("", "\(state.inbox.overflows)")])
        metric("in_hand", "gauge", "Images being worked on.", [("", "\(state.inHand.count)")])
        metric("retrying", "gauge", "Arrivals that wait in the spool for another try.", [("", "\(state.retrying)")])
        metric(
            "alarm", "gauge", "1 for everything that needs a person now.",
            Telemetry.Alarm.Kind.allCases.map { kind in
                ("{about=\"\(kind.rawValue)\"}", state.alarms.contains { $0.kind == kind } ? "1" : "0")
            })
        metric("disk_free_bytes", "gauge", "Free space, by folder.", disks.map { ("{folder=\"\($0.folder)\"}", "\($0.free)") })
        var buckets: [(labels: String, value: String)] = []
        var sum = 0
        for (index, count) in state.latency.counts.enumerated() {
            sum += count
            let limit = index < Histogram.limits.count ? "\(Histogram.limits[index])" : "+Inf"
            buckets.append(("_bucket{le=\"\(limit)\"}", "\(sum)"))
        }
        buckets += [("_sum", "\(state.latency.sum)"), ("_count", "\(sum)")]
        metric("latency_seconds", "histogram", "From arrival to end.", buckets)
        return lines.joined(separator: "\n") + "\n"
    }
}
