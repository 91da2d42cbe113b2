package import Ledger
internal import Screening
package import Settings

/// Has results tried again that a target did not take.
package struct Redelivery: Sendable {
    private let ledger: any ArrivalLedger & DeliveryLedger
    private let configuration: Configuration

    package init(ledger: any ArrivalLedger & DeliveryLedger, configuration: Configuration) {
        self.ledger = ledger
        self.configuration = configuration
    }

    /// Makes due from now on what is due of some arrivals, or, where none is named, what was given up.
    ///
    /// - Parameters:
    ///   - arrivals: IDs or unique beginnings of them.
    ///   - target: only to this one; nil: to all.
    /// - Returns: the rows as they were.
    /// - Throws: `badInput` for a target that the configuration does not name; `refused` where nothing is due of a named arrival: what a
    ///   target has is not sent again. Nothing is done then.
    package func run(_ arrivals: [String], target: String?, actor: String) async throws -> [DeliveryRow] {
        if let target, !configuration.deliveries.contains(where: { $0.name == target }) {
            throw PapillaError(
                .badInput, "The configuration names no such target", place: target,
                hint: "It names \(configuration.deliveries.map(\.name).sorted().joined(separator: ", "))")
        }
        var rows: [DeliveryRow] = []
        for prefix in arrivals {
            let id = try await ledger.arrival(matching: prefix).id
            let due = try await ledger.deliveries(of: id, to: target, in: [.due], limit: nil)
            guard !due.isEmpty else {
                throw PapillaError(
                    .refused, "Nothing is due of this arrival", place: id.description,
                    hint: "What a target has it is not sent again; papilla deliveries --state delivered lists it")
            }
            for row in due where !rows.contains(row) { rows.append(row) }
        }
        if arrivals.isEmpty {
            let limits = configuration.givenUp(at: .now)
            for (name, limit) in limits.sorted(by: { $0.key < $1.key }) where target == nil || target == name {
                rows += try await ledger.deliveries(of: nil, to: name, in: [.due], limit: nil).filter { $0.due < limit }
            }
        }
        var done: [DeliveryRow] = []
        for row in rows {
            // Delivered, corrected or forgotten since it was listed.
            do throws(PapillaError) {
                try await ledger.tryAgain(row.number, actor: actor)
                done.append(row)
            } catch {
                guard error.code == .refused else { throw error }
            }
        }
        return done
    }
}
