internal import Intake
internal import Ledger
internal import Screening
internal import Settings
internal import Synchronization

/// What the running service knows of itself, for `status`, metrics and the watchdog. Written by the pipeline, read from anywhere.
final class Telemetry: Sendable {
    /// Something that a person should look at, until it is over.
    struct Alarm: Sendable, Codable, Hashable {
        /// What it is about.
        enum Kind: String, Sendable, Codable, CaseIterable {
            /// The inbox is not there.
            case inbox
            /// Folders in the inbox cannot be read.
            case folders
            /// A disk is fuller than `disk_floor` allows.
            case disk
            /// Ledger, spool, outbox or archive cannot be used.
            case storage
            /// A reload was refused; the old configuration or models stay.
            case reload
            /// A reading that was given up has not ended.
            case stuck
            /// The process died again and again; reading pauses.
            case deaths
            /// An arrival has been pending for longer than `alarms.oldest`.
            case oldest
            /// Nothing has arrived for longer than `alarms.silence`.
            case silence
            /// A published file or an original is no longer what it was.
            case rot
            /// The clock jumped ahead; nothing is removed by its age.
            case clock
            /// Results cannot be carried to a target.
            case deliveries

            /// The name that it had in 0.1.0, by which scripts and dashboards may still ask; nil where that is the present one.
            var formerName: String? { self == .storage ? "house" : nil }

            /// What the journal says of it.
            var fields: [String: String] {
                var fields = ["about": rawValue]
                if let formerName { fields["formerly"] = formerName }
                return fields
            }
        }
        var kind: Kind
        /// One sentence, without patient or file names.
        var text: String
        var since: Timestamp
    }

    /// An error of late.
    struct Failure: Sendable, Codable, Hashable {
        var at: Timestamp
        @Nullable var id: ScreeningID?
        var text: String
    }

    /// Whether the service moves on: its loop goes round, and nothing is in hand for longer than an image may take.
    func isAlive(now: Duration) -> Bool {
        state.withLock { state in
            now - state.beat < Self.patience
                && state.inHand.values.allSatisfy { now - $0 < state.imageDeadline + Self.patience }
        }
    }

    private static let patience = Duration.seconds(60)

    /// All of it at one moment.
    struct State: Sendable {
        var started: Timestamp
        var isReady = false
        var isStopping = false
        /// How long an image may take: as a reload changed it last.
        var imageDeadline = Configuration().imageDeadline
        /// Arrivals being worked on, and since when.
        var inHand: [ScreeningID: Duration] = [:]
        /// The loop's last round, on the monotonic clock.
        var beat = Duration.zero
        /// Arrivals that wait in the spool for another try.
        var retrying = 0
        /// Readings that were given up and have not ended.
        var abandoned = 0
        var inbox = Inbox.Facts()
        var inboxMode = "sweep"
        var alarms: [Alarm] = []
        var failures: [Failure] = []
        var outcomes: [Outcome: Int] = [:]
        /// Times that an arrival met an obstacle and had to wait.
        var waits = 0
        /// From arrival to end, seconds.
        var latency = Histogram()
        /// By stage, seconds: decode, route, infer, render, publish.
        var stages: [String: Histogram] = [:]
        var models: [Report.Model] = []
        /// How the regular reading of all files stands; nil before that is known.
        var checks: FileChecks?

        /// Counts how long the stages of one arrival took, those that happened.
        mutating func add(_ timing: Report.Timing) {
            let all = [
                ("decode", timing.decode), ("route", timing.route), ("infer", timing.infer), ("render", timing.render),
                ("publish", timing.publish),
            ]
            for (stage, milliseconds) in all where milliseconds > 0 {
                stages[stage, default: Histogram()].add(milliseconds / 1000)
            }
        }
    }

    private let state: Mutex<State>
    /// What is written down of alarms, in their order.
    let notes = SerialTasks()

    init(started: Timestamp = .now) { state = Mutex(State(started: started)) }

    /// Everything as it is now.
    var now: State { state.withLock(\.self) }

    /// Changes something.
    func update(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// Remembers an error; the latest ten are kept.
    func failed(_ text: String, id: ScreeningID? = nil, at: Timestamp = .now) {
        update { state in
            state.failures.append(Failure(at: at, id: id, text: text))
            if state.failures.count > 10 { state.failures.removeFirst() }
        }
    }

    /// Raises an alarm, changes its words, or ends it.
    ///
    /// - Parameter changed: called where it was raised (true) or ended (false), before anybody can change it again.
    /// - Returns: the same; nil where it was so already.
    @discardableResult
    func alarm(_ kind: Alarm.Kind, _ text: String?, at: Timestamp = .now, changed: (_ isRaised: Bool) -> Void = { _ in }) -> Bool?
    {
        state.withLock { state in
            let index = state.alarms.firstIndex { $0.kind == kind }
            switch (index, text) {
            case (nil, let text?): state.alarms.append(Alarm(kind: kind, text: text, since: at))
            case (let index?, nil): state.alarms.remove(at: index)
            case (let index?, let text?):
                state.alarms[index].text = text
                return nil
            case (nil, nil): return nil
            }
            changed(text != nil)
            return text != nil
        }
    }
}
