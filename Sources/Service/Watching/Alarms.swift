internal import Journal
internal import Ledger
internal import Logging
internal import Screening

/// Raises and ends alarms: each change is told once, to the journal and to the audit.
struct Alarms: Sendable {
    let telemetry: Telemetry
    let ledger: any AuditLedger
    let log: Logger
    var wallClock: @Sendable () -> Timestamp = { .now }

    /// Raises an alarm, changes its words, or with nil ends it.
    ///
    /// - Parameter text: one sentence, without patient or file names.
    func set(_ kind: Telemetry.Alarm.Kind, _ text: String?) {
        // Told while nobody else can change it: the journal and the audit have changes in the order in which they were made.
        telemetry.alarm(kind, text, at: wallClock()) { isRaised in
            if isRaised {
                log.tell(.alarm, .error, text ?? "", kind.fields)
            } else {
                log.tell(.alarmOver, .notice, "it is over", kind.fields)
            }
            // An audit entry that may fail: the ledger itself may be what the alarm is about.
            telemetry.notes.run { [ledger] in
                try? await ledger.record(isRaised ? "alarm" : "alarm_over", subject: "service", detail: ["about": kind.rawValue])
            }
        }
    }
}
