internal import Screening

/// The wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as much of it as ONNX needs: writing.
struct ProtobufWriter {
    /// What was written.
    private(set) var bytes: [UInt8] = []

    /// A whole number of 0 or more.
    mutating func number(_ field: Int, _ value: Int) {
        varint(UInt64(field) << 3)
        varint(UInt64(value))
    }

    /// A string, or bytes.
    mutating func bytes(_ field: Int, _ value: some Collection<UInt8>) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    /// A string.
    mutating func text(_ field: Int, _ value: String) { bytes(field, value.utf8) }

    /// A message within this one.
    mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        bytes(field, inner.bytes)
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}

/// The same for reading. Trusts nothing: a length beyond the end is refused.
struct ProtobufReader {
    /// One field's content.
    enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end.
    mutating func next() throws(PapillaError) -> (field: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        let field = Int(truncatingIfNeeded: key >> 3)
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 1: return (field, .bytes(try take(8)))
        case 2: return (field, .bytes(try take(Int(clamping: try varint()))))
        case 5: return (field, .bytes(try take(4)))
        default: throw Self.damaged("A field of a kind that protocol buffers do not have")
        }
    }

    /// Whole numbers one after the other without keys.
    static func packed(_ bytes: ArraySlice<UInt8>) throws(PapillaError) -> [Int] {
        var reader = ProtobufReader(bytes)
        var values: [Int] = []
        while !reader.rest.isEmpty { values.append(Int(truncatingIfNeeded: try reader.varint())) }
        return values
    }

    static func damaged(_ message: String) -> PapillaError {
        PapillaError(.damaged, message, hint: "Export the file again, or copy it again")
    }

    private mutating func varint() throws(PapillaError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Self.damaged("The file is truncated within a number") }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Self.damaged("A number of more than ten bytes")
    }

    private mutating func take(_ count: Int) throws(PapillaError) -> ArraySlice<UInt8> {
        guard count <= rest.count else {
            throw Self.damaged("A field of \(count) bytes where \(rest.count) are left: the file is truncated")
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
