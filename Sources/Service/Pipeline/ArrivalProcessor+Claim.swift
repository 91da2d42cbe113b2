internal import Custody
internal import Files
internal import Glibc
internal import Imaging
internal import Intake
internal import Ledger
internal import Reading
internal import Screening
internal import Settings

extension ArrivalProcessor {
    /// Makes sure that an arrival's file is whole, moves it into the spool, and writes down what it is.
    ///
    /// - Returns: where it is, and whose it is; nil where the file is nowhere any more.
    func claim(
        _ arrival: Arrival, _ row: ArrivalRow, from inbox: Folder?
    ) async throws -> (held: Spool.Held, identification: Identification)? {
        var held = try Obstacle.within(.storage) { try spool.held(for: arrival.id, arrival.path.name) }
        if held == nil {
            guard let inbox else {
                throw Obstacle(scope: .storage, error: PapillaError(.notFound, "The inbox is gone", isRetryable: true))
            }
            try examine(arrival, in: inbox)
        }
        if let inbox {
            // A copy between file systems that we stopped in leaves the original to be removed, and a sidecar to be fetched.
            held = try Obstacle.within(.file) {
                try spool.take(
                    arrival.path, for: arrival.id, from: inbox, beside: arrival.beside, copies: arrival.isHeldOpen)
            }
        }
        try checkpoint(.spooled)
        // Within the file's own scope, as its digest below.
        held = try held.flatMap { found in
            try Obstacle.within(.file) { try spool.own(found, for: arrival.id, arrival.path.name) }
        }
        guard let held else { return nil }
        // Within the file's own scope: a bad sector in one file is no reason for the others to wait.
        let content = try Obstacle.within(.file) {
            held.status.kind == .file ? try OpenFile.open(held.name, in: held.folder).digest() : nil
        }
        try checkUnchanged(held)
        let identification = try identification(of: arrival, held)
        // One that may not be read is attention, and has no digest.
        let sidecarDigest = held.sidecar.flatMap { try? OpenFile.open($0, in: held.folder).digest().digest }
        try await Obstacle.within(.storage) {
            try await ledger.claim(
                arrival.id,
                Claim(
                    spool: "\(arrival.id)/\(held.name.text)", sha256: content?.digest, bytes: content?.bytes ?? 0,
                    sidecar: held.sidecar?.text, sidecarDigest: sidecarDigest, identification: identification))
        }
        try checkpoint(.claimed)
        return (held, identification)
    }

    /// Looks whether a file that is still in the inbox goes on to its end. What is missing, and what is no file, is for later steps.
    private func examine(_ arrival: Arrival, in inbox: Folder) throws(Obstacle) {
        let isWhole = try Obstacle.within(.file) { () -> Bool in
            do {
                let folder = try inbox.folder(arrival.path.parent)
                guard let status = try folder.status(arrival.path.name), status.kind == .file, status.size > 0, !arrival.isLast
                else { return true }
                return try ImageEnding.isComplete(try OpenFile.open(arrival.path.name, in: folder))
            } catch let error as FileError where error.isMissing { return true }
        }
        guard isWhole else {
            throw Obstacle(
                scope: .incomplete, error: PapillaError(.badInput, "The rest of the file is missing", isRetryable: true))
        }
    }

    /// What sidecar, the image's own file and its name say, in that order. What cannot be used of them is attention; it stays with the original for a person to look at.
    func identification(of arrival: Arrival, _ held: Spool.Held) throws(Obstacle) -> Identification {
        var sources: [any IdentitySource] = []
        if let name = held.sidecar { sources.append(try sidecar(name, held)) }
        // What made the process die is not looked at again.
        if held.status.kind == .file, arrival.attempts < Self.attemptLimit {
            sources.append(
                try Obstacle.within(.file) {
                    try ImageFile.identity(in: OpenFile.open(held.name, in: held.folder).imageBytes())
                })
        }
        if let text = configuration.namePattern, let pattern = try? NamePattern(text) {
            sources.append(NamedFile(arrival.path.name, pattern))
        }
        return Identification(sources.map(\.statement))
    }

    private func sidecar(_ name: FileName, _ held: Spool.Held) throws(Obstacle) -> Sidecar {
        try Obstacle.within(.file) { () -> Sidecar in
            do throws(FileError) {
                guard let status = try held.folder.status(name), status.size <= Sidecar.sizeLimit else {
                    return Sidecar(unreadable: "it is larger than \(Quantity.text(bytes: Sidecar.sizeLimit))")
                }
                return Sidecar(try held.folder.read(name, limit: Sidecar.sizeLimit) ?? [])
            } catch {
                // What is forbidden stays so; anything else may pass.
                guard error.number == EACCES || error.number == EPERM else { throw error }
                return Sidecar(unreadable: "it may not be read")
            }
        }
    }

    /// Whether nothing was written to a file in the spool since it was looked at: its digest and its reading are of the same bytes.
    func checkUnchanged(_ held: Spool.Held) throws(Obstacle) {
        guard try Obstacle.within(.storage, { try held.folder.status(held.name) }) == held.status else {
            throw Obstacle(
                scope: .file, error: PapillaError(.system, "The file was changed while it was read", isRetryable: true))
        }
    }
}
