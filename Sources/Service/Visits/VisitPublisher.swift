internal import Custody
internal import Ledger
internal import Reading
internal import Registry
internal import Screening
internal import Trends

/// Publishes what there is to publish of a subject: the folder in the transaction that writes it down. What a stop left in between has the
/// same name the next time, and makes way.
struct VisitPublisher: Sendable {
    let ledger: any ArrivalLedger & VisitLedger
    let folders: ServiceFolders
    let store: ModelStore
    var wallClock: @Sendable () -> Timestamp = { .now }

    /// - Returns: what was published.
    func publish(_ subject: Subject) async throws -> [VisitRow] {
        let images = try await ledger.examined(of: subject).map { ExaminedImage($0) }
        let published = try await ledger.visits(of: subject)
        guard !images.isEmpty || !published.isEmpty else { return [] }
        let repeatability = Repeatability(try await ledger.repeats(), ofModels: store.repeatLimits(of: images))
        let plan = VisitPlan(
            subject, images, published: published, repeatability: repeatability, begin: try await ledger.visitsBegin(),
            taken: try await ledger.forgottenVisits(), made: wallClock(), said: said)
        var rows: [VisitRow] = []
        for item in plan.items { rows.append(try await publish(item)) }
        return rows
    }

    /// What was published; nil where it is not there, or not as it was published.
    private func said(_ row: VisitRow) -> VisitReport? {
        let bytes = try? folders.publisher.report(row.folder, named: VisitReport.fileName, expecting: row.digest)
        return bytes.flatMap { try? CanonicalJSON.decode(VisitReport.self, from: $0) }
    }

    private func publish(_ item: VisitPlan.Item) async throws -> VisitRow {
        // Nobody is forgotten here while the page that names them is written. Where another station forgets them, the ledger says so.
        let members = item.members.map(\.id).sorted()
        for id in members { await folders.arrivals.lock(id) }
        defer { for id in members { folders.arrivals.unlock(id) } }
        for id in members {
            guard try await ledger.arrival(id)?.forgotten == nil else {
                throw PapillaError(.refused, "An image was forgotten while its visit was put together", isRetryable: true)
            }
        }
        var overlays: [ScreeningID: [UInt8]] = [:]
        for image in VisitPage.pictures(of: item.report) {
            guard let bundle = image.bundle, let published = try folders.publisher.load(bundle) else { continue }
            let name = StandardBundle.name("overlay.jpg", frame: published.report.decidingFrame)
            overlays[image.id] = published.files.first { $0.name == name }?.bytes
        }
        let bundle = try VisitBundle(item.report, overlays: overlays)
        let row = item.row(digest: bundle.digest, pageDigest: bundle.pageDigest)
        try await folders.publisher.publish(bundle.files, of: item.report.id, as: bundle.folder) { bring in
            try await ledger.record(row, bring)
        }
        return row
    }
}
