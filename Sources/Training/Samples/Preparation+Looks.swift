internal import DataSets
internal import Imaging
internal import Reading
internal import Screening

extension Preparation {
    /// The looks that a task takes at a picture.
    func looks(_ raster: Raster, _ grey: GreyImage?) -> [TrainingView] {
        switch task {
        case .router, .polyp:
            return [whole(raster, grey, surround: .reflected, zoom: task == .router ? 0.6...1.15 : 0.75...1.15, rotation: 180)]
        case .disc, .cup:
            guard let grey, let disc = Self.disc(grey) else {
                return task == .disc ? [whole(raster, grey, surround: .black, zoom: 0.8...1.1, rotation: 20)] : []
            }
            let short = Double(min(raster.width, raster.height))
            if isUnrolled {
                let surround = disc.diameter < Self.cropShare * short ? TrainingView.Surround.black : .reflected
                return [unrolled(raster, grey, around: disc, surround: surround)]
            }
            if disc.diameter < Self.cropShare * short {
                let crop = crop(raster, grey, around: disc)
                return task == .cup ? [crop] : [whole(raster, grey, surround: .black, zoom: 0.8...1.1, rotation: 20), crop]
            }
            // A crop already: the service looks at all of it. Where it has room to spare, the usual crop as well.
            let all = whole(raster, grey, surround: .reflected, zoom: 0.85...1.2, rotation: 30)
            let widest = min(Self.cropRange.upperBound, short / disc.diameter)
            guard widest > Self.cropRange.lowerBound * 1.1 else { return [all] }
            let factors = Self.cropRange.lowerBound / Self.cropDiameters...widest / Self.cropDiameters
            return [all, inner(raster, grey, around: disc, zoom: factors)]
        }
    }

    /// The largest square beside a frame's polyps, as a frame of its own: sets with polyps in every frame teach that there always is one.
    /// Nil without a polyp, and where the square is less than a third of the frame.
    func background(_ raster: Raster, _ grey: GreyImage?) -> TrainingView? {
        guard task == .polyp, let truth = grey.map({ Truth.mask($0, for: task) }), truth.area > 0 else { return nil }
        let box = Rectangle(fieldBox(raster))
        let scale = 96 / max(box.width, box.height)
        let small = truth.resampledNearest(
            from: box, width: max(1, Int(box.width * scale)), height: max(1, Int(box.height * scale)))
        guard let square = Self.largestEmptySquare(in: small), square.width * 3 >= min(small.width, small.height) else {
            return nil
        }
        // A pixel of the coarse mask may hide a little of the polyp: a margin on every side.
        let (x, y) = (box.width / Double(small.width), box.height / Double(small.height))
        let region = Rectangle(
            x: box.x + Double(square.x + 1) * x, y: box.y + Double(square.y + 1) * y, width: Double(square.width - 2) * x,
            height: Double(square.height - 2) * y)
        return TrainingView(
            raster, truth: Mask(width: raster.width, height: raster.height), region: region,
            view: (region.centre, max(region.width, region.height)), side: side, surround: .reflected, window: (1, 1),
            zoom: 0.7...1, shift: 0.1, rotation: 180)
    }

    /// The largest square without a pixel inside, by the sides of the largest ones that end at each pixel.
    static func largestEmptySquare(in mask: Mask) -> PixelBox? {
        var best: PixelBox?
        var above = [Int](repeating: 0, count: mask.width + 1)
        for y in 0..<mask.height {
            var row = [Int](repeating: 0, count: mask.width + 1)
            for x in 0..<mask.width where !mask[x, y] {
                let side = min(row[x], above[x], above[x + 1]) + 1
                row[x + 1] = side
                if side > best?.width ?? 0 { best = PixelBox(x: x - side + 1, y: y - side + 1, width: side, height: side) }
            }
            above = row
        }
        return best
    }

    /// Everything that the picture shows, as the service's first look has it.
    private func whole(
        _ raster: Raster, _ grey: GreyImage?, surround: TrainingView.Surround, zoom: ClosedRange<Double>, rotation: Double
    ) -> TrainingView {
        let box = Rectangle(fieldBox(raster))
        let longest = max(box.width, box.height)
        return TrainingView(
            raster, truth: grey.map { Truth.mask($0, for: task) }, region: box, view: (box.centre, longest), side: side,
            surround: surround,
            window: surround == .reflected ? (box.width / longest, box.height / longest) : (1, 1), zoom: zoom, shift: 0.08,
            rotation: rotation)
    }

