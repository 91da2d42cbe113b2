public import Neural

extension ModelManifest {
    /// The model in int8 or bf16: in int8 the ranges found on real images, and what its answers lost.
    public struct Reduced: Sendable, Codable, Equatable {
        /// A data set's split, read once in fp32 and once in fewer bits.
        public struct Check: Sendable, Codable, Equatable {
            /// The folder's name, or `all` for the mean over all images of a split.
            public var data: String
            /// val or test.
            public var split: String
            /// Images that were read.
            public var images: Int
            /// Mean Dice, or the router's accuracy, in fp32.
            public var fp32: Double
            /// The same in fewer bits.
            public var reduced: Double

            /// A split read twice.
            public init(data: String, split: String, images: Int, fp32: Double, reduced: Double) {
                self.data = data
                self.split = split
                self.images = images
                self.fp32 = fp32
                self.reduced = reduced
            }
        }

        /// How far values reach on `images` images that the model learnt from; in bf16 empty, and `images` 0.
        public var ranges: ActivationRanges
        /// Images that the ranges were found on.
        public var images: Int
        /// What was lost.
        public var checks: [Check]

        /// What a check found.
        public init(ranges: ActivationRanges, images: Int, checks: [Check]) {
            self.ranges = ranges
            self.images = images
            self.checks = checks
        }
    }
}
