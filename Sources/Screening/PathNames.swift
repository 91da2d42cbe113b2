extension StringProtocol {
    /// The names in a path: what stands between its slashes, byte by byte, as the file system sees it.
    ///
    /// `split(separator:)` compares characters, and a slash that a combining mark follows is another character than a slash: the path
    /// `a/` followed by a name that begins with such a mark would come out as one name.
    ///
    /// - Parameter empty: whether nothing between two slashes, or at an end, is a name too.
    public func pathNames(keepingEmpty empty: Bool = false) -> [String] {
        utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: !empty).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether a path begins at the root.
    public var isAbsolutePath: Bool { utf8.first == UInt8(ascii: "/") }
}
