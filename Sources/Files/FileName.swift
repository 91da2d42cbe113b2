/// The name of one entry of a folder as the file system has it: bytes, not text.
///
/// Names need not be UTF-8. `description` writes every byte that is not part of valid UTF-8 as `\xE9` and a backslash as `\\`, so the
/// text is valid, and the bytes can be read back from it: that text is what the ledger and reports hold.
package struct FileName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Neither empty, `.` nor `..`; no slash, no zero.
    package let bytes: [UInt8]

    /// A name from its bytes; nil for what no entry can be called.
    package init?(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty, bytes != [UInt8(ascii: ".")], bytes != Array("..".utf8), !bytes.contains(0),
            !bytes.contains(UInt8(ascii: "/"))
        else { return nil }
        self.bytes = bytes
    }

    /// A name of ours. Text that no entry can be called, which none of ours is, becomes `_`.
    package init(ours text: String) { self = FileName(text.utf8) ?? FileName(unchecked: Array("_".utf8)) }

    /// Reads back what `description` wrote; nil for what it never writes.
    package init?(escaped text: String) {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): bytes.append(byte)
            case UInt8(ascii: "x"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest.removeFirst(2)
            default: return nil
            }
        }
        self.init(bytes)
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// The name as valid, reversible text.
    package var description: String {
        if !bytes.contains(UInt8(ascii: "\\")), let text = String(validating: bytes, as: UTF8.self) { return text }
        var text: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            // The longest valid run; what follows it is one byte that is not UTF-8 here.
            let run = Self.validRun(rest)
            // By bytes: a backslash that a combining mark follows is, as a character, no backslash.
            for byte in rest.prefix(run) { text += byte == UInt8(ascii: "\\") ? [byte, byte] : [byte] }
            rest = rest.dropFirst(run)
            if let byte = rest.popFirst() {
                text += ("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)).utf8
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func validRun(_ bytes: ArraySlice<UInt8>) -> Int {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var length = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { length += UTF8.width(scalar) }
        return length
    }

    /// The name that a file of this name has in our own folders: its text, so that the ledger's words and the folders' bytes are the same.
    /// Only names that are no UTF-8, or hold a backslash, differ; text that is too long for a name is cut, the ending kept.
    package var stored: FileName {
        let text = Array(description.utf8)
        guard text.count > 255 else { return FileName(text) ?? self }
        let ending = text.lastIndex(of: UInt8(ascii: ".")).map { text[$0...] }.flatMap { $0.count <= 16 ? $0 : nil } ?? []
        var cut = Array(text.prefix(255 - ending.count))
        while !cut.isEmpty, String(validating: cut, as: UTF8.self) == nil { cut.removeLast() }
        return FileName(cut + ending) ?? self
    }

    /// The bytes as text, for names in our own folders: `stored` ones, which are always UTF-8.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether the name ends in `text`, whatever the case of its ASCII letters.
    package func hasSuffix(_ text: String) -> Bool {
        bytes.count >= text.utf8.count
            && zip(bytes.suffix(text.utf8.count), text.utf8).allSatisfy { Self.lower($0) == Self.lower($1) }
    }

    /// Without the last dot and what follows it; the whole name where that would leave nothing.
    package var stem: [UInt8] {
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return bytes }
        return Array(bytes[..<dot])
    }

    package static func lower(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }

    /// By bytes.
    package static func < (a: FileName, b: FileName) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension FileName {
    /// Calls `body` with the name as C wants it.
    package func withCString<Value, Failure: Error>(_ body: (UnsafePointer<CChar>) throws(Failure) -> Value) throws(Failure)
        -> Value
    {
        var text = bytes.map { CChar(bitPattern: $0) }
        text.append(0)
        return try withUnsafeTemporaryPointer(text, body)
    }

    private func withUnsafeTemporaryPointer<Value, Failure: Error>(
        _ text: [CChar], _ body: (UnsafePointer<CChar>) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, Failure> = text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("a name and its zero are never empty") }
            do throws(Failure) { return .success(try body(base)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
