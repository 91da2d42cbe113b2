internal import Imaging
internal import Screening

/// Rows that are missing from a picture, as a transfer or a decoder that gave up leaves them: of one colour, the last row again and
/// again, black below an outline that is cut off, or rows of elsewhere below a seam. They are looked for at low resolution, where what is
/// whole has been seen to differ by far: no photograph or frame repeats itself for a twentieth of its height.
struct LostRows: Sendable, Equatable {
    /// The way in which rows are missing.
    enum Kind: String, Sendable {
        /// The same row again and again; of one colour where that is all that it shows.
        case repeated
        /// Black, where the picture's outline would go on.
        case black
        /// Rows that do not continue those above, across the whole picture: shifted, or of another picture.
        case torn
    }

    /// How the rows are missing.
    let kind: Kind
    /// The missing rows, px of the low resolution.
    let rows: Range<Int>
    /// The most rows in one piece that are left, px of the low resolution.
    let kept: Range<Int>

    /// Looks for missing rows.
    ///
    /// - Parameters:
    ///   - small: the image at low resolution, its surround black.
    ///   - picture: all that is brighter than the surround.
    ///   - field: the picture's largest component, filled.
    ///   - circle: the field's outline where it is a circle, px of the low resolution.
    init?(in small: Raster, picture: Mask, field: Mask, circle: Circle?) {
        let rows = Rows(small)
        let found =
            rows.repeated().map { (Kind.repeated, $0) } ?? Self.black(picture, field, circle).map { (Kind.black, $0) }
            ?? (rows.torn(in: field) ?? rows.shifted(picture) ?? rows.chaotic()).map { (Kind.torn, $0) }
        guard let found else { return nil }
        (kind, self.rows) = found
        let (above, below) = (0..<found.1.lowerBound, found.1.upperBound..<small.height)
        kept = above.count >= below.count ? above : below
        // Of one colour all over: nothing was ever there.
        guard kept.count * 25 >= small.height else { return nil }
    }

    /// What a report states.
    var reason: Reason {
        let words =
            switch kind {
            case .repeated: "show one colour, or the same row again and again"
            case .black: "are black where the picture would go on"
            case .torn: "do not continue the others"
            }
        return Reason(
            .incomplete, "Rows of the picture are missing: some \(words); the whole picture was expected. Send it again.")
    }

    /// Rows without picture that the outline does not explain: between parts of the picture, or at one end of it where it breaks off in
    /// its full width and the other end has no such margin. A field that is cut at both ends, by its camera or by the frame, is whole.
    private static func black(_ picture: Mask, _ field: Mask, _ circle: Circle?) -> Range<Int>? {
        let (height, all) = (picture.height, widths(of: picture))
        let widest = all.max() ?? 0
        guard widest * 10 >= picture.width, let top = all.firstIndex(where: { $0 > 0 }),
            let last = all.lastIndex(where: { $0 > 0 })
        else { return nil }
        // Between two parts that end as wide as they are.
        var start = top
        for row in top...last where all[row] * 33 > widest {
            if row - start > max(5, height / 25), row < last, start > top,
                min(all[start - 1], all[row + 1]) * 10 >= 3 * widest,
                Self.overlap(picture, start - 1, row + 1) * 10 >= 3 * widest
            {
                return start + 1..<row
            }
            start = row
        }
        let widths = widths(of: field)
        guard let first = widths.firstIndex(where: { $0 > 0 }), let end = widths.lastIndex(where: { $0 > 0 }).map({ $0 + 1 }),
            end - first > 4
        else { return nil }
        let broadest = widths.max() ?? 0
        let (above, below) = (first, height - end)
        // One pixel inside, where antialiasing has no say.
        let (upper, lower) = (widths[first + 1], widths[end - 2])
        if let circle, circle.radius > Double(broadest) / 3 {
            let (atTop, atFoot) = (
                Double(first) - (circle.centre.y - circle.radius), circle.centre.y + circle.radius - Double(end)
            )
            let depth = circle.radius * 2 * Self.cutDepth
            if below * 40 >= height, lower * 10 >= 3 * broadest, atFoot - max(0, atTop) > depth { return end..<height }
            if above * 40 >= height, upper * 10 >= 3 * broadest, atTop - max(0, atFoot) > depth { return 0..<first }
        }
        let margin = Double(height) * Self.unevenMargin
        if Double(below - above) > margin, lower * 10 >= 4 * broadest { return end..<height }
        if Double(above - below) > margin, upper * 10 >= 4 * broadest { return 0..<first }
        return nil
    }

    /// By how much of its diameter more a circle is cut at one end than at the other if rows are missing.
    private static let cutDepth = 0.045
    /// By how much of the height one margin is wider than the other if rows are missing: frames off the centre have 0.073 at most.
    private static let unevenMargin = 0.078

