package import Files
package import Screening
package import Settings

/// `NAME.json` beside `NAME.jpg`, or `NAME.jpg.json`: what someone knows of an image. It travels with the original.
package struct Sidecar: IdentitySource {
    /// Larger ones are not read.
    package static let sizeLimit = 1 << 20

    /// Whether a name is that of a sidecar, or could be.
    package static func isSidecar(_ name: FileName) -> Bool { name.hasSuffix(".json") && name.bytes.count > 5 }

    /// What names are compared by: Unicode's two forms of a letter, and its two cases, are one.
    package static func key(_ name: some Sequence<UInt8>) -> String {
        let text = FileName(name)?.description ?? ""
        // Both ways, so that ß and SS are the same. Texts that differ in their form alone are equal.
        return text.uppercased().lowercased()
    }

    /// The keys that an image's sidecar can have without its ending, the most particular first.
    package static func keys(for image: FileName) -> [String] {
        let whole = key(image.bytes)
        return image.stem == image.bytes ? [whole] : [whole, key(image.stem)]
    }

    /// The key of the image that a sidecar belongs to.
    package static func key(ofSidecar name: FileName) -> String { key(name.bytes.dropLast(5)) }

    /// Whether `sidecar` can belong to `image`.
    package static func belongs(_ sidecar: FileName, to image: FileName) -> Bool {
        !isSidecar(image) && isSidecar(sidecar) && keys(for: image).contains(key(ofSidecar: sidecar))
    }

    /// Whether one sidecar is more likely an image's than another: the more particular one, then the one of the very same letters.
    package static func precedes(_ a: FileName, _ b: FileName, for image: FileName) -> Bool {
        func rank(_ name: FileName) -> Int {
            let base = Array(name.bytes.dropLast(5))
            let isParticular = key(ofSidecar: name) == key(image.bytes)
            return (isParticular ? 0 : 2) + (base == (isParticular ? image.bytes : image.stem) ? 0 : 1)
        }
        return (rank(a), a) < (rank(b), b)
    }

    package private(set) var statement: IdentityStatement

    /// Nothing could be read of it, or only what is said here could be.
    package init(unreadable why: String) {
        var statement = IdentityStatement(from: .sidecar)
        statement.note(why)
        // It may have stated an eye: none is guessed.
        statement.spoil(.eye, "is not known for that reason")
        self.statement = statement
    }

    /// Reads a sidecar's content: every sound field counts, whatever is wrong with the others. Keys may be in any case; other keys than
    /// those of `IdentityField` are the site's own.
    package init(_ bytes: [UInt8]) {
        let object = SidecarObject(bytes)
        guard object.isObject else {
            self = Sidecar(unreadable: "it is no JSON object")
            return
        }
        var statement = IdentityStatement(from: .sidecar)
        var stated: [IdentityField: [SidecarObject.Value]] = [:]
        for (key, value) in object.fields {
            if let field = IdentityField(rawValue: key.lowercased()) { stated[field, default: []].append(value) }
        }
        for field in IdentityField.allCases {
            let values = stated[field, default: []].filter { $0 != .null }
            guard let value = values.first else { continue }
            guard values.allSatisfy({ $0 == value }) else {
                statement.spoil(field, "is stated more than once, and not the same")
                continue
            }
            switch value {
            case .text(let text), .number(let text): statement.state(text, for: field)
            case .bool(let isTrue) where field == .last: statement.state("\(isTrue)", for: field)
            case .bool: statement.spoil(field, "is true or false, where a text or a number is expected")
            case .array: statement.spoil(field, "is an array, where a text or a number is expected")
            case .object: statement.spoil(field, "is an object, where a text or a number is expected")
            case .spoilt(let why): statement.spoil(field, why)
            case .null: break
            }
        }
        if stated.isEmpty {
            statement.note("it has none of the fields \(IdentityField.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if !object.faults.isEmpty { statement.note("it is not quite JSON (\(object.faults.joined(separator: ", ")))") }
        // What the rest of it said of the eye is not known.
        if object.isCut, statement.eye == nil { statement.spoil(.eye, "may be stated where it could not be read") }
        self.statement = statement
    }
}

/// A file's name as a source of whose image it is.
package struct NamedFile: IdentitySource {
    package let statement: IdentityStatement

    package init(_ name: FileName, _ pattern: NamePattern) { statement = pattern.read("\(name)") }
}
