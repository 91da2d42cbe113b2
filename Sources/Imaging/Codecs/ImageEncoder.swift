import CImageCodecs
public import Screening

/// From pixels to the bytes of a PNG or JPEG file. The same pixels always give the same bytes.
public enum ImageEncoder {
    /// The share of its colour that a JPEG keeps.
    public enum Chroma: Sendable {
        /// Colour at full resolution (4:4:4): thin coloured lines stay crisp.
        case full
        /// Colour at half resolution both ways (4:2:0): smaller, for photographs.
        case halved
    }

    /// An 8-bit RGB PNG. `text` becomes tEXt entries: keywords of 1 to 79 characters, all in Latin-1.
    public static func png(_ raster: Raster, text: [String: String] = [:]) throws(PapillaError) -> [UInt8] {
        try png(raster.pixels, width: raster.width, height: raster.height, channels: 3, text: text)
    }

    /// An 8-bit grey PNG of 0 and 255.
    public static func png(_ mask: Mask, text: [String: String] = [:]) throws(PapillaError) -> [UInt8] {
        let size = try size(mask.width, mask.height, limit: 0x7FFF_FFFF)
        let texts = try texts(text)
        return try encoded { result, words in
            papilla_png_write_mask(mask.pixels, size.width, size.height, texts, text.count, &result, words)
        }
    }

    /// An 8-bit grey PNG that keeps every value.
    public static func png(_ image: GreyImage, text: [String: String] = [:]) throws(PapillaError) -> [UInt8] {
        try png(image.pixels, width: image.width, height: image.height, channels: 1, text: text)
    }

    /// A baseline JPEG of quality 1 to 100, at most 65,500 pixels a side, with an optional comment of at most 65,533 bytes.
    public static func jpeg(
        _ raster: Raster, quality: Int = 90, chroma: Chroma = .full, comment: String? = nil
    ) throws(PapillaError) -> [UInt8] {
        try jpeg(
            raster.pixels, width: raster.width, height: raster.height, channels: 3, stride: 3 * raster.width, quality: quality,
            chroma: chroma, comment: comment)
    }

    /// A baseline JPEG of what has been drawn on a canvas, likewise. Throws where any of the drawing failed.
    public static func jpeg(
        _ canvas: Canvas, quality: Int = 90, chroma: Chroma = .full, comment: String? = nil
    ) throws(PapillaError) -> [UInt8] {
        let (rows, stride) = try canvas.rows()
        defer { withExtendedLifetime(canvas) {} }
        return try jpeg(
            rows, width: canvas.width, height: canvas.height, channels: 4, stride: stride, quality: quality, chroma: chroma,
            comment: comment)
    }

    private static func jpeg(
        _ pixels: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int32, stride: Int, quality: Int, chroma: Chroma,
        comment: String?
    ) throws(PapillaError) -> [UInt8] {
        let size = try size(width, height, limit: 65_500)
        guard (1...100).contains(quality) else {
            throw PapillaError(.badInput, "JPEG quality \(quality) is out of range; 1 to 100 was expected")
        }
        guard (comment?.utf8.count ?? 0) <= 65_533 else {
            throw PapillaError(.badInput, "the JPEG comment is too long; at most 65533 bytes were expected")
        }
        // Bands are coded beside each other and then joined: the pixels are those of an image coded at once.
        let block = chroma == .halved ? 16 : 8
        let columns = (width + block - 1) / block
        let band = block * min(256 / block, 65_535 / columns)
        let count = (height + band - 1) / band
        let interval = count > 1 ? UInt32(columns * (band / block)) : 0
        var bands = [Coded](repeating: Coded(), count: count)
        defer { for index in bands.indices { papilla_bytes_free(&bands[index].result) } }
        bands.withUnsafeMutableBufferPointer { bands in
            let bands = bands
            Cores.forEachBand(of: height, height: band) { index, rows in
                bands[index].encode { result, words in
                    papilla_jpeg_write(
                        pixels + rows.lowerBound * stride, size.width, UInt32(rows.count), channels, stride, Int32(quality),
                        chroma == .halved, index == 0 ? comment : nil, interval, &result, words)
                }
            }
        }
        for band in bands { try band.check() }
        for index in 1..<max(1, count) {
            var next = bands[index].result
            bands[0].encode { result, _ in papilla_jpeg_append(&result, &next, UInt32(index), size.height) }
            try bands[0].check()
        }
        return bands[0].bytes
    }

    private static func png(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, text: [String: String]
    ) throws(PapillaError) -> [UInt8] {
        let size = try size(width, height, limit: 0x7FFF_FFFF)
        let texts = try texts(text)
        return try encoded { result, words in
            papilla_png_write(pixels, size.width, size.height, Int32(channels), texts, text.count, &result, words)
        }
    }

    /// Keywords and values, each ended by a zero.
    private static func texts(_ text: [String: String]) throws(PapillaError) -> [CChar] {
        var texts: [CChar] = []
        for (key, value) in text.sorted(by: { $0.key < $1.key }) {
            texts += try latin1(key, count: 1...79) + latin1(value, count: 0...1_000_000)
        }
        return texts
    }

    private static func size(_ width: Int, _ height: Int, limit: Int) throws(PapillaError) -> (width: UInt32, height: UInt32) {
        guard (1...limit).contains(width), (1...limit).contains(height) else {
            throw PapillaError(
                .badInput, "an image of \(width) x \(height) pixels cannot be written; 1 to \(limit) a side was expected")
        }
        return (UInt32(width), UInt32(height))
    }

    /// The characters of a PNG text and the zero that ends it. Line feeds are the only control characters that the format allows.
    private static func latin1(_ text: String, count: ClosedRange<Int>) throws(PapillaError) -> [CChar] {
        let scalars = text.unicodeScalars
        guard count.contains(scalars.count),
            scalars.allSatisfy({ $0.value == 10 || (32...126).contains($0.value) || (161...255).contains($0.value) })
        else {
            throw PapillaError(
                .badInput, "a PNG text must be \(count.lowerBound) to \(count.upperBound) printable Latin-1 characters")
        }
        return scalars.map { CChar(truncatingIfNeeded: $0.value) } + [0]
    }

    private static func encoded(
        _ encode: (inout papilla_bytes, UnsafeMutablePointer<CChar>) -> papilla_codec_status
    ) throws(PapillaError) -> [UInt8] {
        var coded = Coded()
        defer { papilla_bytes_free(&coded.result) }
        coded.encode(encode)
        try coded.check()
        return coded.bytes
    }
}

/// A codec's output. Its owner frees `result`.
private struct Coded {
    var result = papilla_bytes()
    private var status = PAPILLA_CODEC_OK
    private var words = [CChar](repeating: 0, count: Int(PAPILLA_CODEC_MESSAGE_SIZE))

    mutating func encode(_ encode: (inout papilla_bytes, UnsafeMutablePointer<CChar>) -> papilla_codec_status) {
        status = encode(&result, &words)
    }

    var bytes: [UInt8] { [UInt8](UnsafeBufferPointer(start: result.bytes, count: result.count)) }

    func check() throws(PapillaError) {
        guard status != PAPILLA_CODEC_OK else { return }
        let cause = String(decoding: words.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard status == PAPILLA_CODEC_OUT_OF_MEMORY else {
            throw PapillaError(.internal, "the image could not be encoded: \(cause)")
        }
        throw PapillaError(
            .system, "there was not enough memory to encode the image", hint: "Free memory and try again", isRetryable: true)
    }
}
