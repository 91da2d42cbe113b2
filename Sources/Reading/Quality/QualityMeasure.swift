internal import Glibc
internal import Imaging

/// The figures that quality is judged by, of the picture inside its field, at a fixed scale.
struct QualityMeasure: Sendable, Equatable {
    /// Mean luma of the field, 0...1.
    var brightness: Double
    /// Share of the field without any detail in the lights (luma above 250/255), 0...1.
    var clippedShare: Double
    /// Finest detail over coarse detail: see ``init(_:in:)``.
    var focus: Double
    /// 5th to 95th percentile of luma, 0...1.
    var contrast: Double
    /// Shorter side of the field's box, px of the original.
    var fieldSide: Int

    /// The longer side at which figures are taken, px; smaller pictures are taken as they are.
    static let side = 384.0

    /// Measures the picture in a field.
    ///
    /// Focus is the mean square of the Laplacian over that of first differences four times as far apart, of luma smoothed over 3 x 3
    /// pixels, whose rounding alone would else look like detail: edges and vessels keep energy in the finest scale, blur takes it away
    /// there first (after Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000, but relative, so that a faint
    /// sharp picture is not a blurred one).
    init(_ raster: Raster, in field: FieldOfView) {
        fieldSide = min(field.box.width, field.box.height)
        let scale = max(1, Double(max(field.box.width, field.box.height)) / Self.side)
        let width = max(1, Int((Double(field.box.width) / scale).rounded()))
        let height = max(1, Int((Double(field.box.height) / scale).rounded()))
        let small = raster.resampled(from: Rectangle(field.box), width: width, height: height)
        let levels = (0..<width * height).map { Self.level(small, $0) }
        let inside = Self.inside(field, raster, width: width, height: height)
        // How often each level occurs: percentiles without sorting.
        var counts = [Int32](repeating: 0, count: Self.white + 1)
        var (count, sum) = (0, 0)
        for index in levels.indices where inside.pixels[index] != 0 {
            counts[levels[index]] += 1
            count = count + 1
            sum = sum + levels[index]
        }
        guard count > 0 else {
            brightness = 0
            clippedShare = 0
            focus = 0
            contrast = 0
            return
        }
        let white = Double(Self.white)
        brightness = Double(sum) / Double(count) / white
        clippedShare = Double(counts[(250 * 1000 + 1)...].reduce(0, +)) / Double(count)
        let (low, high) = (Self.level(at: (count - 1) * 5 / 100, counts), Self.level(at: (count - 1) * 95 / 100, counts))
        contrast = Double(high - low) / white
        let luma = levels.map { Double($0) / white }
        focus = Self.focus(luma, inside: inside)
    }

    /// The luma of white.
    private static let white = 255 * 1000

    /// Luma by the weights of ITU-R BT.601, in thousandths of an 8-bit level: 0...``white``, exact.
    private static func level(_ raster: Raster, _ index: Int) -> Int {
        299 * Int(raster.pixels[3 * index]) + 587 * Int(raster.pixels[3 * index + 1]) + 114 * Int(raster.pixels[3 * index + 2])
    }

    /// The level of the pixel that would stand at `rank`, from 0, if all were sorted.
    private static func level(at rank: Int, _ counts: [Int32]) -> Int {
        var passed = 0
        for (level, count) in counts.enumerated() {
            passed += Int(count)
            if passed > rank { return level }
        }
        return white
    }

    /// The field's pixels at this scale, ten pixels away from its border, whose edge would be the sharpest in the picture.
    private static func inside(_ field: FieldOfView, _ raster: Raster, width: Int, height: Int) -> Mask {
        let (scaleX, scaleY) = (
            Double(field.mask.width) / Double(raster.width), Double(field.mask.height) / Double(raster.height)
        )
        let source = Rectangle(
            x: Double(field.box.x) * scaleX, y: Double(field.box.y) * scaleY, width: Double(field.box.width) * scaleX,
            height: Double(field.box.height) * scaleY)
        var outside = field.mask.resampledNearest(from: source, width: width, height: height)
        outside.pixels = outside.pixels.map { ~$0 }
        var inside = outside.dilated(radius: 10)
        inside.pixels = inside.pixels.map { ~$0 }
        return inside
    }

    private static func focus(_ luma: [Double], inside: Mask) -> Double {
        let (width, height) = (inside.width, inside.height)
        guard width > 18, height > 18 else { return 0 }
        let smooth = smoothed(luma, width: width, height: height)
        var (fine, coarse) = (0.0, 0.0)
        for y in 9..<height - 9 {
            for index in y * width + 9..<(y + 1) * width - 9 where inside.pixels[index] != 0 {
                let around = smooth[index - 2] + smooth[index + 2] + smooth[index - 2 * width] + smooth[index + 2 * width]
                let laplacian = around - 4 * smooth[index]
                fine += laplacian * laplacian
                let (dx, dy) = (smooth[index + 8] - smooth[index - 8], smooth[index + 8 * width] - smooth[index - 8 * width])
                coarse += dx * dx + dy * dy
            }
        }
        // Without any structure at all nothing can be said of focus; contrast then speaks.
        return coarse > 0 ? fine / coarse : 1
    }

    /// Means over 3 x 3 pixels; the outermost pixels are left 0.
    private static func smoothed(_ luma: [Double], width: Int, height: Int) -> [Double] {
        var smooth = [Double](repeating: 0, count: luma.count)
        for y in 1..<height - 1 {
            for index in y * width + 1..<(y + 1) * width - 1 {
                let above = luma[index - width - 1] + luma[index - width] + luma[index - width + 1]
                let level = luma[index - 1] + luma[index] + luma[index + 1]
                let below = luma[index + width - 1] + luma[index + width] + luma[index + width + 1]
                smooth[index] = (above + level + below) / 9
            }
        }
        return smooth
    }
}
