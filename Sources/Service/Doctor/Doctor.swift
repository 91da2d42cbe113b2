internal import Control
internal import Custody
internal import Dicom
internal import Files
internal import Intake
internal import Ledger
internal import Neural
internal import Registry
public import Screening
public import Settings

/// Checks an installation without starting anything, and says what to do.
public struct Doctor: Sendable {
    /// One thing that was looked at.
    public struct Check: Sendable, Codable, Hashable {
        /// inbox, models, clock, ...
        public var name: String
        /// Whether it is as it must be.
        public var ok: Bool
        /// What was found.
        public var found: String
        /// What to do where it is not as it must be, or could be better.
        @Nullable public var advice: String?

        /// Something that was looked at.
        public init(_ name: String, ok: Bool, _ found: String, advice: String? = nil) {
            (self.name, self.ok, self.found) = (name, ok, found)
            self.advice = advice
        }
    }

    let configuration: Configuration

    /// A doctor for an installation.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Looks at everything.
    public func examine() async -> [Check] {
        var checks = [inbox()]
        let paths = configuration.paths
        let folders = [
            ("outbox", paths.outbox), ("spool", paths.spool), ("archive", paths.archive), ("quarantine", paths.quarantine),
        ]
        checks += folders.map { folder($0.0, $0.1) }
        checks.append(sameFileSystem())
        let ledgerFolder = paths.isShared ? [] : [("ledger", AbsolutePath.parent(of: paths.ledger))]
        checks += (folders + ledgerFolder).compactMap { space($0.0, $0.1) }
        let ledger = await ledger()
        if let files = await fileChecks() { checks.append(files) }
        checks += [ledger.check, clock(last: ledger.last)]
        checks += await deliveries()
        if let marks = await marks(folders) { checks.append(marks) }
        checks.append(statementKey())
        checks += models()
        checks.append(dicom())
        if let objects = objects() { checks.append(objects) }
        checks += entries()
        checks.append(watches())
        checks.append(service())
        checks.append(roles())
        return checks
    }

    static let asUser = "Give the service's user the right, and run this as that user: sudo -u papilla papilla doctor"

    /// What keeps a folder that is never made by itself from being used.
    static func refusal(_ error: FileError, _ path: String) -> String {
        error.isMissing ? "there is no folder \(path)" : "\(path) cannot be read and written: \(error.words)"
    }

    static func advice(_ error: FileError) -> String {
        error.isMissing ? "Make it, or mount what belongs there; it is never made by itself" : asUser
    }

    private func dicom() -> Check {
        DicomFile.isRead
            ? Check("DICOM", ok: true, "read by papilla-dicom")
            : Check("DICOM", ok: true, "not read", advice: "Install the package papilla-dicom where cameras send DICOM files")
    }

    private func inbox() -> Check {
        let path = configuration.paths.inbox
        let folder: Folder
        do throws(FileError) { folder = try NamedPath.usableFolder(path) } catch {
            return Check("inbox", ok: false, Self.refusal(error, path), advice: Self.advice(error))
        }
        let kind =
            FileSystemKind(of: folder) == .local
            ? "local: inotify and a sweep every" : "on a network or user-space file system: a sweep every"
        let rescan = FileSystemKind(of: folder) == .local ? configuration.rescan.local : configuration.rescan.remote
        return Check("inbox", ok: true, "\(path), \(kind) \(Quantity.text(rescan))")
    }

    private func folder(_ name: String, _ path: String) -> Check {
        do throws(FileError) {
            _ = try NamedPath.usableFolder(path)
            return Check(name, ok: true, path)
        } catch {
            guard error.isMissing else {
                return Check(name, ok: false, Self.refusal(error, path), advice: Self.advice(error))
            }
        }
        let above = AbsolutePath.nearestExisting(path)
        let mayMake = NamedPath.isWritable(above)
        return Check(
            name, ok: mayMake, mayMake ? "\(path), made at the first start" : "\(path) is not there and cannot be made",
            advice: mayMake ? nil : "Make it, or let the service's user write to \(above)")
    }

    private func sameFileSystem() -> Check {
        func device(_ path: String) -> UInt64? {
            (try? Folder.open(AbsolutePath.nearestExisting(path)))?.device
        }
        let paths = configuration.paths
        guard let spool = device(paths.spool), let outbox = device(paths.outbox), spool == outbox else {
            return Check(
                "same file system", ok: false, "spool and outbox are not on one file system",
                advice: "Put both on one disk: bundles are published by a rename")
        }
        let apart = [("inbox", paths.inbox), ("archive", paths.archive), ("quarantine", paths.quarantine)].filter {
            device($0.1) != spool
        }.map(\.0)
        guard !apart.isEmpty else { return Check("same file system", ok: true, "inbox, spool, outbox, archive and quarantine") }
        return Check(
            "same file system", ok: true, "spool and outbox; not \(apart.joined(separator: ", "))",
            advice: "Files to and from there are copied and verified instead of renamed: safe, but slower")
    }

