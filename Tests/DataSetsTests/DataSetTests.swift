import Foundation
import Screening
import TestSupport
import Testing

@testable import DataSets

struct DataSetTests {
    private static let header = "id,image,mask,width,height,split,group,label\n"

    private func set(
        _ rows: String, files: [String] = ["images/a.png", "images/b.png", "masks/a.png"], named name: String = "drawn"
    ) throws -> DataSetFolder {
        let set = try DataSetFolder(name)
        for file in files { try set.write([1], file) }
        try set.write(Self.header + rows)
        return set
    }

    private func refusal(_ set: DataSetFolder) -> PapillaError? {
        do {
            _ = try DataSet(directory: set.path)
            return nil
        } catch { return error }
    }

    @Test func readsItemsInTheManifestsOrder() throws {
        let drawn = try set(
            "b,images/b.png,,1,1,val,g2,\"a \"\"label\"\", quoted\"\r\na,images/a.png,masks/a.png,1,1,train,g1,\r\n")
        let set = try DataSet(directory: drawn.path + "/")
        #expect(set.name == "drawn")
        #expect(set.items.map(\.id) == ["b", "a"])
        #expect(set.items[0].label == "a \"label\", quoted")
        #expect(set.items[0].mask == nil)
        #expect(set.items[1].mask == drawn.path + "/masks/a.png")
        #expect(set.items(in: .train).map(\.id) == ["a"])
        #expect(set.items(in: nil).count == 2)
    }

