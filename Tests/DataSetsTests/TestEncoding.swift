import Imaging
import TestSupport
import Testing

/// A way to write a canonical mask (0, 128, 255) into a file.
struct TestEncoding: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var ending = "png"
    let encode: @Sendable (GreyImage) throws -> [UInt8]

    init(_ name: String, _ ending: String = "png", _ encode: @escaping @Sendable (GreyImage) throws -> [UInt8]) {
        testDescription = name
        self.ending = ending
        self.encode = encode
    }

    /// Grey PNG: `values` stand for 0, 128 and 255.
    static func grey(_ name: String, depth: Int, _ values: [Int]) -> TestEncoding {
        TestEncoding(name) { mask in
            RawPNG.file(mask.width, mask.height, type: 0, depth: depth, mask.pixels.map { [values[place($0)]] })
        }
    }

    /// Palette PNG: `places` stand for 0, 128 and 255.
    static func palette(_ name: String, _ colours: [[UInt8]], _ places: [Int], alphas: [UInt8]? = nil) -> TestEncoding {
        TestEncoding(name) { mask in
            RawPNG.file(
                mask.width, mask.height, type: 3, depth: 8, mask.pixels.map { [places[place($0)]] }, palette: colours,
                alphas: alphas)
        }
    }

    /// Samples of a colour or alpha kind: `pixels` stand for 0, 128 and 255.
    static func samples(_ name: String, type: Int, depth: Int = 8, _ pixels: [[Int]]) -> TestEncoding {
        TestEncoding(name) { mask in
            RawPNG.file(mask.width, mask.height, type: type, depth: depth, mask.pixels.map { pixels[place($0)] })
        }
    }

    /// JPEG of colours that stand for 0, 128 and 255.
    static func jpeg(_ name: String, _ colours: [[UInt8]], quality: Int = 90) -> TestEncoding {
        TestEncoding(name, "jpg") { mask in
            let raster = Raster(width: mask.width, height: mask.height, pixels: mask.pixels.flatMap { colours[place($0)] })
            return try ImageEncoder.jpeg(raster, quality: quality, chroma: .halved)
        }
    }

    private static func place(_ value: UInt8) -> Int { value == 0 ? 0 : value == 128 ? 1 : 2 }
}

extension DataSetFolder {
    /// A set of masks in one encoding, with a manifest; the images are grey.
    static func masks(_ masks: [GreyImage], _ encoding: TestEncoding, label: String = "") throws -> DataSetFolder {
        let set = try DataSetFolder()
        var manifest = "id,image,mask,split,group,label\n"
        for (index, mask) in masks.enumerated() {
            try set.write(
                try ImageEncoder.png(Raster(width: mask.width, height: mask.height, fill: (UInt8(index + 1), 90, 80))),
                "images/\(index).png")
            try set.write(try encoding.encode(mask), "masks/\(index).\(encoding.ending)")
            let split = ["train", "val", "test"][index % 3]
            manifest += "\(index),images/\(index).png,masks/\(index).\(encoding.ending),\(split),g\(index),\(label)\n"
        }
        try set.write(manifest)
        return set
    }
}
