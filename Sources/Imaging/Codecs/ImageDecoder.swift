public import Screening

/// Why bytes did not become an image. The reason is ready for a report: its sentence names no file.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `.empty`, `.notAnImage`, `.unsupportedFormat`, `.truncated`, `.corrupt`, `.tooLarge` or `.outOfMemory`, with its sentence.
    public let reason: Reason

    init(_ code: Reason.Code, _ detail: String) { reason = Reason(code, detail) }

    /// The sentence.
    public var description: String { reason.detail }
}

/// How large an image may be. Both are checked before memory is taken for pixels.
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
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(ImageError) -> DecodedImage {
        try ImageFile.open(bytes, limits: limits).frame(1)
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
