package import Files

/// Whether a JPEG or PNG file goes on to its own end mark, told from its segments alone, without decoding a pixel.
///
/// It is what tells a file that is still being copied from a whole one before it is claimed. What is neither JPEG nor PNG, and what is
/// malformed rather than short, counts as complete: the decoder says what it is. (JPEG: ITU-T T.81, annex B; PNG: ISO/IEC 15948, clause 5.)
package struct ImageEnding {
    private let file: OpenFile
    private let size: Int64
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0
    private static let windowSize = 1 << 18
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF]

    private init(_ file: OpenFile, size: Int64) { (self.file, self.size) = (file, size) }

    /// Looks at a file; an empty one is not complete.
    package static func isComplete(_ file: OpenFile) throws(FileError) -> Bool {
        var ending = ImageEnding(file, size: try file.status().size)
        let start = try file.read(at: 0, count: 8)
        // The decoder passes over stray bytes before the first segment.
        if start.starts(with: jpeg.dropLast()) { return try ending.jpegEnds() }
        if start == png { return try ending.pngEnds() }
        if png.starts(with: start) || jpeg.starts(with: start) { return false }
        // Zeros where the file should begin: space that was reserved and is not written yet. (A DICOM file may begin with 128 of them.)
        return try file.read(at: 0, count: 132).contains { $0 != 0 }
    }

    /// The byte at an offset; nil behind the end.
    private mutating func byte(_ offset: Int64) throws(FileError) -> UInt8? {
        guard offset < size else { return nil }
        if offset < windowStart || offset >= windowStart + Int64(window.count) {
            window = try file.read(at: offset, count: Self.windowSize)
            windowStart = offset
        }
        let index = Int(offset - windowStart)
        return index < window.count ? window[index] : nil
    }

    /// The next offset with this byte; nil where there is none.
    private mutating func next(_ wanted: UInt8, from offset: Int64) throws(FileError) -> Int64? {
        var offset = offset
        while try byte(offset) != nil {
            if let index = window[Int(offset - windowStart)...].firstIndex(of: wanted) { return windowStart + Int64(index) }
            offset = windowStart + Int64(window.count)
        }
        return nil
    }

    private mutating func number(_ offset: Int64, bytes: Int) throws(FileError) -> Int64? {
        var value: Int64 = 0
        for index in 0..<bytes {
            guard let byte = try byte(offset + Int64(index)) else { return nil }
            value = value << 8 | Int64(byte)
        }
        return value
    }

    private mutating func jpegEnds() throws(FileError) -> Bool {
        var offset: Int64 = 2
        while true {
            // To the next marker: 0xFF and then neither 0x00 (a stuffed byte of the picture) nor another 0xFF (fill).
            guard let mark = try next(0xFF, from: offset), let second = try byte(mark + 1) else { return false }
            guard second != 0x00, second != 0xFF else {
                offset = mark + 1
                continue
            }
            offset = mark
            switch second {
            case 0xD9: return true
            case 0x01, 0xD0...0xD8: offset += 2
            default:
                guard let length = try number(offset + 2, bytes: 2) else { return false }
                if length < 2 { return true }
                offset += 2 + length
            }
        }
    }

    private mutating func pngEnds() throws(FileError) -> Bool {
        var offset = Int64(Self.png.count)
        while true {
            guard let length = try number(offset, bytes: 4), let type = try number(offset + 4, bytes: 4) else { return false }
            // Zeros where a chunk should begin: space that was reserved and is not written yet.
            if length == 0, type == 0 { return false }
            if length > 0x7FFF_FFFF { return true }
            offset += 12 + length
            if offset > size { return false }
            if type == 0x4945_4E44 { return true }
        }
    }
}
