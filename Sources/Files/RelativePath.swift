internal import Screening

/// The place of an entry below a folder of ours: one name or more. It cannot leave the folder: no name is `..`, none holds a slash.
package struct RelativePath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// From the outermost folder to the entry itself; never empty.
    package let names: [FileName]

    /// A path of names; nil without any.
    package init?(_ names: [FileName]) {
        guard !names.isEmpty else { return nil }
        self.names = names
    }

    /// An entry of the folder itself.
    package init(_ name: FileName) { names = [name] }

    /// An entry of a folder below; of the folder itself where `parent` is nil.
    package init(_ parent: RelativePath?, _ name: FileName) { names = (parent?.names ?? []) + [name] }

    /// A path of ours, as the ledger has it: plain text, never escaped; nil for what is none.
    package init?(ours text: String) {
        let names = text.pathNames(keepingEmpty: true).map { FileName($0.utf8) }
        guard !names.contains(nil) else { return nil }
        self.init(names.compactMap(\.self))
    }

    /// Reads back what `description` wrote; nil for what it never writes.
    package init?(escaped text: String) {
        let names = text.pathNames(keepingEmpty: true).map { FileName(escaped: $0) }
        guard !names.contains(nil) else { return nil }
        self.init(names.compactMap(\.self))
    }

    /// The entry's own name.
    package var name: FileName { names[names.count - 1] }

    /// The folder that it is in; nil for the folder itself.
    package var parent: RelativePath? { RelativePath(names.dropLast()) }

    /// Its first name: the entry of our folder that it is, or is below.
    package var first: FileName { names[0] }

    /// Names joined by slashes, each as valid, reversible text.
    package var description: String { names.map(\.description).joined(separator: "/") }

    private init?(_ names: ArraySlice<FileName>) { self.init(Array(names)) }

    /// By names.
    package static func < (a: RelativePath, b: RelativePath) -> Bool { a.names.lexicographicallyPrecedes(b.names) }
}
