public import Screening

/// The content of a model's `manifest.json`: which network it is, how to feed it, how to read its answer, and where it comes from.
public struct ModelManifest: Sendable, Codable, Equatable {
    /// The shape of this document.
    public static let schema = "papilla.model/1"

    /// The scale that makes pixels the network's input: (RGB / 255 − mean) / standard deviation, channel by channel.
    public struct Normalisation: Sendable, Codable, Equatable {
        /// Red, green, blue, 0...1.
        public var mean: [Float]
        /// Red, green, blue, above 0.
        public var std: [Float]

        /// Three means and three standard deviations.
        public init(mean: [Float], std: [Float]) {
            self.mean = mean
            self.std = std
        }
    }

    /// A data set that the model learnt from.
    public struct Data: Sendable, Codable, Equatable {
        /// The folder's name.
        public var name: String
        /// Images that it learnt from.
        public var images: Int
        /// What its authors allow.
        public var terms: String
        /// Images by split: train, val, test.
        public var splits: [String: Int]

        /// A data set with its terms.
        public init(name: String, images: Int, terms: String, splits: [String: Int] = [:]) {
            self.name = name
            self.images = images
            self.terms = terms
            self.splits = splits
        }
    }

    /// The model's origin.
    public struct Trained: Sendable, Codable, Equatable {
        /// When the training ended.
        public var at: Timestamp
        /// The program's commit.
        public var commit: String
        /// What it learnt from.
        public var data: [Data]
        /// Times that it saw all of it.
        public var epochs: Int
        /// Of everything random.
        public var seed: UInt64
        /// The terms of its loss, in words: `NLL(mask)`, `MSE(distance)`, `0.5 soft Dice(mask)`.
        public var losses: [String]
        /// The rest of the recipe in a sentence: optimiser, rates, augmentation, normalisation while training.
        public var recipe: String

        /// How a model came about.
        public init(at: Timestamp, commit: String, data: [Data], epochs: Int, seed: UInt64, losses: [String], recipe: String = "")
        {
            self.at = at
            self.commit = commit
            self.data = data
            self.epochs = epochs
            self.seed = seed
            self.losses = losses
            self.recipe = recipe
        }
    }

    /// Its figures on one data set's split.
    public struct Metric: Sendable, Codable, Equatable {
        /// The folder's name.
        public var data: String
        /// train, val or test.
        public var split: String
        /// Images that were evaluated.
        public var images: Int
        /// `dice`, `jaccard`, `cdr_vertical_mae`, `accuracy`, ...
        public var values: [String: Double]
        /// 95 % intervals of some of them, [low, high].
        public var intervals: [String: [Double]]
        /// Whether temperature and thresholds were chosen by these images, which flatters the figures; absent where not.
        public var chose: Bool?

        /// Figures on a split.
        public init(
            data: String, split: String, images: Int, values: [String: Double], intervals: [String: [Double]] = [:]
        ) {
            self.data = data
            self.split = split
            self.images = images
            self.values = values
            self.intervals = intervals
        }
    }

    /// A diagram of the card: what is needed to draw it again.
    public struct Plot: Sendable, Codable, Equatable {
        /// What it shows.
        public var title: String
        /// What stands along x.
        public var across: String
        /// What stands along y.
        public var up: String
        /// From left to right, [least, most].
        public var width: [Double]
        /// From bottom to top, [least, most].
        public var height: [Double]
        /// [x, y] each.
        public var points: [[Double]]
        /// Polygons of [x, y], drawn dashed: what the points are held against.
        public var guides: [[[Double]]]
        /// Lines with their names; nil, and absent from the document, where there are none.
        public var curves: [Curve]?

        /// A line of a diagram.
        public struct Curve: Sendable, Codable, Equatable {
            /// What it shows.
            public var name: String
            /// [x, y] each.
            public var points: [[Double]]

            /// A line with its name.
            public init(_ name: String, _ points: [[Double]]) {
                self.name = name
                self.points = points
            }
        }

        /// A diagram with its axes.
        public init(
            title: String, across: String, up: String, width: [Double], height: [Double], points: [[Double]] = [],
            guides: [[[Double]]] = [], curves: [Curve]? = nil
        ) {
            self.title = title
            self.across = across
            self.up = up
            self.width = width
            self.height = height
            self.points = points
            self.guides = guides
            self.curves = curves
        }
    }

