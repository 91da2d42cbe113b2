internal import Glibc

/// Which entries of the inbox are nobody's images: half-copied files of other programs, thumbnails, what the configuration names.
struct IgnoreRules: Sendable, Hashable {
    /// Besides the built-in ones: globs of names, or of paths in the inbox where they hold a slash.
    let globs: [String]
    private static let suffixes = [".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~"]
    private static let names: Set<String> = ["thumbs.db", "desktop.ini", "@eadir"]

    init(globs: [String] = []) { self.globs = globs }

    /// Whether an entry, file or folder, is left alone.
    func ignores(_ path: RelativePath) -> Bool {
        let name = path.name
        if name.bytes.first == UInt8(ascii: ".") || Self.suffixes.contains(where: name.hasSuffix) { return true }
        if Self.names.contains(String(decoding: name.bytes.map(FileName.lower), as: UTF8.self)) { return true }
        return globs.contains { glob in
            glob.contains("/")
                ? Self.matches(glob, path.names.map(\.bytes).joined(separator: [UInt8(ascii: "/")]))
                : Self.matches(glob, name.bytes)
        }
    }

    private static func matches(_ glob: String, _ bytes: some Sequence<UInt8>) -> Bool {
        fnmatch(glob, bytes.map { CChar(bitPattern: $0) } + [0], 0) == 0
    }
}
