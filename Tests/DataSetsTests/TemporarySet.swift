import Foundation
import Imaging
import Screening
import Testing

@testable import DataSets

/// A data-set folder in a temporary place; it goes when the value goes.
final class TemporarySet {
    let path: String

    init(_ name: String = "drawn") throws {
        path = FileManager.default.temporaryDirectory.path + "/papilla-sets-\(UUID().uuidString)/\(name)"
        for folder in ["images", "masks"] {
            try FileManager.default.createDirectory(atPath: path + "/" + folder, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: URL(filePath: path).deletingLastPathComponent().path) }

    func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func write(_ manifest: String) throws { try write(Array(manifest.utf8), "manifest.csv") }

    /// A set of masks in one encoding, with a manifest; the images are grey.
    static func masks(_ masks: [GreyImage], _ encoding: TestEncoding) throws -> TemporarySet {
        let set = try TemporarySet()
        var manifest = "id,image,mask,split,group,label\n"
        for (index, mask) in masks.enumerated() {
            try set.write(
                try ImageEncoder.png(Raster(width: mask.width, height: mask.height, fill: (UInt8(index + 1), 90, 80))),
                "images/\(index).png")
            try set.write(try encoding.encode(mask), "masks/\(index).\(encoding.ending)")
            let split = ["train", "val", "test"][index % 3]
            manifest += "\(index),images/\(index).png,masks/\(index).\(encoding.ending),\(split),g\(index),\n"
        }
        try set.write(manifest)
        return set
    }
}

/// A way to write a canonical mask (0, 128, 255) into a file.
struct TestEncoding: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var ending = "png"
    let encode: @Sendable (GreyImage) throws -> [UInt8]

    init(_ name: String, _ ending: String = "png", _ encode: @escaping @Sendable (GreyImage) throws -> [UInt8]) {
        (testDescription, self.ending, self.encode) = (name, ending, encode)
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

/// Writes PNG files of every kind, uncompressed.
enum RawPNG {
    /// - Parameters:
    ///   - type: 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha.
    ///   - depth: bits a sample; under 8 for one channel only.
    ///   - pixels: the samples of each pixel.
    static func file(
        _ width: Int, _ height: Int, type: Int, depth: Int, _ pixels: [[Int]], palette: [[UInt8]] = [], alphas: [UInt8]? = nil
    ) -> [UInt8] {
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)
            let row = pixels[y * width..<(y + 1) * width]
            if depth == 16 { rows += row.joined().flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
            if depth == 8 { rows += row.joined().map { UInt8($0) } }
            if depth < 8 {
                var (byte, bits) = (0, 0)
                for sample in row.joined() {
                    byte = byte << depth | sample
                    bits += depth
                    if bits == 8 {
                        rows.append(UInt8(byte))
                        (byte, bits) = (0, 0)
                    }
                }
                if bits > 0 { rows.append(UInt8(byte << (8 - bits))) }
            }
        }
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", big(width) + big(height) + [UInt8(depth), UInt8(type), 0, 0, 0])
        if !palette.isEmpty { file += chunk("PLTE", palette.flatMap(\.self)) }
        if let alphas { file += chunk("tRNS", alphas) }
        return file + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    /// A zlib stream of stored blocks.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65535) {
            let block = bytes[start..<min(bytes.count, start + 65535)]
            let isLast: UInt8 = start + 65535 >= bytes.count ? 1 : 0
            let count = block.count
            stream += [isLast, UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8 & 255)] + block
        }
        var (a, b) = (1, 0)
        for byte in bytes {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        return stream + big(b << 16 | a)
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in body {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return big(data.count) + body + big(Int(~crc))
    }

    private static func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }
}
