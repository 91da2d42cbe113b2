package import Files

/// What lies beside an image in its folder of the inbox, as far as it concerns the image.
package struct Beside: Sendable, Hashable {
    /// Sidecars that can be its own, the one that counts first.
    package var sidecars: [FileName] = []
    /// Whether the first of them is another image's too.
    package var isShared = false

    package init() {}

    package init(sidecars: [FileName], isShared: Bool) { (self.sidecars, self.isShared) = (sidecars, isShared) }

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
