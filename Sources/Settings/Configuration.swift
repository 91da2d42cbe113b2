package import Dicom
package import Files
public import Imaging
public import Reading
public import Registry
public import Screening

/// Everything that `papilla.yaml` decides. Every key has a default; Config/papilla.yaml shows and explains them all.
public struct Configuration: Sendable, Equatable {
    /// The places of everything. Absolute paths.
    public struct Paths: Sendable, Equatable {
        /// Where files are dropped.
        public var inbox = "/var/lib/papilla/inbox"
        /// Where bundles are published.
        public var outbox = "/var/lib/papilla/outbox"
        /// Where a file is from its claim to its end; on the outbox's file system.
        public var spool = "/var/lib/papilla/spool"
        /// Where originals go.
        public var archive = "/var/lib/papilla/archive"
        /// Where originals of `failed` arrivals go.
        public var quarantine = "/var/lib/papilla/quarantine"
        /// What knows every arrival: an SQLite file, or a PostgreSQL database by its URI.
        public var ledger = "/var/lib/papilla/ledger/papilla.sqlite"
        /// The folder of models.
        public var models = "/var/lib/papilla/models"
        /// The Unix socket for commands that change something.
        public var socket = "/run/papilla/papilla.sock"
        /// The Prometheus text file; nil: none is written.
        public var metrics: String?

        /// Whether the ledger is a database that several stations may share.
        package var isShared: Bool { ledger.hasPrefix("postgresql://") || ledger.hasPrefix("postgres://") }

        /// What the lock file lies beside that keeps a second service off: the ledger, or what is a station's alone.
        package var locked: String { isShared ? spool : ledger }

        /// Which of our places a path is in: inbox, outbox, spool, archive, quarantine or ledger; nil for none of them.
        package func name(of path: String?) -> String? {
            let places =
                [
                    ("inbox", inbox), ("outbox", outbox), ("spool", spool), ("archive", archive), ("quarantine", quarantine),
                ] + (isShared ? [] : [("ledger", AbsolutePath.parent(of: ledger))])
            return path.flatMap { path in places.first { path == $0.1 || path.hasPrefix($0.1 + "/") }?.0 }
        }

        package init(
            inbox: String = "/var/lib/papilla/inbox", outbox: String = "/var/lib/papilla/outbox",
            spool: String = "/var/lib/papilla/spool", archive: String = "/var/lib/papilla/archive",
            quarantine: String = "/var/lib/papilla/quarantine", ledger: String = "/var/lib/papilla/ledger/papilla.sqlite",
            models: String = "/var/lib/papilla/models", socket: String = "/run/papilla/papilla.sock", metrics: String? = nil
        ) {
            self.inbox = inbox
            self.outbox = outbox
            self.spool = spool
            self.archive = archive
            self.quarantine = quarantine
            self.ledger = ledger
            self.models = models
            self.socket = socket
            self.metrics = metrics
        }
    }

    /// Two durations: where inotify tells everything, and where it does not (NFS, SMB, FUSE).
    public struct LocalAndRemote: Sendable, Equatable {
        /// On local file systems.
        public var local: Duration
        /// On network and user-space file systems.
        public var remote: Duration

        package init(local: Duration, remote: Duration) {
            self.local = local
            self.remote = remote
        }
    }

    /// Free space below which nothing new is claimed: the smaller of the two, so that both small and large disks work.
    public struct DiskFloor: Sendable, Equatable {
        /// Bytes.
        public var space = 1 << 30
        /// Of the file system's size, 0...1.
        public var share = 0.02

        /// Bytes that must be free on a file system of `size` bytes.
        public func bytes(of size: Int) -> Int { min(space, Int(Double(size) * share)) }

        package init(space: Int = 1 << 30, share: Double = 0.02) {
            self.space = space
            self.share = share
        }
    }

    /// When a person is called.
    public struct Alarms: Sendable, Equatable {
        /// When an arrival has been pending for so long; nil: never.
        public var oldest: Duration? = .seconds(3600)
        /// When nothing has arrived for so long; nil: never.
        public var silence: Duration?

        package init(oldest: Duration? = .seconds(3600), silence: Duration? = nil) {
            self.oldest = oldest
            self.silence = silence
        }
    }

