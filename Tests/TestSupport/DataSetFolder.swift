package import DataSets
package import Imaging
internal import Screening

/// A data-set folder in a temporary place; it goes when the value goes.
package final class DataSetFolder {
    package let path: String
    private let folder: TemporaryFolder
    private let name: String

    package init(_ name: String = "drawn") throws {
        self.name = name
        folder = try TemporaryFolder("data-set")
        path = folder.path + "/" + name
        for part in ["images", "masks"] { try folder.makeFolder("\(name)/\(part)") }
    }

    package func write(_ bytes: [UInt8], _ file: String) throws { try folder.write(bytes, "\(name)/\(file)") }

    package func write(_ manifest: String) throws { try write(Array(manifest.utf8), "manifest.csv") }

    /// Pictures of one bright disc each on a darker, uneven ground; `split` says what each index is for. `empty` ones have no disc, and with
    /// `cups` the inner half of each is its cup.
    package static func discs(
        _ name: String = "drawn", count: Int, side: Int = 64, radius: ClosedRange<Double> = 8...16, value: UInt8 = 255,
        empty: Set<Int> = [], cups: Bool = false, seed: UInt64 = 0,
        split: (Int) -> DataSet.Split
    ) throws -> DataSetFolder {
        let set = try DataSetFolder(name)
        var manifest = "id,image,mask,width,height,split,group,label,note\n"
        for index in 0..<count {
            let (raster, mask) = picture(
                seed: seed + UInt64(index), side: side, radius: radius, value: value, isEmpty: empty.contains(index), hasCup: cups
            )
            try set.write(try ImageEncoder.png(raster), "images/\(index).png")
            try set.write(try ImageEncoder.png(mask), "masks/\(index).png")
            manifest +=
                "\(index),images/\(index).png,masks/\(index).png,\(side),\(side),\(split(index).rawValue),\(name)\(index),,\"a, note\"\n"
        }
        try set.write(manifest)
        return set
    }

    package static func picture(
        seed: UInt64, side: Int, radius: ClosedRange<Double>, value: UInt8 = 255, isEmpty: Bool = false,
        hasCup: Bool = false
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
                let noise = UInt8(random.next().multipliedFullWidth(by: 20).high)
                let index = y * side + x
                if isInside { mask.pixels[index] = hasCup && 4 * (dx * dx + dy * dy) <= size * size ? 255 : value }
                raster.pixels[3 * index] = (isInside ? 200 : 120) + noise
                raster.pixels[3 * index + 1] = (isInside ? 180 : 60) + noise
                raster.pixels[3 * index + 2] = (isInside ? 140 : 40) + noise
            }
        }
        return (raster, mask)
    }
}
