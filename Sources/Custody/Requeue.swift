package import Files
package import Ledger
package import Screening

/// Reads failed arrivals again, each once: their originals are copied from quarantine to where they lay in the inbox, sidecar included, and
/// become new arrivals there. What was published stands.
///
/// A copy lies aside under an ignored name until the audit says that the arrival is read again, and appears by a rename then. So whatever
/// stops the process, `complete` knows what was meant: a copy that the audit knows of appears, any other goes. Each station has a name of
/// its own for its copy, and the audit says whose is meant.
package struct Requeue: Sendable {
    package let ledger: any ArrivalLedger & AuditLedger & MaintenanceLedger
    package let folders: ServiceFolders
    /// Called between the steps. The tests stop there.
    package var boundary: @Sendable () throws -> Void = {}

    /// What lies in quarantine for an arrival, and where in the inbox it goes.
    private struct Original {
        let folder: Folder
        let name: FileName
        let sidecar: FileName?
        /// Where it lay in the inbox.
        let path: RelativePath
    }

    /// - Throws: `badInput` where an arrival did not fail or its original is not there, `refused` where it was read again before,
    ///   `notFound` for an ID that is none. Nothing is done where one of the named arrivals is refused.
    package func run(_ arrivals: [String], allFailed: Bool, actor: String) async throws -> [RequeuedArrival] {
        let before = try await ledger.requeued()
        var named: [ScreeningID] = []
        for prefix in arrivals {
            let row = try await ledger.arrival(matching: prefix)
            _ = try needed(row)
            if before.contains(row.id) {
                throw PapillaError(
                    .refused, "This arrival was read again already", place: row.id.description,
                    hint: "If that failed too, give the new arrival's ID")
            }
            if !named.contains(row.id) { named.append(row.id) }
        }
        var done: [RequeuedArrival] = []
        for id in named { done.append(try await requeue(id, actor)) }
        guard allFailed else { return done }
        for row in try await ledger.arrivals(ArrivalFilter(outcomes: [.failed])) where !before.contains(row.id) {
            // Links and devices that were dropped are not among them: nothing could be read.
            guard row.original != nil, row.forgotten == nil, try original(of: row) != nil else { continue }
            do { done.append(try await requeue(row.id, actor)) } catch let error as PapillaError
                where error.code == .refused || error.code == .badInput
            {
                // Forgotten, removed or read again since it was listed.
                continue
            }
        }
        return done
    }

    /// Ends what an earlier run began, of this station or another.
    ///
    /// - Parameter moment: only where the copy was made before it: another station may still be at a younger one.
    package func complete(before moment: Timestamp = Timestamp(milliseconds: .max)) async throws {
        guard let inbox = try? Folder.open(folders.inbox) else { return }
        // A folder is listed once, however many arrivals lay in it.
        var listed: [RelativePath?: [FileName]] = [:]
        for row in try await ledger.arrivals(ArrivalFilter(outcomes: [.failed])) {
            guard let path = row.path.flatMap(RelativePath.init(escaped:)), let folder = try? inbox.folder(path.parent) else {
                continue
            }
            let names: [FileName]
            if let known = listed[path.parent] { names = known } else { names = try folder.names().filter { Self.isAside($0) } }
            listed[path.parent] = names
            let asides = names.filter { Self.isAside($0, of: row.id) }.compactMap { try? folder.status($0) }
            guard !asides.isEmpty, asides.allSatisfy({ $0.modified / 1_000_000 < moment.milliseconds }) else { continue }
            await folders.arrivals.lock(row.id)
            defer { folders.arrivals.unlock(row.id) }
            // A copy with a second name appeared already; only its name aside was still to go. All as it is now: whoever was at it may have
            // gone on while this waited.
            if try await ledger.requeued().contains(row.id) {
                let station = try await stationThatRequeued(row.id)
                let aside = Self.aside(row.id, of: station)
                if try folder.status(aside) != nil, try folder.links(aside) == 1 {
                    _ = try appear(row, path.name, in: folder, from: station)
                }
            }
            try discard(row)
        }
    }

    /// Whose copy the audit means; nil: that of the only service.
    private func stationThatRequeued(_ id: ScreeningID) async throws -> String? {
        struct Detail: Decodable { var station: String? }
        let entry = try await ledger.auditEntries(AuditFilter(subject: id.description, event: "requeued", limit: 1)).last
        return try entry?.detail.flatMap { try CanonicalJSON.decode(Detail.self, from: $0.utf8).station }
    }

    /// Takes away what lies aside in the inbox for an arrival, of every station.
    package func discard(_ row: ArrivalRow) throws(FileError) {
        guard let folder = home(of: row) else { return }
        for name in try folder.names() where Self.isAside(name, of: row.id) { try folder.remove(name) }
    }

    /// Takes away what this station has aside for an arrival. Another may be at it, too.
    private func discardOwn(_ row: ArrivalRow) throws(FileError) {
        guard let folder = home(of: row) else { return }
        for name in [Self.aside(row.id, of: station), Self.asideSidecar(row.id, of: station)] { try folder.remove(name) }
    }

    /// The folder of the inbox where an arrival lay.
    private func home(of row: ArrivalRow) -> Folder? {
        guard let path = row.path.flatMap(RelativePath.init(escaped:)), let inbox = try? Folder.open(folders.inbox) else {
            return nil
        }
        return try? inbox.folder(path.parent)
    }

    /// What this station is called; nil: it is the only service.
    private var station: String? { folders.publisher.station?.text }

    private func requeue(_ id: ScreeningID, _ actor: String) async throws -> RequeuedArrival {
        await folders.arrivals.lock(id)
        defer { folders.arrivals.unlock(id) }
        // As it is now: whoever was first may have changed it.
        guard let row = try await ledger.arrival(id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
        }
        let original = try needed(row)
        let folder = try target(original.path.parent)
        do {
            try discardOwn(row)
            if let sidecar = original.sidecar {
                try Transfer.copy(sidecar, from: original.folder, to: folder, as: Self.asideSidecar(id, of: station))
            }
            try Transfer.copy(original.name, from: original.folder, to: folder, as: Self.aside(id, of: station))
        } catch {
            try? discardOwn(row)
            throw PapillaError(any: error)
        }
        try boundary()
        do { try await ledger.requeue(id, station: station, actor: actor) } catch {
            // Where the audit may have its entry nevertheless, the copy stays for the next start.
            if error.code == .refused { try? discardOwn(row) }
            throw error
        }
        try boundary()
        let name = try appear(row, original.path.name, in: folder, from: station)
        return RequeuedArrival(id: id, path: "\(RelativePath(original.path.parent, name))")
    }

    /// Gives what lies aside its name, and the sidecar its own first. What was dropped under that name since is not replaced.
    private func appear(_ row: ArrivalRow, _ image: FileName, in folder: Folder, from station: String?) throws -> FileName {
        let (aside, asideSidecar) = (Self.aside(row.id, of: station), Self.asideSidecar(row.id, of: station))
        var (name, copies) = (image, 0)
        while true {
            let sidecar = try folder.status(asideSidecar) == nil ? nil : row.sidecar.map { Self.sidecar($0, of: image, as: name) }
            if try folder.status(name) == nil, try sidecar.map({ try folder.rename(asideSidecar, to: folder, asNew: $0) }) ?? true
            {
                try boundary()
                if try folder.rename(aside, to: folder, asNew: name) { break }
                if let sidecar { try folder.rename(sidecar, to: folder, as: asideSidecar) }
            }
            copies += 1
            name = FileName(Array("\(row.id)-\(copies)-".utf8) + image.bytes.suffix(200)) ?? name
        }
        try folder.sync()
        return name
    }

    /// What a sidecar that was stored as `stored` beside `image` is called beside `name`.
    private static func sidecar(_ stored: String, of image: FileName, as name: FileName) -> FileName {
        let (base, ending) = (Array(stored.utf8.dropLast(5)), Array(stored.utf8.suffix(5)))
        if base == image.bytes || base == image.stored.bytes { return FileName(name.bytes + ending) ?? name }
        if base == image.stem || base == image.stored.stem { return FileName(name.stem + ending) ?? name }
        return FileName(ours: stored)
    }

    package static func aside(_ id: ScreeningID, of station: String? = nil) -> FileName {
        FileName(ours: ".\(id)\(mark)" + (station.map { ".\($0)" } ?? ""))
    }
    package static func asideSidecar(_ id: ScreeningID, of station: String? = nil) -> FileName {
        FileName(ours: ".\(id)\(mark)-sidecar" + (station.map { ".\($0)" } ?? ""))
    }

    /// What the names of copies have after the ID.
    private static let mark = ".requeued"

    private static func isAside(_ name: FileName) -> Bool { name.text.contains(mark) }
    private static func isAside(_ name: FileName, of id: ScreeningID) -> Bool { name.text.hasPrefix(".\(id)\(mark)") }

    /// A folder of the inbox, made where it is gone; who drops files may drop them there, too.
    private func target(_ path: RelativePath?) throws -> Folder {
        do {
            var folder = try Folder.open(folders.inbox)
            for name in path?.names ?? [] {
                let isNew = try folder.status(name) == nil
                folder = try isNew ? folder.make(name) : folder.folder(name)
                if isNew { folder.share() }
            }
            return folder
        } catch { throw PapillaError(any: error) }
    }

    private func needed(_ row: ArrivalRow) throws -> Original {
        guard row.outcome == .failed, row.original != nil, row.forgotten == nil, row.expired == nil else {
            throw PapillaError(
                .badInput, "Only a failed arrival whose original is in quarantine can be read again", place: row.id.description,
                hint: "Any other image can be dropped into the inbox once more")
        }
        guard let original = try original(of: row) else {
            throw PapillaError(.badInput, "The original is not a file that could be read again", place: row.id.description)
        }
        return original
    }

    /// Nil where it is no file, or gone.
    private func original(of row: ArrivalRow) throws -> Original? {
        guard let original = row.original, original.hasPrefix("quarantine/"),
            let stored = RelativePath(ours: String(original.dropFirst("quarantine/".count))),
            let path = row.path.flatMap(RelativePath.init(escaped:))
        else { return nil }
        do {
            let folder = try folders.originals.quarantine.folder(stored.parent)
            guard try folder.status(stored.name)?.kind == .file else { return nil }
            let sidecar = try row.sidecar.map { FileName(ours: $0) }.flatMap { name in
                try folder.status(name)?.kind == .file ? name : nil
            }
            return Original(folder: folder, name: stored.name, sidecar: sidecar, path: path)
        } catch let error as FileError where error.isMissing { return nil }
    }

    package init(
        ledger: any ArrivalLedger & AuditLedger & MaintenanceLedger, folders: ServiceFolders,
        boundary: @escaping @Sendable () throws -> Void = {}
    ) {
        self.ledger = ledger
        self.folders = folders
        self.boundary = boundary
    }
}
