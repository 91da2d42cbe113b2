internal import Imaging
internal import Screening

/// An outline that a reader drew on the page, in pixels of the original.
struct DrawnOutline: Decodable, Sendable {
    /// A disc or a cup.
    var ellipse: Ellipse?
    /// Pixels that belong to it, row by row from the top: first pixel and length of each run, one after the other.
    var runs: [Int]?

    /// As a mask.
    /// - Throws: `badInput` for what is neither, or does not fit the image.
    func mask(width: Int, height: Int) throws(PapillaError) -> Mask {
        if let ellipse, runs == nil {
            let numbers = [ellipse.cx, ellipse.cy, ellipse.a, ellipse.b, ellipse.angle]
            guard numbers.allSatisfy({ $0.isFinite && abs($0) < 1e6 }), ellipse.a >= 1, ellipse.b >= 1 else {
                throw PapillaError(.badInput, "An ellipse's numbers make no sense")
            }
            return ellipse.mask(width: width, height: height)
        }
        guard let runs, ellipse == nil, runs.count.isMultiple(of: 2) else {
            throw PapillaError(.badInput, "An outline is an ellipse or a list of runs")
        }
        var mask = Mask(width: width, height: height)
        var end = 0
        for index in stride(from: 0, to: runs.count, by: 2) {
            let (start, length) = (runs[index], runs[index + 1])
            guard start >= end, length > 0, length <= mask.pixels.count - start else {
                throw PapillaError(
                    .badInput, "The runs of an outline do not fit the image, which has \(width) x \(height) pixels")
            }
            end = start + length
            for pixel in start..<end { mask.pixels[pixel] = 255 }
        }
        return mask
    }
}
