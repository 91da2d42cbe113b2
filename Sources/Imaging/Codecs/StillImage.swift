import CImageCodecs
import Glibc
import Screening

/// A container of one picture, whose codec lies in C.
protocol StillImage: ImageContainer {
    /// The whole file.
    var bytes: [UInt8] { get }
    /// px, as stored: before the EXIF orientation.
    var width: Int { get }
    /// px, as stored.
    var height: Int { get }

    /// Reads what the header says.
    static func readHeader(
        _ bytes: [UInt8], _ header: inout papilla_image_header, _ details: inout papilla_image_details
    ) -> papilla_codec_status
    /// Reads height x width x channels bytes.
    static func readPixels(
        _ bytes: [UInt8], channels: Int, into pixels: UnsafeMutableBufferPointer<UInt8>, _ details: inout papilla_image_details
    ) -> papilla_codec_status
}

extension StillImage {
    var frameCount: Int { 1 }

    func frame(_ number: Int) throws(ImageError) -> DecodedImage {
        precondition(number == 1, "there is one frame")
        let image = try pixels(channels: 3)
        let raster = Raster(width: image.width, height: image.height, pixels: image.pixels)
        var decoded = DecodedImage(raster: raster, format: Self.format, isPhantom: image.details.is_phantom)
        decoded.colourSpace = codecText(image.details.colour_space)
        decoded.colourProblem = codecText(image.details.colour_problem)
        decoded.hiddenShare = image.details.hidden
        decoded.liesOnSide = ImageOrientation(value: Int(image.details.orientation)).isTransposed
        return decoded
    }

    /// The grey values as they are stored: profiles and gamma do not count.
    func greyValues() throws(ImageError) -> GreyImage {
        let image = try pixels(channels: 1)
        return GreyImage(width: image.width, height: image.height, pixels: image.pixels)
    }

    private func pixels(
        channels: Int
    ) throws(ImageError) -> (width: Int, height: Int, pixels: [UInt8], details: papilla_image_details) {
        let size = width * height * channels
        // For the pixels as stored and as turned upright.
        try requireRoom(bytesPerPixel: 2 * channels)
        var details = papilla_image_details()
        var status = PAPILLA_CODEC_OK
        let stored = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            status = Self.readPixels(bytes, channels: channels, into: .init(rebasing: buffer[..<size]), &details)
            count = status == PAPILLA_CODEC_OK ? size : 0
        }
        try Self.check(status, details)
        let orientation = ImageOrientation(value: Int(details.orientation))
        return (
            orientation.isTransposed ? height : width, orientation.isTransposed ? width : height,
            orientation.upright(stored, width: width, height: height, channels: channels), details
        )
    }

    /// Refuses an image for which the system would not give so many bytes.
    func requireRoom(bytesPerPixel: Int) throws(ImageError) {
        let (count, isTooMuch) = (width * height).multipliedReportingOverflow(by: bytesPerPixel)
        guard !isTooMuch, hasRoom(count) else {
            throw ImageError(.outOfMemory, "There was not enough memory for an image of \(width) x \(height) pixels.")
        }
    }

    /// Width and height as stored, px.
    static func size(of bytes: [UInt8], limits: ImageLimits) throws(ImageError) -> (width: Int, height: Int) {
        var header = papilla_image_header()
        var details = papilla_image_details()
        try check(readHeader(bytes, &header, &details), details)
        let (width, height) = (Int(header.width), Int(header.height))
        // Sides are below 2^31, so the product fits; the second bound leaves room for the channels, twice.
        guard width * height <= min(limits.maximumPixels, Int.max / 8) else {
            throw ImageError(
                .tooLarge,
                "The image has \(width) x \(height) pixels, \(width * height) in all; at most \(limits.maximumPixels) are read.")
        }
        return (width, height)
    }

    /// Turns a codec's answer into an error.
    static func check(_ status: papilla_codec_status, _ details: papilla_image_details) throws(ImageError) {
        let name = format.rawValue.uppercased()
        let words = codecText(details.message) ?? "unknown"
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

/// C's text in an array; nil where it is empty.
func codecText(_ characters: some Any) -> String? {
    let text = withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return text.isEmpty ? nil : text
}

/// Whether the system would give so many bytes. An array that cannot be had stops the program, so it is asked first, and not through
/// malloc: the optimiser removes a malloc that is only freed, and takes it for granted.
private func hasRoom(_ count: Int) -> Bool {
    guard let room = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        room != UnsafeMutableRawPointer(bitPattern: -1)  // MAP_FAILED
    else { return false }
    munmap(room, count)
    return true
}
