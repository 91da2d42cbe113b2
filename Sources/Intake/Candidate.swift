package import Files
package import Imaging
package import Screening

/// An entry of the inbox whose turn it is.
package struct Candidate: Sendable, Hashable {
    /// In the inbox.
    package let path: RelativePath
    /// What the file system says; nil where a pending arrival's file is there no more.
    package let status: FileStatus?
    /// Its row in the ledger, where there is one already.
    package let id: ScreeningID?
    /// When it was first seen.
    package let received: Timestamp
    /// It is judged as it is: nothing more is waited for.
    package let isLast: Bool
    /// What lies beside it; nil where that was not all seen.
    package var beside: Beside?
    /// Someone may still write to it, and has for too long to be waited for.
    package var isHeldOpen = false

    /// Whether it lies under `urgent/`.
    package var isUrgent: Bool { Inbox.isUrgent(path) }

    package init(
        path: RelativePath, status: FileStatus?, id: ScreeningID?, received: Timestamp, isLast: Bool, beside: Beside? = nil,
        isHeldOpen: Bool = false
    ) {
        self.path = path
        self.status = status
        self.id = id
        self.received = received
        self.isLast = isLast
        self.beside = beside
        self.isHeldOpen = isHeldOpen
    }
}

/// Files beside an image in its folder of the inbox, as far as they concern it.
package struct Beside: Sendable, Hashable {
    /// Sidecars that can be its own, the one that counts first.
    package var sidecars: [FileName] = []
    /// Whether the first of them is another image's too.
    package var isShared = false

    package init() {}

    package init(sidecars: [FileName], isShared: Bool) {
        self.sidecars = sidecars
        self.isShared = isShared
    }

    /// Looks into a folder.
    package init(of image: FileName, in folder: Folder) throws(FileError) {
        guard !Sidecar.isSidecar(image) else { return }
        var images: [FileName] = []
        try folder.forEachName { (name) throws(FileError) in
            guard name != image, name != Transfer.draft else { return }
            if !Sidecar.isSidecar(name) {
                if !IgnoreRules().ignores(RelativePath(name)) { images.append(name) }
            } else if Sidecar.belongs(name, to: image) {
                sidecars.append(name)
            }
        }
        var files: [FileName] = []
        for name in sidecars { if try folder.status(name)?.kind == .file { files.append(name) } }
        sidecars = files.sorted { Sidecar.precedes($0, $1, for: image) }
        guard let sidecar = sidecars.first else { return }
        for name in images where Sidecar.belongs(sidecar, to: name) {
            if try folder.status(name)?.kind == .file { isShared = true }
        }
    }
}

/// The check whether a file is all there, as far as its own kind of image can tell.
package enum ImageEnding {
    /// Looks at a file; an empty one is not complete.
    package static func isComplete(_ file: OpenFile) throws(FileError) -> Bool { try ImageFile.isWhole(file.imageBytes()) }
}

extension OpenFile {
    /// The file as image containers look at it.
    package func imageBytes() throws(FileError) -> FileBytes<FileError> {
        FileBytes(size: try status().size) { offset, count throws(FileError) in try self.read(at: offset, count: count) }
    }
}