    @Test("One label that says the other kind is refused by its line, whatever its mask is stated to hold")
    func oneOtherLabel() throws {
        let drawn = try set("a,images/a.png,masks/a.png,1,1,train,g1,normal\nb,images/b.png,masks/a.png,1,1,val,g2,polyp\n")
        let set = try DataSet(directory: drawn.path, stated: try StatedMaskValues("0=outside,128=disc,255=cup"))
        for task in [ModelTask.disc, .cup] {
            #expect { try set.surveyed(for: task) } throws: {
                ($0 as? PapillaError)?.place == "\(drawn.path)/manifest.csv:3, column 'label'"
            }
        }
    }

    @Test func refusesAGroupInTwoSplitsByName() throws {
        let error = refusal(try set("a,images/a.png,,1,1,train,patient 7,\nb,images/b.png,,1,1,test,patient 7,\n"))
        #expect(error?.message.contains("patient 7") == true)
        #expect(error?.message.contains("train") == true && error?.message.contains("test") == true)
    }

    @Test("C8: a group is of its set; a picture in two splits is refused in one set and across sets")
    func leaks() throws {
        let first = try set("a,images/a.png,,1,1,train,1,\n", named: "first")
        let second = try set("b,images/b.png,,1,1,val,1,\n", named: "second")
        // Group 1 of one set and group 1 of another are two patients.
        try DataSet.refuseLeaks(across: [try DataSet(directory: first.path), try DataSet(directory: second.path)])
        let both = try [first, second].map { try DataSet(directory: $0.path).surveyed(for: .router) }
        #expect { try DataSet.refuseLeaks(across: both) } throws: {
            let words = ($0 as? PapillaError)?.message ?? ""
            return words.contains("train") && words.contains("val") && words.contains("a.png") && words.contains("b.png")
        }
        try second.write([2], "images/b.png")
        try DataSet.refuseLeaks(across: try [first, second].map { try DataSet(directory: $0.path).surveyed(for: .router) })
        let one = try set("a,images/a.png,,1,1,train,g1,\nb,images/b.png,,1,1,test,g2,\n")
        #expect(throws: PapillaError.self) { try DataSet(directory: one.path).surveyed(for: .router) }
    }

    @Test("Groups of sets that share their patients are the same people: by the manifest, or by what is said")
    func sharedPatients() throws {
        let first = try set("a,images/a.png,,1,1,train,1,\n", named: "fields")
        let second = try set("b,images/b.png,,1,1,val,1,\n", named: "crops")
        let said = try SharedPatients(["crops, fields"])
        func sets(_ said: SharedPatients) throws -> [DataSet] {
            try [first, second].map { try DataSet(directory: $0.path, patients: said[$0.path]) }
        }
        try DataSet.refuseLeaks(across: try sets(SharedPatients()))
        #expect {
            try DataSet.refuseLeaks(across: try sets(said))
        } throws: {
            ($0 as? PapillaError)?.message.contains("group '1' stands in two splits: train (fields/a) and val (crops/b)") == true
        }
        let prints = try [sets(SharedPatients()), sets(said)].map { $0.map(\.fingerprint) }
        #expect(prints[0] != prints[1])
        let head = "id,image,mask,split,group,label,patients\n"
        try first.write(head + "a,images/a.png,,train,1,,eyes\n")
        try second.write(head + "b,images/b.png,,val,1,,eyes\n")
        #expect(throws: PapillaError.self) { try DataSet.refuseLeaks(across: try sets(SharedPatients())) }
        try second.write(head + "b,images/b.png,,val,1,,\n")
        try DataSet.refuseLeaks(across: try sets(SharedPatients()))

        #expect(throws: Never.self) { try said.check(["/x/crops/", "/y/fields"]) }
        #expect { try said.check(["/x/crops"]) } throws: { ($0 as? PapillaError)?.message.contains("'fields'") == true }
        for texts in [["crops"], ["crops,"], ["a,b", "b,c"], ["a,a"]] {
            #expect(throws: PapillaError.self) { try SharedPatients(texts) }
        }
    }

    @Test("Nobody counts twice: of an owner in several sets one set's images are taken")
    func once() {
        struct View: Equatable { let owner, set: String }
        let values =
            (0..<40).flatMap { [View(owner: "\($0)", set: "fields"), View(owner: "\($0)", set: "crops")] }
            + [View(owner: "alone", set: "fields"), View(owner: "alone", set: "fields")]
        let taken = DataSet.once(values, owner: \.owner, set: \.set)
        #expect(taken.count == 42 && Set(taken.map(\.owner)).count == 41)
        #expect(taken.count { $0.owner == "alone" } == 2)
        // Neither set goes before the other.
        #expect((10...32).contains(taken.count { $0.set == "crops" }))
        #expect(DataSet.once(values, owner: \.owner, set: \.set) == taken)
    }

    @Test("C8: a set's fingerprint follows the bytes of images and masks, and the splits")
    func fingerprint() throws {
        let drawn = try set("a,images/a.png,masks/a.png,1,1,train,g1,\nb,images/b.png,,1,1,train,g2,\n")
        func print() throws -> Digest {
            var set = try DataSet(directory: drawn.path)
            set.digests = try DataSet.digests(of: set.items.flatMap { [$0.image] + ($0.mask.map { [$0] } ?? []) })
            return set.fingerprint
        }
        let before = try print()
        #expect(try print() == before)
        try drawn.write([9], "masks/a.png")
        let after = try print()
        #expect(after != before)
        try drawn.write([9], "images/b.png")
        #expect(try print() != after)
    }

    @Test(
        "E7: manifests as spreadsheets and people write them",
        arguments: [
            "id;image;mask;split;group;label\na;images/a.png;masks/a.png;train;g;x, y\n",
            "id\timage\tmask\tsplit\tgroup\tlabel\r\na\timages/a.png\tmasks/a.png\tTrain\tg\tx, y\r\n",
            "\u{FEFF}ID,Image,MASK,Split,Group,Label\na,images/a.png,masks/a.png,TRAINING,g,\"x, y\"\n",
            " id , image , mask , split , group , label \n a , images/a.png , masks/a.png , train , g , \"x, y\"\n".replacing(
                " \"", with: "\""),
            "id;image;mask;split;group;label;;\na;images\\a.png;masks\\a.png;training;g;x, y;;\n;;;;;;;\n",
            "id,image,mask,split,group,label\na,./images/a.png,masks//a.png,train,g,\"x, y\"",
        ])
    func spreadsheets(manifest: String) throws {
        let wide = manifest.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 255), UInt8(unit >> 8)] }
        for bytes: [UInt8] in [Array(manifest.utf8), [0xFF, 0xFE] + wide] {
            let set = try DataSetFolder()
            for file in ["images/a.png", "masks/a.png"] { try set.write([1], file) }
            try set.write(manifest.hasPrefix("\u{FEFF}") ? Array(manifest.utf8) : bytes, "manifest.csv")
            let items = try DataSet(directory: set.path).items
            #expect(items.map(\.id) == ["a"] && items[0].split == .train && items[0].label == "x, y")
            #expect(items[0].image.hasSuffix("a.png") && items[0].mask?.hasSuffix("a.png") == true)
        }
    }

    @Test("E7: splits in every usual word")
    func splits() throws {
        let words: KeyValuePairs<String, DataSet.Split> = [
            "Train": .train, "training": .train, "VAL": .val, "valid": .val, "Validation": .val, "test": .test, "Testing": .test,
        ]
        for (word, split) in words {
            let drawn = try set("a,images/a.png,,1,1,\(word),g,\n")
            #expect(try DataSet(directory: drawn.path).items[0].split == split)
        }
    }

    @Test("E7: a name is found whatever its Unicode form")
    func unicode() throws {
        for (file, written) in [("\u{FC}ber.png", "u\u{308}ber.png"), ("u\u{308}ber.png", "\u{FC}ber.png")] {
            let set = try set("a,images/\(written),,1,1,train,g,\n", files: ["images/\(file)"])
            let item = try DataSet(directory: set.path).items[0]
            #expect(item.image.utf8.elementsEqual((set.path + "/images/" + file).utf8))
        }
    }

    @Test(
        "E7: an error says file, line, column and what to change",
        arguments: [
            ("a,images/gone.png,,1,1,train,g,\n", "column 'image'", "inside"),
            ("a,images/A.PNG,,1,1,train,g,\n", "column 'image'", "images/a.png"),
            ("a,images/a.png,,1,1,dev,g,\n", "column 'split'", "train, val or test"),
            ("a,C:\\a.png,,1,1,train,g,\n", "column 'image'", "inside"),
            ("a,images/a.png,,1,1,train,,\n", "column 'group'", "Fill"),
        ])
    func words(rows: String, place: String, hint: String) throws {
        let drawn = try set(rows)
        let error = try #require(refusal(drawn))
        #expect(error.place?.contains("manifest.csv:2") == true && error.place?.contains(place) == true, "\(error.detailed)")
        #expect(error.hint?.contains(hint) == true, "\(error.detailed)")
    }

    @Test("E7: a folder without a manifest is told how to get one")
    func noManifest() throws {
        #expect(refusal(try DataSetFolder())?.hint?.contains("papilla dataset make") == true)
        let latin = try DataSetFolder()
        try latin.write(
            Array("id,image,mask,split,group,label\na,images/".utf8) + [0xFC] + Array(".png,,train,g,\n".utf8), "manifest.csv")
        let error = try #require(refusal(latin))
        #expect(
            error.place?.hasSuffix("manifest.csv:2") == true && error.message.contains("field 2")
                && error.hint?.contains("UTF-8") == true)
    }

    @Test("E2: a manifest may say what the masks' values mean, once")
    func statedInTheManifest() throws {
        let drawn = try DataSetFolder()
        for file in ["images/a.png", "images/b.png"] { try drawn.write([1], file) }
        let head = "id,image,mask,split,group,label,mask_values\n"
        try drawn.write(head + "a,images/a.png,,train,g,,\"0=polyp,255=outside\"\nb,images/b.png,,train,h,,\n")
        #expect(try DataSet(directory: drawn.path).stated?.text == "0=polyp,255=outside")
        let other = try StatedMaskValues("1=polyp,0=outside")
        #expect(try DataSet(directory: drawn.path, stated: other).stated == other)
        try drawn.write(
            head + "a,images/a.png,,train,g,,\"0=polyp,255=outside\"\nb,images/b.png,,train,h,,\"1=polyp,0=outside\"\n")
        #expect(refusal(drawn)?.place?.contains("manifest.csv:3, column 'mask_values'") == true)
    }

    @Test(arguments: [
        ("a,images/gone.png,,1,1,train,g,\n", "images/gone.png"),
        ("a,images/a.png,masks/gone.png,1,1,train,g,\n", "masks/gone.png"),
        ("a,images/a.png,,1,1,dev,g,\n", "dev"), ("a,../a.png,,1,1,train,g,\n", "../a.png"),
        (",images/a.png,,1,1,train,g,\n", "id"),
        ("a,images/a.png,,1,1,train,,\n", "group"), ("a,images/a.png,,1,1,train,g,\na,images/b.png,,1,1,train,g,\n", "'a'"),
        ("a,images/a.png,,1,1,train,g\n", "7 fields"), ("", "without images"),
    ])
    func refusesARowByName(rows: String, named: String) throws {
        let error = refusal(try set(rows))
        #expect(error?.message.contains(named) == true, "\(error?.detailed ?? "accepted")")
    }

    @Test func refusesAMissingColumn() throws {
        let set = try DataSetFolder()
        try set.write("id,image,mask,split,label\n")
        #expect(refusal(set)?.message.contains("'group'") == true)
    }

    @Test func refusesAFolderWithoutManifest() throws {
        #expect(refusal(try DataSetFolder())?.code == .notFound)
    }

    @Test func readsTermsByDataSet() throws {
        let drawn = try DataSetFolder()
        try drawn.write(Array("set,terms\nred,\"research, cite\"\n".utf8), "terms.csv")
        #expect(try DataSet.terms(in: drawn.path + "/terms.csv") == ["red": "research, cite"])
    }
}

