import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import DataSets

struct DataSetMakerTests {
    /// A picture that looks like no other seed's, as a file; a second `view` is the same scene a moment later.
    private func picture(_ seed: UInt64, view: UInt64 = 0, ending: String = "png") throws -> [UInt8] {
        var random = SeededGenerator(seed)
        let blocks = (0..<64).map { _ in Int(random.next() % 200) }
        var pixels: [UInt8] = []
        for y in 0..<64 {
            for x in 0..<64 {
                for channel in 0..<3 { pixels.append(UInt8(blocks[y / 8 * 8 + x / 8] + channel * 5 + Int(view) * 3)) }
            }
        }
        let raster = Raster(width: 64, height: 64, pixels: pixels)
        return ending == "png" ? try ImageEncoder.png(raster) : try ImageEncoder.jpeg(raster)
    }

    private func mask(_ seed: Int = 0) throws -> [UInt8] {
        try ImageEncoder.png(Ellipse(cx: 30, cy: 30, a: 10 + Double(seed % 5), b: 8, angle: 0).mask(width: 64, height: 64))
    }

    private func folder() throws -> DataSetFolder {
        let set = try DataSetFolder("published")
        for name in ["images", "masks"] { try FileManager.default.removeItem(atPath: set.path + "/" + name) }
        return set
    }

    private func made(_ set: DataSetFolder, _ change: (inout DataSetMaker.Options) -> Void = { _ in }) throws
        -> DataSetMaker.Summary
    {
        var options = DataSetMaker.Options()
        change(&options)
        return try DataSetMaker(set.path, options).make()
    }

    @Test(
        "E7: make matches images and masks as they are published",
        arguments: [
            ("images/%.jpg", "masks/%.png"), ("%.jpg", "%_mask.png"), ("%.JPG", "%_Segmentation.PNG"),
            ("Original/%.png", "Ground Truth/%.png"),
            ("train/images/%.jpg", "train/masks/%.png"), ("Training-Images/img_%.jpg", "Training-GT/mask_%.png"),
            ("images/site/day/%.jpg", "masks/site/day/%.png"), ("data/%.jpg", "data/%.jpg_mask.png"),
            ("a/%/image.jpg", "a/%/mask.png"),
            ("pictures/case-%.png", "annotations/case_%.png"),
        ])
    func published(image: String, mask: String) throws {
        let set = try folder()
        for index in 1...10 {
            let name = "x\(index)"
            try set.write(
                try picture(UInt64(index), ending: image.hasSuffix("png") ? "png" : "jpg"), image.replacing("%", with: name))
            try set.write(try self.mask(index), mask.replacing("%", with: name))
        }
        try set.write([1], ".hidden/x.png")
        try set.write([1], "readme.txt")
        let summary = try made(set)
        #expect(summary.images == 10 && summary.masks == 10 && summary.groups == 10)
        let items = try DataSet(directory: set.path).items
        for item in items {
            let name = try #require(item.image.firstMatch(of: /x(\d+)/)).0
            #expect(item.mask?.hasSuffix(mask.replacing("%", with: name)) == true, "\(item.image) \(item.mask ?? "")")
        }
        #expect(Set(items.map(\.id)).count == 10)
    }

