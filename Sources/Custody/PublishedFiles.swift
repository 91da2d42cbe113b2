package import Files
internal import Reading
package import Screening

/// The files of a published bundle, read one by one and each as its report says.
package struct PublishedFiles: Sendable {
    /// The bytes of `report.json`.
    package let report: [UInt8]
    private let files: [Report.File]
    private let folder: Folder

    /// The names of its files, the report's left out.
    package var names: [String] { files.map(\.name) }

    fileprivate init?(report: [UInt8], in folder: Folder) {
        guard let read = try? CanonicalJSON.decode(Report.self, from: report) else { return nil }
        self.report = report
        files = read.files
        self.folder = folder
    }

    /// A file's content; nil where the bundle has none of this name, or not as its report says.
    package func file(_ name: String) throws(FileError) -> [UInt8]? {
        if name == Bundle.reportName { return report }
        guard let stated = files.first(where: { $0.name == name }) else { return nil }
        let bytes: [UInt8]?
        do {
            guard let status = try folder.status(FileName(ours: name)), status.kind == .file, status.size == stated.bytes else {
                return nil
            }
            bytes = try folder.read(FileName(ours: name), limit: stated.bytes)
        } catch  where error.isMissing { return nil }
        return bytes.flatMap { Digest(of: $0) == stated.sha256 ? $0 : nil }
    }
}

extension Publisher {
    /// The files of a bundle whose report has this digest; nil where it is not there, or another one.
    package func files(of bundle: String, expecting digest: Digest) throws(FileError) -> PublishedFiles? {
        guard let report = try report(bundle, expecting: digest), let path = RelativePath(ours: bundle) else { return nil }
        return PublishedFiles(report: report, in: try outbox.folder(path))
    }
}
