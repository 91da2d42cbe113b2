internal import GRDB
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

extension LedgerStore {
    /// Writes an arrival down, before its file moves. State: `received`.
    ///
    /// - Throws: `refused` where the ID is taken (draw another); `system` where it could not be written.
    public func receive(_ new: NewArrival) throws(PapillaError) {
        struct Detail: Encodable {
            var path: String, name: String, urgent: Bool
        }
        let time = now()
        try write { db in
            guard try String.fetchOne(db, sql: "SELECT id FROM arrival WHERE id = ?", arguments: [new.id.description]) == nil
            else {
                throw PapillaError(.refused, "The ID is taken: an arrival is received once", place: new.id.description)
            }
            try db.execute(
                sql: """
                    INSERT INTO arrival (id, path, name, urgent, received, device, inode, state, changed)
                    VALUES (?, ?, ?, ?, ?, ?, ?, 'received', ?)
                    """,
                arguments: [
                    new.id.description, new.path, new.name, new.isUrgent, new.received.description, Int64(bitPattern: new.device),
                    Int64(bitPattern: new.inode), time.description,
                ])
            try AuditEntry.append(
                db, at: time, actor: "service", event: .received, subject: new.id.description,
                detail: Detail(path: new.path, name: new.name, urgent: new.isUrgent), rows: [.arrival(new.id)])
        }
    }
}