    /// The time for which originals are kept. See `Retention` for what is never removed.
    public struct Retention: Sendable, Equatable {
        /// For one folder.
        public struct Rule: Sendable, Equatable {
            /// Removed when so much time has gone by since the arrival ended; nil: never.
            public var age: Duration?
            /// The oldest are removed while the folder's originals are more bytes; nil: any number.
            public var size: Int?

            package init(age: Duration? = nil, size: Int? = nil) {
                self.age = age
                self.size = size
            }
        }
        /// In the archive.
        public var archive = Rule()
        /// In quarantine.
        public var quarantine = Rule()

        package init(archive: Rule = Rule(), quarantine: Rule = Rule()) {
            self.archive = archive
            self.quarantine = quarantine
        }
    }

    /// Where everything is.
    public var paths = Paths()
    /// What this service is called among those that share a ledger; nil: as its host.
    public var station: String?
    /// How long a file must be unchanged to count as whole.
    public var settle = LocalAndRemote(local: .seconds(2), remote: .seconds(10))
    /// How often the inbox is swept.
    public var rescan = LocalAndRemote(local: .seconds(60), remote: .seconds(5))
    /// How long after its last change a truncated or empty file is given up.
    public var deadline = Duration.seconds(600)
    /// How long one image may take.
    public var imageDeadline = Duration.seconds(120)
    /// How long an emptied folder stays in the inbox.
    public var keepEmpty = Duration.seconds(3600)
    /// How long nothing more must have come of a subject before its visit is published.
    public var visitSettle = Duration.seconds(600)
    /// Globs of names, or of paths where they hold a slash, that are ignored besides the built-in ones.
    public var ignore: [String] = []
    /// Where it stands in a file's name whose image it is; nil: nowhere.
    public var namePattern: String?
    /// Back-pressure.
    public var diskFloor = DiskFloor()
    /// When a person is called.
    public var alarms = Alarms()
    /// How long originals are kept.
    public var retention = Retention()
    /// Larger files and images are refused.
    public var limits = ImageLimits()
    /// How many frames of a file that holds several are read.
    public var frames = 32
    /// Thresholds that override those of the models.
    public var thresholds: [String: Double] = [:]
    /// Share of undecided screenings that the review page shows without their results, to be drawn, 0...1.
    public var blindShare = 0.02
    /// Names under which users decide, by login name; who is not among them decides under their login name.
    public var readers: [String: String] = [:]
    /// The DICOM objects that bundles hold.
    package var objects = ObjectChoice()
    /// Whether bundles hold an HL7 v2 message.
    public var hl7 = false
    /// Whether bundles hold a FHIR transaction.
    public var fhir = false
    /// Folders and archives that results are carried to.
    public var deliveries: [Delivery] = []
    /// The engine's threads; 0: one for each core.
    public var threads = 0
    /// The precision of the networks' arithmetic.
    public var precision = PrecisionChoice.auto
    /// The file that it was read from; nil for the defaults.
    public var file: String?

    /// The defaults.
    public init() {}

    /// Reads and checks a file.
    /// - Throws: `badConfiguration` naming file, line, key, what was found and what was expected.
    public static func load(path: String) throws(PapillaError) -> Configuration {
        let path = AbsolutePath.of(path)
        return try ConfigurationReader(file: path).read()
    }

    /// What a file that `load` refuses still says of where things are; the usual places for what it does not.
    public static func paths(ofBroken path: String) -> Paths { ConfigurationReader(file: AbsolutePath.of(path)).readPathsAlone() }

    /// What a reading needs to know of it.
    public var reading: ReadingSettings { ReadingSettings(thresholds: thresholds, limits: limits, frames: frames) }

    /// Keys that only a restart can change, where they differ from `other`'s.
    public func fixedKeys(differingFrom other: Configuration) -> [String] {
        let pairs: [(String, Bool)] = [
            ("paths", paths == other.paths), ("station", station == other.station), ("threads", threads == other.threads),
            ("precision", precision == other.precision),
        ]
        return pairs.filter { !$0.1 }.map(\.0)
    }

    /// This configuration with what a running service cannot change taken from `running`.
    public func reloaded(into running: Configuration) -> Configuration {
        var result = self
        result.paths = running.paths
        result.station = running.station
        result.threads = running.threads
        result.precision = running.precision
        return result
    }
}

extension DiskSpace {
    /// Whether a file system is fuller than allowed.
    package func isBelow(_ floor: Configuration.DiskFloor) -> Bool {
        free < floor.bytes(of: size) || entries.map { $0 < 100 } ?? false
    }
}
