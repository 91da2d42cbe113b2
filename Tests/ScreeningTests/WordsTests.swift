import Screening
import Testing

@Suite("The shared words")
struct WordsTests {
    @Test("A moment is read back as it was written, to the millisecond")
    func timestampRoundTrip() {
        for milliseconds: Int64 in [0, 1, 951_782_399_999, 951_782_400_000, 1_795_516_867_250, 4_102_444_800_000, -1] {
            let time = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(time.description) == time)
        }
        #expect(Timestamp(milliseconds: 1_795_516_867_250).description == "2026-11-24T10:41:07.250Z")
        #expect(Timestamp("2024-02-29T00:00:00Z")?.day == "2024-02-29")
    }

    @Test(
        "What is not a moment is refused",
        arguments: ["", "2026-11-24", "2026-13-01T00:00:00Z", "2026-11-24T10:41:07.250+01:00", "2026-11-24T25:00:00Z"])
    func timestampRefused(text: String) { #expect(Timestamp(text) == nil) }

    /// Any byte but a digit in a digit's place, and any but the right one between them, makes it no time; a digit makes it another.
    @Test("A15: every byte of a time counts") func everyByteOfATimeCounts() {
        for text in ["2026-11-24T10:41:07.250Z", "2026-11-24T10:41:07Z"] {
            for offset in 0..<text.utf8.count {
                for byte in UInt8(32)..<127 {
                    var bytes = Array(text.utf8)
                    guard bytes[offset] != byte else { continue }
                    bytes[offset] = byte
                    let changed = String(decoding: bytes, as: UTF8.self)
                    guard let time = Timestamp(changed) else { continue }
                    #expect(time.description.hasPrefix(changed.dropLast()) && time != Timestamp(text), "\(changed)")
                }
            }
        }
        for text in ["2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-24 10:41:07.250Z"] {
            #expect(Timestamp(text) == nil, "\(text)")
        }
    }

    @Test("An ID carries its day, and a prefix of three characters finds it")
    func ids() throws {
        var random = SeededGenerator(7)
        let id = ScreeningID(at: Timestamp(milliseconds: 1_795_516_867_250), using: &random)
        #expect(id.description.hasPrefix("20261124-"))
        #expect(ScreeningID(id.description) == id)
        #expect(id.matches(prefix: String(id.suffix.prefix(3))))
        #expect(id.matches(prefix: "20261124-" + id.suffix.prefix(1)))
        #expect(!id.matches(prefix: String(id.suffix.prefix(2))))
        for bad in ["", "20261124", "20261124-k7q2m9x", "20261124-K7Q2M9XD", "2026112a-k7q2m9xd", "20261124-k7q2m9xl"] {
            #expect(ScreeningID(bad) == nil)
        }
    }

    @Test("SHA-256 of the published vectors (FIPS 180-4)")
    func digests() {
        #expect(Digest(of: []).description == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest(of: Array("abc".utf8)).description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest("abc") == nil)
    }

    @Test("Canonical JSON sorts keys, keeps slashes and writes null")
    func canonicalJSON() throws {
        let attention = Attention(.ratioHigh, "a/b", value: 0.5)
        #expect(try CanonicalJSON.line(attention) == #"{"code":"ratio_high","detail":"a/b","threshold":null,"value":0.5}"#)
        #expect(try CanonicalJSON.decode(Attention.self, from: Array(#"{"code":"polyp","detail":""}"#.utf8)).value == nil)
    }

    @Test("Every reason belongs to an outcome that has reasons")
    func reasons() {
        for code in Reason.Code.allCases { #expect([.ungradable, .outOfDomain, .failed].contains(code.outcome)) }
    }

    @Test("The ordinary rendering of an error names no place, the detailed one does")
    func errors() {
        let error = PapillaError.system("Cannot read the image", errno: 28, place: "/srv/Mary Smith.jpg")
        #expect(!error.description.contains("Mary"))
        #expect(error.detailed.contains("Mary"))
        #expect(error.isRetryable)
    }

    @Test("What the operating system said stands in the ordinary rendering too, whatever the error is the cause of")
    func systemWords() {
        let error = PapillaError.system("The file cannot be written", errno: 28, place: "/srv/Mary Smith.jpg", hint: "Make room")
        #expect(error.description == "The file cannot be written: No space left on device. Make room")
        #expect(
            error.detailed == "/srv/Mary Smith.jpg: The file cannot be written (No space left on device). Make room")
        #expect(PapillaError(.damaged, "It went wrong", cause: error).description == "It went wrong: No space left on device")
        let folder = PapillaError.system("It cannot be read", errno: 22, words: "it is a folder")
        #expect(folder.explained == "It cannot be read: it is a folder")
        #expect(PapillaError(.refused, "No", hint: "Ask again").description == "No. Ask again")
    }
}
