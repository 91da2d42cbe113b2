internal import Glibc
public import DataSets
internal import Imaging
public import Reading
internal import Screening

/// The difference in vertical cup-to-disc ratio between two photographs of one eye, taken one after the other. The second sitting is
/// simulated: the camera a little turned, nearer and aside, another exposure, another JPEG quality.
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

    /// Reads every image of a split twice, each time photographed anew; eyes of which one reading had no ratio are left out.
    public static func pairs(
        _ sets: [DataSet], split: DataSet.Split, reader: ImageReader,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> [Pair] {
        let items = sets.flatMap { $0.items(in: split) }
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

    /// Another photograph of what a picture shows: turned by up to 5°, 0.93 to 1.07 times as large, up to 3 % aside, brightness and contrast
    /// up to 15 % off, JPEG quality 60 to 92.
    static func rephotographed(_ raster: Raster, _ random: inout SeededGenerator) throws -> DecodedImage {
        let side = max(raster.width, raster.height)
        let look = TrainingView(
            raster: raster, truth: nil, centre: raster.bounds.centre, side: Double(side), surround: .reflected,
            window: (Double(raster.width) / Double(side), Double(raster.height) / Double(side)), zoom: 1...1, shift: 0,
            rotation: 0)
        let reach = 0.03 * Double(side)
        let warp = Warp(
            centre: Point(
                x: look.centre.x + random.uniform(-reach...reach), y: look.centre.y + random.uniform(-reach...reach)),
            scale: random.uniform(0.93...1.07), degrees: random.uniform(-5...5), stretch: 1, mirrored: (false, false))
        let (brightness, contrast) = (Float(random.uniform(0.85...1.15)), Float(random.uniform(0.85...1.15)))
        let pixels = warp.apply(look, side: side).colours.map { value -> UInt8 in
            let light = value * brightness
            // Contrast turns about a middle grey, and fades towards black.
            return UInt8(min(max(light + (contrast - 1) * (light - 100) * min(1, light / 25) + 0.5, 0), 255))
        }
        let bytes = try ImageEncoder.jpeg(
            Raster(width: side, height: side, pixels: pixels), quality: 60 + random.below(33), chroma: .halved)
        return try ImageDecoder.decode(bytes)
    }
}
