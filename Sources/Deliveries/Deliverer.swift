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
        // Nobody here forgets or corrects it meanwhile; no other station forgets it, while this one lives.
        await folders.arrivals.lock(id)
        defer { folders.arrivals.unlock(id) }
        guard let row = try await ledger.beginDelivery(number) else { return nil }
        do {
            guard let bundle = row.bundle,
                let published = try folders.publisher.files(of: bundle, expecting: row.bundleDigest),
                try await taker.put(published, of: row)
            else {
                try await ledger.dropDelivery(of: id)
                return false
            }
        } catch {
            try? await ledger.dropDelivery(of: id)
            if let error = error as? FileError { throw PapillaError(any: error) }
            throw error
        }
        do { try await ledger.deliver(number) } catch {
            guard try await isForgotten(row) else { throw error }
            try await takeBack(row)
            return nil
        }
        return true
    }

    /// Whether an arrival was forgotten, or is being forgotten, while a result of it was on its way: this station was silent for too long.
    private func isForgotten(_ row: DeliveryRow) async throws -> Bool {
        let now = try await ledger.deliveries(of: row.arrival).first { $0.number == row.number }
        if now?.why == .forgotten { return true }
        return try await ledger.due(row.number) == nil && now?.state == .due
    }

    /// Takes away what reached a target although its arrival was forgotten, and notes it.
    ///
    /// - Throws: `TargetRefusal` where a person must do it.
    private func takeBack(_ row: DeliveryRow) async throws {
        struct Detail: Encodable {
            var target: String
            var version: Int
            var withdrawn: Bool
        }
        let isWithdrawn = target.withdraw(row)
        // A station whose lease is over writes nothing: then the words below are all that tells of it.
        let detail = Detail(target: row.target, version: row.version, withdrawn: isWithdrawn)
        let isNoted = (try? await ledger.record("delivered_forgotten", subject: row.arrival.description, detail: detail)) != nil
        guard !isWithdrawn || !isNoted else { return }
        throw TargetRefusal(
            words: "\(row.arrival) was forgotten while version \(row.version) of it was on its way to \(row.target), "
                + (isWithdrawn ? "and was taken away there" : "which has it: have it taken away there"))
    }
}

/// A target's word on a result that it does not take, although it takes others.
struct TargetRefusal: Error {
    let words: String
}
