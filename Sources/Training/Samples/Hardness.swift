/// How hard images without a polyp are for the network in training. The draw of an epoch keeps to what was known when it began, so that
/// batches can be prepared ahead and a run that goes on draws the same ones.
struct Hardness: Sendable, Codable, Equatable {
    /// Weights of the draw in hand, one for each image.
    private(set) var drawn: [Double] = []
    /// What has been seen since.
    private(set) var running: [Double] = []

    /// Begins with all alike.
    mutating func begin(_ count: Int) {
        guard running.count != count else { return }
        (drawn, running) = ([Double](repeating: 1, count: count), [Double](repeating: 1, count: count))
    }

    /// Takes in how sure the network was to see a polyp in image `index`. One that is never mistaken stays in the draw.
    mutating func see(_ index: Int, peak: Float) { running[index] = 0.5 * running[index] + 0.5 * (0.2 + 2 * Double(peak)) }

    /// Another epoch begins.
    mutating func turn() { drawn = running }
}
