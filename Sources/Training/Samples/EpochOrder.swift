internal import Glibc
internal import Screening

/// The order of subjects in an epoch: every one once in random order, phantoms strewn in at equal distances.
///
/// It follows from (seed, epoch) alone, so that a run can go on anywhere.
struct EpochOrder: Sendable {
    /// One place of an epoch.
    enum Place: Sendable, Equatable {
        /// A subject of the data sets.
        case subject(Int)
        /// A phantom.
        case phantom(Int)
    }

    /// Subjects of each data set, by index.
    let sets: [[Int]]
    /// How many phantoms there are to choose from.
    let phantoms: Int
    /// Share of phantoms among the samples, 0...0.05.
    let phantomShare: Double
    /// 0: every subject once in an epoch. 1: every data set equally often. Between: a set's share goes with its size to the power 1 - balance.
    let balance: Double
    /// The run's seed.
    let seed: UInt64
    /// Subjects without anything to find that are drawn apart from the sets, which then do not have them; and their share among the samples.
    var negatives: (subjects: [Int], share: Double) = ([], 0)

    /// Samples in an epoch.
    var count: Int {
        let subjects = sets.reduce(0) { $0 + $1.count }
        let drawn = (phantoms > 0 ? phantomShare : 0) + (negatives.subjects.isEmpty ? 0 : negatives.share)
        return drawn > 0 ? Int((Double(subjects) / (1 - drawn)).rounded()) : subjects
    }

    /// All places of an epoch, in order.
    /// - Parameter hardness: how often each of the negatives is drawn beside the others.
    func places(epoch: Int, hardness: [Double] = []) -> [Place] {
        var random = SeededGenerator(seed, UInt64(epoch), 0x6F72_6465_72)
        var subjects = balance == 0 ? everyone(&random) : balanced(&random)
        let (phantomShare, share) = (
            phantoms > 0 ? phantomShare : 0, negatives.subjects.isEmpty ? 0 : negatives.share
        )
        guard phantomShare + share > 0 else { return subjects.map(Place.subject) }
        func isTurn(_ index: Int, _ share: Double) -> Bool { Int(Double(index + 1) * share) > Int(Double(index) * share) }
        var places: [Place] = []
        for index in 0..<count {
            if isTurn(index, share) || (subjects.isEmpty && share > 0) {
                places.append(.subject(negatives.subjects[random.weighted(hardness, of: negatives.subjects.count)]))
            } else if isTurn(index, phantomShare) || subjects.isEmpty {
                places.append(.phantom(random.below(phantoms)))
            } else {
                places.append(.subject(subjects.removeLast()))
            }
        }
        return places
    }

    private func everyone(_ random: inout SeededGenerator) -> [Int] {
        let all = sets.flatMap(\.self)
        return random.permutation(all.count).map { all[$0] }
    }

    /// As many places as there are subjects; each set takes turns through its own subjects, beginning anew when it is through.
    private func balanced(_ random: inout SeededGenerator) -> [Int] {
        let total = sets.reduce(0) { $0 + $1.count }
        let sizes = sets.map { pow(Double($0.count), 1 - balance) }
        let sum = sizes.reduce(0, +)
        var chosen: [Int] = []
        for (set, size) in zip(sets, sizes) where !set.isEmpty {
            let share = max(1, Int((Double(total) * size / sum).rounded()))
            var turn: [Int] = []
            for _ in 0..<share {
                if turn.isEmpty { turn = random.permutation(set.count) }
                chosen.append(set[turn.removeLast()])
            }
        }
        let order = random.permutation(chosen.count)
        // Rounding may leave a few places too many or too few: an epoch's length is fixed.
        return (0..<total).map { chosen[order[$0 % chosen.count]] }
    }
}

/// The difficulty of images without a polyp for the network in training. The draw of an epoch keeps to what was known when it began, so
/// that batches can be prepared ahead and a run that goes on draws the same ones.
struct Hardness: Sendable, Codable, Equatable {
    /// Weights of the draw in hand, one for each image.
    private(set) var drawn: [Double] = []
    /// What has been seen since.
    private(set) var running: [Double] = []

    /// Begins with all alike.
    mutating func begin(_ count: Int) {
        guard running.count != count else { return }
        drawn = [Double](repeating: 1, count: count)
        running = [Double](repeating: 1, count: count)
    }

    /// Takes in how sure the network was to see a polyp in image `index`. One that is never mistaken stays in the draw.
    mutating func see(_ index: Int, peak: Float) { running[index] = 0.5 * running[index] + 0.5 * (0.2 + 2 * Double(peak)) }

    /// Another epoch begins.
    mutating func turn() { drawn = running }
}
