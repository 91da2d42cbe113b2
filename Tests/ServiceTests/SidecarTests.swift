import Screening
import Testing

@testable import Service

@Suite struct SidecarTests {
    private func identity(_ text: String) throws -> Identity { try Sidecar.read(Array(text.utf8)) }

    @Test func textsNumbersAndStrangersAreTaken() throws {
        #expect(
            try identity(#"{"patient": "7", "study": 12, "eye": "OD", "own": [1]}"#)
                == Identity(patient: "7", study: "12", eye: .right))
        #expect(try identity(#"{"patient": null}"#) == Identity())
        #expect(try identity("{}") == Identity())
    }

    @Test(arguments: ["", "[]", "null", "{", #"{"patient": {}}"#, #"{"eye": "middle"}"#]) func whatIsNoneIsRefused(text: String) {
        #expect(throws: PapillaError.self) { try identity(text) }
    }

    @Test(arguments: [
        ("eye.jpg", "eye.json", true), ("eye.jpg", "eye.jpg.json", true), ("eye.jpg", "eyes.json", false),
        ("eye.json", "eye.json.json", false),
        ("a.b.jpg", "a.b.json", true), ("noending", "noending.json", true),
    ]) func whoseItIs(image: String, sidecar: String, belongs: Bool) {
        #expect(Sidecar.belongs(FileName(ours: sidecar), to: FileName(ours: image)) == belongs)
    }

    @Test func theSidecarCountsOverTheName() {
        let sidecar = Identity(patient: "a", eye: .unknown)
        #expect(
            sidecar.completed(by: Identity(patient: "b", study: "c", eye: .left))
                == Identity(patient: "a", study: "c", eye: .left))
    }

    @Test func aNameThatDoesNotMatchSaysNothing() throws {
        let pattern = try NamePattern("^(?<patient>[0-9]{6})_(?P<eye>OD|OS)")
        #expect(pattern.read("IMG_1.jpg") == Identity())
        #expect(pattern.read("123456_OD.jpg") == Identity(patient: "123456", eye: .right))
    }
}
