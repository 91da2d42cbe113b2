/// Entries of the inbox that are left alone: how many, and some of them by name.
struct IgnoredEntries {
    private(set) var count = 0
    private(set) var examples: [String] = []
    private static let exampleLimit = 20

    /// Walks the inbox; nil where it cannot be read.
    init?(of path: String, _ rules: IgnoreRules) {
        guard let root = try? Folder.open(path), (try? walk(root, nil, rules)) != nil else { return nil }
    }

    private mutating func walk(_ folder: Folder, _ path: RelativePath?, _ rules: IgnoreRules) throws(FileError) {
        for name in try folder.names() {
            let entry = RelativePath(path, name)
            if rules.ignores(entry) {
                if entry == RelativePath(InboxIdentity.markerName) { continue }
                count += 1
                if examples.count < Self.exampleLimit { examples.append("\(entry)") }
            } else if entry.names.count < InboxRules.depthLimit, try folder.status(name)?.kind == .folder {
                try walk(try folder.folder(name), entry, rules)
            }
        }
    }
}
