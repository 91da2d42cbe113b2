package import Files
internal import Glibc
internal import Intake
package import Screening

/// Where originals go at the end: `ARCHIVE/DATE/ID/NAME` or `QUARANTINE/DATE/ID/NAME`, with sidecar, and in quarantine with `reason.json`.
package struct Originals: Sendable {
    /// The two folders, by the name that the ledger gives them.
    package enum Place: String, Sendable, CaseIterable {
        case archive
        case quarantine
    }

    package let archive: Folder
    package let quarantine: Folder

    private func root(_ place: Place) -> Folder { place == .archive ? archive : quarantine }

    /// Moves what the spool holds for an arrival, in one rename where the file systems are the same. Called again, it completes what was begun.
    ///
    /// - Parameter reason: the content of `reason.json`.
    /// - Returns: the original as the ledger names it: `archive/2026-11-24/ID/NAME`.
    package func store(_ id: ScreeningID, _ name: FileName, from spool: Spool, day: String, in place: Place, reason: [UInt8]?)
        throws(FileError) -> String
    {
        let own = spool.name(of: id)
        let folder = try root(place).make(FileName(ours: day))
        if try spool.root.status(own) != nil {
            let source = try spool.root.folder(own)
            if let reason, try folder.status(own) == nil { try source.replace(Self.reasonName(beside: name), with: reason) }
            if try folder.status(own) == nil {
                do throws(FileError) { try spool.root.rename(own, to: folder, as: own) } catch {
                    guard error.number == EXDEV else { throw error }
                    try copy(source, as: own, to: folder)
                    try spool.root.removeTree(own)
                }
            } else {
                // The copy was complete when we stopped.
                try spool.root.removeTree(own)
            }
            try folder.sync()
            try spool.root.sync()
        }
        return "\(place.rawValue)/\(day)/\(id)/\(name.text)"
    }

    /// Copies a folder between file systems: aside, then renamed when complete.
    private func copy(_ source: Folder, as name: FileName, to folder: Folder) throws(FileError) {
        let aside = FileName(ours: ".\(name.text).part")
        try folder.removeTree(aside)
        let target = try folder.make(aside)
        for entry in try source.names() { try Transfer.copy(entry, from: source, to: target, as: entry) }
        try target.sync()
        try folder.rename(aside, to: folder, as: name)
        try folder.sync()
    }

    /// What a reason's file is called, and where that will not do.
    package static let reasonNames = [FileName(ours: "reason.json"), FileName(ours: "papilla-reason.json")]

    /// `reason.json`, or another name where the original is called so itself, or its sidecar may be.
    private static func reasonName(beside original: FileName) -> FileName {
        let name = reasonNames[0]
        return original == name || Sidecar.belongs(name, to: original) ? reasonNames[1] : name
    }

    /// Whether an arrival's original is here already.
    package func has(_ id: ScreeningID, day: String) throws(FileError) -> Bool {
        for place in Place.allCases where try find(id, day: day, in: place) != nil { return true }
        return false
    }

    /// Gives an arrival's folder back to the spool: its bundle is gone, and it is read again.
    package func giveBack(_ id: ScreeningID, day: String, to spool: Spool) throws(FileError) {
        let own = spool.name(of: id)
        for place in Place.allCases {
            guard let folder = try find(id, day: day, in: place) else { continue }
            let source = try folder.folder(own)
            let target = try spool.root.make(own)
            for entry in try source.names() { try Transfer.move(entry, from: source, to: target, as: entry) }
            try folder.removeEmpty(own)
        }
    }

    /// Removes an arrival's folder with all that is in it.
    package func erase(_ id: ScreeningID, day: String) throws(FileError) {
        for place in Place.allCases {
            guard let folder = try find(id, day: day, in: place) else { continue }
            try folder.removeTree(FileName(ours: id.description))
            try folder.sync()
        }
    }

    /// Whether an original is where the ledger says: `archive/2026-11-24/ID/NAME`.
    package func has(_ original: String) throws(FileError) -> Bool {
        guard let (folder, name) = try folder(of: original) else { return false }
        return try folder.status(name) != nil
    }

    /// Removes an original by the name that the ledger gives it, with what lies beside it. Nothing happens where it is gone.
    package func erase(_ original: String) throws(FileError) {
        guard let path = RelativePath(ours: original), path.names.count == 4, let place = Place(rawValue: path.names[0].text),
            let id = ScreeningID(path.names[2].text)
        else { return }
        guard let day = try find(id, day: path.names[1].text, in: place) else { return }
        try day.removeTree(path.names[2])
        try day.sync()
    }

    private func folder(of original: String) throws(FileError) -> (Folder, FileName)? {
        guard let path = RelativePath(ours: original), path.names.count == 4, let place = Place(rawValue: path.names[0].text)
        else {
            return nil
        }
        do { return (try root(place).folder(path.names[1]).folder(path.names[2]), path.name) } catch  where error.isMissing {
            return nil
        }
    }

    private func find(_ id: ScreeningID, day: String, in place: Place) throws(FileError) -> Folder? {
        guard try root(place).status(FileName(ours: day)) != nil else { return nil }
        let folder = try root(place).folder(FileName(ours: day))
        return try folder.status(FileName(ours: id.description)) == nil ? nil : folder
    }
}
