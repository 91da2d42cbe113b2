package import Custody
package import Ledger
package import Screening
package import Settings

/// Where results are carried to.
package protocol DeliveryTarget: Sendable {
    /// What the ledger calls it.
    var name: String { get }

    /// Readies it for results.
    ///
    /// - Parameters:
    ///   - identity: of the ledger that delivers.
    ///   - isNew: nothing was delivered there before.
    /// - Throws: where it cannot be used now, or is not the one that was used before.
    func open(for identity: String, isNew: Bool) async throws -> any OpenTarget

    /// Takes a result away where that can be done.
    ///
    /// - Returns: whether it did.
    func withdraw(_ row: DeliveryRow) -> Bool
}

/// A target that takes results now.
package protocol OpenTarget: Sendable {
    /// Gives it a result. Called again after a stop at any point, it completes what was begun, and doubles nothing.
    ///
    /// - Returns: false where the bundle holds nothing for it.
    /// - Throws: where it does not take it, now or ever.
    func put(_ bundle: PublishedFiles, of row: DeliveryRow) async throws -> Bool
}

extension Configuration.Delivery {
    /// What results are carried to.
    package var target: any DeliveryTarget {
        switch destination {
        case .folder: FolderTarget(self)
        case .archive(let archive): ArchiveTarget(name: name, archive)
        }
    }

    /// Before this moment nothing that became due is tried any more; nil: it always is.
    package func givesUp(at now: Timestamp) -> Timestamp? {
        giveUp.map { Timestamp(milliseconds: now.milliseconds - Int64($0 / .milliseconds(1))) }
    }
}

extension Configuration {
    /// By target, the moment before which what became due is given up.
    package func givenUp(at now: Timestamp) -> [String: Timestamp] {
        Dictionary(deliveries.compactMap { delivery in delivery.givesUp(at: now).map { (delivery.name, $0) } }) { $1 }
    }
}
