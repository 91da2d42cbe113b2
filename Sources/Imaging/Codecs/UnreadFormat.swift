/// The known formats that are not read, told by the first bytes of a file.
enum UnreadFormat {
    /// The name that a person would use, article included: "a DICOM file"; nil for what is no image format that is known here.
    static func name(of bytes: [UInt8]) -> String? {
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
