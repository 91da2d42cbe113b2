/// What the first bytes of a file say that it is.
enum ImageSignature: Equatable {
    /// A format that is read.
    case readable(ImageFormat)
    /// A known format that is not read, with the name that a person would use, article included: "a DICOM file".
    case unsupported(String)
    /// Only the beginning of the signature of a format that is read.
    case incomplete
    /// No image format that is known here.
    case unknown

    private static let pngBytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let jpegBytes: [UInt8] = [0xFF, 0xD8, 0xFF]

    /// Judges a file by its magic bytes; its name plays no part.
    init(_ bytes: [UInt8]) {
        if bytes.starts(with: Self.jpegBytes) || Self.isJPEGWithStrayBytes(bytes) {
            self = .readable(.jpeg)
        } else if bytes.starts(with: Self.pngBytes) {
            self = .readable(.png)
        } else if !bytes.isEmpty, Self.pngBytes.starts(with: bytes) || Self.jpegBytes.starts(with: bytes) {
            self = .incomplete
        } else if let name = Self.unsupportedName(bytes) {
            self = .unsupported(name)
        } else {
            self = .unknown
        }
    }

    /// Whether a JPEG's first marker follows its beginning after a few stray bytes, as after any other segment. A text that happens to begin
    /// so has no marker of a header.
    static func isJPEGWithStrayBytes(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: jpegBytes.dropLast()) else { return false }
        let headers: [ClosedRange<UInt8>] = [0xC0...0xC4, 0xDB...0xDB, 0xDD...0xDD, 0xE0...0xEF, 0xFE...0xFE]
        let beginning = bytes.prefix(66)
        return zip(beginning, beginning.dropFirst()).dropFirst(2).contains { first, second in
            first == 0xFF && headers.contains { $0.contains(second) }
        }
    }

    private static func unsupportedName(_ bytes: [UInt8]) -> String? {
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { offset + $0.count <= bytes.count && $0.elementsEqual(bytes[offset..<offset + $0.count]) }
        }
        func has(_ magic: [UInt8]) -> Bool { bytes.starts(with: magic) }

        // DICOM first: its 128 free bytes may hold the header of another format.
        if has("DICM", at: 128) { return "a DICOM file" }
        if has([0x49, 0x49, 0x2A, 0x00]) || has([0x4D, 0x4D, 0x00, 0x2A]) || has([0x49, 0x49, 0x2B, 0x00])
            || has([0x4D, 0x4D, 0x00, 0x2B])
        {
            return "a TIFF image"
        }
        if has("GIF87a") || has("GIF89a") { return "a GIF image" }
        if has("RIFF"), has("WEBP", at: 8) { return "a WebP image" }
        if has("RIFF"), has("AVI ", at: 8) { return "an AVI video" }
        // "BM" alone could begin a text; in a bitmap four reserved zero bytes follow its size.
        if has("BM"), bytes.count >= 14, bytes[6..<10].allSatisfy({ $0 == 0 }) { return "a BMP image" }
        if has([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20]) || has([0xFF, 0x4F, 0xFF, 0x51]) { return "a JPEG 2000 image" }
        if has([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20]) || has([0xFF, 0x0A]) { return "a JPEG XL image" }
        if has("ftyp", at: 4) {
            if has("avif", at: 8) || has("avis", at: 8) { return "an AVIF image" }
            let heif: [StaticString] = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]
            return heif.contains { has($0, at: 8) } ? "a HEIC image" : "an MP4 or QuickTime video"
        }
        if has("%PDF-") { return "a PDF document" }
        if has("8BPS") { return "a Photoshop document" }
        return nil
    }
}
