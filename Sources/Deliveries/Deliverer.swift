package import Custody
internal import Files
package import Ledger
package import Screening

/// Carries to one target what is due to it, one result after the other in the order in which they became due.
///
/// The ledger says that a result was delivered after the target has it. A stop in between leaves it due, and it is found there, or given
/// again under the same name: so a result goes out under one name, however often the process dies.
package struct Deliverer: Sendable {
    /// What a pass came to.
    package struct Pass: Sendable, Equatable {
        /// Results that were carried out.
        package var delivered = 0
        /// Results that could not be: their bundles are not in the outbox, not as they were published, or hold nothing for the target; or the
        /// target takes others, and not these. Everything else goes on.
        package var stuck = 0
        /// What the target said of the last one that it does not take; nil where it said nothing.
        package var refusal: String?
        /// The last delivery that was looked at.
        package var last: Int64 = 0
    }

    package let ledger: any DeliveryLedger & AuditLedger
    package let folders: ServiceFolders
    package let target: any DeliveryTarget
    /// Deliveries that are read from the ledger at once: what is due need not fit into memory.
    private static let batch = 100

    package init(ledger: any DeliveryLedger & AuditLedger, folders: ServiceFolders, target: any DeliveryTarget) {
        self.ledger = ledger
        self.folders = folders
        self.target = target
    }

    /// Goes once through what is due.
    ///
    /// - Parameters:
    ///   - number: only deliveries after it.
    ///   - moment: only what became due then or later; nil: all.
    /// - Throws: `PapillaError` where the target, the outbox or the ledger cannot be used; `CancellationError` between two results.
    package func pass(after number: Int64 = 0, since moment: Timestamp? = nil) async throws -> Pass {
        var pass = Pass(last: number)
        var open: (any OpenTarget)?
        while true {
            let rows = try await ledger.due(to: target.name, after: pass.last, since: moment, limit: Self.batch)
            if rows.isEmpty { return pass }
            for row in rows {
                try Task.checkCancellation()
                let taker: any OpenTarget
                if let open { taker = open } else { taker = try await self.open() }
                open = taker
                do {
                    switch try await carry(row.number, of: row.arrival, to: taker) {
                    case true?: pass.delivered += 1
                    case false?: pass.stuck += 1
                    case nil: break
                    }
                } catch let refusal as TargetRefusal {
                    pass.stuck += 1
                    pass.refusal = refusal.words
                }
                pass.last = row.number
            }
        }
    }

    private func open() async throws -> any OpenTarget {
        try await target.open(for: try await ledger.identity(), isNew: try await !ledger.hasDelivered(to: target.name))
    }

    /// - Returns: whether it was carried out; nil where it is not due any more.
    private func carry(_ number: Int64, of id: ScreeningID, to taker: any OpenTarget) async throws -> Bool? {
        // Nobody forgets or corrects it meanwhile.
        await folders.arrivals.lock(id)
        defer { folders.arrivals.unlock(id) }
        guard let row = try await ledger.due(number) else { return nil }
        do {
            guard let bundle = row.bundle,
                let published = try folders.publisher.files(of: bundle, expecting: row.bundleDigest),
                try await taker.put(published, of: row)
            else { return false }
        } catch let error as FileError { throw PapillaError(any: error) }
        try await ledger.deliver(number)
        return true
    }
}

/// A target's word on a result that it does not take, although it takes others.
struct TargetRefusal: Error {
    let words: String
}