    private static func widths(of mask: Mask) -> [Int] {
        (0..<mask.height).map { y in
            var width = 0
            for x in 0..<mask.width where mask.pixels[y * mask.width + x] != 0 { width += 1 }
            return width
        }
    }

    private static func overlap(_ mask: Mask, _ above: Int, _ below: Int) -> Int {
        (0..<mask.width).count { mask[$0, above] && mask[$0, below] }
    }
}

/// An image at low resolution, row against row.
private struct Rows {
    let width: Int
    let height: Int
    let pixels: [UInt8]

    init(_ small: Raster) {
        width = small.width
        height = small.height
        pixels = small.pixels
    }

    /// The difference of two pixels in the channel in which they differ most.
    private func difference(_ x: Int, _ above: Int, _ below: Int) -> Int {
        let (a, b) = (3 * (above * width + x), 3 * (below * width + x))
        return max(
            abs(Int(pixels[a]) - Int(pixels[b])), abs(Int(pixels[a + 1]) - Int(pixels[b + 1])),
            abs(Int(pixels[a + 2]) - Int(pixels[b + 2])))
    }

    private func isLit(_ x: Int, _ y: Int) -> Bool {
        let index = 3 * (y * width + x)
        return max(pixels[index], pixels[index + 1], pixels[index + 2]) > 42
    }

    /// The longest run of rows that show the same, wherever they are not black.
    func repeated() -> Range<Int>? {
        let step = max(2, (height * 3 + 50) / 100)
        guard height > 3 * step else { return nil }
        var (best, start) = (0..<0, -1)
        for y in step...height {
            if y < height, isSame(y - step, y) {
                if start < 0 { start = y }
            } else if start >= 0 {
                if y - start > best.count { best = start..<y }
                start = -1
            }
        }
        guard best.count >= max(4, (height + 49) / 50) else { return nil }
        return best.lowerBound - step..<best.upperBound
    }

    /// Whether two rows show the same in all but 3 % of their pixels that are not black; a tenth of the row is not black.
    private func isSame(_ above: Int, _ below: Int) -> Bool {
        var (lit, same) = (0, 0)
        for x in 0..<width where isLit(x, above) || isLit(x, below) {
            lit += 1
            if difference(x, above, below) <= 3 { same += 1 }
        }
        return lit * 10 >= width && same * 100 >= 97 * lit
    }

    /// Rows beside a seam: a row at which most columns jump by more than they do above and below it. The smaller part is what is missing.
    func torn(in field: Mask) -> Range<Int>? {
        let margin = max(4, height * 3 / 40)
        var (best, place) = (Self.tornShare, -1)
        for y in margin..<max(margin, height - margin) {
            var (count, jumps) = (0, 0)
            for x in 0..<width where field[x, y - 4] && field[x, y] && field[x, y + 4] {
                count += 1
                if difference(x, y - 1, y + 1) > 2 * max(difference(x, y - 3, y - 1), difference(x, y + 1, y + 3)) + 4 {
                    jumps += 1
                }
            }
            if count * 3 >= width, Double(jumps) > best * Double(count) {
                best = Double(jumps) / Double(count)
                place = y
            }
        }
        return place < 0 ? nil : end(at: place)
    }

    /// Rows beside a seam at which the picture's outline jumps sideways as a whole: above and below the seam it goes on as it was, and
    /// the rows are the same but for a shift.
    func shifted(_ picture: Mask) -> Range<Int>? {
        let margin = max(7, height * 3 / 40)
        func different(_ above: Int, _ below: Int, shift: Int = 0) -> Int {
            (0..<width).count { picture[$0, above] != picture[($0 + shift) % width, below] }
        }
        for y in margin..<max(margin, height - margin) {
            var (left, joined) = (0, 0)
            for x in 0..<width where picture[x, y - 2] != picture[x, y + 2] {
                if picture[x, y - 2] { left += 1 } else { joined += 1 }
            }
            guard min(left, joined) * 20 >= width, different(y - 6, y - 2) * 25 <= width, different(y + 2, y + 6) * 25 <= width
            else {
                continue
            }
            if (1..<width).contains(where: { different(y - 2, y + 2, shift: $0) * 40 <= width }) { return end(at: y) }
        }
        return nil
    }

    /// Rows of noise: nearly every pixel has nothing to do with the one above it.
    func chaotic() -> Range<Int>? {
        var (best, start) = (0..<0, -1)
        for y in 1...height {
            if y < height, (0..<width).count(where: { difference($0, y - 1, y) > 40 }) * 2 > width {
                if start < 0 { start = y }
            } else if start >= 0 {
                if y - start > best.count { best = start..<y }
                start = -1
            }
        }
        return best.count * 20 >= height ? best : nil
    }

    /// The smaller part of the two beside a seam.
    private func end(at seam: Int) -> Range<Int> { seam * 2 >= height ? seam..<height : 0..<seam }

    /// The share of columns that jump at a seam: 0.62 has been seen in what is whole, along the edge of a burnt-in picture.
    private static let tornShare = 0.72
}
