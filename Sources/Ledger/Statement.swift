public import Screening

/// Where everything that was received is: received = the sum of all the others, and `unexplained` must be 0.
public struct Statement: Sendable, Codable, Hashable {
    /// The day (UTC) of arrival that this is about; absent for all days.
    public var day: String?
    /// Arrivals, and files of ours that no arrival explains.
    public var received = 0
    /// A disc with its cup, or a polyp, was measured.
    public var measured = 0
    /// Endoscopy without a polyp.
    public var noFinding = 0
    /// Not fit to measure.
    public var ungradable = 0
    /// Neither fundus nor endoscopy.
    public var outOfDomain = 0
    /// Could not be read or processed.
    public var failed = 0
    /// Not ended yet, and the file is where it should be.
    public var pending = 0
    /// Arrivals whose file is nowhere, whatever their outcome, and files of ours without an arrival.
    public var unexplained = 0
    /// Results that a target was given.
    public var delivered = 0
    /// Results that are still to be carried to a target.
    public var undelivered = 0
    /// Results that must not leave the house yet: whose image it is is not known, or doubted.
    public var withheld = 0

    enum CodingKeys: String, CodingKey {
        case day, received, measured, ungradable, failed, pending, unexplained, delivered, undelivered, withheld
        case noFinding = "no_finding"
        case outOfDomain = "out_of_domain"
    }

    fileprivate mutating func count(_ outcome: Outcome?) {
        switch outcome {
        case .measured: measured += 1
        case .noFinding: noFinding += 1
        case .ungradable: ungradable += 1
        case .outOfDomain: outOfDomain += 1
        case .failed: failed += 1
        case nil: pending += 1
        }
    }
}

extension MaintenanceLedger where Self: DeliveryLedger {
    /// The statement of one day, or of all. Looking through the folders does not hold up the service's steps.
    ///
    /// - Parameters:
    ///   - day: `2026-11-24`, the day of arrival in UTC.
    ///   - folders: where to look for the files. Without them nothing is looked for, and `unexplained` is 0.
    /// - Throws: `badInput` for what is not a day; `system` for a folder that may not be looked into.
    public func statement(day: String? = nil, in folders: Folders? = nil) async throws(PapillaError) -> Statement {
        if let day, Timestamp(startOf: day) == nil {
            throw PapillaError(.badInput, "This is not a day", place: day, hint: "Expected one like 2026-11-24 (UTC)")
        }
        let (rows, lost) = try await whereabouts(day: day, in: folders)
        var statement = Statement(day: day)
        for row in rows where !lost.missing.contains(row.id) { statement.count(row.outcome) }
        statement.unexplained = lost.missing.count + lost.strays.count
        statement.received = rows.count + lost.strays.count
        let deliveries = try await deliveryStates(day: day)
        statement.delivered = deliveries[.delivered] ?? 0
        statement.undelivered = deliveries[.due] ?? 0
        statement.withheld = deliveries[.withheld] ?? 0
        return statement
    }
}

extension MaintenanceLedger {
    /// The rows of a day, and what is lost. While the service moves a file, it may be passed over on its way; so only what is lost at two
    /// looks counts, with its row unchanged between them.
    func whereabouts(day: String?, in folders: Folders?) async throws(PapillaError) -> (rows: [Whereabouts], lost: Lost) {
        guard let folders else { return (try await whereabouts(day: day), Lost()) }
        let first = try await look(day: day, in: folders)
        if first.missing.isEmpty && first.strays.isEmpty { return (first.rows, Lost()) }
        let second = try await look(day: day, in: folders)
        let missing = Set(second.missing).intersection(first.missing).map(\.id)
        return (second.rows, Lost(missing: Set(missing), strays: second.strays.intersection(first.strays)))
    }

    private func look(
        day: String?, in folders: Folders
    ) async throws(PapillaError) -> (rows: [Whereabouts], missing: [Whereabouts], strays: Set<ScreeningID>) {
        let census = try FolderCensus(folders)
        let rows = try await whereabouts(day: day)
        var missing: [Whereabouts] = []
        for row in rows where try row.isNowhere(folders, census) { missing.append(row) }
        return (rows, missing, try await strays(census, day: day))
    }

    private func strays(_ census: FolderCensus, day: String?) async throws(PapillaError) -> Set<ScreeningID> {
        let date = day?.filter { $0 != "-" }
        let candidates = census.ids.filter { id in date.map { id.description.hasPrefix($0) } ?? true }
        var strays: Set<ScreeningID> = []
        for id in try await unknown(among: candidates) where try census.holdsAnything(of: id) { strays.insert(id) }
        return strays
    }
}

/// What the ledger and the folders do not agree on.
struct Lost {
    /// Arrivals whose file is nowhere.
    var missing: Set<ScreeningID> = []
    /// IDs of files or bundles without an arrival.
    var strays: Set<ScreeningID> = []
}
