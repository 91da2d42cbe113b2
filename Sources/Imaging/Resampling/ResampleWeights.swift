/// The weights that carry one axis of an image to another sampling of it.
struct ResampleWeights {
    /// For each output pixel, the first input pixel that it reads. Always inside of the image.
    private(set) var first: [Int] = []
    /// For each output pixel, how many input pixels it reads; 0 where it lies wholly outside.
    private(set) var count: [Int] = []
    /// For each output pixel, where its weights begin in `values`.
    private(set) var offset: [Int] = []
    /// All weights, one output pixel after the other.
    private(set) var values: [Float] = []

    /// Weights from `extent` input pixels, beginning at `origin`, to `outputs` pixels, for an axis of `length` input pixels.
    ///
    /// The weights of an output pixel sum to 1 over the endless axis; those outside of the image are then left out, so that
    /// the outside counts as black.
    init(length: Int, origin: Double, extent: Double, outputs: Int, filter: ResampleFilter) {
        let scale = extent / Double(outputs)
        let stretch = max(1, scale)
        let reach = filter.support * stretch + 0.5
        for output in 0..<outputs {
            let centre = origin + (Double(output) + 0.5) * scale
            let range = Int((centre - reach).rounded(.down))...Int((centre + reach).rounded(.up))
            let weights = range.map { filter.weight(index: $0, centre: centre, stretch: stretch) }
            let sum = weights.reduce(0, +)
            let inside = zip(range, weights).filter { $0.0 >= 0 && $0.0 < length && $0.1 != 0 }
            first.append(inside.first?.0 ?? 0)
            count.append(inside.count)
            offset.append(values.count)
            values.append(contentsOf: inside.map { Float($0.1 / sum) })
        }
    }

    /// The input pixels that any output pixel reads.
    var needed: Range<Int> {
        let used = first.indices.filter { count[$0] > 0 }
        let low = used.map { first[$0] }.min() ?? 0
        let high = used.map { first[$0] + count[$0] }.max() ?? 0
        return low..<high
    }
}
