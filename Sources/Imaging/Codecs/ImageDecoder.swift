import CImageCodecs
import Glibc
import Screening

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
        let image = try read(bytes, channels: 3, limits: limits)
        let raster = Raster(width: image.width, height: image.height, pixels: image.pixels)
        var decoded = DecodedImage(raster: raster, format: image.format, isPhantom: image.isPhantom)
        decoded.colourSpace = image.colourSpace
        decoded.colourProblem = image.colourProblem
        decoded.hiddenShare = image.hiddenShare
        return decoded
    }

    /// Reads a mask with its exact grey values: profiles and gamma do not count.
    ///
    /// Of a colour image it takes the luma (ITU-R BT.601), which leaves three equal channels as they are.
    public static func decodeMask(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(ImageError) -> GreyImage {
        let image = try read(bytes, channels: 1, limits: limits)
        return GreyImage(width: image.width, height: image.height, pixels: image.pixels)
    }

    private struct Pixels {
        var width: Int
        var height: Int
        var pixels: [UInt8]
        var format: ImageFormat
        var isPhantom: Bool
        var colourSpace: String?
        var colourProblem: String?
        var hiddenShare: Double
    }

    private static func read(_ bytes: [UInt8], channels: Int, limits: ImageLimits) throws(ImageError) -> Pixels {
        let format = try format(of: bytes, limits: limits)
        var header = papilla_image_header()
        var details = papilla_image_details()
        let headerStatus =
            switch format {
            case .jpeg: papilla_jpeg_read_header(bytes, bytes.count, &header, &details)
            case .png: papilla_png_read_header(bytes, bytes.count, &header, &details)
            }
        try check(headerStatus, details, format)
        let width = Int(header.width)
        let height = Int(header.height)
        // Sides are below 2^31, so the product fits; the second bound leaves room for the channels, twice.
        guard width * height <= min(limits.maximumPixels, Int.max / 8) else {
            throw ImageError(
                .tooLarge,
                "The image has \(width) x \(height) pixels, \(width * height) in all; at most \(limits.maximumPixels) are read.")
        }

        let size = width * height * channels
        // For the pixels as stored and as turned upright.
        guard hasRoom(2 * size) else {
            throw ImageError(.outOfMemory, "There was not enough memory for an image of \(width) x \(height) pixels.")
        }
        var status = PAPILLA_CODEC_OK
        var pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            status =
                switch format {
                case .jpeg: papilla_jpeg_read_pixels(bytes, bytes.count, Int32(channels), buffer.baseAddress, size, &details)
                case .png: papilla_png_read_pixels(bytes, bytes.count, Int32(channels), buffer.baseAddress, size, &details)
                }
            count = status == PAPILLA_CODEC_OK ? size : 0
        }
        try check(status, details, format)
        let orientation = ImageOrientation(value: Int(details.orientation))
        pixels = orientation.upright(pixels, width: width, height: height, channels: channels)
        return Pixels(
            width: orientation.isTransposed ? height : width, height: orientation.isTransposed ? width : height,
            pixels: pixels, format: format, isPhantom: details.is_phantom, colourSpace: text(of: details.colour_space),
            colourProblem: text(of: details.colour_problem), hiddenShare: details.hidden)
    }

    /// C's text in an array; nil where it is empty.
    private static func text(of characters: some Any) -> String? {
        let text = withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return text.isEmpty ? nil : text
    }

    /// Whether the system would give so many bytes. An array that cannot be had stops the program, so it is asked first, and not
    /// through malloc: the optimiser removes a malloc that is only freed, and takes it for granted.
    static func hasRoom(_ count: Int) -> Bool {
        guard let room = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            room != UnsafeMutableRawPointer(bitPattern: -1)  // MAP_FAILED
        else { return false }
        munmap(room, count)
        return true
    }

    static func format(of bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> ImageFormat {
        guard !bytes.isEmpty else { throw ImageError(.empty, "The file has no content.") }
        guard bytes.count <= limits.maximumBytes else {
            throw ImageError(.tooLarge, "The file has \(bytes.count) bytes; at most \(limits.maximumBytes) are read.")
        }
        switch ImageSignature(bytes) {
        case .readable(let format): return format
        case .unsupported(let name):
            throw ImageError(.unsupportedFormat, "The file is \(name); JPEG and PNG images are read.")
        case .incomplete: throw ImageError(.truncated, "The file ends within its first \(bytes.count + 1) bytes.")
        case .unknown: throw ImageError(.notAnImage, "The file does not begin like an image; JPEG and PNG images are read.")
        }
    }

    static func check(
        _ status: papilla_codec_status, _ details: papilla_image_details, _ format: ImageFormat
    ) throws(ImageError) {
        let name = format == .jpeg ? "JPEG" : "PNG"
        let words = text(of: details.message) ?? "unknown"
        switch status {
        case PAPILLA_CODEC_OK: return
        case PAPILLA_CODEC_TRUNCATED: throw ImageError(.truncated, "The \(name) file ends before its image is complete.")
        case PAPILLA_CODEC_UNSUPPORTED: throw ImageError(.unsupportedFormat, "This kind of \(name) file is not read: \(words).")
        case PAPILLA_CODEC_TOO_LARGE: throw ImageError(.tooLarge, "The \(name) image is larger than its format allows: \(words).")
        case PAPILLA_CODEC_OUT_OF_MEMORY: throw ImageError(.outOfMemory, "There was not enough memory to read the \(name) image.")
        default: throw ImageError(.corrupt, "The \(name) file is damaged: \(words).")
        }
    }
}
