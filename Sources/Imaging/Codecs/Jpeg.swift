import CImageCodecs

/// A JPEG file (ITU-T T.81): one picture.
struct Jpeg: StillImage {
    static let format = ImageFormat.jpeg
    private static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

    let bytes: [UInt8]
    let width: Int
    let height: Int

    init(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) {
        (width, height) = try Self.size(of: bytes, limits: limits)
        self.bytes = bytes
    }

    static func claim(_ beginning: [UInt8]) -> ImageClaim {
        if beginning.starts(with: signature) || hasStrayBytes(beginning) { return .mine }
        return !beginning.isEmpty && signature.starts(with: beginning) ? .begun : .other
    }

    /// Whether the first marker follows the file's beginning after a few stray bytes, as after any other segment. A text that happens to
    /// begin so has no marker of a header.
    private static func hasStrayBytes(_ bytes: [UInt8]) -> Bool {
        guard bytes.starts(with: signature.dropLast()) else { return false }
        let headers: [ClosedRange<UInt8>] = [0xC0...0xC4, 0xDB...0xDB, 0xDD...0xDD, 0xE0...0xEF, 0xFE...0xFE]
        let beginning = bytes.prefix(66)
        return zip(beginning, beginning.dropFirst()).dropFirst(2).contains { first, second in
            first == 0xFF && headers.contains { $0.contains(second) }
        }
    }

    /// Goes from segment to segment to the end of the image (T.81, annex B). Stray bytes before the first one are passed over, as by the
    /// decoder.
    static func isWhole<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Bool? {
        let start = try file.bytes(at: 0, count: signature.count)
        guard start.starts(with: signature.dropLast()) else { return signature.starts(with: start) ? false : nil }
        var offset: Int64 = 2
        while true {
            // To the next marker: 0xFF and then neither 0x00 (a stuffed byte of the picture) nor another 0xFF (fill).
            guard let mark = try file.next(0xFF, from: offset), let second = try file.byte(mark + 1) else { return false }
            guard second != 0x00, second != 0xFF else {
                offset = mark + 1
                continue
            }
            offset = mark
            switch second {
            case 0xD9: return true
            case 0x01, 0xD0...0xD8: offset += 2
            default:
                guard let length = try file.number(offset + 2, bytes: 2) else { return false }
                if length < 2 { return true }
                offset += 2 + length
            }
        }
    }

    static func readHeader(
        _ bytes: [UInt8], _ header: inout papilla_image_header, _ details: inout papilla_image_details
    ) -> papilla_codec_status { papilla_jpeg_read_header(bytes, bytes.count, &header, &details) }

    static func readPixels(
        _ bytes: [UInt8], channels: Int, into pixels: UnsafeMutableBufferPointer<UInt8>, _ details: inout papilla_image_details
    ) -> papilla_codec_status {
        papilla_jpeg_read_pixels(bytes, bytes.count, Int32(channels), pixels.baseAddress, pixels.count, &details)
    }
}
