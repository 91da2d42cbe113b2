internal import Glibc
internal import Screening

/// Paths as text, made comparable.
package enum AbsolutePath {
    /// An absolute path without `.`, `..`, double and trailing slashes. A relative one is taken from `folder`, or from where the process is.
    package static func of(_ path: String, in folder: String? = nil) -> String {
        var text = path
        if !path.isAbsolutePath { text = (folder ?? workingFolder) + "/" + path }
        var parts: [String] = []
        for part in text.pathNames() where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The folder that a path is in.
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Without symbolic links as far as the path exists; what does not exist yet is kept as it is.
    package static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        guard path != "/" else { return path }
        let parent = resolved(parent(of: path))
        let name = path.pathNames().last ?? ""
        return parent == "/" ? "/" + name : parent + "/" + name
    }

    /// The nearest folder on the way to a path that exists: where it would be made.
    package static func nearestExisting(_ path: String) -> String {
        var path = path
        while path != "/", !NamedPath.exists(path) { path = parent(of: path) }
        return path
    }

    /// Whether one of two resolved paths is the other, or lies in it.
    package static func overlap(_ a: String, _ b: String) -> Bool { a == b || isInside(a, b) || isInside(b, a) }

    /// Whether a resolved path lies in another one.
    package static func isInside(_ path: String, _ folder: String) -> Bool { folder == "/" || path.hasPrefix(folder + "/") }

    private static var workingFolder: String {
        guard let text = getcwd(nil, 0) else { return "/" }
        defer { free(text) }
        return String(cString: text)
    }
}
