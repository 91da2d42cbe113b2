public import Ledger
public import Screening

/// How a running service stands: what `papilla status` shows beside the ledger's figures.
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

        enum CodingKeys: String, CodingKey {
            case mode, waiting, ignored, folders, watched, unreadable, overflows
            case tooDeep = "too_deep"
            case lastEvent = "last_event"
            case lastSweep = "last_sweep"
        }
    }

    /// Something that needs a person.
    public struct Alarm: Sendable, Codable, Hashable {
        /// inbox, folders, disk, house, reload, stuck, deaths, oldest, silence, rot or clock.
        public var about: String
        /// One sentence.
        public var text: String
        /// Since when.
        public var since: Timestamp
    }

    /// An error of late.
    public struct Failure: Sendable, Codable, Hashable {
        /// When.
        public var at: Timestamp
        /// Of which arrival.
        @Nullable public var id: ScreeningID?
        /// One sentence, without patient or file names.
        public var text: String
    }

    /// How full a folder's disk is.
    public struct Disk: Sendable, Codable, Hashable {
        /// spool, outbox, archive or quarantine.
        public var folder: String
        /// Bytes.
        public var free: Int
        /// Bytes.
        public var size: Int
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

    enum CodingKeys: String, CodingKey {
        case version, pid, since, state, retrying, abandoned, inbox, alarms, errors, outcomes, models, disks, memory, checks
        case inHand = "in_hand"
        case meanSeconds = "mean_seconds"
    }
}
