internal import Files

/// What a walk of the inbox finds that the service leaves alone, or cannot get at.
struct InboxSurvey {
    /// Entries: how many, and some of them by name.
    struct Entries {
        private(set) var count = 0
        private var examples: [String] = []
        private static let exampleLimit = 20

        mutating func add(_ path: RelativePath) {
            count += 1
            if examples.count < Self.exampleLimit { examples.append("\(path)") }
        }

        var text: String { examples.joined(separator: ", ") + (count > examples.count ? ", …" : "") }
    }

    /// What is nobody's image.
    private(set) var ignored = Entries()
    /// Folders that may not be read and written.
    private(set) var locked = Entries()

    /// Walks the inbox; nil where it cannot be read.
    init?(of path: String, _ rules: IgnoreRules) {
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
