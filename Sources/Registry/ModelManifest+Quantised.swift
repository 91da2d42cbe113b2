public import Neural

extension ModelManifest {
    /// How the model runs in int8: ranges found on real images, and what its answers lost.
    public struct Quantised: Sendable, Codable, Equatable {
        /// A data set's split, read once in fp32 and once in int8.
        public struct Check: Sendable, Codable, Equatable {
            /// The folder's name, or `all` for the mean over all images of a split.
            public var data: String
            /// val or test.
            public var split: String
            /// Images that were read.
            public var images: Int
            /// Mean Dice, or the router's accuracy, in fp32.
            public var fp32: Double
            /// The same in int8.
            public var int8: Double

            /// A split read twice.
            public init(data: String, split: String, images: Int, fp32: Double, int8: Double) {
                (self.data, self.split, self.images, self.fp32, self.int8) = (data, split, images, fp32, int8)
            }
        }

        /// How large values become, on `images` images that the model learnt from.
        public var ranges: ActivationRanges
        /// Images that the ranges were found on.
        public var images: Int
        /// What was lost.
        public var checks: [Check]

        /// What quantising found.
        public init(ranges: ActivationRanges, images: Int, checks: [Check]) {
            (self.ranges, self.images, self.checks) = (ranges, images, checks)
        }
    }
}
