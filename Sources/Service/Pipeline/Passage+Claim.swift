internal import Ledger
internal import Reading
internal import Screening

extension Passage {
    /// Makes sure that an arrival's file is whole, moves it into the spool, and writes down what it is.
    ///
    /// - Returns: nil where the file is nowhere any more.
    func claim(_ arrival: Arrival, _ row: ArrivalRow, from inbox: Folder?) async throws -> Spool.Held? {
        var held = try Obstacle.within(.house) { try spool.held(for: arrival.id, arrival.path.name) }
        if held == nil {
            guard let inbox else {
                throw Obstacle(scope: .house, error: PapillaError(.notFound, "The inbox is gone", isRetryable: true))
            }
            try examine(arrival, in: inbox)
        }
        if let inbox {
            // A copy between file systems that we stopped in leaves the original to be removed, and a sidecar to be fetched.
            held = try Obstacle.within(.file) { try spool.take(arrival.path, for: arrival.id, from: inbox) }
        }
        try checkpoint(.spooled)
        guard let held else { return nil }
        // Within the file's own scope: a bad sector in one file is no reason for the others to wait.
        let content = try Obstacle.within(.file) {
            held.status.kind == .file ? try OpenFile.open(held.name, in: held.folder).digest() : nil
        }
        let identity = identity(of: arrival, held)
        try await Obstacle.within(.house) {
            try await ledger.claim(
                arrival.id,
                Claim(
                    spool: "\(arrival.id)/\(held.name.text)", sha256: content?.digest, bytes: content?.bytes ?? 0,
                    sidecar: held.sidecar?.text, patient: identity.patient, study: identity.study, eye: identity.eye))
        }
        try checkpoint(.claimed)
        return held
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

    /// Sidecar over name over nothing. A sidecar that cannot be read says nothing; it stays with the original for a person to look at.
    private func identity(of arrival: Arrival, _ held: Spool.Held) -> Identity {
        var identity = Identity()
        if let sidecar = held.sidecar, let bytes = try? held.folder.read(sidecar, limit: Sidecar.sizeLimit),
            let read = try? Sidecar.read(bytes)
        {
            identity = read
        }
        guard let text = configuration.namePattern, let pattern = try? NamePattern(text) else { return identity }
        return identity.completed(by: pattern.read("\(arrival.path.name)"))
    }
}
