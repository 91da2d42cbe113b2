import FoundationEssentials
import Imaging
import Screening
import Testing

@testable import Training

/// A data-set folder in a temporary place, of small pictures drawn for a test; it goes when the value goes.
final class DrawnSet {
    let path: String

    init(_ name: String = "drawn") throws {
        path = FileManager.default.temporaryDirectory.path + "/papilla-training-\(UUID().uuidString)/\(name)"
        for folder in ["images", "masks"] {
            try FileManager.default.createDirectory(atPath: path + "/" + folder, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: URL(filePath: path).deletingLastPathComponent().path) }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(filePath: path + "/" + name)) }

    func write(_ manifest: String) throws { try write(Array(manifest.utf8), "manifest.csv") }

    /// Pictures of one bright disc each on a darker, uneven ground; `split` says what each index is for. `empty` ones have no disc.
    static func discs(
        _ name: String = "drawn", count: Int, side: Int = 64, radius: ClosedRange<Double> = 8...16, value: UInt8 = 255,
        empty: Set<Int> = [],
        split: (Int) -> DataSet.Split
    ) throws -> DrawnSet {
        let set = try DrawnSet(name)
        var manifest = "id,image,mask,width,height,split,group,label,note\n"
        for index in 0..<count {
            let (raster, mask) = picture(
                seed: UInt64(index), side: side, radius: radius, value: value, isEmpty: empty.contains(index))
            try set.write(try ImageEncoder.png(raster), "images/\(index).png")
            try set.write(try ImageEncoder.png(mask), "masks/\(index).png")
            manifest +=
                "\(index),images/\(index).png,masks/\(index).png,\(side),\(side),\(split(index).rawValue),\(name)\(index),,\"a, note\"\n"
        }
        try set.write(manifest)
        return set
    }

    static func picture(
        seed: UInt64, side: Int, radius: ClosedRange<Double>, value: UInt8 = 255, isEmpty: Bool = false
    ) -> (Raster, GreyImage) {
        var random = SeededGenerator(seed, 77)
        let size = random.uniform(radius)
        let (cx, cy) = (random.uniform(size...Double(side) - size), random.uniform(size...Double(side) - size))
        var raster = Raster(width: side, height: side)
        var mask = GreyImage(width: side, height: side)
        for y in 0..<side {
            for x in 0..<side {
                let (dx, dy) = (Double(x) + 0.5 - cx, Double(y) + 0.5 - cy)
                let isInside = !isEmpty && dx * dx + dy * dy <= size * size
                let noise = UInt8(random.below(20))
                let index = y * side + x
                if isInside { mask.pixels[index] = value }
                raster.pixels[3 * index] = (isInside ? 200 : 120) + noise
                raster.pixels[3 * index + 1] = (isInside ? 180 : 60) + noise
                raster.pixels[3 * index + 2] = (isInside ? 140 : 40) + noise
            }
        }
        return (raster, mask)
    }

    /// Pictures of a disc with a brighter cup in it, not always in its middle; masks as fundus sets have them.
    static func eyes(count: Int, side: Int = 96, split: (Int) -> DataSet.Split) throws -> DrawnSet {
        let set = try DrawnSet("eyes")
        var manifest = "id,image,mask,split,group,label\n"
        for index in 0..<count {
            var random = SeededGenerator(UInt64(index), 78)
            let disc = random.uniform(24...32), cup = disc * random.uniform(0.35...0.75)
            let (cx, cy) = (random.uniform(40...56), random.uniform(40...56))
            let (dx, dy) = (random.uniform(-1...1) * (disc - cup) / 3, random.uniform(-1...1) * (disc - cup) / 3)
            var raster = Raster(width: side, height: side)
            var mask = GreyImage(width: side, height: side)
            for y in 0..<side {
                for x in 0..<side {
                    let (px, py) = (Double(x) + 0.5 - cx, Double(y) + 0.5 - cy)
                    let isCup = (px - dx) * (px - dx) + (py - dy) * (py - dy) <= cup * cup
                    let isDisc = px * px + py * py <= disc * disc
                    let index = y * side + x
                    mask.pixels[index] = isCup ? 255 : isDisc ? 128 : 0
                    for (channel, values) in [(120, 170, 220), (50, 110, 190), (30, 60, 140)].enumerated() {
                        let value = isCup ? values.2 : isDisc ? values.1 : values.0
                        raster.pixels[3 * index + channel] = UInt8(value + random.below(20))
                    }
                }
            }
            try set.write(try ImageEncoder.png(raster), "images/\(index).png")
            try set.write(try ImageEncoder.png(mask), "masks/\(index).png")
            manifest += "\(index),images/\(index).png,masks/\(index).png,\(split(index).rawValue),\(index),\n"
        }
        try set.write(manifest)
        return set
    }
}
