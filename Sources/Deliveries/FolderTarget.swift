internal import Custody
internal import Files
package import Ledger
internal import Screening
package import Settings

/// A folder that results are put into: each report as `ID.json`, a later version as `ID.v2.json`, or likewise the message or the
/// transaction of its bundle; by a temporary name, on disk, then a rename. Whoever watches the folder never sees half a result, and may
/// take away what it has read.
package struct FolderTarget: DeliveryTarget {
    /// The boundaries between the steps: after each of them everything may stop.
    package enum Step: Sendable, CaseIterable {
        /// The result lies in the folder under its temporary name.
        case written
        /// It has its name.
        case named
    }

    package let name: String
    private let path: String
    private let content: Configuration.Delivery.Content
    private let boundary: @Sendable (Step) throws -> Void

    /// - Parameter boundary: called between the steps. The tests stop there.
    package init(_ delivery: Configuration.Delivery, boundary: @escaping @Sendable (Step) throws -> Void = { _ in }) {
        name = delivery.name
        (path, content) = if case .folder(let path, let content) = delivery.destination { (path, content) } else { ("", .report) }
        self.boundary = boundary
    }

    /// Opens the folder, which is never made: a share that is not mounted is none.
    ///
    /// - Throws: `notFound` where it is not the folder that was used before; `system`.
    package func open(for identity: String, isNew: Bool) async throws -> any OpenTarget {
        let folder: Folder
        do { folder = try Folder.open(path) } catch { throw PapillaError(any: error) }
        try FolderMark.check(folder, identity, isNew: isNew, called: "The folder of the target \(name)")
        return OpenFolder(folder: folder, content: content, boundary: boundary)
    }

    package func withdraw(_ row: DeliveryRow) -> Bool {
        guard let folder = try? Folder.open(path), (try? folder.remove(content.fileName(row))) == true else { return false }
        return (try? folder.sync()) != nil
    }
}

private struct OpenFolder: OpenTarget {
    let folder: Folder
    let content: Configuration.Delivery.Content
    let boundary: @Sendable (FolderTarget.Step) throws -> Void

    /// A result that is there is not written again. What bears its name and is another thing is replaced; a link is, and not what it leads
    /// to.
    func put(_ bundle: PublishedFiles, of row: DeliveryRow) async throws -> Bool {
        guard let result = try bundle.file(content.bundleFile) else { return false }
        let name = content.fileName(row)
        let draft = FileName(ours: ".\(name.text).part")
        try folder.remove(draft)
        guard try !has(result, name) else {
            try folder.sync()
            return true
        }
        try folder.write(result, as: draft)
        try boundary(.written)
        try folder.rename(draft, to: folder, as: name)
        try folder.sync()
        try boundary(.named)
        return true
    }

    private func has(_ result: [UInt8], _ name: FileName) throws(FileError) -> Bool {
        guard let there = try folder.status(name), there.kind == .file, there.size == result.count else { return false }
        return try folder.read(name, limit: result.count) == result
    }
}

extension Configuration.Delivery.Content {
    /// The name of what is carried, in a bundle.
    package var bundleFile: String {
        switch self {
        case .report: "report.json"
        case .hl7: "result.hl7"
        case .fhir: "fhir.json"
        }
    }

    /// Of the ID and the version alone: it names nobody, and no other result ever has it.
    fileprivate func fileName(_ row: DeliveryRow) -> FileName {
        let ending = self == .hl7 ? "hl7" : "json"
        return FileName(ours: row.version == 1 ? "\(row.arrival).\(ending)" : "\(row.arrival).v\(row.version).\(ending)")
    }
}

extension Configuration {
    /// The targets as the ledger is told of them when a screening ends.
    package var deliveryTerms: [DeliveryTerms] {
        deliveries.map { DeliveryTerms(target: $0.name, takesUnidentified: $0.withoutIdentity) }
    }

    /// Takes a delivery away from its target, for forgetting.
    package func withdraw(_ row: DeliveryRow) -> Bool {
        deliveries.first { $0.name == row.target }?.target.withdraw(row) ?? false
    }
}
