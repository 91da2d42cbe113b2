internal import Files
package import Ledger
package import Screening

/// Erases what is known of whom an arrival was: its original with sidecar, every version of its bundle, and its names in the ledger. The
/// counts, the outcome, the figures and the digests stay, and the audit's chain still verifies. What was still to be delivered is not, and
/// what was delivered is taken back where it still lies.
package struct Forget: Sendable {
    package let ledger: any WholeLedger
    package let folders: ServiceFolders
    /// Takes a delivery away from its target; false where it is not there any more, or cannot be reached.
    package let withdraw: @Sendable (DeliveryRow) -> Bool
    /// Called between the steps. The tests stop there.
    package var boundary: @Sendable () throws -> Void = {}

    /// - Throws: `notFound`, `badInput` for an ID that is none or several; `refused` where the arrival has not ended.
    package func run(_ prefix: String, actor: String) async throws -> ForgottenArrival {
        let id = try await ledger.arrival(matching: prefix).id
        await folders.arrivals.lock(id)
        defer { folders.arrivals.unlock(id) }
        // As it is now: whoever was first may have changed it.
        guard let row = try await ledger.arrival(id) else {
            throw PapillaError(.notFound, "The ledger has no arrival of this ID", place: id.description)
        }
        guard row.state == .finished else {
            throw PapillaError(
                .refused, "Only an arrival that has ended can be forgotten", place: row.id.description,
                hint: "papilla status says what it waits for")
        }
        let related = try await ledger.related(to: row.id)
        // Written down first: what a stop leaves undone is done at the next start.
        if row.forgotten == nil {
            try await ledger.beginForgetting(row.id, actor: actor)
        }
        try boundary()
        let bundles = try erase(row)
        try await forgetVisits(holding: row, actor: actor)
        let deliveries = try await withdrawAll(of: id)
        try await ledger.abandonCorrection(of: row.id)
        try boundary()
        try await ledger.forget(row.id, actor: actor)
        return ForgottenArrival(id: row.id, bundles: bundles, related: related, deliveries: deliveries)
    }

    /// Ends what an earlier run began, or a station that this one took over from; what is being forgotten right now is waited for.
    package func complete() async throws {
        for (id, actor) in try await ledger.halfForgotten() {
            await folders.arrivals.lock(id)
            defer { folders.arrivals.unlock(id) }
            // As it is now: it may have ended while this waited.
            guard let row = try await ledger.arrival(id), row.forgotten == nil else { continue }
            _ = try erase(row)
            try await forgetVisits(holding: row, actor: actor)
            _ = try await withdrawAll(of: id)
            try await ledger.abandonCorrection(of: id)
            try await ledger.forget(id, actor: actor)
        }
    }

    /// - Returns: how many bundles there were.
    private func erase(_ row: ArrivalRow) throws -> Int {
        do {
            try Requeue(ledger: ledger, folders: folders).discard(row)
            let bundles = try folders.publisher.erase(row.id, day: row.received.day)
            try boundary()
            try folders.originals.erase(row.id, day: row.received.day)
            return bundles
        } catch let error as FileError { throw PapillaError(any: error) }
    }

    /// Erases everything that is known of a subject: every arrival that has ended, and every visit.
    ///
    /// - Throws: `refused` where one of the arrivals has not ended: then nothing is erased.
    package func run(_ subject: Subject, actor: String) async throws -> [ForgottenArrival] {
        let ids = try await ledger.arrivals(of: subject)
        let visits = try await ledger.visits(of: subject)
        guard !ids.isEmpty || !visits.isEmpty else {
            throw PapillaError(.notFound, "The ledger knows no such subject")
        }
        for id in ids {
            let row = try await ledger.arrival(id)
            guard row?.state == .finished else {
                throw PapillaError(
                    .refused, "An arrival of this subject has not ended yet", place: id.description,
                    hint: "papilla status says what it waits for")
            }
        }
        var forgotten: [ForgottenArrival] = []
        for id in ids { forgotten.append(try await run(id.description, actor: actor)) }
        // Those that hold nothing any more.
        for visit in try await ledger.visits(of: subject) {
            try await erase(try await ledger.versions(ofVisit: visit.id), actor: actor)
        }
        return forgotten
    }

    /// Visits name whose they are on their page: one that an arrival stands in is erased with it. What else is in it is put together anew.
    private func forgetVisits(holding row: ArrivalRow, actor: String) async throws {
        guard let subject = row.identification.subject else { return }
        for visit in try await ledger.visits(of: subject) {
            let versions = try await ledger.versions(ofVisit: visit.id)
            guard versions.contains(where: { $0.members.contains { $0.id == row.id } }) else { continue }
            try await erase(versions, actor: actor)
        }
    }

    /// Erases every version of a visit.
    private func erase(_ versions: [VisitRow], actor: String) async throws {
        guard let id = versions.first?.id else { return }
        let days = Set(versions.map(\.day))
        do throws(FileError) {
            for day in days { _ = try folders.publisher.erase(id, day: day) }
        } catch { throw PapillaError(any: error) }
        try boundary()
        try await ledger.forgetVisit(id, actor: actor)
    }

    /// Also of what is due: a stop may have come between a file and the word that it is there.
    ///
    /// - Returns: what had left the house.
    private func withdrawAll(of id: ScreeningID) async throws -> [ForgottenArrival.Delivery] {
        var left: [ForgottenArrival.Delivery] = []
        for row in try await ledger.deliveries(of: id) {
            let withdrawn = withdraw(row)
            guard row.state == .delivered || withdrawn else { continue }
            left.append(.init(target: row.target, version: row.version, at: row.changed, withdrawn: withdrawn))
        }
        return left
    }

    package init(
        ledger: any WholeLedger, folders: ServiceFolders, withdraw: @escaping @Sendable (DeliveryRow) -> Bool,
        boundary: @escaping @Sendable () throws -> Void = {}
    ) {
        self.ledger = ledger
        self.folders = folders
        self.withdraw = withdraw
        self.boundary = boundary
    }
}
