import CCairo
public import Screening

/// An image to draw on, antialiased, through Cairo.
///
/// Coordinates are continuous pixels, as everywhere: the first pixel's centre is (0.5, 0.5). Shapes whose coordinates are not
/// finite are left out. A canvas belongs to one thread at a time.
public final class Canvas {
    /// Columns, px.
    public let width: Int
    /// Rows, px.
    public let height: Int
    let surface: OpaquePointer
    let context: OpaquePointer

    /// A canvas of one colour, whose opacity plays no part. Throws where the size is not one that Cairo has (1 to 32,767 a side),
    /// or where memory is short.
    public init(width: Int, height: Int, fill: Colour = .black) throws(PapillaError) {
        guard (1...32_767).contains(width), (1...32_767).contains(height) else {
            throw PapillaError(
                .badInput, "a canvas of \(width) x \(height) pixels cannot be made; 1 to 32767 a side was expected")
        }
        guard let surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
            let context = cairo_create(surface)
        else { throw PapillaError(.system, "there was not enough memory for a canvas", isRetryable: true) }
        self.width = width
        self.height = height
        self.surface = surface
        self.context = context
        try check()
        // A new surface is black.
        if fill != .black {
            cairo_set_source_rgb(context, fill.red, fill.green, fill.blue)
            cairo_paint(context)
        }
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
        prepareText()
    }

    /// A canvas that begins as a copy of an image.
    public convenience init(_ raster: Raster) throws(PapillaError) {
        try self.init(width: raster.width, height: raster.height)
        draw(raster, atX: 0, y: 0)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    /// What has been drawn. Throws where any of the drawing failed.
    public func raster() throws(PapillaError) -> Raster {
        try check()
        var result = Raster(width: width, height: height)
        withRows { rows, stride in
            result.pixels.withUnsafeMutableBufferPointer { target in
                for y in 0..<height {
                    for x in 0..<width {
                        let pixel = rows[y * stride + x]
                        let place = (y * width + x) * 3
                        target[place] = UInt8(truncatingIfNeeded: pixel >> 16)
                        target[place + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
                        target[place + 2] = UInt8(truncatingIfNeeded: pixel)
                    }
                }
            }
        }
        return result
    }

    /// Lays an image over the canvas, scaled to a box that may reach beyond it.
    public func draw(_ raster: Raster, in box: PixelBox, filter: ResampleFilter = .area) {
        guard box.width > 0, box.height > 0, raster.width > 0, raster.height > 0 else { return }
        if box.width == raster.width, box.height == raster.height { return draw(raster, atX: box.x, y: box.y) }
        let columns = max(0, box.x)..<max(0, box.x, min(width, box.x + box.width))
        withRows { rows, stride in
            raster.weigh(raster.bounds, visible: nil, width: box.width, height: box.height, filter: filter) { y, line in
                guard (0..<height).contains(box.y + y) else { return }
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * box.width) { bytes in
                    guard let source = bytes.baseAddress else { return }
                    Raster.round(line, into: source, count: 3 * box.width)
                    Self.pack(source - 3 * box.x, columns, into: rows + (box.y + y) * stride)
                }
            }
        }
    }

    /// Lays another canvas over this one, its first pixel at (x, y), as far as it reaches.
    public func draw(_ other: Canvas, x left: Int, y top: Int) {
        let columns = max(0, left)..<max(0, left, min(width, left + other.width))
        let lines = max(0, top)..<max(0, top, min(height, top + other.height))
        other.withRows { source, sourceStride in
            withRows { rows, stride in
                for y in lines {
                    (rows + y * stride + columns.lowerBound).update(
                        from: source + (y - top) * sourceStride + columns.lowerBound - left, count: columns.count)
                }
            }
        }
    }

    /// Copies pixels, without scaling, to where both are.
    private func draw(_ raster: Raster, atX left: Int, y top: Int) {
        let columns = max(0, left)..<max(0, left, min(width, left + raster.width))
        let lines = max(0, top)..<max(0, top, min(height, top + raster.height))
        withRows { rows, stride in
            raster.pixels.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                for y in lines {
                    Self.pack(source + ((y - top) * raster.width - left) * 3, columns, into: rows + y * stride)
                }
            }
        }
    }

    /// Red, green and blue of some columns as Cairo has them.
    private static func pack(_ source: UnsafePointer<UInt8>, _ columns: Range<Int>, into row: UnsafeMutablePointer<UInt32>) {
        for x in columns {
            row[x] = UInt32(source[3 * x]) << 16 | UInt32(source[3 * x + 1]) << 8 | UInt32(source[3 * x + 2])
        }
    }

    /// What has been drawn, in place: blue, green, red and a byte that does not count for each pixel, `stride` bytes for each row. To be
    /// read at once, while the canvas lives. Throws where any of the drawing failed.
    func rows() throws(PapillaError) -> (bytes: UnsafePointer<UInt8>, stride: Int) {
        cairo_surface_flush(surface)
        try check()
        guard let bytes = cairo_image_surface_get_data(surface) else {
            throw PapillaError(.internal, "a canvas has no pixels")
        }
        return (UnsafePointer(bytes), Int(cairo_image_surface_get_stride(surface)))
    }

    /// Cairo's own memory: 32 bits a pixel, red above green above blue. It is told before and after, since it may hold back drawing or copies.
    private func withRows(_ body: (_ rows: UnsafeMutablePointer<UInt32>, _ stride: Int) -> Void) {
        cairo_surface_flush(surface)
        guard let data = cairo_image_surface_get_data(surface) else { return }
        let stride = Int(cairo_image_surface_get_stride(surface)) / 4
        data.withMemoryRebound(to: UInt32.self, capacity: stride * height) { body($0, stride) }
        cairo_surface_mark_dirty(surface)
    }

    private func check() throws(PapillaError) {
        let status = [cairo_surface_status(surface), cairo_status(context)].first { $0 != CAIRO_STATUS_SUCCESS }
        guard let status else { return }
        let words = String(cString: cairo_status_to_string(status))
        throw PapillaError(
            status == CAIRO_STATUS_NO_MEMORY ? .system : .internal, "the image could not be drawn: \(words)",
            isRetryable: status == CAIRO_STATUS_NO_MEMORY)
    }
}
