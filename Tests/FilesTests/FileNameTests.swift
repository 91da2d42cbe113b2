import Files
import Intake
import Testing

@Suite struct FileNameTests {
    private static let names: [[UInt8]] = [
        Array("eye.jpg".utf8), Array("größe 👁.jpg".utf8), Array("a\nb".utf8), Array("back\\slash".utf8),
        [0xE9, 0x2E, 0x6A, 0x70, 0x67],
        [0xC3], [0xF0, 0x9F, 0x91], Array("\\x41".utf8), [0x80, 0x5C, 0xFF], Array(repeating: 0xFE, count: 255),
        // Marks that join the character before them: as characters, neither the backslash nor the slash before is one.
        Array("\\\u{301}.jpg".utf8), Array("\u{301}.jpg".utf8),
    ]

    @Test(arguments: names) func textIsReversible(bytes: [UInt8]) throws {
        let name = try #require(FileName(bytes))
        #expect(FileName(escaped: name.description) == name)
    }

    @Test(arguments: names) func pathsAreReversible(bytes: [UInt8]) throws {
        let name = try #require(FileName(bytes))
        let path = RelativePath(RelativePath(name), name)
        #expect(RelativePath(escaped: path.description) == path)
    }

    @Test func onlyWhatIsNoTextIsEscaped() throws {
        #expect(try #require(FileName([0x63, 0xE9, 0x2E])).description == "c\\xE9.")
        #expect(try #require(FileName("größe".utf8)).description == "größe")
        #expect(try #require(FileName("a\\b".utf8)).description == "a\\\\b")
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\0b"]) func whatNoEntryCanBeCalled(text: String) {
        #expect(FileName(text.utf8) == nil)
    }

    @Test(arguments: names) func storedNamesAreTextAndFit(bytes: [UInt8]) throws {
        let stored = try #require(FileName(bytes)).stored
        #expect(String(validating: stored.bytes, as: UTF8.self) != nil)
        #expect(stored.bytes.count <= 255)
        #expect(stored.stored.bytes.count <= 255)
    }

    @Test func aLongNameKeepsItsEnding() throws {
        let name = try #require(FileName(Array(repeating: UInt8(0xE9), count: 250) + Array(".jpg".utf8)))
        #expect(name.stored.hasSuffix(".jpg"))
    }

    @Test func pathsStayBelow() {
        #expect(RelativePath(escaped: "a/../b") == nil)
        #expect(RelativePath(escaped: "/a") == nil)
        #expect(RelativePath(escaped: "a//b") == nil)
        #expect(RelativePath(escaped: "urgent/a.jpg")?.first == InboxRules.urgent)
    }
}
