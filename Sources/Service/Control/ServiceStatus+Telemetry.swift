internal import Files
internal import Glibc
internal import Screening

extension ServiceStatus {
    /// What the service knows of itself now.
    init(_ telemetry: Telemetry, _ house: House?) {
        let now = telemetry.now
        let facts = now.inbox
        version = Version.current
        pid = Int(getpid())
        since = now.started
        state =
            now.isStopping
            ? "stopping" : !now.isReady ? "starting" : !now.alarms.isEmpty ? "alarm" : now.inHand.isEmpty ? "idle" : "reading"
        inHand = now.inHand.keys.sorted()
        (retrying, abandoned, models) = (now.retrying, now.abandoned, now.models)
        inbox = InboxStatus(
            mode: now.inboxMode, waiting: facts.waiting, ignored: facts.ignored, folders: facts.folders, watched: facts.watched,
            tooDeep: facts.tooDeep, unreadable: facts.unreadable, overflows: facts.overflows, lastEvent: facts.lastEvent,
            lastSweep: facts.lastSweep)
        alarms = now.alarms.map { Alarm(about: $0.kind.rawValue, text: $0.text, since: $0.since) }
        errors = now.failures.map { Failure(at: $0.at, id: $0.id, text: $0.text) }
        outcomes = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, now.outcomes[$0] ?? 0) })
        disks = (house?.folders ?? []).compactMap { name, folder in
            (try? DiskSpace(of: folder)).map { Disk(folder: name, free: $0.free, size: $0.size) }
        }
        memory = ResidentMemory.bytes
        checks = now.checks
        meanSeconds = now.latency.total == 0 ? nil : now.latency.sum / Double(now.latency.total)
    }
}
