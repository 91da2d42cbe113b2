public import Ledger
public import Screening

extension LedgerStore {
    /// Writes an arrival's end down: outcome, screening, findings and models, in one transaction. State: `finished`.
    ///
    /// An end that is written down already is not written again: who wrote it may not have heard of it.
    /// - Throws: `notFound`; `refused` where it has ended otherwise; `internal` where the ending cannot be this arrival's.
    public func finish(_ id: ScreeningID, _ end: Ending) throws(PapillaError) {
        let time = now()
        try write { db in
            let before = try String.fetchOne(
                db, sql: "SELECT bundle_sha256 FROM screening WHERE arrival = ? AND version = 1", arguments: [id.description])
            if before == end.bundleDigest.description { return }
            let arrival = try ArrivalRow.fetch(db, id, for: .finish)
            try end.check(against: arrival)
            let source = end.report.source
            // The reading's own digest counts: it is of the bytes that were read.
            let image = source.sha256 ?? arrival.sha256
            if let image {
                try Self.know(db, image: image, bytes: source.bytes, at: time)
                try db.execute(
                    sql: """
                        UPDATE image SET format = coalesce(?, format), width = coalesce(?, width), height = coalesce(?, height) WHERE sha256 = ?
                        """,
                    arguments: [source.format, source.width, source.height, image.description])
            }
            try db.execute(
                sql: """
                    UPDATE arrival SET state = 'finished', changed = ?, finished = ?, waits_for = NULL, outcome = ?, original = ?, spool = NULL,
                        sha256 = ?, bytes = ? WHERE id = ?
                    """,
                arguments: [
                    time.description, time.description, end.report.outcome.rawValue, end.original, image?.description,
                    source.bytes,
                    id.description,
                ])
            let rows = try insertScreening(db, end, image: image, at: time)
            try Self.noteVisits(db, with: id, at: time, isLast: arrival.isLast)
            try letGo(db, id)
            if let path = arrival.path { try release(db, path) }
            try AuditEntry.append(
                db, at: time, actor: service, event: .finished, subject: id.description,
                detail: EndingDetail(end, image: image),
                rows: [.arrival(id)] + rows)
        }
    }

    /// Adds a screening with its findings, models and deliveries.
    ///
    /// - Returns: the rows that an audit entry of the same transaction must bind.
    func insertScreening(_ db: any SQLDatabase, _ end: Ending, image: Digest?, at time: Timestamp) throws -> [Binding.Key] {
        let report = end.report
        var rows = image.map { [Binding.Key.image($0)] } ?? []
        var models: [ModelTask: Int64] = [:]
        for model in report.models { models[model.task] = try self.model(db, model, at: time, new: &rows) }
        let screening = try db.insert(
            sql: """
                INSERT INTO screening (arrival, version, at, sha256, key, outcome, modality, quality, eye, bundle, bundle_sha256, reused_from,
                    router, disc, cup, polyp, wait_ms, decode_ms, route_ms, infer_ms, render_ms, publish_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                report.id.description, report.version, time.description, image?.description, end.key, report.outcome.rawValue,
                report.modality?.value.rawValue, report.quality?.grade.rawValue, report.source.eye.rawValue, end.bundle,
                end.bundleDigest.description, report.reusedFrom?.description, models[.router], models[.disc], models[.cup],
                models[.polyp],
                end.timing.wait, end.timing.decode, end.timing.route, end.timing.infer, end.timing.render, end.timing.publish,
            ])
        for finding in Finding.all(of: report) {
            try db.execute(
                sql:
                    "INSERT INTO finding (screening, kind, position, code, value, threshold, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    screening, finding.kind.rawValue, finding.position, finding.code, finding.value, finding.threshold,
                    finding.detail,
                ])
        }
        return rows + [.screening(screening)] + (try Self.makeDue(db, end, screening: screening, at: time))
    }

    /// The row of a model that took part, made at its first use.
    private func model(_ db: any SQLDatabase, _ model: Report.Model, at time: Timestamp, new rows: inout [Binding.Key]) throws
        -> Int64
    {
        let facts: SQLArguments = [model.task.rawValue, model.name, model.sha256.description, model.precision]
        let find = "SELECT id FROM model WHERE task = ? AND name = ? AND sha256 = ? AND precision = ?"
        if let id = try Int64.fetchOne(db, sql: find, arguments: facts) { return id }
        let id = try db.insert(
            sql: "INSERT INTO model (task, name, sha256, precision, first_used) VALUES (?, ?, ?, ?, ?)",
            arguments: facts + [time.description])
        rows.append(.model(id))
        return id
    }
}
