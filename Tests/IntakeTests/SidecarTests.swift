import Files
import Intake
import Screening
import Settings
import Testing

/// Every sound field of a sidecar counts, whatever is wrong with the others, and what cannot be used is said.
@Suite struct SidecarTests {
    private func statement(_ text: String) -> IdentityStatement { Sidecar(Array(text.utf8)).statement }

    @Test func textsNumbersAndStrangersAreTaken() {
        let read = statement(#"{"patient": "7", "study": 12, "eye": "OD", "own": [1, {"eye": "OS"}]}"#)
        #expect(read.texts == [.patient: "7", .study: "12"] && read.eye == .eye(.right) && read.complaint == nil)
        #expect(statement(#"{"patient": null, "eye": ""}"#) == IdentityStatement(from: .sidecar))
        #expect(statement(#"{"PATIENT": "7", "Eye": "l"}"#).texts == [.patient: "7"])
    }

    /// The encodings that programs write JSON in.
    enum Encoding: CaseIterable {
        case utf8, utf8Marked, utf16Little, utf16Big, utf16LittleMarked, utf16BigMarked, utf32Little, utf32BigMarked, windows

        func bytes(_ text: String) -> [UInt8] {
            func wide(_ units: some Sequence<UInt32>, _ width: Int, isLittle: Bool) -> [UInt8] {
                units.flatMap { unit in
                    let little = (0..<width).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
                    return isLittle ? little : little.reversed()
                }
            }
            let narrow = text.utf16.map(UInt32.init)
            let scalars = text.unicodeScalars.map(\.value)
            return switch self {
            case .utf8: Array(text.utf8)
            case .utf8Marked: [0xEF, 0xBB, 0xBF] + text.utf8
            case .utf16Little: wide(narrow, 2, isLittle: true)
            case .utf16Big: wide(narrow, 2, isLittle: false)
            case .utf16LittleMarked: [0xFF, 0xFE] + wide(narrow, 2, isLittle: true)
            case .utf16BigMarked: [0xFE, 0xFF] + wide(narrow, 2, isLittle: false)
            case .utf32Little: wide(scalars, 4, isLittle: true)
            case .utf32BigMarked: [0, 0, 0xFE, 0xFF] + wide(scalars, 4, isLittle: false)
            case .windows: text.unicodeScalars.map { $0.value > 0xFF ? UInt8($0.value - 0x201C + 0x93) : UInt8($0.value) }
            }
        }
    }

    /// JSON values, and the text that each stands for where a text is wanted; nil where it stands for none.
    private static let values: [(json: String, text: String?)] = [
        (#""Grüße “é""#, "Grüße “é"), (#""  7 ""#, "7"), (#""a\u00e9\n""#, "aé"), ("7", "7"), ("7.0", "7"), ("-7.00", "-7"),
        ("1e3", "1000"),
        ("12.5e1", "125"), ("1.50", "1.50"), ("0", "0"), ("-0", "0"),
        ("12345678901234567890123456789", "12345678901234567890123456789"),
        ("123456789012345678901234567890.0", "123456789012345678901234567890"), ("1e30", "1" + String(repeating: "0", count: 30)),
        ("true", nil), ("false", nil), ("[]", nil), (#"["7"]"#, nil), ("{}", nil), (#"{"value": "7"}"#, nil), ("NaN", nil),
        ("Infinity", nil), ("007", nil), ("+7", nil), (".5", nil), ("0x7", nil), ("'7'", nil), ("None", nil), ("\"a\tb\"", nil),
        (#""a\qb""#, nil), (#""\ud800""#, nil), (#""a\u0007b""#, nil), ("", nil),
    ]

    @Test("B1: every field in every JSON type and encoding", arguments: Encoding.allCases)
    func everyFieldTypeAndEncoding(encoding: Encoding) {
        for field in IdentityField.allCases {
            let other: IdentityField = field == .study ? .patient : .study
            for (json, text) in Self.values {
                let content = "{\"before\": [1], \"\(field.rawValue)\": \(json), \"\(other.rawValue)\": \"kept\"}"
                let read = Sidecar(encoding.bytes(content)).statement
                let what: Comment = "\(field) \(json) \(encoding): \(read.unusable)"
                // Whatever it is, the other field counts.
                #expect(read.texts[other] == "kept", what)
                switch field {
                case .eye:
                    #expect(read.eye == .unclear, what)
                    #expect(read.complaint?.contains("eye") == true, what)
                case .taken: #expect(read.taken == nil && read.complaint?.contains("taken") == true, what)
                case .last:
                    let isTrue: Bool? = json == "true" ? true : json == "false" || text == "0" ? false : nil
                    #expect(read.isLast == isTrue && (read.complaint == nil) == (isTrue != nil), what)
                default:
                    #expect(read.texts[field] == text, what)
                    #expect((read.complaint == nil) == (text != nil), what)
                    #expect(text != nil || read.complaint?.contains(field.rawValue) == true, what)
                }
            }
            let absent = Sidecar(encoding.bytes("{\"\(field.rawValue)\": null, \"\(other.rawValue)\": \"kept\"}")).statement
            #expect(absent.unusable == [] && absent.eye == nil && absent.texts == [other: "kept"])
        }
    }

    @Test("B1: an eye and a time in every encoding, as text and as number", arguments: Encoding.allCases)
    func eyesAndTimes(encoding: Encoding) {
        let read = Sidecar(encoding.bytes(#"{"eye": "Œil droit", "taken": 20261124, "last": true}"#.replacing("Œ", with: "Oe")))
            .statement
        #expect(
            read.eye == .eye(.right) && read.taken?.description == "2026-11-24" && read.isLast == true && read.complaint == nil)
    }

    @Test(
        "B1: what JSON forbids spoils its own field only, and never silently",
        arguments: [
            #"{"patient": "7", "eye": "OD",}"#, #"{"patient": "7",, "eye": "OD"}"#, #"{"patient": "7" "eye": "OD"}"#,
            "{\"patient\": \"7\", // whose\n \"eye\": \"OD\"}", #"{/* a "b" */"patient": "7", "eye": "OD"}"#,
            "# made by hand\n{\"patient\": \"7\", \"eye\": \"OD\"}", #"{"patient": "7"; "eye": "OD"}"#,
            #"{"patient": "7", "eye": "OD"} and more"#, #"{"patient": "7", "eye": "OD""#, #"{"patient": "7", "eye": "OD", ]}"#,
            "{\"patient\": \"7\",\n \"study\": \"no end,\n \"eye\": \"OD\"}", #"{"study": "no end, "eye": "OD", "patient": "7"}"#,
            #"{"patient": "7", "eye": "OD", "study": 'x'}"#, #"{"patient": "7", study: "x", "eye": "OD"}"#,
            #"{'study': 'x', "patient": "7", "eye": "OD"}"#, #"{"study" "x", "patient": "7", "eye": "OD"}"#,
            #"{"patient": "7", "eye": "OD", "study": [1, 2}"#, #"{"study": "a", "patient": "7", "Study": "b", "eye": "OD"}"#,
            "{\"patient\": \"7\", \"study\": \"a\nb\", \"eye\": \"OD\"}", #"{"patient": "7", "eye": "OD", "study": 12"#,
            #"{"study": x y z, "patient": "7", "eye": "OD"}"#,
        ])
    func flaws(text: String) {
        let read = statement(text)
        #expect(read.texts == [.patient: "7"] && read.eye == .eye(.right), "\(read)")
        #expect(read.complaint != nil)
    }

    @Test(
        "B1: a field stated twice counts where both say the same, in any case of its name, and else not",
        arguments: [
            (#"{"eye": "OD", "EYE": "OD"}"#, IdentityStatement.StatedEye.eye(.right)), (#"{"eye": "OD", "Eye": "OS"}"#, .unclear),
        ])
    func twice(text: String, eye: IdentityStatement.StatedEye) { #expect(statement(text).eye == eye) }

    @Test(
        "B1: a sidecar of which nothing can be used says so, and no eye is guessed",
        arguments: ["", "[]", "null", "7", "[{\"eye\": \"OD\"}]", "patient: 7", "\u{0}\u{0}", "<xml/>"])
    func nothing(text: String) {
        let read = statement(text)
        #expect(read.texts.isEmpty && read.eye == .unclear && read.complaint != nil)
    }

    @Test("B1: a sidecar without any known key says so", arguments: ["{}", #"{"patient_id": "7", "laterality": "R"}"#])
    func strangers(text: String) {
        let read = statement(text)
        #expect(read.texts.isEmpty && read.eye == nil && read.complaint?.contains("none of the fields") == true)
    }

    @Test(
        "B1: a sidecar that is cut off anywhere says so, and one that is damaged anyhow does no harm",
        arguments: Encoding.allCases)
    func damage(encoding: Encoding) {
        let whole = encoding.bytes(
            #"{"patient": "Grüße", "study": 12.0, "own": [1, {"a": "b"}], "eye": "OD", "taken": "2026-11-24", "last": true}"#)
        #expect(Sidecar(whole).statement.complaint == nil)
        for length in 0..<whole.count { #expect(Sidecar(Array(whole[..<length])).statement.complaint != nil, "\(length)") }
        var random = SeededGenerator(7)
        let spice = Array("\"'\\{}[]:,;/*#\n\u{0}\u{FF}0e-".utf8)
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(spice[Int.random(in: 0..<spice.count, using: &random)], at: place)
                case 2: bytes[place] = spice[Int.random(in: 0..<spice.count, using: &random)]
                default: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                }
            }
            let read = Sidecar(bytes).statement
            #expect(Identification([read]).attention.contains { $0.code == .sidecar } || read.unusable.isEmpty)
        }
    }

    @Test("B1: UTF-8 with a damaged field is not taken for Windows-1252")
    func damagedText() {
        let read = Sidecar(Array("{\"study\": \"Grüße\", \"patient\": \"M".utf8) + [0xC3] + Array("\", \"eye\": \"OD\"}".utf8))
            .statement
        #expect(read.texts == [.study: "Grüße"] && read.eye == .eye(.right) && read.complaint?.contains("patient") == true)
    }

    @Test("B1: complaints never repeat whom it is of")
    func complaints() throws {
        let read = statement(
            #"{"patient": ["Anna Muster"], "eye": "Anna Muster, born in 1950 in Basel", "issuer": {"a": "Anna"}, "study": 'Anna'}"#
        )
        #expect(try #require(read.complaint).contains("Anna") == false)
    }

    @Test(arguments: [
        ("eye.jpg", "eye.json", true), ("eye.jpg", "eye.jpg.json", true), ("eye.jpg", "eyes.json", false),
        ("eye.json", "eye.json.json", false), ("a.b.jpg", "a.b.json", true), ("noending", "noending.json", true),
        ("eye.jpg", "EYE.JSON", true), ("Eye.JPG", "eye.jpg.json", true), ("Stra\u{DF}e.jpg", "STRASSE.json", true),
        ("M\u{FC}ller.jpg", "Mu\u{308}ller.json", true), ("mu\u{308}ller.jpg", "M\u{DC}LLER.JSON", true),
        ("a.jpg", "b.json", false),
    ])
    func whoseItIs(image: String, sidecar: String, belongs: Bool) {
        #expect(Sidecar.belongs(FileName(ours: sidecar), to: FileName(ours: image)) == belongs)
    }

    @Test("B2: the more particular sidecar counts, then the one of the very same letters")
    func precedence() {
        let names = ["EYE.JSON", "eye.json", "EYE.JPG.json", "eye.jpg.json"].map { FileName(ours: $0) }
        let image = FileName(ours: "eye.jpg")
        #expect(
            names.sorted { Sidecar.precedes($0, $1, for: image) }.map(\.text) == [
                "eye.jpg.json", "EYE.JPG.json", "eye.json", "EYE.JSON",
            ])
    }

    @Test("B12: every group of a name pattern is used")
    func namePattern() throws {
        let pattern = try NamePattern("^(?<patient>[0-9]{6})_(?P<eye>OD|OS)")
        #expect(pattern.read("IMG_1.jpg") == IdentityStatement(from: .name))
        #expect(pattern.read("123456_OD.jpg").texts == [.patient: "123456"])
        let groups = NamePattern.words.map { "(?<\($0)>[^_]*)" }.joined(separator: "_")
        let full = Identification([try NamePattern("^\(groups)$").read("7_H_S_OS_A_Op_Cam_20261124_true")])
        #expect(full.subject == Subject(identifier: "7", issuer: "H") && full.isLast && full.attention == [])
        let examination = full.examination
        #expect(examination.study == "S" && examination.eye == .init(.left, from: .name) && examination.accession == "A")
        #expect(examination.operatorName == "Op" && examination.device == "Cam" && examination.taken?.description == "2026-11-24")
    }
}
