import Foundation
import Imaging
import Phantoms
import Screening
import TestSupport
import Testing

@Suite("Folders of phantoms")
struct PhantomSetTests {
    /// A folder that is not there yet.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let temporary = try TemporaryFolder("phantoms")
        try body(temporary.path + "/set")
    }

    @Test("hold images that say what they are, exact masks and a manifest", arguments: Phantom.Kind.allCases)
    func contents(kind: Phantom.Kind) throws {
        try withFolder { folder in
            var progress: [Int] = []
            try PhantomSet.write(kind: kind, count: 6, seed: 12, to: folder, view: .disc) { progress.append($0) }
            #expect(progress == Array(1...6))
            let lines = try String(contentsOfFile: "\(folder)/manifest.csv", encoding: .utf8).split(separator: "\n").map(
                String.init)
            #expect(lines.first == "id,image,mask,width,height,split,group,label,original_width,original_height,note")
            let rows = lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            #expect(rows.map { $0[5] } == ["train", "train", "train", "val", "test", "train"])
            #expect(
                Set(rows.map { $0[0] }).count == 6
                    && rows.allSatisfy { $0.count == 11 && $0[7] == kind.rawValue && $0[10].hasPrefix("PHANTOM") })
            for (index, row) in rows.enumerated() {
                let expected = Phantom.make(kind, seed: 12, index: index, view: .disc)
                #expect(row[3] == "\(expected.raster.width)" && row[4] == "\(expected.raster.height)")
                let image = try ImageDecoder.decode([UInt8](Data(contentsOf: URL(filePath: "\(folder)/\(row[1])"))))
                #expect(image.isPhantom && image.format == .jpeg && !image.isGreyscale)
                #expect((image.raster.width, image.raster.height) == (expected.raster.width, expected.raster.height))
                let difference = zip(image.raster.pixels, expected.raster.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
                #expect(Double(difference) / Double(expected.raster.pixels.count) < 4)
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(row[2])")))
                let mask = try ImageDecoder.decodeMask(bytes)
                #expect(mask == expected.mask)
                #expect(String(decoding: bytes, as: UTF8.self).contains("PHANTOM"))
            }
        }
    }

    @Test("are byte for byte the same from the same seed")
    func determinism() throws {
        try withFolder { folder in
            for name in ["a", "b"] { try PhantomSet.write(kind: .endoscopy, count: 2, seed: 5, to: "\(folder)/\(name)") }
            let files = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/a").sorted()
            let others = try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/b").sorted()
            #expect(files.count == 7 && files == others)
            for file in files {
                #expect(FileManager.default.contentsEqual(atPath: "\(folder)/a/\(file)", andPath: "\(folder)/b/\(file)"))
            }
        }
    }

    @Test("a folder that holds something is refused and left alone; an empty one is taken")
    func refusal() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try PhantomSet.write(kind: .endoscopy, count: 1, seed: 1, to: folder)
            let before = try FileManager.default.subpathsOfDirectory(atPath: folder)
            let error = #expect(throws: PapillaError.self) {
                try PhantomSet.write(kind: .endoscopy, count: 1, seed: 2, to: folder)
            }
            #expect(error?.code == .refused && error?.place == folder && error?.hint != nil)
            let after = try FileManager.default.subpathsOfDirectory(atPath: folder)
            #expect(after == before)
        }
    }

    @Test("impossible requests are errors", arguments: [0, -1, 100_001])
    func impossible(count: Int) throws {
        try withFolder { folder in
            let error = #expect(throws: PapillaError.self) {
                try PhantomSet.write(kind: .fundus, count: count, seed: 1, to: folder)
            }
            #expect(error?.code == .badInput)
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test("a place that cannot be written is an error that names it")
    func unwritable() {
        let error = #expect(throws: PapillaError.self) {
            try PhantomSet.write(kind: .fundus, count: 1, seed: 1, to: "/dev/null/phantoms")
        }
        #expect(error?.code == .system && error?.place == "/dev/null/phantoms")
    }
}
