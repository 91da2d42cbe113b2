import Foundation
import Screening
import Testing

@testable import Training

struct DataSetTests {
    private static let header = "id,image,mask,width,height,split,group,label\n"

    private func set(_ rows: String, files: [String] = ["images/a.png", "images/b.png", "masks/a.png"]) throws -> DrawnSet {
        let set = try DrawnSet()
        for file in files { try set.write([1], file) }
        try set.write(Self.header + rows)
        return set
    }

    private func refusal(_ set: DrawnSet) -> PapillaError? {
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

    @Test func refusesAGroupInTwoSplitsByName() throws {
        let error = refusal(try set("a,images/a.png,,1,1,train,patient 7,\nb,images/b.png,,1,1,test,patient 7,\n"))
        #expect(error?.message.contains("patient 7") == true)
        #expect(error?.message.contains("train") == true && error?.message.contains("test") == true)
    }

    @Test func refusesAGroupInTwoSplitsAcrossSets() throws {
        let (first, second) = (try set("a,images/a.png,,1,1,train,g1,\n"), try set("b,images/b.png,,1,1,val,g1,\n"))
        let sets = [try DataSet(directory: first.path), try DataSet(directory: second.path)]
        #expect(throws: PapillaError.self) { try DataSet.refuseLeaks(across: sets) }
        try DataSet.refuseLeaks(across: [sets[0]])
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
        let set = try DrawnSet()
        try set.write("id,image,mask,split,label\n")
        #expect(refusal(set)?.message.contains("'group'") == true)
    }

    @Test func refusesAFolderWithoutManifest() throws {
        #expect(refusal(try DrawnSet())?.code == .notFound)
    }

    @Test func readsTermsByDataSet() throws {
        let drawn = try DrawnSet()
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
