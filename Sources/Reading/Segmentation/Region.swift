internal import Imaging
internal import Screening

/// A structure found in probabilities that were carried back to the original's pixels: the best component and its ellipse.
struct Region: Sendable {
    /// The window of the original that was looked at, px.
    let window: PixelBox
    /// The component, holes filled, in the window.
    let mask: Mask
    /// Its box in the window.
    let box: PixelBox
    /// The direct least-squares ellipse of its outline, in pixels of the original.
    let ellipse: Ellipse
    /// The component's summed probability.
    let weight: Double

    /// The component with the largest summed probability above a threshold; nil where there is none, or none that has an ellipse.
    ///
    /// - Parameters:
    ///   - probability: over the window.
    ///   - inside: only what lies in here counts when components are compared (the cup in its disc), in the window's pixels.
    init?(probability: Plane, window: PixelBox, threshold: Double, inside: Mask? = nil) {
        let map = probability.thresholded(Float(threshold)).filledHoles().labelled()
        var counted = probability
        if let inside { for index in counted.values.indices where inside.pixels[index] == 0 { counted.values[index] = 0 } }
        let sums = map.sums(of: counted)
        guard let best = sums.indices.max(by: { sums[$0] < sums[$1] }), sums[best] > 0 else { return nil }
        let component = map.components[best]
        let mask = map.mask(of: component)
        guard let local = EllipseFit.fit(mask) else { return nil }
        self.window = window
        self.mask = mask
        box = component.box
        ellipse = Ellipse(
            cx: local.cx + Double(window.x), cy: local.cy + Double(window.y), a: local.a, b: local.b, angle: local.angle)
        weight = sums[best]
    }

    /// The greater of the ellipse's extents along the image's axes, px: what the crop of the second look is measured by.
    var diameter: Double { max(ellipse.verticalDiameter, ellipse.horizontalDiameter) }

    /// px of the original.
    var centre: Point { Point(x: ellipse.cx, y: ellipse.cy) }

    /// The ellipse's pixels, in the window.
    var ellipseMask: Mask {
        Ellipse(
            cx: ellipse.cx - Double(window.x), cy: ellipse.cy - Double(window.y), a: ellipse.a, b: ellipse.b, angle: ellipse.angle
        )
        .mask(width: window.width, height: window.height)
    }

    /// Pixels of the component on the image's border.
    func pixelsOnBorder(width: Int, height: Int) -> Int {
        var count = 0
        for y in box.y..<box.y + box.height {
            for x in box.x..<box.x + box.width where mask[x, y] {
                let (column, row) = (x + window.x, y + window.y)
                if column == 0 || row == 0 || column == width - 1 || row == height - 1 { count += 1 }
            }
        }
        return count
    }

    /// Pixels of the component along the sides of a picture that end inside the file: with white or black around it. The lines that are
    /// looked at lie `margin` px inside the picture, where its last rows are not blurred into what is around it.
    func pixels(along picture: PixelBox, margin: Int, width: Int, height: Int) -> Int {
        let (right, foot) = (picture.x + picture.width, picture.y + picture.height)
        let columns = [picture.x > 0 ? picture.x + margin : nil, right < width ? right - 1 - margin : nil].compactMap(\.self)
        let rows = [picture.y > 0 ? picture.y + margin : nil, foot < height ? foot - 1 - margin : nil].compactMap(\.self)
        guard !columns.isEmpty || !rows.isEmpty else { return 0 }
        var count = 0
        for y in box.y..<box.y + box.height {
            for x in box.x..<box.x + box.width where mask[x, y] {
                if columns.contains(x + window.x) || rows.contains(y + window.y) { count += 1 }
            }
        }
        return count
    }

    /// Whether the component reaches an edge of the window.
    var touchesWindow: Bool {
        box.x == 0 || box.y == 0 || box.x + box.width == window.width || box.y + box.height == window.height
    }
}

extension Mask {
    /// This mask, which covers `window`, as a part of a whole image.
    func placed(at window: PixelBox, width: Int, height: Int) -> Mask {
        var whole = Mask(width: width, height: height)
        let (left, right) = (max(0, window.x), min(width, window.x + self.width))
        guard left < right else { return whole }
        for y in max(0, window.y)..<max(max(0, window.y), min(height, window.y + self.height)) {
            let source = (y - window.y) * self.width - window.x
            whole.pixels.replaceSubrange(y * width + left..<y * width + right, with: pixels[source + left..<source + right])
        }
        return whole
    }

    /// The pixels in both masks, which have one size, or the program stops.
    func intersection(_ other: Mask) -> Mask {
        precondition(width == other.width && height == other.height, "masks of one size")
        var both = self
        for index in both.pixels.indices { both.pixels[index] &= other.pixels[index] }
        return both
    }

    /// Mean of the pixel centres, continuous coordinates; nil for an empty mask.
    var centroid: Point? {
        let (count, x, y) = pixels.withUnsafeBufferPointer { pixels in
            var count = 0
            var x = 0
            var y = 0
            for row in 0..<height {
                for column in 0..<width where pixels[row * width + column] != 0 {
                    count = count + 1
                    x = x + column
                    y = y + row
                }
            }
            return (count, x, y)
        }
        guard count > 0 else { return nil }
        return Point(x: Double(x) / Double(count) + 0.5, y: Double(y) / Double(count) + 0.5)
    }
}

extension Plane {
    /// Mean of the values where the mask, which has the plane's size, is set; 0 for an empty mask.
    func mean(over mask: Mask) -> Double {
        precondition(width == mask.width && height == mask.height, "plane and mask have one size")
        var (sum, count) = (0.0, 0)
        for index in values.indices where mask.pixels[index] != 0 {
            sum = sum + Double(values[index])
            count = count + 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }
}
