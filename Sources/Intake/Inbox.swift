package import Files
package import Screening
internal import Settings

/// The folder where files are dropped: what is in it, what is whole, and whose turn it is.
///
/// Events are a hint, the sweep is the truth. Time is passed in: `now` is any monotonic clock's reading. Nothing here opens a file's
/// content, and nothing is moved. Confined to the actor that owns it.
package final class Inbox {
    /// The presence of the inbox.
    package enum State {
        case open(Folder)
        /// An alarm, with what a person should know. Nothing is concluded from what is not seen meanwhile.
        case gone(PapillaError)
    }

    /// Facts for `status` and metrics.
    package struct Facts: Sendable, Codable, Hashable {
        /// Files seen and not taken yet.
        package var waiting = 0
        /// Entries left alone, counted by the last sweep.
        package var ignored = 0
        /// Folders, the inbox itself included.
        package var folders = 0
        /// Those of them that inotify watches.
        package var watched = 0
        /// Folders deeper than are walked.
        package var tooDeep = 0
        /// Folders that could not be read at the last sweep.
        package var unreadable = 0
        /// Times that inotify lost events.
        package var overflows = 0
        @Nullable package var lastEvent: Timestamp?
        @Nullable package var lastSweep: Timestamp?

        /// How changes become known.
        package var mode: String { watched == 0 ? "sweep" : watched < folders ? "inotify in part, sweep" : "inotify and sweep" }

        package init() {}
    }

    package let path: String
    /// Whether stations on other machines take from it as well.
    package let isShared: Bool
    package var rules: InboxRules {
        didSet { for path in observations.keys { schedule(path, now: lastLook) } }
    }
    package private(set) var state: State
    package private(set) var facts = Facts()
    package var watch: FolderWatch?
    package var observations = Observations()
    package var turns = Turns()
    /// Entries seen since the last sweep that there was no room for.
    package private(set) var unobserved = 0
    /// The latest `now` that was passed in with a sweep or events.
    private var lastLook = Duration.zero
    package var folders: [RelativePath?: FolderSeen] = [:]
    package var sweeps = 0
    private let identity: InboxIdentity
    private let wallClock: @Sendable () -> Timestamp
    private var order = 0
    package var urgentRun = 0
    package var nextSweep = Duration.zero
    package var nextRemoteSweep = Duration.zero

    /// A folder as the last sweep saw it.
    package struct FolderSeen {
        package var isRemote: Bool
        package var watch: Int32?
        package var emptySince: Duration?
        package var sweep: Int
    }

    /// - Parameters:
    ///   - ring: called when there are events to `poll`.
    ///   - isWatching: false: sweeps alone tell what is there.
    package init(
        path: String, spool: Folder, rules: InboxRules, commonMarker: String? = nil, isWatching: Bool = true,
        wallClock: @escaping @Sendable () -> Timestamp = { .now },
        ring: @escaping @Sendable () -> Void = {}
    ) {
        self.path = path
        isShared = commonMarker != nil
        self.rules = rules
        self.wallClock = wallClock
        identity = InboxIdentity(spool: spool, path: path, common: commonMarker)
        state = .gone(PapillaError(.notFound, "The inbox was not looked at yet"))
        // Without inotify (too many instances) the sweep does it all; `facts.mode` says so.
        watch = isWatching ? try? FolderWatch(ring: ring) : nil
    }

    /// The open inbox; nil while it is gone.
    package var root: Folder? {
        if case .open(let folder) = state { return folder }
        return nil
    }

    /// The open inbox, opened anew by its path: on a shared file system that shows what other machines did in it. Nil while it is gone, and
    /// where something else is under its path.
    package func reopened() throws(FileError) -> Folder? {
        guard let root else { return nil }
        let found = try Folder.open(path)
        let (before, now) = (try root.status(), try found.status())
        return (before.device, before.inode) == (now.device, now.inode) ? found : nil
    }

    /// A pending arrival of an earlier run whose file should still be here.
    package func know(_ path: RelativePath, id: ScreeningID, status: FileStatus, received: Timestamp, now: Duration) {
        order += 1
        var observation = Observation(
            status, received: received, now: now, order: order, isClosed: false, isRemote: false, sweep: sweeps)
        observation.id = id
        observations[path] = observation
        schedule(path, now: now)
    }

    // MARK: - What happens

    /// Takes note of events.
    package func poll(now: Duration) {
        lastLook = now
        guard let watch else { return }
        let events = watch.read()
        if !events.isEmpty { facts.lastEvent = wallClock() }
        for event in events {
            guard let root else { return }
            switch event {
            case .overflow:
                facts.overflows += 1
                nextSweep = now
            case .lost(nil): nextSweep = now
            case .lost: break
            case .folder(let path):
                guard !rules.ignore.ignores(path) else { break }
                // Files may have come before the watch did.
                if let folder = try? root.folder(path) { visit(folder, path, now: now) }
            case .entry(let path, let isWhole): look(at: path, in: root, now: now, isClosed: isWhole)
            }
        }
    }

    /// Looks at one entry.
    private func look(at path: RelativePath, in root: Folder, now: Duration, isClosed: Bool) {
        guard !rules.ignore.ignores(path), let status = try? root.folder(path.parent).status(path.name), status.kind != .folder
        else { return }
        observe(path, status, now: now, isClosed: isClosed)
    }

    package func observe(_ path: RelativePath, _ status: FileStatus, now: Duration, isClosed: Bool) {
        let isRemote = folders[path.parent]?.isRemote ?? false
        guard let before = observations[path] else {
            guard observations.count < rules.observationLimit * (Self.isUrgent(path) ? 2 : 1) else {
                unobserved += 1
                return
            }
            order += 1
            observations[path] = Observation(
                status, received: wallClock(), now: now, order: order, isClosed: isClosed, isRemote: isRemote, sweep: sweeps)
            return schedule(path, now: now)
        }
        var after = before
        after.see(status, now: now, isClosed: isClosed)
        after.sweep = sweeps
        after.isRemote = isRemote
        observations[path] = after
        if after.lastChange != before.lastChange || after.isClosed != before.isClosed || isRemote != before.isRemote
            || after.notBefore != before.notBefore
        {
            schedule(path, now: now)
        }
    }

    /// Sweeps where it is time to.
    ///
    /// - Returns: whether the inbox's state changed: from open to gone, or back.
    @discardableResult
    package func sweepIfDue(now: Duration) -> Bool {
        guard now >= nextSweep || now >= nextRemoteSweep else { return false }
        return sweep(now: now, onlyRemote: now < nextSweep)
    }

    /// Looks at every entry, or at those of remote folders.
    @discardableResult
    package func sweep(now: Duration, onlyRemote: Bool = false) -> Bool {
        let wasOpen = root != nil
        lastLook = now
        nextRemoteSweep = now + rules.rescan.remote
        if !onlyRemote { nextSweep = now + rules.rescan.local }
        do {
            let root = try check()
            state = .open(root)
            sweeps += 1
            facts.lastSweep = wallClock()
            if !onlyRemote { unobserved = 0 }
            walk(root, now: now, onlyRemote: onlyRemote && wasOpen)
        } catch {
            if wasOpen { watch?.keep(only: []) }
            state = .gone(Self.gone(error))
            nextSweep = now + min(rules.rescan.local, rules.rescan.remote)
        }
        return wasOpen != (root != nil)
    }

    /// Opens the inbox, or makes sure that the open one is still what is under its path.
    private func check() throws(PapillaError) -> Folder {
        do {
            let found = try Folder.open(path)
            let folder: Folder
            if let root, try root.status().device == found.status().device, try root.status().inode == found.status().inode {
                folder = root
            } else {
                folder = found
            }
            guard try identity.check(folder) != .other else {
                throw PapillaError(
                    .notFound, "The folder under the inbox's path is not the inbox that was watched before", place: path,
                    hint:
                        "Mount the share that belongs there; if this folder is meant, make the empty file .papilla-inbox in it, as root",
                    isRetryable: true)
            }
            // Reading the folder and searching it are two permissions; both are needed.
            _ = try folder.status(InboxIdentity.markerName)
            return folder
        } catch { throw PapillaError(any: error) }
    }

    private static func gone(_ error: PapillaError) -> PapillaError {
        var result = error
        if error.code == .system { result.message = "The inbox cannot be read: \(error.message)" }
        result.isRetryable = true
        return result
    }

    package func take(_ counted: Facts) {
        facts.ignored = counted.ignored
        facts.folders = counted.folders
        facts.watched = counted.watched
        facts.tooDeep = counted.tooDeep
        facts.unreadable = counted.unreadable
    }

    /// The facts as they are now.
    package func factsNow() -> Facts {
        var facts = facts
        facts.waiting = observations.count + unobserved
        return facts
    }

    // MARK: - What became of it

    /// It is not complete: it stays, and is looked at again when it changes or after a while.
    package func left(_ path: RelativePath, id: ScreeningID?, now: Duration) {
        observations[path]?.id = id
        observations[path]?.leave(now: now, deadline: rules.deadline)
        schedule(path, now: now)
    }

    /// It could not be taken now.
    package func postpone(_ path: RelativePath, id: ScreeningID?, until time: Duration, now: Duration) {
        observations[path]?.id = id
        observations[path]?.postpone(until: time)
        schedule(path, now: now)
    }

    /// It was taken out of the inbox, or is no longer there. Another file may have its name already, and its sidecar went with it.
    package func conclude(_ path: RelativePath, now: Duration) {
        let sidecars = observations.sidecars(of: path)
        observations[path] = nil
        if unobserved > 0, observations.count <= rules.observationLimit / 2 { nextSweep = now }
        guard let root else { return }
        look(at: path, in: root, now: now, isClosed: false)
        for sidecar in sidecars {
            if let seen = observations[sidecar], seen.id == nil, !seen.isInHand,
                (try? root.folder(path.parent).status(sidecar.name)) == .some(nil)
            {
                observations[sidecar] = nil
            }
        }
    }
}
