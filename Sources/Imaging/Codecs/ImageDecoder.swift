public import Screening

/// The reason why bytes did not become an image. The reason is ready for a report: its sentence names no file.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `.empty`, `.notAnImage`, `.unsupportedFormat`, `.truncated`, `.corrupt`, `.tooLarge` or `.outOfMemory`, with its sentence; of a file
    /// that another program reads also `.crashed` and `.timedOut`.
    public let reason: Reason

    package init(_ code: Reason.Code, _ detail: String) { reason = Reason(code, detail) }

    /// The sentence.
    public var description: String { reason.detail }
}

/// The largest image that is read. Both limits are checked before memory is taken for pixels.
public struct ImageLimits: Sendable, Codable, Hashable {
    /// Of the file, bytes.
    public var maximumBytes: Int
    /// Width times height.
    public var maximumPixels: Int

    /// 256 MiB and 100 million pixels, unless given.
    public init(maximumBytes: Int = 256 << 20, maximumPixels: Int = 100_000_000) {
        self.maximumBytes = maximumBytes
        self.maximumPixels = maximumPixels
    }
}

/// From the bytes of a JPEG or PNG file to pixels: all of them, or an error.
public enum ImageDecoder {
    /// Reads a colour or grey image in sRGB, upright by its EXIF orientation, transparency laid on black, 16 bits rounded to 8.
    ///
    /// JPEG: baseline and progressive, grey, YCbCr, RGB, CMYK and YCCK. PNG: every kind. A colour profile, or PNG's gamma and primaries,
    /// is used where it differs from sRGB by what can be seen; one that cannot be used is stated, and the colours are taken for sRGB.
    /// Alpha that is the same everywhere is unused: the colours count.
    /// The size is checked against the limits before memory is taken. What a decoder would paper over with grey (an early end,
    /// damaged data, missing scans) is an error; bytes after the image's end are not.
    ///
    /// - Parameter frame: of a file that holds several, counted from 1.
    public static func decode(
        _ bytes: [UInt8], limits: ImageLimits = .init(), frame: Int = 1
    ) throws(ImageError) -> DecodedImage {
        let container = try ImageFile.open(bytes, limits: limits)
        guard (1...container.frameCount).contains(frame) else {
            throw ImageError(.corrupt, "The file has no frame \(frame): it holds \(container.frameCount).")
        }
        return try container.frame(frame)
    }

    /// Reads a JPEG image that lies in a file of another kind.
    package static func decode(jpeg bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> DecodedImage {
        guard Jpeg.claim(bytes) == .mine else { throw ImageError(.corrupt, "What should be a JPEG image is none.") }
        return try Jpeg(bytes, limits: limits).frame(1)
    }

    /// Reads a mask with its exact grey values: profiles and gamma do not count.
    ///
    /// Of a colour image it takes the luma (ITU-R BT.601), which leaves three equal channels as they are.
    public static func decodeMask(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(ImageError) -> GreyImage {
        let container = try ImageFile.open(bytes, limits: limits)
        guard let image = container as? any StillImage else {
            throw ImageError(.unsupportedFormat, "A mask is a JPEG or PNG image.")
        }
        return try image.greyValues()
    }
}

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