struct CommaSeparatedValuesTests {
    private func rows(_ text: String) throws -> [[String: String]] {
        try CommaSeparatedValues(Array(text.utf8), place: "t").rows.map(\.fields)
    }

    @Test func readsQuotesCommasAndLineBreaks() throws {
        #expect(try rows("a,b\r\n\"1,\n2\",\"say \"\"x\"\"\"\r\n") == [["a": "1,\n2", "b": "say \"x\""]])
    }

    @Test func readsALastLineWithoutBreakAndAByteOrderMark() throws {
        #expect(try rows("\u{FEFF}a,b\n1,") == [["a": "1", "b": ""]])
    }

    @Test func skipsEmptyLines() throws {
        #expect(try rows("a,b\n\n1,2\n\n").count == 1)
    }

    @Test(arguments: ["a,b\n1\n", "a,b\n\"1,2\n", "a,b\n1\"2,3\n", "a,b\n\"1\"2,3\n", "a,a\n1,2\n", "", "a,b\n1\r2,3\n"])
    func refusesWhatTheStandardDoesNotAllow(text: String) {
        #expect(throws: PapillaError.self) { try CommaSeparatedValues(Array(text.utf8), place: "t") }
    }

    @Test func namesTheLineOfABadRow() {
        #expect { try CommaSeparatedValues(Array("a,b\n\"x\ny\",1\n5\n".utf8), place: "t") } throws: {
            ($0 as? PapillaError)?.place == "t:4"
        }
    }
}
