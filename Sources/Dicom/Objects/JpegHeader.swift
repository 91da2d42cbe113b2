/// The header of a JPEG file (ITU-T T.81): whether its bytes may stand in a DICOM file as they are.
struct JpegHeader {
    /// The number of the start of frame: 0 is baseline.
    private(set) var process = -1
    private(set) var bits = 0
    private(set) var width = 0
    private(set) var height = 0
    private(set) var components = 0
    /// EXIF's orientation: 1 is as seen.
    private(set) var orientation = 1
    /// Whether three components are red, green and blue and not luminance and two of colour, as decoders see it: JFIF's never are, Adobe's by
    /// its mark, others by their names.
    private(set) var isRGB = false

    /// Nil for bytes that do not begin with a JPEG's header.
    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: [0xFF, 0xD8, 0xFF]) else { return nil }
        var at = 2
        var (isJFIF, transform) = (false, UInt8?.none)
        while at + 9 < bytes.count {
            guard bytes[at] == 0xFF else { return nil }
            let marker = bytes[at + 1]
            if marker == 0xFF {
                at += 1
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            guard length >= 2 else { return nil }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                process = Int(marker) - 0xC0
                bits = Int(bytes[at + 4])
                height = Int(bytes[at + 5]) << 8 | Int(bytes[at + 6])
                width = Int(bytes[at + 7]) << 8 | Int(bytes[at + 8])
                components = Int(bytes[at + 9])
                guard components == 3, at + 16 < bytes.count else { return }
                let names = [10, 13, 16].map { bytes[at + $0] }
                isRGB = !isJFIF && (transform.map { $0 == 0 } ?? (names == Array("RGB".utf8)))
                return
            }
            let segment = bytes[min(at + 4, bytes.count)..<min(at + 2 + length, bytes.count)]
            if marker == 0xE0, segment.starts(with: Array("JFIF\0".utf8)) { isJFIF = true }
            if marker == 0xEE, segment.count >= 12, segment.starts(with: Array("Adobe".utf8)) {
                transform = segment[segment.startIndex + 11]
            }
            if marker == 0xE1 {
                orientation = Self.orientation(segment) ?? orientation
            }
            at += 2 + length
        }
        return nil
    }

    /// Whether the codestream is the 8-bit baseline process of one or three components, upright, and not of red, green and blue.
    var isBaseline: Bool {
        process == 0 && bits == 8 && (components == 1 || components == 3) && orientation == 1 && !isRGB
    }

    /// The orientation that the first directory of an EXIF segment states.
    private static func orientation(_ segment: ArraySlice<UInt8>) -> Int? {
        guard segment.starts(with: Array("Exif\0\0".utf8)) else { return nil }
        let tiff = Array(segment.dropFirst(6))
        guard tiff.count > 8, tiff[0] == tiff[1], tiff[0] == 0x49 || tiff[0] == 0x4D else { return nil }
        func number(_ at: Int, _ count: Int) -> Int? {
            guard at >= 0, at + count <= tiff.count else { return nil }
            let bytes = tiff[at..<at + count]
            return tiff[0] == 0x49
                ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for entry in 0..<count {
            let at = directory + 2 + 12 * entry
            guard let tag = number(at, 2) else { return nil }
            if tag == 0x0112 { return number(at + 8, 2).flatMap { (1...8).contains($0) ? $0 : nil } }
        }
        return nil
    }
}
