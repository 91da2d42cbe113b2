internal import Screening

extension DataSet {
    private static let item = Attribute(0xFFFE_E000, .sequence)
    private static let end = Attribute(0xFFFE_E0DD, .sequence)

    /// A DICOM file (PS3.10).
    func file(_ syntax: TransferSyntax) -> [UInt8] {
        var meta = DataSet()
        meta.set(.metaVersion, bytes: [0, 1])
        meta.set(.metaClass, text(.sopClass))
        meta.set(.metaInstance, text(.sopInstance))
        meta.set(.transferSyntax, syntax.rawValue)
        meta.set(.implementationClass, UID.implementation)
        meta.set(.implementationVersion, "PAPILLA_\(Version.current.replacing(".", with: "_"))")
        var encodedMeta: [UInt8] = []
        meta.encode(into: &encodedMeta)
        var length = DataSet()
        length.set(.metaLength, encodedMeta.count)
        var file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        length.encode(into: &file)
        file += encodedMeta
        encode(into: &file)
        return file
    }

    /// Explicit VR little endian: tags in their order, even lengths, sequences of a defined length.
    func encode(into out: inout [UInt8]) {
        for (attribute, value) in elements.sorted(by: { $0.key < $1.key }) {
            let body = Self.body(value)
            out += attribute.tagBytes
            out += attribute.representation.rawValue.utf8
            if attribute.representation.hasLongLength {
                out += [0, 0]
                let isOpen = if case .fragments = value { true } else { false }
                out += (isOpen ? UInt32.max : UInt32(body.count)).littleEndianBytes
            } else {
                precondition(body.count <= UInt16.max, "a value is too long for its representation")
                out += UInt16(body.count).littleEndianBytes
            }
            out += body
        }
    }

    private static func body(_ value: Value) -> [UInt8] {
        switch value {
        case .bytes(let bytes): return bytes
        case .items(let items):
            var body: [UInt8] = []
            for data in items {
                var encoded: [UInt8] = []
                data.encode(into: &encoded)
                body += item.tagBytes + UInt32(encoded.count).littleEndianBytes
                body += encoded
            }
            return body
        case .fragments(let fragments):
            var (offsets, position): ([UInt8], UInt32) = ([], 0)
            for fragment in fragments where fragments.count > 1 {
                offsets += position.littleEndianBytes
                position += 8 + UInt32(fragment.count + fragment.count % 2)
            }
            var body = item.tagBytes + UInt32(offsets.count).littleEndianBytes + offsets
            for fragment in fragments {
                body += item.tagBytes + UInt32(fragment.count + fragment.count % 2).littleEndianBytes
                body += fragment
                if !fragment.count.isMultiple(of: 2) { body.append(0) }
            }
            return body + end.tagBytes + [0, 0, 0, 0]
        }
    }
}
