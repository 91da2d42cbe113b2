package import Files
internal import Glibc
package import Intake
package import Screening

/// Where a file is from its claim to its end: `SPOOL/ID/NAME`, its sidecar beside it.
package struct Spool: Sendable {
    /// What is held for an arrival.
    package struct Held: Sendable {
        /// `SPOOL/ID`.
        package let folder: Folder
        /// The original.
        package let name: FileName
        /// Its sidecar, where there is one.
        package let sidecar: FileName?
        /// Of the original.
        package let status: FileStatus
    }

    package let root: Folder
    /// Spools of other stations, where what became ours may still be; empty for the only service.
    package var others: @Sendable () -> [String] = { [] }
    /// Whether other stations work on the same ledger.
    package var isShared = false
    /// Throws where nothing may be taken any more. Asked right before something is moved out of the inbox.
    package var gate: @Sendable () throws(FileError) -> Void = { () throws(FileError) in }

    package init(root: Folder) { self.root = root }

    /// Fetches what another station held for an arrival that is ours now. Nothing happens where it holds nothing.
    package func fetch(_ id: ScreeningID) throws(FileError) {
        let own = name(of: id)
        for path in others() where try root.status(own) == nil {
            do throws(FileError) {
                let other = try Folder.open(path)
                try other.rename(own, to: root, as: own)
                try other.sync()
                try root.sync()
            } catch  where error.isMissing {}
        }
    }

    /// Moves an arrival's file out of the inbox, and its sidecar with it: a copy, where other images there have the same sidecar. Called
    /// again, it completes what was begun.
    ///
    /// - Parameters:
    ///   - beside: what lies beside it in the inbox; nil: that is looked up.
    ///   - copies: the file is copied, since someone may still write to it: what is here then never changes.
    /// - Returns: nil where the file is neither in the inbox nor here.
    package func take(_ path: RelativePath, for id: ScreeningID, from inbox: Folder, beside: Beside? = nil, copies: Bool = false)
        throws(FileError) -> Held?
    {
        try fetch(id)
        let folder = try root.make(name(of: id))
        try folder.remove(Transfer.draft)
        do throws(FileError) {
            let source = try inbox.folder(path.parent)
            let stored = path.name.stored
            // What was here already is completed; another file of its name, and what lies beside that, is left alone.
            if try folder.status(stored) != nil { try Transfer.move(path.name, from: source, to: folder, as: stored) }
            let isHere = try folder.status(stored) != nil
            let isThere = try source.status(path.name) != nil
            if !isHere || !isThere {
                try gate()
                try takePair(path.name, from: source, to: folder, beside: beside, copies: copies)
            }
            // Also where nothing was left to move: a try before may have ended between the rename and this.
            try source.sync()
        } catch {
            // The folder is gone: then the file is here already, or nowhere.
            guard error.isMissing else { throw error }
        }
        try folder.sync()
        return try held(for: id, path.name)
    }

    private func takePair(_ image: FileName, from source: Folder, to folder: Folder, beside: Beside?, copies: Bool)
        throws(FileError)
    {
        var kind = try folder.status(image.stored)?.kind
        if kind == nil { kind = try source.status(image)?.kind }
        var found = Beside()
        if kind == .file, let beside { found = beside } else if kind == .file { found = try Beside(of: image, in: source) }
        var sidecar: FileName?
        for name in found.sidecars where sidecar == nil { if try source.status(name)?.kind == .file { sidecar = name } }
        if let sidecar, found.isShared { try Transfer.copy(sidecar, from: source, to: folder, as: sidecar.stored) }
        try Transfer.move(image, from: source, to: folder, as: image.stored, byCopy: copies)
        guard let sidecar else { return }
        // The last of several images takes the sidecar away. Two at once each look after their own file has gone: one of them is the last.
        if found.isShared { found = try Beside(of: image, in: source) }
        if !found.isShared { try Transfer.move(sidecar, from: source, to: folder, as: sidecar.stored) }
    }

    private func sidecar(of image: FileName, in folder: Folder) throws(FileError) -> FileName? {
        if let name = try Beside(of: image.stored, in: folder).sidecars.first { return name }
        // Names that were cut are no longer alike; nothing else of this kind is here.
        guard image.stored != image, !Sidecar.isSidecar(image) else { return nil }
        return try folder.names().first { Sidecar.isSidecar($0) && !Originals.reasonNames.contains($0) && $0 != image.stored }
    }

    /// What is held for an arrival whose file was called `image` in the inbox; nil for nothing.
    package func held(for id: ScreeningID, _ image: FileName) throws(FileError) -> Held? {
        try fetch(id)
        guard try root.status(name(of: id)) != nil else { return nil }
        let folder = try root.folder(name(of: id))
        guard let status = try folder.status(image.stored) else { return nil }
        return Held(folder: folder, name: image.stored, sidecar: try sidecar(of: image, in: folder), status: status)
    }

    /// Makes what is held the service's own, so that who dropped it cannot write to it in spool and archive.
    ///
    /// - Returns: what is held then; nil where it is gone.
    package func own(_ held: Held, for id: ScreeningID, _ image: FileName) throws(FileError) -> Held? {
        try Transfer.own(held.name, in: held.folder)
        if let sidecar = held.sidecar {
            do throws(FileError) { try Transfer.own(sidecar, in: held.folder) } catch {
                // One that may not be read says nothing, and holds up nobody.
                guard error.number == EACCES || error.number == EPERM else { throw error }
            }
        }
        return try self.held(for: id, image)
    }

    /// Takes away what is left of an arrival's folder once nothing is in it.
    package func tidy(_ id: ScreeningID) throws(FileError) { try root.removeEmpty(name(of: id)) }

    /// The folder of an arrival.
    package func name(of id: ScreeningID) -> FileName { FileName(ours: id.description) }
}