    /// Whether the folders are the ones that the ledger was used with; nil while it knows of no arrival.
    private func marks(_ folders: [(String, String)]) async -> Check? {
        guard let ledger = try? await configuration.paths.openLedger(),
            let identity = try? await ledger.identity(),
            let isNew = try? await ledger.arrivals(ArrivalFilter(limit: 1)).isEmpty, !isNew
        else { return nil }
        let strange = folders.filter { _, path in
            guard let folder = try? Folder.open(path) else { return true }
            return (try? FolderMark.isOurs(folder, identity)) != true
        }.map(\.0)
        guard !strange.isEmpty else { return Check("folders", ok: true, "the ones that this ledger was used with") }
        return Check(
            "folders", ok: false, "\(strange.joined(separator: ", ")): not there, or not the ones that this ledger was used with",
            advice: "Mount the disk that belongs there; if the folder is meant, make the empty file \(FolderMark.name) in it")
    }

    private func statementKey() -> Check {
        do {
            let key = try StatementKey.load()
            return Check("statement key", ok: true, key == nil ? "none: statements are not signed" : "statements are signed")
        } catch {
            return Check(
                "statement key", ok: false, PapillaError(any: error).description, advice: "32 bytes or 64 hexadecimal digits")
        }
    }

    private func space(_ name: String, _ path: String) -> Check? {
        guard let folder = try? Folder.open(AbsolutePath.nearestExisting(path)), let space = try? DiskSpace(of: folder) else {
            return nil
        }
        let isBelow = space.isBelow(configuration.diskFloor)
        let entries = space.entries.map { $0 < 100_000 ? ", \($0) more files" : "" } ?? ""
        return Check(
            "space, \(name)", ok: !isBelow,
            "\(Quantity.text(bytes: space.free)) free of \(Quantity.text(bytes: space.size))\(entries)",
            advice: isBelow
                ? "Make room: below \(Quantity.text(bytes: configuration.diskFloor.bytes(of: space.size))) nothing new is taken in"
                : nil)
    }

    /// When every file was last read; nil where there is no ledger.
    private func fileChecks() async -> Check? {
        guard let ledger = try? await configuration.paths.openLedger(),
            let checks = try? await ledger.fileChecks()
        else { return nil }
        let last =
            checks.lastEnded.map { "every file was last read by \($0)" }
            ?? "not every file was read yet: the service does so weekly"
        guard !checks.rotten.isEmpty else { return Check("files", ok: true, last) }
        return Check(
            "files", ok: false, "\(last); those of \(checks.rotten.count) arrivals are not as they were written",
            advice: "papilla audit verify names them; take them from a backup, and the service finds that they are whole again")
    }

    private func ledger() async -> (check: Check, last: Timestamp?) {
        let path = configuration.paths.shownLedger
        do {
            let ledger = try await configuration.paths.openLedger()
            try await ledger.checkPages()
            let last = try await ledger.auditEntries(AuditFilter(limit: 1)).last
            let stations = try await ledger.stations()
            let names = stations.map { "\($0.name) (\($0.lives ? "works" : "is silent"), \($0.arrivals) in hand)" }
            let told = stations.isEmpty ? "" : "; stations: \(names.joined(separator: ", "))"
            return (
                Check("ledger", ok: true, "\(path), \(last?.seq ?? 0) audit entries\(told)"), last?.at
            )
        } catch {
            let error = PapillaError(any: error)
            if error.code == .notFound { return (Check("ledger", ok: true, "\(path), made at the first start"), nil) }
            return (Check("ledger", ok: false, error.detailed, advice: error.hint), nil)
        }
    }

    private func clock(last: Timestamp?) -> Check {
        let now = Timestamp.now
        if let last, now < last {
            return Check(
                "clock", ok: false, "\(now), which is before the last audit entry (\(last))", advice: "Set the clock: timedatectl"
            )
        }
        let isSet = now.day >= "2026-01-01"
        return Check("clock", ok: isSet, "\(now)", advice: isSet ? nil : "Set the clock: IDs and folders are named for the day")
    }