    @Test("E7: the draw is seeded, keeps its shares, and separates no group")
    func split() throws {
        let set = try folder()
        for index in 0..<40 {
            // Two views of each scene.
            try set.write(try picture(UInt64(index / 2), view: UInt64(index % 2)), "images/\(index).png")
            try set.write(try mask(index), "masks/\(index).png")
        }
        let first = try made(set) { $0.seed = 5 }
        #expect(first.groups == 20)
        #expect(first.splits == ["train": 24, "val": 8, "test": 8])
        let text = try String(contentsOfFile: set.path + "/manifest.csv", encoding: .utf8)
        #expect(throws: PapillaError.self) { try made(set) }
        _ = try made(set) {
            $0.seed = 5
            $0.replaces = true
            $0.shares = [60, 20, 20]
        }
        #expect(try String(contentsOfFile: set.path + "/manifest.csv", encoding: .utf8) == text)
        // A later make keeps what was given, and adds.
        for index in 100..<110 {
            try set.write(try picture(UInt64(index)), "images/\(index).png")
            try set.write(try mask(index), "masks/\(index).png")
        }
        let before = Dictionary(uniqueKeysWithValues: try DataSet(directory: set.path).items.map { ($0.id, $0.split) })
        _ = try made(set) {
            $0.seed = 77
            $0.replaces = true
        }
        let after = try DataSet(directory: set.path).items
        #expect(after.count == 50)
        for item in after { if let split = before[item.id] { #expect(split == item.split) } }
    }

    @Test("E7: groups by a pattern; the folder's own splits; a set without masks")
    func choices() throws {
        let set = try folder()
        for index in 0..<12 {
            let part = index < 8 ? "training" : "test"
            try set.write(try picture(UInt64(index)), "\(part)/images/p\(index / 2)_\(index).png")
            try set.write(try mask(index), "\(part)/masks/p\(index / 2)_\(index).png")
        }
        let summary = try made(set) {
            $0.group = "p(\\d+)_"
            $0.label = "endoscopy"
            $0.maskValues = try? StatedMaskValues("0=outside,255=polyp")
        }
        #expect(
            summary.groups == 6 && summary.splits == ["train": 6, "val": 2, "test": 4] && summary.splitFrom == "the folder's own")
        let read = try DataSet(directory: set.path)
        #expect(read.items.allSatisfy { $0.label == "endoscopy" && ($0.split == .test) == $0.image.contains("/test/") })
        #expect(read.stated?.text == "0=outside,255=polyp")
        #expect(throws: PapillaError.self) {
            try made(set) {
                $0.group = "q(\\d+)"
                $0.replaces = true
            }
        }
        #expect(throws: PapillaError.self) {
            try made(set) {
                $0.group = "("
                $0.replaces = true
            }
        }
        let bare = try folder()
        for index in 0..<5 { try bare.write(try picture(UInt64(index)), "photos/\(index).png") }
        #expect(throws: PapillaError.self) { try made(bare) }
        #expect(try made(bare) { $0.label = "neither" }.masks == 0)
        // One scene in train and in test.
        try set.write(try picture(0, view: 1), "test/images/p9_99.png")
        try set.write(try mask(), "test/masks/p9_99.png")
        #expect { try made(set) { $0.replaces = true } } throws: { ($0 as? PapillaError)?.message.contains("p9_99.png") == true }
    }

    @Test("E7: what does not match is named, or left out where that is asked for")
    func unmatched() throws {
        let set = try folder()
        for index in 0..<6 {
            try set.write(try picture(UInt64(index)), "images/\(index).png")
            if index != 3 { try set.write(try mask(index), "masks/\(index).png") }
        }
        try set.write(try mask(), "masks/lone.png")
        try set.write([1], "masks/old.tif")
        let error = try #require(throws: PapillaError.self) { try made(set) }
        #expect(
            error.place?.hasSuffix("images/3.png") == true && error.message.contains("1 masks no image")
                && error.message.contains("1 tif"))
        let summary = try made(set) { $0.skipsUnmatched = true }
        #expect(summary.images == 5 && summary.leftOut == ["images/3.png", "masks/lone.png"] && summary.unread == ["tif": 1])
        try set.write(try mask(), "masks/0_seg.png")
        #expect {
            try made(set) {
                $0.skipsUnmatched = true
                $0.replaces = true
            }
        } throws: {
            ($0 as? PapillaError)?.message.contains("two masks for one image") == true
        }
        let small = try folder()
        try small.write(try picture(1), "images/a.png")
        try small.write(try ImageEncoder.png(Mask(width: 9, height: 9)), "masks/a.png")
        #expect(throws: PapillaError.self) { try made(small) }
        #expect(throws: PapillaError.self) { try DataSetMaker(small.path + "/nowhere", .init()).make() }
    }

    @Test("E7: check counts, and finds pictures, groups and likenesses in two splits")
    func check() throws {
        let set = try folder()
        var manifest = "id,image,mask,split,group,label\n"
        for index in 0..<9 {
            try set.write(try picture(index == 7 ? 1 : UInt64(index), view: index == 7 ? 1 : 0), "images/\(index).png")
            try set.write(try index == 4 ? ImageEncoder.png(Mask(width: 64, height: 64)) : mask(index), "masks/\(index).png")
            manifest += "\(index),images/\(index).png,masks/\(index).png,\(["train", "val", "test"][index % 3]),g\(index),\n"
        }
        try set.write(manifest)
        let good = DataSetCheck([set.path])
        #expect(good.problems == [], "\(good.problems)")
        let finding = try #require(good.sets.first)
        #expect(
            finding.images == 9 && finding.empty == 1 && finding.meaning == "0 outside, 255 polyp" && finding.width == [64, 64])
        #expect(finding.values == ["0": 9, "255": 8] && finding.splits == ["train": 3, "val": 3, "test": 3])
        // Scene 1 stands in val twice, as 1 and as 7.
        #expect(good.alike.isEmpty)
        let sheet = try ImageDecoder.decode(try ContactSheet(good.surveyed, count: 20).jpeg())
        #expect(sheet.raster.width > 1000 && sheet.raster.height > 400)

        try set.write(try picture(0), "images/8.png")
        try set.write(try picture(2, view: 1), "images/3.png")
        try set.write(manifest.replacing("val,g4", with: "val,g0"))
        let bad = DataSetCheck([set.path])
        #expect(
            bad.problems.contains { $0.contains("one picture") && $0.contains("0.png") && $0.contains("8.png") },
            "\(bad.problems)")
        #expect(bad.problems.contains { $0.contains("group 'g0'") })
        #expect(bad.alike.contains { $0.one.hasSuffix("2.png") && $0.other.hasSuffix("3.png") }, "\(bad.alike)")
        try set.write([1, 2], "images/5.png")
        try set.write([1, 2], "masks/6.png")
        let worse = DataSetCheck([set.path])
        #expect(worse.problems.contains { $0.contains("images/5.png") } && worse.problems.contains { $0.contains("masks/6.png") })
        #expect(throws: Never.self) { try ContactSheet(worse.surveyed, count: 20).jpeg() }
        #expect(DataSetCheck([set.path + "/nowhere"]).problems.count == 1)
    }

    @Test("Mask values by the data set's name")
    func valuesByFolder() throws {
        let values = try MaskValuesByFolder(["0=outside,1=polyp", "b:0=polyp,1=outside"])
        #expect(values["/x/a/"]?.text == "0=outside,1=polyp" && values["/x/b/"]?.text == "0=polyp,1=outside")
        #expect(throws: PapillaError.self) { try values.check(["/x/a"]) }
        #expect(throws: Never.self) { try values.check(["/x/b"]) }
    }
}
