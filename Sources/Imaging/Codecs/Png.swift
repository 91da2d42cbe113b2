import CImageCodecs

/// A PNG file (ISO/IEC 15948): one picture.
struct Png: StillImage {
    static let format = ImageFormat.png
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    let bytes: [UInt8]
    let width: Int
    let height: Int

    init(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) {
        (width, height) = try Self.size(of: bytes, limits: limits)
        self.bytes = bytes
    }

    static func claim(_ beginning: [UInt8]) -> ImageClaim {
        if beginning.starts(with: signature) { return .mine }
        return !beginning.isEmpty && signature.starts(with: beginning) ? .begun : .other
    }

    /// Goes from chunk to chunk to the last one, IEND (ISO/IEC 15948, clause 5).
    static func isWhole<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Bool? {
        let start = try file.bytes(at: 0, count: signature.count)
        guard start == signature else { return signature.starts(with: start) ? false : nil }
        var offset = Int64(signature.count)
        while true {
            guard let length = try file.number(offset, bytes: 4), let type = try file.number(offset + 4, bytes: 4) else {
                return false
            }
            // Zeros where a chunk should begin: space that was reserved and is not written yet.
            if length == 0, type == 0 { return false }
            if length > 0x7FFF_FFFF { return true }
            offset += 12 + length
            if offset > file.size { return false }
            if type == 0x4945_4E44 { return true }
        }
    }

    static func readHeader(
        _ bytes: [UInt8], _ header: inout papilla_image_header, _ details: inout papilla_image_details
    ) -> papilla_codec_status { papilla_png_read_header(bytes, bytes.count, &header, &details) }

    static func readPixels(
        _ bytes: [UInt8], channels: Int, into pixels: UnsafeMutableBufferPointer<UInt8>, _ details: inout papilla_image_details
    ) -> papilla_codec_status {
        papilla_png_read_pixels(bytes, bytes.count, Int32(channels), pixels.baseAddress, pixels.count, &details)
    }
}
