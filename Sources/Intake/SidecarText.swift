/// A sidecar's bytes in the encodings that programs write: UTF-8, UTF-16 and UTF-32 with and without a mark, and Windows-1252, of which
/// Latin-1 is a part.
package struct SidecarText {
    /// UTF-8 as far as the file is; bytes that are none are left for `decode`.
    package let bytes: [UInt8]
    /// Bytes that are not UTF-8 are Windows-1252 rather than damage.
    package let isEightBit: Bool

    package init(_ file: [UInt8]) {
        if let (width, isLittle, mark) = Self.wide(file) {
            bytes = Self.narrow(Array(file.dropFirst(mark)), width: width, isLittle: isLittle)
            isEightBit = false
        } else {
            bytes = file.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.dropFirst(3)) : file
            isEightBit = bytes.count == file.count && String(validating: bytes, as: UTF8.self) == nil
        }
    }

    /// Reads a part; nil where it is damaged.
    ///
    /// - Returns: the text, and whether it was read as Windows-1252.
    package func decode(_ part: [UInt8]) -> (text: String, isWindows: Bool)? {
        if let text = String(validating: part, as: UTF8.self) { return (text, false) }
        guard isEightBit else { return nil }
        var scalars = String.UnicodeScalarView()
        for byte in part { scalars.append((0x80...0x9F).contains(byte) ? Self.windows[Int(byte) - 0x80] : Unicode.Scalar(byte)) }
        return (String(scalars), true)
    }

    /// Bytes a unit, order, and length of the mark of UTF-16 and UTF-32. Without a mark the zeros of the first character, which is plain
    /// ASCII in any JSON, tell.
    private static func wide(_ file: [UInt8]) -> (width: Int, isLittle: Bool, mark: Int)? {
        let start = Array(file.prefix(4))
        if start == [0xFF, 0xFE, 0, 0] { return (4, true, 4) }
        if start == [0, 0, 0xFE, 0xFF] { return (4, false, 4) }
        if start.starts(with: [0xFF, 0xFE]) { return (2, true, 2) }
        if start.starts(with: [0xFE, 0xFF]) { return (2, false, 2) }
        guard start.count >= 2 else { return nil }
        if start.count == 4, start[0] != 0, start[1...] == [0, 0, 0] { return (4, true, 0) }
        if start.count == 4, start[3] != 0, start[..<3] == [0, 0, 0] { return (4, false, 0) }
        if start[0] != 0, start[1] == 0 { return (2, true, 0) }
        if start[0] == 0, start[1] != 0 { return (2, false, 0) }
        return nil
    }

    /// UTF-16 or UTF-32 as UTF-8. What is no character becomes a byte that is none in UTF-8 either.
    private static func narrow(_ bytes: [UInt8], width: Int, isLittle: Bool) -> [UInt8] {
        let units = stride(from: 0, to: bytes.count - bytes.count % width, by: width).map { start in
            (0..<width).reduce(UInt32(0)) { value, index in
                value << 8 | UInt32(bytes[start + (isLittle ? width - 1 - index : index)])
            }
        }
        var result: [UInt8] = []
        result.reserveCapacity(units.count)
        var index = 0
        while index < units.count {
            var value = units[index]
            if width == 2, (0xD800..<0xDC00).contains(value), index + 1 < units.count,
                (0xDC00..<0xE000).contains(units[index + 1])
            {
                value = 0x10000 + (value - 0xD800) << 10 + (units[index + 1] - 0xDC00)
                index += 1
            }
            if let scalar = Unicode.Scalar(value) { result += String(scalar).utf8 } else { result.append(0xFF) }
            index += 1
        }
        if bytes.count % width != 0 { result.append(0xFF) }
        return result
    }

    /// Windows-1252 from 0x80 to 0x9F; five of them are not used and stand for control characters.
    private static let windows: [Unicode.Scalar] = [
        "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}", "\u{2C6}", "\u{2030}",
        "\u{160}",
        "\u{2039}", "\u{152}", "\u{8D}", "\u{17D}", "\u{8F}", "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}",
        "\u{2022}",
        "\u{2013}", "\u{2014}", "\u{2DC}", "\u{2122}", "\u{161}", "\u{203A}", "\u{153}", "\u{9D}", "\u{17E}", "\u{178}",
    ]
}
