internal import Glibc

/// The character sets of PS3.3, C.12.1.1.2, by the C library's converter.
enum TextEncoding {
    /// The converter's name of a Specific Character Set.
    private static func name(of characterSet: String) -> String {
        let sets = characterSet.split(separator: "\\", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " }.uppercased()
        }
        if sets.contains(where: { $0.hasSuffix("IR149") }) { return "EUC-KR" }
        if sets.contains(where: { $0.hasSuffix("IR58") }) { return "EUC-CN" }
        if sets.contains(where: { $0.hasSuffix("IR87") || $0.hasSuffix("IR159") }) { return "ISO-2022-JP-2" }
        // The first set counts; where it is left empty, the one that the text may change to.
        let set = sets.first { !$0.isEmpty && !$0.hasSuffix("IR6") } ?? ""
        if set.hasPrefix("GB") { return set }
        let number = set.drop { !$0.isNumber }.split(separator: "IR").last.map { $0.drop { !$0.isNumber } } ?? ""
        let parts: [Substring: String] = [
            "100": "1", "101": "2", "109": "3", "110": "4", "144": "5", "127": "6", "126": "7", "138": "8", "148": "9",
            "203": "15",
        ]
        switch number {
        case "192": return "UTF-8"
        case "13": return "SHIFT_JIS"
        case "166": return "TIS-620"
        default: return parts[number].map { "ISO-8859-\($0)" } ?? "UTF-8"
        }
    }

    /// Bytes in a Specific Character Set as text. Those that are none in it are taken for Latin-1: what a device wrote is never lost.
    static func utf8(_ bytes: [UInt8], in characterSet: String) -> String {
        guard bytes.contains(where: { $0 >= 0x80 || $0 == 0x1B }) else { return String(decoding: bytes, as: UTF8.self) }
        let name = name(of: characterSet)
        // Escapes that choose the upper half of the codes do not change what those are in Korean and Chinese.
        let plain = name.hasPrefix("EUC") ? withoutEscapes(bytes) : bytes
        let converted = name == "UTF-8" ? plain : convert(plain, from: name)
        if let converted, let text = String(validating: converted, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func withoutEscapes(_ bytes: [UInt8]) -> [UInt8] {
        var (kept, index): ([UInt8], Int) = ([], 0)
        while index < bytes.count {
            if bytes[index] == 0x1B {
                index += index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "$") ? 4 : 3
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return kept
    }

    private static func convert(_ bytes: [UInt8], from name: String) -> [UInt8]? {
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
        return written.map { output[..<$0].map { UInt8(bitPattern: $0) } }
    }
}
