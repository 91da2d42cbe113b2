import CImageCodecs
import Screening

extension ImageDecoder {
    /// Reads a mask's labels: what the file holds, neither scaled nor mixed, upright by its EXIF orientation.
    ///
    /// A palette's entries are their colours, or their numbers where two that are used have one colour. Of one bit, and wherever all bits
    /// of 2 or 4 are set, the label is 255. Alpha counts where it varies: alone where what it shows has one colour (then the alpha is the
    /// mask), else colours are laid on black. JPEG has lost the exact values; what it shows is given.
    public static func decodeLabels(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(ImageError) -> LabelImage {
        let container = try ImageFile.open(bytes, limits: limits)
        guard let png = container as? Png else {
            let image = try container.frame(1)
            let pixels = image.raster.pixels
            let labels = (0..<image.raster.width * image.raster.height).map { index -> Label in
                let red = pixels[3 * index]
                let green = pixels[3 * index + 1]
                let blue = pixels[3 * index + 2]
                // What was grey comes back with a breath of colour.
                return max(red, green, blue) - min(red, green, blue) <= 12
                    ? Label(UInt16(green)) : Label(red: red, green: green, blue: blue)
            }
            return LabelImage(width: image.raster.width, height: image.raster.height, pixels: labels, format: image.format)
        }
        return try png.labels()
    }
}

extension Png {
    /// The labels as they are stored, upright.
    fileprivate func labels() throws(ImageError) -> LabelImage {
        // Samples of two bytes, and labels of four as stored and turned upright.
        try requireRoom(bytesPerPixel: 16)
        // The colour type has a fixed place in the header.
        let channels =
            switch bytes[25] {
            case 2: 3
            case 4: 2
            case 6: 4
            default: 1
            }
        var (layout, details) = (papilla_samples_layout(), papilla_image_details())
        var status = PAPILLA_CODEC_OK
        let size = width * height * channels
        let samples = [UInt16](unsafeUninitializedCapacity: size) { buffer, count in
            status = papilla_png_read_samples(bytes, bytes.count, &layout, buffer.baseAddress, size, &details)
            count = status == PAPILLA_CODEC_OK ? size : 0
        }
        try Self.check(status, details)
        let stored = LabelSamples(samples, layout)
        let (labels, places) = stored.labels
        let orientation = ImageOrientation(value: Int(details.orientation))
        return LabelImage(
            width: orientation.isTransposed ? height : width, height: orientation.isTransposed ? width : height,
            pixels: orientation.upright(labels, width: width, height: height, channels: 1), format: Self.format, places: places,
            alpha: stored.alpha)
    }
}

/// Samples as a PNG stores them.
private struct LabelSamples {
    let samples: [UInt16]
    let layout: papilla_samples_layout

    init(_ samples: [UInt16], _ layout: papilla_samples_layout) {
        self.samples = samples
        self.layout = layout
    }

    /// What the alpha channel is for.
    var alpha: LabelImage.Alpha {
        let channels = Int(layout.channels)
        guard layout.palette_count == 0, channels.isMultiple(of: 2), !samples.isEmpty else { return .unused }
        let first = samples[channels - 1]
        let isConstant = stride(from: channels - 1, to: samples.count, by: channels).allSatisfy { samples[$0] == first }
        return isConstant ? first == 0 ? .hidesAll : .unused : .counts
    }

    var labels: (labels: [Label], places: [Label: Int]) {
        if layout.palette_count > 0 { return looked }
        let (channels, top) = (Int(layout.channels), UInt16(truncatingIfNeeded: (1 << Int(layout.depth)) - 1))
        if channels == 1 {
            // Optimisers store 0 and 255 in fewer bits: all bits set is white, whatever their number.
            return (samples.map { layout.depth < 8 && $0 == top ? Label(255) : Label($0) }, [:])
        }
        let isColour = channels > 2
        let count = samples.count / channels
        guard channels.isMultiple(of: 2), let alpha = varyingAlpha(channels, count) else {
            return ((0..<count).map { isColour ? colour($0 * channels, opacity: top, top) : Label(samples[$0 * channels]) }, [:])
        }
        if showsOneColour(channels, count) { return (alpha.map { Label($0) }, [:]) }
        return (
            (0..<count).map { pixel in
                let opacity = samples[pixel * channels + channels - 1]
                return isColour
                    ? colour(pixel * channels, opacity: opacity, top) : Label(onBlack(samples[pixel * channels], opacity, top))
            }, [:]
        )
    }

    /// Palette entries as colours.
    private var looked: (labels: [Label], places: [Label: Int]) {
        var palette: [(Label, alpha: UInt8)] = []
        withUnsafeBytes(of: layout.palette) { bytes in
            for entry in 0..<Int(layout.palette_count) {
                let at = 4 * entry
                palette.append((Label(red: bytes[at], green: bytes[at + 1], blue: bytes[at + 2]), bytes[at + 3]))
            }
        }
        var isUsed = [Bool](repeating: false, count: palette.count)
        for sample in samples { isUsed[Int(sample)] = true }
        let used = palette.indices.filter { isUsed[$0] }
        var places: [Label: Int] = [:]
        for entry in used where places.updateValue(entry, forKey: palette[entry].0) != nil {
            // Two entries of one colour are told apart by their opacity, else by their numbers.
            if used.count == 2, palette[used[0]].alpha != palette[used[1]].alpha {
                return (samples.map { Label(UInt16(palette[Int($0)].alpha)) }, [:])
            }
            return (samples.map { Label($0) }, [:])
        }
        return (samples.map { palette[Int($0)].0 }, places)
    }

    /// The alpha of every pixel; nil where it is the same everywhere, and so says nothing.
    private func varyingAlpha(_ channels: Int, _ count: Int) -> [UInt16]? {
        let alpha = (0..<count).map { samples[$0 * channels + channels - 1] }
        return alpha.allSatisfy { $0 == alpha[0] } ? nil : alpha
    }

    /// Whether all pixels that are not wholly transparent have one colour.
    private func showsOneColour(_ channels: Int, _ count: Int) -> Bool {
        var first: ArraySlice<UInt16>?
        for pixel in 0..<count where samples[pixel * channels + channels - 1] > 0 {
            let colour = samples[pixel * channels..<(pixel + 1) * channels - 1]
            if let first, !first.elementsEqual(colour) { return false }
            first = first ?? colour
        }
        return true
    }

    private func onBlack(_ value: UInt16, _ opacity: UInt16, _ top: UInt16) -> UInt16 {
        UInt16(truncatingIfNeeded: (UInt32(value) * UInt32(opacity) + UInt32(top) / 2) / UInt32(top))
    }

    /// A pixel's colour on black. Three equal channels are a grey value of all their bits; other colours have 8.
    private func colour(_ at: Int, opacity: UInt16, _ top: UInt16) -> Label {
        let red = onBlack(samples[at], opacity, top)
        let green = onBlack(samples[at + 1], opacity, top)
        let blue = onBlack(samples[at + 2], opacity, top)
        if red == green, green == blue { return Label(red) }
        func byte(_ value: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: (UInt32(value) * 255 + UInt32(top) / 2) / UInt32(top)) }
        return Label(red: byte(red), green: byte(green), blue: byte(blue))
    }
}
