package import Files
internal import Glibc
internal import Screening

/// The identity of the inbox: how it is known from another folder that may lie under the same path, such as the empty mount point of a
/// share that is not there: by its device and inode, and by a marker in it.
///
/// What is remembered lies in the spool, where nobody else writes. The inbox itself is a folder in which others write: a marker there that is
/// not ours, cannot be read or is no file never takes the inbox away.
package struct InboxIdentity {
    /// The file in the inbox that holds the marker; ignored as every name that begins with a dot.
    package static let markerName = FileName(ours: ".papilla-inbox")
    /// The file in the spool that says which inbox is meant.
    package static let recordName = FileName(ours: ".inbox.json")

    /// The record in the spool.
    package struct Record: Codable, Hashable {
        package var path: String
        package var marker: String
        package var device: UInt64
        /// Nil in what 0.1.0 wrote.
        package var inode: UInt64?

        package init(path: String, marker: String, device: UInt64, inode: UInt64? = nil) {
            self.path = path
            self.marker = marker
            self.device = device
            self.inode = inode
        }
    }

    /// A finding at the inbox's path.
    package enum Finding: Equatable {
        /// It is the inbox.
        case known
        /// It is a new folder on the same file system, or one that a person marked as meant: it was made the inbox.
        case adopted
        /// It is another folder.
        case other
    }

    private enum Marker: Equatable {
        /// There is none, or it was put there by somebody who has no say in it.
        case none
        /// An empty one: a person says that the folder is meant.
        case meant
        case text(String)
    }

    package let spool: Folder
    package let path: String
    /// What every station that shares the inbox marks it with; nil: a text of this service's own.
    package let common: String?

    /// Compares a folder with what is remembered, and remembers it where it is new.
    ///
    /// A folder without a marker on another device than before is not the inbox. Root or the service's user says that it is meant by
    /// `touch .papilla-inbox` in it.
    package func check(_ folder: Folder) throws(FileError) -> Finding {
        let status = try folder.status()
        if let common, marker(in: folder, common) == .text(common) {
            try remember(common, status)
            return .known
        }
        guard let record = try remembered(), record.path == path else {
            try adopt(folder, status, text: nil)
            return .adopted
        }
        switch marker(in: folder, record.marker) {
        case .text(record.marker):
            if status.device != record.device || status.inode != record.inode { try remember(record.marker, status) }
            return .known
        case .text: return .other
        case .meant:
            try adopt(folder, status, text: nil)
            return .adopted
        case .none:
            guard status.device == record.device else { return .other }
            let isSame = status.inode == record.inode
            try adopt(folder, status, text: isSame ? record.marker : nil)
            return isSame ? .known : .adopted
        }
    }

    /// What a marker in the folder says. One with our text is ours, whoever owns it: on a share, owners may be others than we are here. Any other
    /// counts only if root or the service wrote it, or where owners mean nothing.
    private func marker(in folder: Folder, _ ours: String) -> Marker {
        guard let file = try? OpenFile.open(Self.markerName, in: folder), let status = try? file.status(), status.kind == .file,
            status.size <= 4096, let bytes = try? file.readAll()
        else { return .none }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == ours { return .text(text) }
        let isTrusted = (try? file.owner()).map { $0 == 0 || $0 == geteuid() } ?? false
        guard isTrusted || (text.isEmpty && FileSystemKind(of: folder) != .local) else { return .none }
        return text.isEmpty ? .meant : .text(text)
    }

    private func adopt(_ folder: Folder, _ status: FileStatus, text: String?) throws(FileError) {
        let text = common ?? text ?? (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
        // Somebody's folder of that name may be in the way: the inbox is known without a marker, too, until it is mounted anew.
        try? folder.replace(Self.markerName, with: Array(text.utf8))
        try remember(text, status)
    }

    private func remembered() throws(FileError) -> Record? {
        guard let bytes = try spool.read(Self.recordName, limit: 65536) else { return nil }
        return try? CanonicalJSON.decode(Record.self, from: bytes)
    }

    private func remember(_ marker: String, _ status: FileStatus) throws(FileError) {
        let record = Record(path: path, marker: marker, device: status.device, inode: status.inode)
        guard try remembered() != record, let text = try? CanonicalJSON.document(record) else { return }
        try spool.replace(Self.recordName, with: Array(text.utf8))
    }

    package init(spool: Folder, path: String, common: String? = nil) {
        self.spool = spool
        self.path = path
        self.common = common
    }
}
