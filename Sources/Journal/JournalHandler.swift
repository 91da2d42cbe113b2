internal import CSystemd
internal import Glibc
public import Logging

/// A log handler that writes to the journal with all their fields where standard error is the journal, else one plain line each to standard
/// error.
///
/// A field `event` becomes MESSAGE_ID, every other one PAPILLA_NAME. No entry names a patient or a file: arrivals go by their IDs.
public struct JournalHandler: LogHandler {
    /// Fields of every entry.
    public var metadata: Logger.Metadata = [:]
    /// Fields that are asked for at every entry.
    public var metadataProvider: Logger.MetadataProvider?
    /// Less than this is left out.
    public var logLevel: Logger.Level = .info
    private let isJournal: Bool

    /// A handler that looks for itself whether standard error is the journal (JOURNAL_STREAM, systemd.exec(5)).
    public init() { isJournal = Self.isJournal(getenv("JOURNAL_STREAM").map { String(cString: $0) }, standardError: 2) }

    /// A field of every entry.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an entry.
    public func log(event: LogEvent) {
        let fields = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        if isJournal, Self.send(Self.journalFields(event.level, "\(event.message)", fields)) { return }
        let line = Self.line(event.level, "\(event.message)", fields)
        line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
    }

    /// What one entry is in the journal.
    package static func journalFields(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> [[UInt8]] {
        var fields = ["MESSAGE=\(message)", "PRIORITY=\(priority(level))", "SYSLOG_IDENTIFIER=papilla"]
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            if key == "event", let event = JournalEvent(rawValue: "\(value)") { fields.append("MESSAGE_ID=\(event.messageID)") }
            fields.append("PAPILLA_\(key.uppercased().replacing("-", with: "_"))=\(value)")
        }
        return fields.map { Array($0.utf8) }
    }

    /// What one entry is on standard error: always one line.
    package static func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> [UInt8] {
        var text = "papilla: " + (level >= .warning ? "\(level.rawValue): " : "") + message
        let fields = metadata.filter { $0.key != "event" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        if !fields.isEmpty { text += " (" + fields.joined(separator: " ") + ")" }
        return Array((text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ") + "\n").utf8)
    }

    /// Whether a descriptor is the stream that systemd named: device and inode, joined by a colon.
    package static func isJournal(_ stream: String?, standardError descriptor: Int32) -> Bool {
        var status = stat()
        guard let stream, fstat(descriptor, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    /// As in syslog(3).
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func send(_ fields: [[UInt8]]) -> Bool {
        let bytes = fields.flatMap(\.self)
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return false }
            var offset = 0
            let vectors = fields.map { field in
                defer { offset += field.count }
                return iovec(iov_base: UnsafeMutableRawPointer(mutating: base + offset), iov_len: field.count)
            }
            return sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
