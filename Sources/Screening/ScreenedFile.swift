/// One file of an archive and what reading it gave: a line of the list that `papilla screen --resume` writes.
public struct ScreenedFile: Sendable, Codable, Hashable {
    /// What a line calls itself.
    public static let schema = "papilla.screened/1"

    /// `papilla.screened/1`.
    public let schema: String
    /// Where it was found: a file as it was named, or a folder as it was named and the way from there.
    public let path: String
    /// Its size.
    public let bytes: Int
    /// Of its content.
    public let sha256: Digest
    /// What was read; nil for a copy: an earlier line of the list, or of that of another run, has the report of the same content.
    @Nullable public var report: Report?

    /// A line.
    public init(path: String, bytes: Int, sha256: Digest, report: Report?) {
        schema = Self.schema
        self.path = path
        self.bytes = bytes
        self.sha256 = sha256
        self.report = report
    }
}
