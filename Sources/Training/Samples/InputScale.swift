/// Mean and deviation of red, green and blue, of 1: what the network's input is shifted and divided by, as the model's manifest says.
struct InputScale: Sendable, Equatable {
    let mean: [Float]
    let deviation: [Float]

    /// Interleaved colours of 0...255 to the network's planes.
    func planar(_ colours: [Float]) -> [Float] {
        let count = colours.count / 3
        var planes = [Float](repeating: 0, count: colours.count)
        for channel in 0..<3 {
            let (shift, factor) = (mean[channel], 1 / deviation[channel])
            for index in 0..<count { planes[channel * count + index] = (colours[3 * index + channel] / 255 - shift) * factor }
        }
        return planes
    }

    /// Measured on some subjects' first looks, rounded to three decimals so that a manifest holds them exactly.
    static func measured(_ subjects: [TrainingImage], side: Int) async -> InputScale {
        let sums = await withTaskGroup(of: (Int, [Double]).self) { group in
            var found = [[Double]](repeating: [], count: subjects.count)
            for (index, subject) in subjects.enumerated() {
                group.addTask {
                    let look = subject.looks[0]
                    let (colours, _) = Warp(look, side: side).apply(look, side: side)
                    var sums = [Double](repeating: 0, count: 6)
                    for index in colours.indices {
                        let value = Double(colours[index]) / 255
                        sums[index % 3] += value
                        sums[3 + index % 3] += value * value
                    }
                    return (index, sums)
                }
            }
            for await (index, sums) in group { found[index] = sums }
            return found
        }
        let pixels = Double(subjects.count * side * side)
        let total = sums.reduce([Double](repeating: 0, count: 6)) { zip($0, $1).map(+) }
        func rounded(_ value: Double) -> Float { Float((value * 1000).rounded() / 1000) }
        let mean = (0..<3).map { total[$0] / pixels }
        let deviation = (0..<3).map { max(0.05, (total[3 + $0] / pixels - mean[$0] * mean[$0]).squareRoot()) }
        return InputScale(mean: mean.map(rounded), deviation: deviation.map(rounded))
    }
}
