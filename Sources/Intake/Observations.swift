package import Files

/// Our observations of every entry of the inbox, and which sidecars and images belong to one another.
package struct Observations {
    private var entries: [RelativePath: Observation] = [:]
    /// By folder and key: the images that a sidecar of that key belongs to, and the sidecars of that key.
    private var images: [Kinship: Set<RelativePath>] = [:]
    private var sidecars: [Kinship: Set<RelativePath>] = [:]

    private struct Kinship: Hashable {
        let folder: RelativePath?
        let key: String
    }

    package var count: Int { entries.count }
    package var keys: some Collection<RelativePath> { entries.keys }
    package var all: [RelativePath: Observation] { entries }

    package subscript(path: RelativePath) -> Observation? {
        get { entries[path] }
        set {
            let isKnown = entries[path] != nil
            entries[path] = newValue
            if isKnown != (newValue != nil) { index(path, isThere: newValue != nil) }
        }
    }

    /// The sidecars of an image that are here, the one that counts first.
    package func sidecars(of image: RelativePath) -> [RelativePath] {
        guard !Sidecar.isSidecar(image.name), !sidecars.isEmpty else { return [] }
        return Sidecar.keys(for: image.name).flatMap { sidecars[Kinship(folder: image.parent, key: $0)] ?? [] }
            .sorted { Sidecar.precedes($0.name, $1.name, for: image.name) }
    }

    /// The files that a sidecar can belong to and that are here.
    package func images(of sidecar: RelativePath) -> Set<RelativePath> {
        guard Sidecar.isSidecar(sidecar.name) else { return [] }
        return images[Kinship(folder: sidecar.parent, key: Sidecar.key(ofSidecar: sidecar.name))] ?? []
    }

    private mutating func index(_ path: RelativePath, isThere: Bool) {
        if Sidecar.isSidecar(path.name) {
            Self.change(&sidecars, Kinship(folder: path.parent, key: Sidecar.key(ofSidecar: path.name)), path, isThere)
        } else {
            for key in Sidecar.keys(for: path.name) {
                Self.change(&images, Kinship(folder: path.parent, key: key), path, isThere)
            }
        }
    }

    private static func change(
        _ index: inout [Kinship: Set<RelativePath>], _ kinship: Kinship, _ path: RelativePath, _ isThere: Bool
    ) {
        if isThere {
            index[kinship, default: []].insert(path)
        } else {
            index[kinship]?.remove(path)
            if index[kinship]?.isEmpty == true { index[kinship] = nil }
        }
    }
}
