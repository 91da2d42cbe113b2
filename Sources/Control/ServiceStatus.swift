public import Ledger
public import Screening

/// The state of a running service: what `papilla status` shows beside the ledger's figures.
public struct ServiceStatus: Sendable, Codable, Hashable {
    /// The inbox.
    public struct InboxStatus: Sendable, Codable, Hashable {
        /// How changes become known: inotify and sweep, inotify in part, or the sweep alone.
        public var mode: String
        /// Files seen and not taken yet.
        public var waiting: Int
        /// Entries left alone.
        public var ignored: Int
        /// Folders, the inbox itself included.
        public var folders: Int
        /// Those of them that inotify watches.
        public var watched: Int
        /// Folders too deep to be walked.
        public var tooDeep: Int
        /// Folders that could not be read.
        public var unreadable: Int
        /// Times that inotify lost events.
        public var overflows: Int
        /// The last event.
        @Nullable public var lastEvent: Timestamp?
        /// The last sweep.
        @Nullable public var lastSweep: Timestamp?

        package enum CodingKeys: String, CodingKey {
            case mode, waiting, ignored, folders, watched, unreadable, overflows
            case tooDeep = "too_deep"
            case lastEvent = "last_event"
            case lastSweep = "last_sweep"
        }

        package init(
            mode: String, waiting: Int, ignored: Int, folders: Int, watched: Int, tooDeep: Int, unreadable: Int, overflows: Int,
            lastEvent: Timestamp? = nil, lastSweep: Timestamp? = nil
        ) {
            self.mode = mode
            self.waiting = waiting
            self.ignored = ignored
            self.folders = folders
            self.watched = watched
            self.tooDeep = tooDeep
            self.unreadable = unreadable
            self.overflows = overflows
            self.lastEvent = lastEvent
            self.lastSweep = lastSweep
        }
    }

    /// Something that needs a person.
    public struct Alarm: Sendable, Codable, Hashable {
        /// inbox, folders, disk, storage, reload, stuck, deaths, oldest, silence, rot, clock or deliveries.
        public var about: String
        /// One sentence.
        public var text: String
        /// Since when.
        public var since: Timestamp
        /// That the entry repeats another one under the name that this had before; left out of every other entry.
        public var notice: String?

        package init(about: String, text: String, since: Timestamp, notice: String? = nil) {
            self.about = about
            self.text = text
            self.since = since
            self.notice = notice
        }
    }

    /// An error of late.
    public struct Failure: Sendable, Codable, Hashable {
        /// When.
        public var at: Timestamp
        /// Of which arrival.
        @Nullable public var id: ScreeningID?
        /// One sentence, without patient or file names.
        public var text: String

        package init(at: Timestamp, id: ScreeningID? = nil, text: String) {
            self.at = at
            self.id = id
            self.text = text
        }
    }

    /// The space on a folder's disk.
    public struct Disk: Sendable, Codable, Hashable {
        /// spool, outbox, archive or quarantine.
        public var folder: String
        /// Bytes.
        public var free: Int
        /// Bytes.
        public var size: Int

        package init(folder: String, free: Int, size: Int) {
            self.folder = folder
            self.free = free
            self.size = size
        }
    }

    /// Papilla's version.
    public var version: String
    /// Its process.
    public var pid: Int
    /// Since when it runs.
    public var since: Timestamp
    /// starting, idle, reading, alarm or stopping.
    public var state: String
    /// Arrivals being worked on.
    public var inHand: [ScreeningID]
    /// Arrivals that wait in the spool for another try.
    public var retrying: Int
    /// Readings that were given up and have not ended.
    public var abandoned: Int
    /// The inbox.
    public var inbox: InboxStatus
    /// What needs a person.
    public var alarms: [Alarm]
    /// The latest errors, oldest first.
    public var errors: [Failure]
    /// Ends since the start, by outcome.
    public var outcomes: [String: Int]
    /// Mean seconds from arrival to end since the start; null before the first.
    @Nullable public var meanSeconds: Double?
    /// The models that read.
    public var models: [Report.Model]
    /// Disks.
    public var disks: [Disk]
    /// Bytes of memory in use; null where that is not known.
    @Nullable public var memory: Int?
    /// How the regular reading of all files stands; null before that is known.
    @Nullable public var checks: FileChecks?

    package enum CodingKeys: String, CodingKey {
        case version, pid, since, state, retrying, abandoned, inbox, alarms, errors, outcomes, models, disks, memory, checks
        case inHand = "in_hand"
        case meanSeconds = "mean_seconds"
    }

    package init(
        version: String, pid: Int, since: Timestamp, state: String, inHand: [ScreeningID], retrying: Int, abandoned: Int,
        inbox: InboxStatus, alarms: [Alarm], errors: [Failure], outcomes: [String: Int], meanSeconds: Double? = nil,
        models: [Report.Model], disks: [Disk], memory: Int? = nil, checks: FileChecks? = nil
    ) {
        self.version = version
        self.pid = pid
        self.since = since
        self.state = state
        self.inHand = inHand
        self.retrying = retrying
        self.abandoned = abandoned
        self.inbox = inbox
        self.alarms = alarms
        self.errors = errors
        self.outcomes = outcomes
        self.meanSeconds = meanSeconds
        self.models = models
        self.disks = disks
        self.memory = memory
        self.checks = checks
    }
}
