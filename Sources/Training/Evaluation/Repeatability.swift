public import DataSets
internal import Imaging
public import Reading
internal import Screening

/// The difference in vertical cup-to-disc ratio between two photographs of one eye, taken one after the other. The second sitting is
/// simulated: the camera a little turned, nearer and aside, another exposure, light, focus and JPEG quality.
public struct Repeatability: Sendable {
    /// Mean and difference of two readings of one eye.
    public struct Pair: Sendable, Equatable {
        /// The mean of the two ratios.
        public let mean: Double
        /// Second minus first.
        public let difference: Double
    }

    /// Limits of agreement (Bland & Altman, Lancet 327, 1986): between them lie 95 % of the differences.
    public struct Limits: Sendable, Equatable {
        /// Mean of the differences.
        public let bias: Double
        /// 1.96 of their standard deviations: the limits are bias - limit and bias + limit.
        public let limit: Double
    }

    /// Reads every image of a split twice, each time photographed anew; eyes of which one reading had no ratio are left out, and nobody's
    /// count in two sets.
    public static func pairs(
        _ sets: [DataSet], split: DataSet.Split, reader: ImageReader,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> [Pair] {
        let all = sets.flatMap { set in set.items(in: split).map { (set: set, item: $0) } }
        let items = DataSet.once(all, owner: { $0.set.owner(of: $0.item) }, set: \.set.name).map(\.item)
        var pairs: [Pair] = []
        for (index, item) in items.enumerated() {
            let image = try Preparation.decode(item)
            var ratios: [Double] = []
            for sitting in 0..<2 {
                var random = SeededGenerator(UInt64(index), UInt64(sitting), 0x7265_7065_6174)
                let again = try rephotographed(image.raster, &random)
                if let ratio = try await reader.read(again, as: .fundus).fundus?.cdr?.vertical { ratios.append(ratio) }
            }
            if ratios.count == 2 { pairs.append(Pair(mean: (ratios[0] + ratios[1]) / 2, difference: ratios[1] - ratios[0])) }
            progress(index + 1, items.count)
        }
        return pairs
    }

    /// The limits of agreement of some pairs; nil for fewer than three.
    public static func limits(_ pairs: [Pair]) -> Limits? {
        guard pairs.count > 2 else { return nil }
        let bias = pairs.reduce(0) { $0 + $1.difference } / Double(pairs.count)
        let squares = pairs.reduce(0) { $0 + ($1.difference - bias) * ($1.difference - bias) }
        return Limits(bias: bias, limit: 1.96 * (squares / Double(pairs.count - 1)).squareRoot())
    }

    /// What differs from one sitting to the next beside the camera's place: exposure and colours, how evenly the light falls, focus, noise.
    private static let moment: Augmentation = {
        var moment = Augmentation.standard(.cup, [.colour, .light, .blur, .noise])
        (moment.mirror, moment.stretch) = (0, 1)
        (moment.brightness, moment.contrast, moment.saturation, moment.gamma, moment.gain) = (1.2, 1.2, 1.2, 1.15, 1.05)
        moment.light = 0.2
        moment.blur = (0.5, 2)
        moment.noise = (0.5, 4)
        return moment
    }()

    /// Another photograph of what a picture shows: turned by up to 5°, 0.93 to 1.07 times as large, up to 3 % aside; exposure, contrast and
    /// saturation up to 20 % off, the grey curve and each channel a little; light that falls off to a side by up to 20 %; one in two out of
    /// focus by up to 2 px, one in two with more noise; JPEG quality 60 to 92.
    static func rephotographed(_ raster: Raster, _ random: inout SeededGenerator) throws -> DecodedImage {
        let side = max(raster.width, raster.height)
        let look = TrainingView(
            raster: raster, truth: nil, centre: raster.bounds.centre, side: Double(side), surround: .reflected,
            window: (Double(raster.width) / Double(side), Double(raster.height) / Double(side)), zoom: 0.93...1.07, shift: 0.03,
            rotation: 5)
        let pixels = moment.sample(look, side: side, &random).colours.map { UInt8(min(max($0 + 0.5, 0), 255)) }
        let bytes = try ImageEncoder.jpeg(
            Raster(width: side, height: side, pixels: pixels), quality: 60 + random.below(33), chroma: .halved)
        return try ImageDecoder.decode(bytes)
    }
}
