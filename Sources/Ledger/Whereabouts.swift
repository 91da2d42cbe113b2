package import Screening

/// What is needed to find an arrival's file.
public struct Whereabouts: Sendable, Hashable {
    var id: ScreeningID
    var state: ArrivalState
    var outcome: Outcome?
    var changed: String
    var path: String?
    var device: UInt64
    var spool: String?
    var sidecar: String?
    var original: String?
    var isExpired: Bool

    /// What a database knows of it.
    package init(
        id: ScreeningID, state: ArrivalState, outcome: Outcome?, changed: String, path: String?, device: UInt64, spool: String?,
        sidecar: String?, original: String?, isExpired: Bool
    ) {
        (self.id, self.state, self.outcome, self.changed, self.path) = (id, state, outcome, changed, path)
        (self.device, self.spool, self.sidecar, self.original, self.isExpired) = (device, spool, sidecar, original, isExpired)
    }

    /// Whether the arrival's file is nowhere: not where the ledger says, not in the inbox, in no folder of ours that bears its ID.
    func isNowhere(_ folders: Folders, _ census: FolderCensus) throws(PapillaError) -> Bool {
        if state == .finished {
            // Without an original it vanished, was kept long enough, or was forgotten, which the ledger says.
            guard let original, !isExpired else { return false }
            if try FolderListing.status(of: folders.place(ofOriginal: original)) != nil { return false }
        } else if let spool {
            if try FolderListing.status(of: folders.spool + "/" + spool) != nil { return false }
        } else if try mayBeInInbox(folders.inbox) {
            return false
        }
        let name = (original ?? spool ?? path)?.pathNames().last
        return try !census.holdsOriginal(of: id, named: name, sidecar: sidecar)
    }

    /// Whether the file is in the inbox, or cannot be known to be gone: nothing is concluded from an inbox that is not the one it came to.
    private func mayBeInInbox(_ inbox: String) throws(PapillaError) -> Bool {
        guard let path else { return true }
        var names = path.pathNames().map(Self.bytes(ofName:))
        func status() throws(PapillaError) -> FolderListing.Status? {
            try FolderListing.status(of: names.reduce(Array(inbox.utf8)) { $0 + [UInt8(ascii: "/")] + $1 })
        }
        if try status() != nil { return true }
        // The nearest folder that is still there tells whether this is the file system the file was seen on.
        while !names.isEmpty {
            names.removeLast()
            if let folder = try status() { return !folder.isFolder || folder.device != device }
        }
        return true
    }

    /// A name as the file system has it: `\xE9` in the ledger's text stands for a byte that is not UTF-8, `\\` for a backslash.
    static func bytes(ofName text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escape = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            if escape == UInt8(ascii: "x"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest.removeFirst(2)
            } else {
                bytes.append(escape)
            }
        }
        return bytes
    }
}
