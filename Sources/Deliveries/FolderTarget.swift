internal import Custody
package import Files
package import Ledger
package import Screening
package import Settings

/// A folder that reports are put into, each as `ID.json`, a later version as `ID.v2.json`: by a temporary name, on disk, then a rename. Whoever
/// watches the folder never sees half a report, and may take away what it has read.
package struct FolderTarget: Sendable {
    /// The boundaries between the steps: after each of them everything may stop.
    package enum Step: Sendable, CaseIterable {
        /// The report lies in the folder under its temporary name.
        case written
        /// It has its name.
        case named
    }

    package let name: String
    private let path: String
    private let boundary: @Sendable (Step) throws -> Void

    /// - Parameter boundary: called between the steps. The tests stop there.
    package init(_ delivery: Configuration.Delivery, boundary: @escaping @Sendable (Step) throws -> Void = { _ in }) {
        name = delivery.name
        path = delivery.folder
        self.boundary = boundary
    }

    /// Opens the folder, which is never made: a share that is not mounted is none.
    ///
    /// - Parameters:
    ///   - identity: of the ledger that delivers.
    ///   - isNew: nothing was delivered there before.
    /// - Throws: `notFound` where it is not the folder that was used before; `system`.
    package func open(for identity: String, isNew: Bool) throws(PapillaError) -> Folder {
        let folder: Folder
        do { folder = try Folder.open(path) } catch { throw PapillaError(any: error) }
        try FolderMark.check(folder, identity, isNew: isNew, called: "The folder of the target \(name)")
        return folder
    }

    /// Puts a report into the folder. Called again after a stop at any point, it completes what was begun: a report that is there is not
    /// written again. What bears its name and is another thing is replaced; a link is, and not what it leads to.
    package func put(_ report: [UInt8], of row: DeliveryRow, in folder: Folder) throws {
        let name = Self.fileName(row)
        let draft = FileName(ours: ".\(name.text).part")
        try folder.remove(draft)
        guard try !Self.has(report, name, in: folder) else { return try folder.sync() }
        try folder.write(report, as: draft)
        try boundary(.written)
        try folder.rename(draft, to: folder, as: name)
        try folder.sync()
        try boundary(.named)
    }

    /// Takes a report away where it still lies.
    ///
    /// - Returns: whether it did; false also where the folder cannot be reached.
    package func withdraw(_ row: DeliveryRow) -> Bool {
        guard let folder = try? Folder.open(path), (try? folder.remove(Self.fileName(row))) == true else { return false }
        return (try? folder.sync()) != nil
    }

    private static func has(_ report: [UInt8], _ name: FileName, in folder: Folder) throws(FileError) -> Bool {
        guard let there = try folder.status(name), there.kind == .file, there.size == report.count else { return false }
        return try folder.read(name, limit: report.count) == report
    }

    /// Of the ID and the version alone: it names nobody, and no other report ever has it.
    private static func fileName(_ row: DeliveryRow) -> FileName {
        FileName(ours: row.version == 1 ? "\(row.arrival).json" : "\(row.arrival).v\(row.version).json")
    }
}

extension Configuration {
    /// The targets as the ledger is told of them when a screening ends.
    package var deliveryTerms: [DeliveryTerms] {
        deliveries.map { DeliveryTerms(target: $0.name, takesUnidentified: $0.withoutIdentity) }
    }

    /// Takes a delivery away from its target, for forgetting.
    package func withdraw(_ row: DeliveryRow) -> Bool {
        deliveries.first { $0.name == row.target }.map { FolderTarget($0).withdraw(row) } ?? false
    }
}
