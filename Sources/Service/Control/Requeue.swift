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
            rows += try await ledger.arrivals(ArrivalFilter(outcomes: [.failed])).filter {
                $0.original != nil && $0.forgotten == nil
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

    private func copy(_ row: ArrivalRow, to folder: Folder) throws -> FileName {
        guard row.outcome == .failed, let original = row.original,
            let path = RelativePath(ours: String(original.dropFirst("quarantine/".count)))
        else {
            throw PapillaError(
                .badInput, "Only a failed arrival whose original is in quarantine can be read again", place: row.id.description,
                hint: "Any other image can be dropped into the inbox once more")
        }
        let source: Folder
        do { source = try house.originals.quarantine.folder(path.parent) } catch { throw PapillaError(any: error) }
        guard try source.status(path.name)?.kind == .file else {
            throw PapillaError(.badInput, "The original is not a file that could be read again", place: row.id.description)
        }
        // Aside under an ignored name, then under its own: it appears whole.
        let aside = FileName(ours: ".\(row.id).part")
        try folder.remove(aside)
        try Transfer.copy(path.name, from: source, to: folder, as: aside)
        var name = path.name
        if try folder.status(name) != nil { name = FileName(Array("\(row.id)-".utf8) + name.bytes.suffix(200)) ?? name }
        try folder.rename(aside, to: folder, as: name)
        return name
    }
}