    /// The square around the disc, with the photograph's own surroundings for every turn and shift.
    private func crop(_ raster: Raster, _ grey: GreyImage, around disc: (centre: Point, diameter: Double)) -> TrainingView {
        let reach = 2.75 * disc.diameter
        let left = max(0, (disc.centre.x - reach).rounded(.down))
        let top = max(0, (disc.centre.y - reach).rounded(.down))
        let right = min(Double(raster.width), (disc.centre.x + reach).rounded(.up))
        let bottom = min(Double(raster.height), (disc.centre.y + reach).rounded(.up))
        return TrainingView(
            raster, truth: Truth.mask(grey, for: task),
            region: Rectangle(x: left, y: top, width: right - left, height: bottom - top),
            view: (disc.centre, Self.cropDiameters * disc.diameter), side: side, surround: .black, window: (1, 1),
            zoom: Self.cropRange.lowerBound / Self.cropDiameters...Self.cropRange.upperBound / Self.cropDiameters, shift: 0.08,
            rotation: 30)
    }

    /// The disc unrolled, as far as the service does it. A first look that is a little off moves the centre and stretches the distance.
    private func unrolled(
        _ raster: Raster, _ grey: GreyImage, around disc: (centre: Point, diameter: Double), surround: TrainingView.Surround
    ) -> TrainingView {
        let zoom = 0.85...1.2
        let far = (Unrolling.reach * zoom.upperBound * 1.1 + 0.1) * disc.diameter
        let (left, top) = (max(0, (disc.centre.x - far).rounded(.down)), max(0, (disc.centre.y - far).rounded(.down)))
        let right = min(Double(raster.width), (disc.centre.x + far).rounded(.up))
        let bottom = min(Double(raster.height), (disc.centre.y + far).rounded(.up))
        var look = TrainingView(
            raster, truth: Truth.mask(grey, for: task),
            region: Rectangle(x: left, y: top, width: right - left, height: bottom - top),
            view: (disc.centre, 2 * Unrolling.reach * disc.diameter), side: side, surround: surround, window: (1, 1), zoom: zoom,
            shift: 0.03, rotation: 30)
        look.isUnrolled = true
        return look
    }

    /// The square around the disc of a picture that ends not far from it.
    private func inner(
        _ raster: Raster, _ grey: GreyImage, around disc: (centre: Point, diameter: Double), zoom: ClosedRange<Double>
    ) -> TrainingView {
        TrainingView(
            raster, truth: Truth.mask(grey, for: task), region: raster.bounds,
            view: (disc.centre, Self.cropDiameters * disc.diameter),
            side: side, surround: .reflected, window: (1, 1), zoom: zoom, shift: 0.08, rotation: 30)
    }

    /// The box that the service's first look puts its square around.
    private func fieldBox(_ raster: Raster) -> PixelBox {
        FieldOfView(of: raster).box
    }

    /// Centre and diameter (the greater extent, as the service takes it) of the disc, px; nil where there is none.
    private static func disc(_ grey: GreyImage) -> (centre: Point, diameter: Double)? {
        var left = Int.max
        var right = Int.min
        var top = Int.max
        var bottom = Int.min
        for y in 0..<grey.height {
            for x in 0..<grey.width where grey.pixels[y * grey.width + x] > 0 {
                left = min(left, x)
                right = max(right, x)
                top = min(top, y)
                bottom = max(bottom, y)
            }
        }
        guard right >= left else { return nil }
        let (width, height) = (Double(right - left + 1), Double(bottom - top + 1))
        return (Point(x: Double(left) + width / 2, y: Double(top) + height / 2), max(width, height))
    }
}

extension TrainingView {
    /// Keeps a region of a picture at about twice the resolution that the network sees it with, never more than it has.
    init(
        _ raster: Raster, truth: Mask?, region: Rectangle, view: (centre: Point, side: Double), side: Int, surround: Surround,
        window: (width: Double, height: Double), zoom: ClosedRange<Double>, shift: Double, rotation: Double
    ) {
        let scale = min(1, 2 * Double(side) / view.side)
        let width = max(1, Int((region.width * scale).rounded()))
        let height = max(1, Int((region.height * scale).rounded()))
        // Rounding to whole pixels changes the two scales a little; the view follows them.
        let (scaleX, scaleY) = (Double(width) / region.width, Double(height) / region.height)
        self.init(
            raster: raster.resampled(from: region, width: width, height: height),
            truth: truth?.resampledNearest(from: region, width: width, height: height),
            centre: Point(x: (view.centre.x - region.x) * scaleX, y: (view.centre.y - region.y) * scaleY),
            side: view.side * (scaleX * scaleY).squareRoot(), surround: surround, window: window, zoom: zoom, shift: shift,
            rotation: rotation)
    }
}