    private func models() -> [Check] {
        let store = ModelStore(directory: configuration.paths.models)
        let waiting = (try? store.waitingShipped()) ?? []
        return ModelTask.allCases.map { task in
            do throws(PapillaError) {
                let (model, reason) = try store.loadLive(task).chosen(configuration.precision)
                let why = reason.map { " (\($0))" } ?? ""
                return Check(
                    "model, \(task.rawValue)", ok: true,
                    "\(model.manifest.name), digest and shapes as its manifest says, runs in \(model.precision.rawValue)\(why)",
                    advice: foreignDisc(model.manifest, store)
                        ?? waiting.first { $0.task == task }.map {
                            "A newer model, \($0.shipped), came with the program; your own stays live. Look at both: papilla models card "
                                + "\($0.shipped), papilla evaluate; then: papilla models promote \($0.shipped)"
                        })
            } catch {
                return Check("model, \(task.rawValue)", ok: false, error.detailed, advice: error.hint ?? "Look at paths.models")
            }
        }
    }

    /// What to do where the ratio's interval was measured with another disc model than the live one.
    private func foreignDisc(_ cup: ModelManifest, _ store: ModelStore) -> String? {
        guard cup.task == .cup, let disc = cup.ratioErrors?.disc, let live = try? store.live()[.disc], live != disc else {
            return nil
        }
        return
            "Its ratio and interval were measured with \(disc), but \(live) is live for the disc: make \(disc) live, or measure both "
            + "together: papilla evaluate --task cup, papilla calibrate"
    }

    private func entries() -> [Check] {
        guard let survey = InboxSurvey(of: configuration.paths.inbox, IgnoreRules(globs: configuration.ignore)) else {
            return [Check("ignored files", ok: true, "not known: the inbox cannot be read")]
        }
        let locked = survey.locked
        let isOpen = locked.count == 0
        return [
            Check(
                "inbox folders", ok: isOpen,
                isOpen ? "all can be read and written" : "cannot be read and written: \(locked.text)",
                advice: isOpen ? nil : Self.asUser),
            Check(
                "ignored files", ok: true, survey.ignored.count == 0 ? "none" : "\(survey.ignored.count): \(survey.ignored.text)"),
        ]
    }

    private func watches() -> Check {
        let limit = (try? Folder.open("/proc/sys/fs/inotify"))
            .flatMap { try? $0.read(FileName(ours: "max_user_watches"), limit: 64) }
            .flatMap { Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
        guard let limit else { return Check("inotify", ok: true, "its limit is not known") }
        return Check(
            "inotify", ok: limit > 0, "\(limit) folders may be watched",
            advice: limit < 1024 ? "Raise fs.inotify.max_user_watches; folders beyond it are swept" : nil)
    }

    /// Whether who may decide or administer can reach the socket, which only the group papilla may.
    private func roles() -> Check {
        let groups = Role.allCases.map { ($0.group, UserGroup($0.group)) }
        let missing = groups.filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty else {
            return Check(
                "roles", ok: true, "there is no group \(missing.joined(separator: ", "))",
                advice: "Only root and the service's user can do what it is for; the package makes it")
        }
        func members(_ role: Role) -> Set<String> { Set(UserGroup(role.group)?.members ?? []) }
        let outside = members(.reader).union(members(.administrator)).subtracting(members(.member)).filter { user in
            // Whose first group it is, the group does not list.
            UserGroup(Role.member.group)?.number != UserAccount.firstGroup(of: user)
        }.sorted()
        guard outside.isEmpty else {
            return Check(
                "roles", ok: false, "not in the group \(Role.member.group): \(outside.joined(separator: ", "))",
                advice: "They cannot reach the service: usermod -aG \(Role.member.group) \(outside[0])")
        }
        let named = configuration.readers.keys.filter { user in
            !members(.reader).contains(user) && !members(.administrator).contains(user)
        }.sorted()
        return Check(
            "roles", ok: true,
            "\(members(.member).count) may drop and ask, \(members(.reader).count) decide, \(members(.administrator).count) administer",
            advice: named.isEmpty
                ? nil
                : "readers names \(named.joined(separator: ", ")), who may not decide: usermod -aG \(Role.reader.group) USER")
    }

    private func service() -> Check {
        do throws(FileError) {
            let isRunning = try LedgerLock.isHeld(beside: configuration.paths.locked)
            return Check("service", ok: true, isRunning ? "running" : "not running")
        } catch {
            return Check(
                "service", ok: false, "not known whether it runs: \(error.place) cannot be opened: \(error.words)",
                advice: "Ask as the service's user: sudo -u papilla papilla doctor")
        }
    }
}

extension Folder {
    /// The file system that it is on; nil where that cannot be told.
    fileprivate var device: UInt64? { (try? status())?.device }
}
