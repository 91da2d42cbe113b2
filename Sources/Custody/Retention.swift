internal import Files
internal import Journal
package import Ledger
package import Logging
package import Screening
package import Settings

/// Removes originals that were kept long enough, as `retention` says: by age, and from the oldest on while a folder holds too much.
///
/// Never removed: what is pending or unexplained, what a reader decided upon, and what a report that stands names. A report stands while it
/// says `measured` or `no_finding`, is its arrival's newest, and its bundle is in the outbox. So an image that was measured goes only after
/// the site has taken its bundle away; one that failed, or could not be graded, goes by itself. The row in the ledger stays.
package struct Retention: Sendable {
    package let ledger: any MaintenanceLedger
    package let folders: ServiceFolders
    package let log: Logger
    package var wallClock: @Sendable () -> Timestamp = { .now }
    /// Called between the steps of a removal. The tests stop there.
    package var boundary: @Sendable () throws -> Void = {}
    /// Removals in one pass, so that it never takes long.
    private static let passLimit = 1000

    /// One pass over both folders.
    /// - Parameter byAge: false while the clock is doubted.
    /// - Returns: how many originals were removed.
    @discardableResult
    package func run(_ rules: Configuration.Retention, byAge: Bool = true) async throws -> Int {
        var count = 0
        for (place, rule) in [(OriginalsFolder.archive, rules.archive), (.quarantine, rules.quarantine)] {
            var rule = rule
            if !byAge { rule.age = nil }
            if rule != .init() { count += try await run(place, rule) }
        }
        return count
    }

    private func run(_ place: OriginalsFolder, _ rule: Configuration.Retention.Rule) async throws -> Int {
        let limit = try await rule.age.asyncMap { age in
            try await ledger.ageLimit(Timestamp(milliseconds: wallClock().milliseconds - Int64(age / .milliseconds(1))))
        }
        var excess = try await rule.size.asyncMap { try await ledger.bytes(in: place) - $0 } ?? 0
        var removed = 0
        var last: Int64? = 0
        pieces: while let entry = last {
            let piece = try await ledger.expirable(in: place, olderThan: limit, after: entry)
            for candidate in piece.originals {
                guard removed < Self.passLimit, candidate.isOld || excess > 0 else { break pieces }
                guard try await expire(candidate, because: candidate.isOld ? "age" : "size") else { continue }
                excess -= candidate.bytes
                removed += 1
            }
            last = piece.last
        }
        if removed > 0 {
            log.tell(.expired, .notice, "originals were kept long enough", ["folder": place.rawValue, "removed": "\(removed)"])
        }
        return removed
    }

    /// - Returns: whether it was removed.
    private func expire(_ candidate: Expirable, because why: String) async throws -> Bool {
        await folders.arrivals.lock(candidate.id)
        defer { folders.arrivals.unlock(candidate.id) }
        // What is not where the ledger says is unexplained: it is left for a person to find.
        guard try folders.originals.has(candidate.original), try !stands(candidate) else { return false }
        do { try await ledger.expire(candidate.id, because: why) } catch {
            // Decided upon or forgotten since it was listed.
            guard error.code == .refused else { throw error }
            return false
        }
        try boundary()
        try erase(candidate.original)
        return true
    }

    /// Removes what an earlier run wrote down and did not come to remove.
    package func complete() async throws {
        let yesterday = Timestamp(milliseconds: wallClock().milliseconds - 2 * 86_400_000)
        for row in try await ledger.expired(since: yesterday) { if let original = row.original { try erase(original) } }
    }

    private func stands(_ candidate: Expirable) throws(PapillaError) -> Bool {
        do {
            for bundle in candidate.standing where try folders.publisher.has(bundle) { return true }
            return false
        } catch { throw PapillaError(any: error) }
    }

    private func erase(_ original: String) throws(PapillaError) {
        do { try folders.originals.erase(original) } catch { throw PapillaError(any: error) }
    }

    package init(
        ledger: any MaintenanceLedger, folders: ServiceFolders, log: Logger,
        wallClock: @escaping @Sendable () -> Timestamp = { .now },
        boundary: @escaping @Sendable () throws -> Void = {}
    ) {
        self.ledger = ledger
        self.folders = folders
        self.log = log
        self.wallClock = wallClock
        self.boundary = boundary
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Value>(_ body: (Wrapped) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await body(self)
    }
}
