internal import Ledger
internal import Logging
internal import Screening

/// Raises and ends alarms: each change is told once, to the journal and to the audit.
struct Alarms: Sendable {
    let telemetry: Telemetry
    let ledger: Ledger
    let log: Logger
    var wallClock: @Sendable () -> Timestamp = { .now }

    /// Raises an alarm, changes its words, or with nil ends it.
    ///
    /// - Parameter text: one sentence, without patient or file names.
    func set(_ kind: Telemetry.Alarm.Kind, _ text: String?) {
        switch telemetry.alarm(kind, text, at: wallClock()) {
        case true?:
            log.tell(.alarm, .error, text ?? "", ["about": kind.rawValue])
            note("alarm", kind)
        case false?:
            log.tell(.alarmOver, .notice, "it is over", ["about": kind.rawValue])
            note("alarm_over", kind)
        case nil: break
        }
    }

    /// An audit entry that may fail: the ledger itself may be what the alarm is about.
    private func note(_ event: String, _ kind: Telemetry.Alarm.Kind) {
        Task { try? await ledger.record(event, subject: "service", detail: ["about": kind.rawValue]) }
    }
}
