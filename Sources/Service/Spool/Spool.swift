internal import Screening

/// Where a file is from its claim to its end: `SPOOL/ID/NAME`, its sidecar beside it.
struct Spool: Sendable {
    /// What is held for an arrival.
    struct Held: Sendable {
        /// `SPOOL/ID`.
        let folder: Folder
        /// The original.
        let name: FileName
        /// Its sidecar, where there is one.
        let sidecar: FileName?
        /// Of the original.
        let status: FileStatus
    }

    let root: Folder

    /// Moves an arrival's file out of the inbox, and its sidecar with it. Called again, it completes what was begun.
    ///
    /// - Returns: nil where the file is neither in the inbox nor here.
    func take(_ path: RelativePath, for id: ScreeningID, from inbox: Folder) throws(FileError) -> Held? {
        let folder = try root.make(name(of: id))
        try folder.remove(Transfer.draft)
        do throws(FileError) {
            let source = try inbox.folder(path.parent)
            try Transfer.move(path.name, from: source, to: folder, as: path.name.stored)
            try takeSidecar(of: path.name, from: source, to: folder)
            // Also where nothing was left to move: a try before may have ended between the rename and this.
            try source.sync()
        } catch {
            // The folder is gone: then the file is here already, or nowhere.
            guard error.isMissing else { throw error }
        }
        try folder.sync()
        return try held(for: id, path.name)
    }

    private func takeSidecar(of image: FileName, from source: Folder, to folder: Folder) throws(FileError) {
        guard !Sidecar.isSidecar(image), try folder.status(image.stored)?.kind == .file, try sidecar(of: image, in: folder) == nil
        else { return }
        for name in Sidecar.names(for: image) {
            guard let status = try source.status(name), status.kind == .file, status.size <= Sidecar.sizeLimit else { continue }
            try Transfer.move(name, from: source, to: folder, as: name.stored)
            return
        }
    }

    private func sidecar(of image: FileName, in folder: Folder) throws(FileError) -> FileName? {
        guard !Sidecar.isSidecar(image) else { return nil }
        for name in Sidecar.names(for: image) where try folder.status(name.stored)?.kind == .file { return name.stored }
        return nil
    }

    /// What is held for an arrival whose file was called `image` in the inbox; nil for nothing.
    func held(for id: ScreeningID, _ image: FileName) throws(FileError) -> Held? {
        guard try root.status(name(of: id)) != nil else { return nil }
        let folder = try root.folder(name(of: id))
        guard let status = try folder.status(image.stored) else { return nil }
        return Held(folder: folder, name: image.stored, sidecar: try sidecar(of: image, in: folder), status: status)
    }

    /// Takes away what is left of an arrival's folder once nothing is in it.
    func tidy(_ id: ScreeningID) throws(FileError) { try root.removeEmpty(name(of: id)) }

    /// The folder of an arrival.
    func name(of id: ScreeningID) -> FileName { FileName(ours: id.description) }
}