    /// `papilla.model/1`.
    public var schema = ModelManifest.schema
    /// `disc-20261124-1`: lower-case letters, digits and hyphens; the folder's name.
    public var name: String
    /// What it is for.
    public var task: ModelTask
    /// Name of the ``Neural/Architecture``.
    public var architecture: String
    /// Maps of the first level.
    public var width: Int
    /// Side of the square input, px, divisible by 32.
    public var side: Int
    /// What part of an image it is shown: `field`; `crop`, around the disc; `field and crop`; `polar`, the disc unrolled.
    public var view: String
    /// How pixels become its input.
    public var normalisation: Normalisation
    /// `D1`, `D2` or `D3` (section 3.2 of the paper); null without a distance head.
    @Nullable public var distanceMap: String?
    /// Thresholds on probabilities by name, 0...1.
    public var thresholds: [String: Double]
    /// How sure it is of a region; nil, and absent from the document, where that is the region's mean probability.
    public var confidence: RegionConfidence?
    /// For the cup, how far ratios were off on val; nil, and absent from the document, where that was not measured.
    public var ratioErrors: RatioErrors?
    /// Logits are divided by it before they become probabilities.
    public var temperature: Double
    /// Mirror images of each view that are shown to it and averaged: 1, 2 or 4.
    public var mirrors: Int
    /// Whether the others are shown only where the first one, the view as it is, leaves a doubt; nil, and absent from the document, where
    /// all of them always are.
    public var mirrorsInDoubt: Bool?
    /// How well probabilities fit: figures of the temperature's fit, by name.
    public var calibration: [String: Double]
    /// Thresholds of attention by code.
    public var attention: [String: Double]
    /// Where it comes from.
    public var trained: Trained
    /// How well it did.
    public var metrics: [Metric]
    /// The same by label and by quality: `data` is `refuge_roi: glaucoma`.
    public var groups: [Metric]
    /// Its card's diagrams.
    public var plots: [Plot]
    /// Its card's remarks.
    public var remarks: [String]
    /// Of `model.safetensors`. `ModelStore.save` fills it in.
    public var sha256: Digest
    /// What the engine may run it in: `fp32`, and `bf16` and `int8` where it passed their checks.
    public var precisions: [String]
    /// How it runs in int8; nil, and absent from the document, where that was not checked.
    public var int8: Reduced?
    /// The same in bf16.
    public var bf16: Reduced?

    /// A manifest; the digest is filled in when the model is saved.
    public init(
        name: String, task: ModelTask, architecture: String, width: Int, side: Int, view: String, normalisation: Normalisation,
        distanceMap: String? = nil, thresholds: [String: Double] = [:], temperature: Double = 1, mirrors: Int = 1,
        calibration: [String: Double] = [:],
        attention: [String: Double] = [:], trained: Trained, metrics: [Metric] = [], groups: [Metric] = [],
        plots: [Plot] = [], remarks: [String] = [], sha256: Digest = Digest(of: []),
        precisions: [String] = ["fp32"]
    ) {
        self.name = name
        self.task = task
        self.architecture = architecture
        self.width = width
        self.side = side
        self.view = view
        self.normalisation = normalisation
        self.distanceMap = distanceMap
        self.thresholds = thresholds
        self.temperature = temperature
        self.mirrors = mirrors
        self.calibration = calibration
        self.attention = attention
        self.trained = trained
        self.metrics = metrics
        self.sha256 = sha256
        self.precisions = precisions
        self.groups = groups
        self.plots = plots
        self.remarks = remarks
    }

    /// ``view`` of a network that sees the disc unrolled.
    public static let polarView = "polar"

    /// Whether it sees the disc unrolled.
    public var isUnrolled: Bool { view == Self.polarView }

    enum CodingKeys: String, CodingKey {
        case schema, name, task, architecture, width, side, view, normalisation, thresholds, confidence, temperature, mirrors
        case calibration, attention, trained, metrics, groups, plots, remarks, sha256, precisions, int8, bf16
        case distanceMap = "distance_map"
        case ratioErrors = "ratio_errors"
        case mirrorsInDoubt = "mirrors_in_doubt"
    }
}
