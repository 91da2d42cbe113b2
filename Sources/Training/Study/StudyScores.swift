internal import DataSets
internal import Imaging
internal import Neural
internal import Screening

/// The scores of one training of a study: `scores.json` in its folder. A run that has one is finished.
struct StudyScores: Sendable, Codable, Equatable {
    /// One image of the test split.
    struct Image: Sendable, Codable, Equatable {
        var set: String
        var id: String
        var group: String
        /// Whose the group is, where its set says that it shares its patients; nil: the set's own.
        var patients: String?
        var dice: Double
        var jaccard: Double

        /// Whom the image is of, among all sets.
        var owner: String { "\(patients ?? set)/\(group)" }
    }

    var run: StudyRun
    /// Steps trained.
    var steps: Int
    /// The best score on val, and after how many steps it was reached.
    var validationDice: Double
    var bestStep: Int
    /// Seconds of training.
    var seconds: Double
    /// What the network's input is shifted by and divided by.
    var inputMean: [Float]
    var inputDeviation: [Float]
    /// Why the training ended early, where it did.
    var problem: String?
    /// The test split, image by image.
    var images: [Image]
}

/// Runs trained networks on the test split, at the network's own resolution, as the paper does: the mask is what the mask head finds more
/// likely than not; of cup and disc, the ellipse of the largest region.
struct StudyJudge: Sendable {
    let task: ModelTask
    let side: Int
    let items: [String: (set: DataSet, item: DataSet.Item)]
    /// Images of the test split.
    let subjects: [TrainingImage]

    /// Decodes the test split of some sets.
    init(_ task: ModelTask, side: Int, sets: [DataSet]) async throws {
        self.task = task
        self.side = side
        let preparation = Preparation(task: task, side: side)
        var subjects: [TrainingImage] = []
        var items: [String: (set: DataSet, item: DataSet.Item)] = [:]
        for set in try sets.surveyed(for: task) {
            subjects += try await preparation.subjects(set, .test)
            for item in set.items(in: .test) { items["\(set.name)/\(item.id)"] = (set, item) }
        }
        self.subjects = subjects
        self.items = items
    }

    /// Dice and Jaccard of each image: the mean over the looks that the task takes at it.
    func scores(_ weights: Weights, _ network: StudyNetwork, width: Int, input: InputScale) async throws -> [StudyScores.Image] {
        let engine = try await StudyEngine(weights, network, width: width, side: side)
        var images: [StudyScores.Image] = []
        for subject in subjects {
            var (dice, jaccard) = (0.0, 0.0)
            for look in subject.looks {
                let (colours, truth) = Warp(look, side: side).apply(look, side: side)
                let overlap = Overlap(truth, found(try await engine.run(input.planar(colours))))
                dice += overlap.dice
                jaccard += overlap.jaccard
            }
            let count = Double(subject.looks.count)
            let entry = items["\(subject.set)/\(subject.id)"]
            images.append(
                .init(
                    set: subject.set, id: subject.id, group: entry?.item.group ?? subject.id, patients: entry?.set.patients,
                    dice: dice / count, jaccard: jaccard / count))
        }
        return images
    }

    /// The region that a network found: S x S.
    func found(_ logits: [Architecture.Head: [Float]]) -> Mask {
        let count = side * side
        guard let mask = logits[.mask], mask.count == 2 * count else { return Mask(width: side, height: side) }
        let raw = Mask(width: side, height: side, pixels: (0..<count).map { mask[count + $0] > mask[$0] ? 255 : 0 })
        guard task != .polyp else { return raw }
        let map = raw.labelled()
        guard let largest = map.components.max(by: { $0.area < $1.area }) else { return raw }
        let region = map.mask(of: largest).filledHoles()
        return EllipseFit.fit(region)?.mask(width: side, height: side) ?? region
    }
}

/// A trained network of a study, ready to run.
struct StudyEngine: Sendable {
    private let network: Network

    init(_ weights: Weights, _ network: StudyNetwork, width: Int, side: Int) async throws {
        let architecture = try Architecture(named: network.architecture)
        self.network = try await EngineActor.run {
            try Network(architecture, width: width, side: side, weights: weights)
        }
    }

    /// Logits by head of one image, 3 x S x S: maps x S x S.
    func run(_ input: [Float]) async throws -> [Architecture.Head: [Float]] { try await network.run(input) }
}
