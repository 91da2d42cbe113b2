internal import Imaging

/// The pixels of an image at low resolution that are picture and not border, text or panel.
enum BrightRegion {
    /// Pixels clearly brighter than the border, without flat areas in colours that neither retina nor mucosa has, opened by one pixel
    /// so that lines of text and hairline bridges go.
    static func mask(of small: Raster) -> Mask {
        let threshold = brightness(ofBorder: small) + 10
        var bright = Mask(width: small.width, height: small.height)
        for index in 0..<small.width * small.height { bright.pixels[index] = value(small, index) > threshold ? 255 : 0 }
        removePanels(from: &bright, small)
        let outside = Mask(width: small.width, height: small.height, pixels: bright.pixels.map { ~$0 })
        var core = outside.dilated(radius: 1)
        core.pixels = core.pixels.map { ~$0 }
        return core.dilated(radius: 1)
    }

    /// A field's red alone may be bright, so the brightest channel counts.
    private static func value(_ small: Raster, _ index: Int) -> Int {
        Int(max(small.pixels[3 * index], small.pixels[3 * index + 1], small.pixels[3 * index + 2]))
    }

    /// Borders are black or a dark grey (video levels begin at 16; 22 has been seen), sometimes both: the brightest level that a
    /// fiftieth of the pixels share with few just above it, or else that of the darkest hundredth; never more than 32, above which it is no
    /// border. A dark part of a picture has no such level: it shades off.
    private static func brightness(ofBorder small: Raster) -> Int {
        var histogram = [Int](repeating: 0, count: 256)
        let count = small.width * small.height
        for index in 0..<count { histogram[value(small, index)] += 1 }
        for level in (1..<32).reversed() {
            let spike = histogram[level - 1...level + 1].reduce(0, +)
            if spike * 50 >= count, spike >= 4 * histogram[level + 2...level + 8].reduce(0, +) { return level }
        }
        var below = 0
        for level in 0..<32 {
            below += histogram[level]
            if below * 100 >= count { return level }
        }
        return 32
    }

    /// Whether most of the picture, shaded parts too, is more green or blue than red.
    private static func isColouredByLight(_ bright: Mask, _ small: Raster) -> Bool {
        var (all, cool) = (0, 0)
        for index in bright.pixels.indices where bright.pixels[index] != 0 {
            let red = small.pixels[3 * index]
            let green = small.pixels[3 * index + 1]
            let blue = small.pixels[3 * index + 2]
            all += 1
            if max(green, blue) > red { cool += 1 }
        }
        return cool * 2 > all
    }

    /// Takes out information panels: even areas that are more green or blue than red by a wide margin.
    private static func removePanels(from bright: inout Mask, _ small: Raster) {
        let (width, height) = (small.width, small.height)
        guard width > 2, height > 2 else { return }
        func channel(_ x: Int, _ y: Int, _ c: Int) -> Int { Int(small.pixels[3 * (y * width + x) + c]) }
        var panel = Mask(width: width, height: height)
        for y in 1..<height - 1 {
            for x in 1..<width - 1 {
                let green = channel(x, y, 1)
                guard max(green, channel(x, y, 2)) > channel(x, y, 0) + 60 else { continue }
                let isEven = [(-1, 0), (1, 0), (0, -1), (0, 1)].allSatisfy { abs(channel(x + $0, y + $1, 1) - green) <= 6 }
                if isEven { panel[x, y] = true }
            }
        }
        // Endoscopy's light of one narrow band or two colours the whole picture so: what most of it has is its light, and no panel.
        guard panel.area > 0, !isColouredByLight(bright, small) else { return }
        // Two pixels more: the panel's own antialiased edge.
        let grown = panel.dilated(radius: 2)
        for index in bright.pixels.indices where grown.pixels[index] != 0 { bright.pixels[index] = 0 }
    }
}
