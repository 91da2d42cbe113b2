internal import Screening

/// How the inbox is known from another folder that may lie under the same path, such as the empty mount point of a share that is not
/// there: by a marker in it, and by its device.
struct InboxIdentity {
    /// The file in the inbox that holds the marker; ignored as every name that begins with a dot.
    static let markerName = FileName(ours: ".papilla-inbox")
    /// The file in the spool that says which inbox is meant.
    static let recordName = FileName(ours: ".inbox.json")

    /// What the spool remembers.
    struct Record: Codable, Hashable {
        var path: String
        var marker: String
        var device: UInt64
    }

    /// What is found at the inbox's path.
    enum Finding: Equatable {
        /// It is the inbox.
        case known
        /// It is a new folder on the same file system, or one that a person marked as meant: it was made the inbox.
        case adopted
        /// It is another folder.
        case other
    }

    let spool: Folder
    let path: String

    /// Compares a folder with what is remembered, and remembers it where it is new.
    ///
    /// A folder without a marker on another device than before is not the inbox. A person says that it is meant by `touch .papilla-inbox` in it.
    func check(_ folder: Folder) throws(FileError) -> Finding {
        let device = try folder.status().device
        let marker = try folder.read(Self.markerName, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
        guard let record = try remembered(), record.path == path else {
            try adopt(folder, device: device, marker: marker)
            return .adopted
        }
        if let marker, !marker.isEmpty {
            guard marker == record.marker else { return .other }
            if device != record.device { try remember(Record(path: path, marker: marker, device: device)) }
            return .known
        }
        guard marker != nil || device == record.device else { return .other }
        try adopt(folder, device: device, marker: marker)
        return .adopted
    }

    private func adopt(_ folder: Folder, device: UInt64, marker: String?) throws(FileError) {
        var text = marker ?? ""
        if text.isEmpty {
            text = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
            try folder.replace(Self.markerName, with: Array(text.utf8))
        }
        try remember(Record(path: path, marker: text, device: device))
    }

    private func remembered() throws(FileError) -> Record? {
        guard let bytes = try spool.read(Self.recordName, limit: 65536) else { return nil }
        return try? CanonicalJSON.decode(Record.self, from: bytes)
    }

    private func remember(_ record: Record) throws(FileError) {
        guard let text = try? CanonicalJSON.document(record) else { return }
        try spool.replace(Self.recordName, with: Array(text.utf8))
    }
}
