internal import Control
internal import Custody
internal import Files
internal import Glibc
internal import Intake
internal import Screening

extension ServiceStatus {
    /// What the service knows of itself now.
    init(_ telemetry: Telemetry, _ folders: ServiceFolders?) {
        let now = telemetry.now
        let facts = now.inbox
        self.init(
            version: Version.current, pid: Int(getpid()), since: now.started,
            state: now.isStopping
                ? "stopping"
                : !now.isReady ? "starting" : !now.alarms.isEmpty ? "alarm" : now.inHand.isEmpty ? "idle" : "reading",
            inHand: now.inHand.keys.sorted(), retrying: now.retrying, abandoned: now.abandoned,
            inbox: InboxStatus(
                mode: now.inboxMode, waiting: facts.waiting, ignored: facts.ignored, folders: facts.folders,
                watched: facts.watched, tooDeep: facts.tooDeep, unreadable: facts.unreadable, overflows: facts.overflows,
                lastEvent: facts.lastEvent, lastSweep: facts.lastSweep),
            alarms: now.alarms.flatMap(Self.entries),
            errors: now.failures.map { Failure(at: $0.at, id: $0.id, text: $0.text) },
            outcomes: Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, now.outcomes[$0] ?? 0) }),
            meanSeconds: now.latency.total == 0 ? nil : now.latency.sum / Double(now.latency.total), models: now.models,
            disks: (folders?.all ?? []).compactMap { name, folder in
                (try? DiskSpace(of: folder)).map { Disk(folder: name, free: $0.free, size: $0.size) }
            }, memory: ResidentMemory.bytes, checks: now.checks)
    }

    /// An alarm, and once more under the name that it had before: who asks for that one still finds it.
    private static func entries(_ alarm: Telemetry.Alarm) -> [Alarm] {
        let present = Alarm(about: alarm.kind.rawValue, text: alarm.text, since: alarm.since)
        guard let former = alarm.kind.formerName else { return [present] }
        let notice = "\(former) is called \(present.about) now"
        return [present, Alarm(about: former, text: alarm.text, since: alarm.since, notice: notice)]
    }
}
