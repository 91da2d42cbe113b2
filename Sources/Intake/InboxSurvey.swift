package import Files

/// A walk of the inbox for what the service leaves alone, or cannot get at.
package struct InboxSurvey {
    /// Entries: how many, and some of them by name.
    package struct Entries {
        package private(set) var count = 0
        private var examples: [String] = []
        private static let exampleLimit = 20

        package mutating func add(_ path: RelativePath) {
            count += 1
            if examples.count < Self.exampleLimit { examples.append("\(path)") }
        }

        package var text: String { examples.joined(separator: ", ") + (count > examples.count ? ", …" : "") }
    }

    /// What is nobody's image.
    package private(set) var ignored = Entries()
    /// Folders that may not be read and written.
    package private(set) var locked = Entries()

    /// Walks the inbox; nil where it cannot be read.
    package init?(of path: String, _ rules: IgnoreRules) {
        guard let root = try? Folder.open(path), (try? walk(root, nil, rules)) != nil else { return nil }
    }

    private mutating func walk(_ folder: Folder, _ path: RelativePath?, _ rules: IgnoreRules) throws(FileError) {
        for name in try folder.names() {
            let entry = RelativePath(path, name)
            if rules.ignores(entry) {
                if entry != RelativePath(InboxIdentity.markerName) { ignored.add(entry) }
            } else if entry.names.count < InboxRules.depthLimit, try folder.status(name)?.kind == .folder {
                var mayUse = false
                do throws(FileError) {
                    let inner = try folder.folder(name)
                    mayUse = inner.isUsable
                    try walk(inner, entry, rules)
                } catch {
                    mayUse = error.isMissing
                }
                if !mayUse { locked.add(entry) }
            }
        }
    }
}
