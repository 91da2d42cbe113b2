internal import Ledger
internal import Screening

/// Reads failed arrivals again: their originals are copied from quarantine into the inbox, where each becomes a new arrival. What was
/// published stands.
struct Requeue: Sendable {
    let ledger: Ledger
    let house: House
    let inbox: String

    /// - Throws: `badInput` where an arrival did not fail or its original is not there, `notFound` for an ID that is none.
    func run(_ arrivals: [String], allFailed: Bool, actor: String) async throws -> [ControlResponse.Requeued] {
        var rows: [ArrivalRow] = []
        for prefix in arrivals { rows.append(try await ledger.arrival(matching: prefix)) }
        if allFailed {
            // Links and devices that were dropped are not among them: nothing could be read.
            rows += try await ledger.arrivals(ArrivalFilter(outcomes: [.failed])).filter {
                try $0.original != nil && $0.forgotten == nil && original(of: $0) != nil
            }
        }
        let folder: Folder
        do { folder = try Folder.open(inbox) } catch { throw PapillaError(any: error) }
        var done: [ControlResponse.Requeued] = []
        for row in rows {
            let name = try copy(row, to: folder)
            try await ledger.record("requeued", subject: row.id.description, detail: ["as": "a new arrival"], actor: actor)
            done.append(ControlResponse.Requeued(id: row.id, path: name.description))
        }
        return done
    }

    /// Where a failed arrival's original is; nil where it is no file, or gone.
    private func original(of row: ArrivalRow) throws -> (folder: Folder, name: FileName)? {
        guard row.outcome == .failed, let original = row.original,
            let path = RelativePath(ours: String(original.dropFirst("quarantine/".count)))
        else {
            throw PapillaError(
                .badInput, "Only a failed arrival whose original is in quarantine can be read again", place: row.id.description,
                hint: "Any other image can be dropped into the inbox once more")
        }
        do {
            let folder = try house.originals.quarantine.folder(path.parent)
            return try folder.status(path.name)?.kind == .file ? (folder, path.name) : nil
        } catch  where error.isMissing { return nil }
    }

    private func copy(_ row: ArrivalRow, to folder: Folder) throws -> FileName {
        guard let (source, original) = try original(of: row) else {
            throw PapillaError(.badInput, "The original is not a file that could be read again", place: row.id.description)
        }
        // Aside under an ignored name, then under its own: it appears whole.
        let aside = FileName(ours: ".\(row.id).part")
        try folder.remove(aside)
        try Transfer.copy(original, from: source, to: folder, as: aside)
        // What is dropped under the same name just now is not to be replaced.
        var (name, copies) = (original, 0)
        while try !folder.rename(aside, to: folder, asNew: name) {
            copies += 1
            name = FileName(Array("\(row.id)-\(copies)-".utf8) + original.bytes.suffix(200)) ?? name
        }
        try folder.sync()
        return name
    }
}
