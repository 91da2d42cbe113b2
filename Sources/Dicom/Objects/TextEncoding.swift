internal import Glibc

/// The character sets of PS3.3, C.12.1.1.2, by the C library's converter. What may change within a text (ISO 2022) is in `CodeExtensions`.
enum TextEncoding {
    /// The numbers of a Specific Character Set in the ISO registry, in order; nil for one that is left out or has none (GB18030, GBK).
    private static func numbers(of characterSet: String) -> [String?] {
        characterSet.split(separator: "\\", omittingEmptySubsequences: false).map { part in
            let name = part.filter { $0 != " " }.uppercased()
            return name.contains("IR") ? name.split(separator: "IR").last.map { $0.filter(\.isNumber) } : nil
        }
    }

    /// Whether a Specific Character Set names any set besides that of ASCII.
    static func knows(_ characterSet: String) -> Bool { CodeExtensions.know(numbers(of: characterSet)) }

    /// Bytes in a Specific Character Set as text. Those that are none in it are taken for Latin-1: what a device wrote is never lost.
    static func utf8(_ bytes: [UInt8], in characterSet: String) -> String {
        text(bytes, in: characterSet)
            ?? String(String.UnicodeScalarView(CodeExtensions.withoutEscapes(bytes).map { Unicode.Scalar($0) }))
    }

    /// Bytes in a Specific Character Set as text; nil where they are none in it. A file that names none, or none that is known, has UTF-8, or
    /// what the text says itself.
    static func text(_ bytes: [UInt8], in characterSet: String) -> String? {
        let escape: UInt8 = 0x1B
        guard bytes.contains(where: { $0 >= 0x80 || $0 == escape }) else { return String(decoding: bytes, as: UTF8.self) }
        let numbers = numbers(of: characterSet)
        let name = characterSet.filter { $0 != " " }.uppercased()
        if name.hasPrefix("GB") { return convert(CodeExtensions.withoutEscapes(bytes), from: name) }
        let isUnnamed = numbers.allSatisfy { [nil, "6"].contains($0) }
        if numbers.first == "192" || isUnnamed && !bytes.contains(escape) {
            return String(validating: CodeExtensions.withoutEscapes(bytes), as: UTF8.self)
        }
        // Much of what names JIS X 0201 alone is written in Shift JIS, which has the same katakana.
        if numbers == ["13"], !bytes.contains(escape) { return convert(bytes, from: "SHIFT_JIS") }
        return CodeExtensions(numbers).text(bytes)
    }

    /// Bytes in a set that the C library knows by a name; nil where they are none in it.
    static func convert(_ bytes: [UInt8], from name: String) -> String? {
        guard let converter = iconv_open("UTF-8", name), Int(bitPattern: converter) != -1 else { return nil }
        defer { iconv_close(converter) }
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [CChar](repeating: 0, count: 4 * bytes.count + 16)
        let written: Int? = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var (from, left) = (input.baseAddress, input.count)
                var (to, room) = (output.baseAddress, output.count)
                guard iconv(converter, &from, &left, &to, &room) != -1, left == 0 else { return nil }
                return output.count - room
            }
        }
        return written.flatMap { String(validating: output[..<$0].map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    }
}
