public import Screening

/// A file name that appeared in the inbox: what is known before the file moves.
public struct NewArrival: Sendable, Hashable {
    /// Its ID; the caller draws it.
    public var id: ScreeningID
    /// Path in the inbox, relative to it, as text: a byte that is not UTF-8 is written `\xE9`, a backslash `\\`.
    public var path: String
    /// The file's name, the path's last part, as text.
    public var name: String
    /// Whether it lies under `urgent/`.
    public var isUrgent: Bool
    /// When it was first seen.
    public var received: Timestamp
    /// The file's device, from lstat.
    public var device: UInt64
    /// The file's inode, from lstat.
    public var inode: UInt64

    /// A file name that appeared.
    public init(id: ScreeningID, path: String, name: String, isUrgent: Bool, received: Timestamp, device: UInt64, inode: UInt64) {
        (self.id, self.path, self.name, self.isUrgent) = (id, path, name, isUrgent)
        (self.received, self.device, self.inode) = (received, device, inode)
    }
}

extension ArrivalRow {
    /// Whether this is the row of that arrival, and not another's under the same ID.
    public func isOf(_ new: NewArrival) -> Bool {
        (id, path, received, device, inode) == (new.id, new.path, new.received, new.device, new.inode)
    }
}

/// What is known of an arrival once its file is in the spool.
public struct Claim: Sendable, Hashable {
    /// The file's path in the spool, relative to it: `ID/NAME`.
    public var spool: String
    /// Of the content; nil for what has none to read (a symlink, a FIFO).
    public var sha256: Digest?
    /// The content's size.
    public var bytes: Int
    /// The sidecar's name beside it in the spool, where there is one.
    public var sidecar: String?
    /// Of the sidecar's bytes.
    public var sidecarDigest: Digest?
    /// Whose it is and what was examined, as sidecar and name say.
    public var identification: Identification

    /// A file in the spool.
    public init(
        spool: String, sha256: Digest?, bytes: Int, sidecar: String? = nil, sidecarDigest: Digest? = nil,
        identification: Identification = Identification()
    ) {
        (self.spool, self.sha256, self.bytes, self.sidecar) = (spool, sha256, bytes, sidecar)
        (self.sidecarDigest, self.identification) = (sidecarDigest, identification)
    }
}

/// An arrival that is read again.
public struct RequeuedArrival: Sendable, Codable, Hashable {
    /// The failed one.
    public var id: ScreeningID
    /// Where its file was put in the inbox.
    public var path: String

    package init(id: ScreeningID, path: String) {
        self.id = id
        self.path = path
    }
}
