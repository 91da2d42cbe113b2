internal import Custody
internal import Ledger
internal import Reading
internal import Screening
internal import Settings

extension Reviewing {
    /// Reads an arrival's original again by today's models and publishes the next version; an arrival that has nothing to gain from it, or
    /// nothing to be read, stays as it is.
    ///
    /// What a reader drew or rejected stands. What a reader accepted is read again: the acceptance stays with the version that the reader
    /// saw, and nobody has decided on the new one. Which eye it is, where a reader said so, is kept.
    ///
    /// - Parameters:
    ///   - prefix: its ID, or a unique beginning of it.
    ///   - actor: `user@uid` who asked for it.
    /// - Throws: `notFound`, `badInput` for an ID that is none or several; `damaged` where original or newest bundle are not what they were,
    ///   or where the original cannot be read any more; `refused` where the reading did not end in its time; what the reading throws.
    func reread(
        _ prefix: String, by screener: any ImageScreener, on executor: WorkExecutor, actor: String
    ) async throws -> RereadArrival {
        let id = try await ledger.arrival(matching: prefix).id
        await locks.lock(id)
        defer { locks.unlock(id) }
        for pending in try await ledger.pendingCorrections() where pending.arrival == id { try await settle(pending) }
        // As it is now: it may have been forgotten while this waited.
        guard let row = try await ledger.arrival(id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: "\(id)")
        }
        if let result = Self.obstacle(to: row) { return RereadArrival(id, result) }
        let (earlier, folder) = try await newest(of: id)
        let former = earlier.report
        let ratio = former.fundus?.cdr?.vertical
        func left(_ result: RereadArrival.Result) -> RereadArrival {
            RereadArrival(id, result, version: former.version, before: ratio, after: ratio)
        }
        if try await ledger.decisions(of: id).last?.verdict == .reject { return left(.rejected) }
        if !former.drawn.isEmpty { return left(.drawn) }
        if former.models.allSatisfy(screener.described.contains), !former.models.isEmpty { return left(.current) }
        guard row.expired == nil else { return left(.expired) }
        let file = try await original(of: row)
        let reading = try await read(file, row, former, by: screener, on: executor)
        let before = try await reports(of: id, before: former.version) + [former]
        let prior = try await priors().prior(of: reading.report)
        let moment = now()
        // The other files of a bundle name its version.
        let bundle = try await reading.changed(
            after: before, by: screener.writers, original: { () throws(PapillaError) in file }
        ) { report in
            (report.version, report.supersedes) = (former.version + 1, folder)
            (report.reread, report.prior) = (moment, prior)
        }
        try await ledger.beginRereading(of: id, version: bundle.report.version, actor: actor)
        try checkpoint(.begun)
        let published = try publisher.publish(bundle, day: row.received.day)
        try checkpoint(.published)
        try await ledger.concludeRereading(await ending(published))
        return RereadArrival(
            id, .read, version: bundle.report.version, before: ratio, after: bundle.report.fundus?.cdr?.vertical)
    }

    /// Why an arrival cannot be read again; nil where its row does not say so.
    private static func obstacle(to row: ArrivalRow) -> RereadArrival.Result? {
        row.forgotten != nil ? .forgotten : row.outcome == nil ? .pending : row.outcome == .failed ? .failed : nil
    }

    private func read(
        _ file: [UInt8], _ row: ArrivalRow, _ former: Report, by screener: any ImageScreener, on executor: WorkExecutor
    ) async throws -> Bundle {
        var identification = row.identification
        identification.attention = former.attention.filter { [.sidecar, .identityConflict].contains($0.code) }
        identification.examination.burnedIn = former.examination.burnedIn
        if let eye = former.examination.correctedEye { identification.examination.eye = eye }
        let limit = await configuration().imageDeadline
        let bundle = try await screener.screen(
            file, id: row.id, source: former.source, identification: identification, waited: 0, on: executor, atMost: limit)
        guard let bundle else {
            throw PapillaError(
                .refused, "The reading did not end within \(Quantity.text(limit)), the configured image_deadline",
                place: "\(row.id)")
        }
        guard bundle.report.outcome != .failed else {
            throw PapillaError(
                .damaged, "The original can no longer be read: \(bundle.report.reasons.first?.detail ?? "")", place: "\(row.id)")
        }
        return bundle
    }
}
