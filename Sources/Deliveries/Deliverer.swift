package import Custody
internal import Files
package import Ledger
internal import Screening

/// Carries to one target what is due to it, one report after the other in the order in which they became due.
///
/// The ledger says that a report was delivered after it is on the target's disk. A stop in between leaves it due, and it is found there: so
/// a report goes out under one name, however often the process dies, and again only where the target has taken it away in that moment.
package struct Deliverer: Sendable {
    /// What a pass came to.
    package struct Pass: Sendable, Equatable {
        /// Reports that were carried out.
        package var delivered = 0
        /// Reports that could not be: their bundles are not in the outbox, or not as they were published. Everything else goes on.
        package var stuck = 0
        /// The last delivery that was looked at.
        package var last: Int64 = 0
    }

    package let ledger: any DeliveryLedger & AuditLedger
    package let folders: ServiceFolders
    package let target: FolderTarget
    /// Deliveries that are read from the ledger at once: what is due need not fit into memory.
    private static let batch = 100

    package init(ledger: any DeliveryLedger & AuditLedger, folders: ServiceFolders, target: FolderTarget) {
        self.ledger = ledger
        self.folders = folders
        self.target = target
    }

    /// Goes once through what is due.
    ///
    /// - Parameter number: only deliveries after it.
    /// - Throws: `PapillaError` where the target, the outbox or the ledger cannot be used; `CancellationError` between two reports.
    package func pass(after number: Int64 = 0) async throws -> Pass {
        var pass = Pass(last: number)
        var folder: Folder?
        while true {
            let rows = try await ledger.due(to: target.name, after: pass.last, limit: Self.batch)
            if rows.isEmpty { return pass }
            for row in rows {
                try Task.checkCancellation()
                let open: Folder
                if let folder { open = folder } else { open = try await self.open() }
                folder = open
                switch try await carry(row.number, of: row.arrival, to: open) {
                case true?: pass.delivered += 1
                case false?: pass.stuck += 1
                case nil: break
                }
                pass.last = row.number
            }
        }
    }

    private func open() async throws -> Folder {
        try target.open(for: try await ledger.identity(), isNew: try await !ledger.hasDelivered(to: target.name))
    }

    /// - Returns: whether it was carried out; nil where it is not due any more.
    private func carry(_ number: Int64, of id: ScreeningID, to folder: Folder) async throws -> Bool? {
        // Nobody forgets or corrects it meanwhile.
        await folders.arrivals.lock(id)
        defer { folders.arrivals.unlock(id) }
        guard let row = try await ledger.due(number) else { return nil }
        do {
            guard let bundle = row.bundle,
                let report = try folders.publisher.report(bundle, expecting: row.bundleDigest)
            else { return false }
            try target.put(report, of: row, in: folder)
        } catch let error as FileError { throw PapillaError(any: error) }
        try await ledger.deliver(number)
        return true
    }
}
