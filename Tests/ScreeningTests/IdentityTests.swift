import Screening
import Testing

/// Whose image it is, and what was examined.
@Suite struct IdentityTests {
    @Test(
        "B1: an eye is known in the words of every vendor",
        arguments: [
            (
                Eye.right,
                [
                    "right", "R", "OD", "od", "O.D.", "o. d.", "RE", "Rt", " Right ", "right eye", "Eye: right", "dexter",
                    "Oculus dexter",
                    "OD (right)", "droit", "Œil droit", "oeil droit", "rechts", "Rechtes Auge", "RA", "derecho", "ojo derecho",
                    "DESTRA",
                    "destro", "direito", "rechteroog", "höger", "högra", "prawe", "右", "右眼", "sağ", "правый",
                ]
            ),
            (
                .left,
                [
                    "left", "L", "OS", "os", "O.S.", "LE", "Lt", "left_eye", "sinister", "oculus sinister", "OS/L", "gauche",
                    "OG", "links",
                    "Linkes Auge", "LA", "izquierdo", "OI", "sinistra", "sinistro", "SX", "esquerdo", "OE", "vänster", "lewe",
                    "左", "левый",
                ]
            ),
            (.unknown, ["unknown", "U", "n/a", "?"]),
        ])
    func eyes(eye: Eye, words: [String]) {
        for word in words { #expect(Eye(stated: word) == eye, "\(word)") }
    }

    @Test(
        "B1: what is not one eye, or not understood, is none",
        arguments: ["both", "OU", "OD OS", "left and right", "middle", "1", "rigth", "true", "beide", "oculus", "O", "D", "RL"])
    func noEye(text: String) { #expect(Eye(stated: text) == nil) }

    @Test(
        "B1: times as RFC 3339, ISO 8601, EXIF and DICOM write them",
        arguments: [
            ("2026-11-24", "2026-11-24"), ("20261124", "2026-11-24"), ("2026.11.24", "2026-11-24"), ("2026/11/24", "2026-11-24"),
            ("2026:11:24 10:41:07", "2026-11-24T09:41:07.000Z"), ("2026-11-24T10:41:07Z", "2026-11-24T10:41:07.000Z"),
            ("2026-11-24T10:41:07.25+02:00", "2026-11-24T08:41:07.250Z"), ("2026-11-24 10:41", "2026-11-24T09:41:00.000Z"),
            ("20261124104107", "2026-11-24T09:41:07.000Z"), ("20261124104107.123456", "2026-11-24T09:41:07.123Z"),
            ("20261124104107.5-0500", "2026-11-24T15:41:07.500Z"), ("20261124 104107", "2026-11-24T09:41:07.000Z"),
            ("2026112410", "2026-11-24T09:00:00.000Z"), ("20261124+0100", "2026-11-24"), ("2028-02-29", "2028-02-29"),
            ("2026-11-24t10:41:07z", "2026-11-24T10:41:07.000Z"), ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z"),
        ])
    func times(text: String, expected: String) throws {
        let time = try #require(ExaminationTime(text, zone: { _ in 3600 }))
        #expect(time.description == expected)
        #expect(time.day == String(expected.prefix(10)))
        // What was written is read again as the same.
        let line = try CanonicalJSON.line(["time": time])
        #expect(try CanonicalJSON.decode([String: ExaminationTime].self, from: line.utf8)["time"] == time)
    }

    @Test(
        "B1: what is no time, or leaves open which is the month, is none",
        arguments: [
            "", "today", "24.11.2026", "11/24/2026", "2026-13-01", "2026-02-30", "2026-11-24T25:00", "104107", "2026", "202611",
            "0001-01-01T00:00:00", "2026-11-24T10:41:07Z!", "1764000000", "2026-11/24",
        ])
    func noTime(text: String) { #expect(ExaminationTime(text, zone: { _ in 0 }) == nil) }

    @Test("A moment's day is that of the zone at that moment; a day without an hour is that day everywhere")
    func localDays() throws {
        // As in Sydney: eleven hours ahead in summer, ten in winter.
        let summer = try #require(Timestamp("2026-04-04T16:00:00Z"))
        func day(_ text: String) throws -> String {
            try #require(ExaminationTime(text)).localDay { $0 < summer ? 39600 : 36000 }
        }
        for (text, expected) in [
            ("2026-03-02T22:00:00Z", "2026-03-03"), ("2026-03-02T12:59:59.999Z", "2026-03-02"),
            ("2026-07-02T13:30:00Z", "2026-07-02"), ("2026-07-02T14:00:00Z", "2026-07-03"), ("2026-03-02", "2026-03-02"),
        ] {
            let found = try day(text)
            #expect(found == expected, "\(text)")
        }
        let west = try #require(ExaminationTime("2026-01-01T07:59:59Z")).localDay { _ in -28800 }
        #expect(west == "2025-12-31")
        // For a person, with the zone that says so.
        for (text, offset, expected) in [
            ("2026-03-02T22:00:09Z", 39600, "2026-03-03 09:00 +11:00"), ("2026-03-02", 39600, "2026-03-02"),
            ("2026-03-02T01:00:00Z", -12600, "2026-03-01 21:30 -03:30"),
        ] as [(String, Int64, String)] {
            let shown = try #require(ExaminationTime(text)).local { _ in offset }
            #expect(shown == expected)
        }
        // Both ways to this machine's clock on the wall, wherever it hangs.
        for text in ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z", "1969-07-20T20:17:40.500Z"] {
            let moment = try #require(Timestamp(text))
            let offset = ExaminationTime.offsetHere(at: moment)
            let clock = Int64((Double(moment.milliseconds) / 1000).rounded(.down)) + offset
            #expect(ExaminationTime.offsetHere(clock) == offset)
        }
    }

    @Test("A day agrees with every moment of it where the service is, and a moment with one that is written more exactly")
    func agreement() {
        func agree(_ texts: [String], hours: Int64) -> Bool {
            ExaminationTime.agree(texts.compactMap { ExaminationTime($0) }) { _ in hours * 3600 }
        }
        // Five in the afternoon in Los Angeles, and nine in the morning in Sydney.
        #expect(agree(["2026-11-24", "2026-11-25T01:00:00Z"], hours: -8))
        #expect(!agree(["2026-11-25", "2026-11-25T01:00:00Z"], hours: -8))
        #expect(agree(["2026-11-25T22:00:00Z", "2026-11-26"], hours: 11))
        #expect(!agree(["2026-11-25T22:00:00Z", "2026-11-25"], hours: 11))
        #expect(!agree(["2026-11-25T22:00:02Z", "2026-11-25T22:00:01Z"], hours: 11))
        // Who writes no seconds, or no fractions, means the same moment.
        #expect(agree(["2026-11-25T22:15:00Z", "2026-11-25T22:15:30.500Z"], hours: 11))
        #expect(agree(["2026-11-25T22:15:30Z", "2026-11-25T22:15:30.500Z"], hours: 11))
        #expect(!agree(["2026-11-25T22:15:00Z", "2026-11-25T22:16:30Z"], hours: 11))
        #expect(!agree(["2026-11-25T22:15:30.250Z", "2026-11-25T22:15:30.500Z"], hours: 11))
        #expect(agree(["2026-11-25"], hours: 11) && agree([], hours: 11))
    }

    private func said(_ whence: Examination.Whence, _ fields: [IdentityField: String]) -> IdentityStatement {
        var statement = IdentityStatement(from: whence)
        for (field, text) in fields { statement.state(text, for: field) }
        return statement
    }

    @Test("Sidecar, container and name count in that order; only those that disagree are named")
    func threeSources() throws {
        let container = said(.container, [.patient: "8", .study: "S", .taken: "20261124"])
        let silent = IdentityStatement(from: .container)
        let sidecar = said(.sidecar, [.patient: "7"])
        let name = said(.name, [.patient: "8", .study: "T", .accession: "A"])
        func conflict(_ statements: [IdentityStatement]) -> String? {
            Identification(statements).attention.first { $0.code == .identityConflict }?.detail
        }
        let all = Identification([sidecar, container, name])
        // Whoever names another patient says nothing of this one's order and study.
        #expect(all.subject?.identifier == "7" && all.examination.study == nil && all.examination.accession == nil)
        let same = Identification([said(.sidecar, [.patient: "8"]), container, name])
        #expect(same.examination.study == "S" && same.examination.accession == "A")
        #expect(
            conflict([sidecar, container, name])
                == "sidecar and container and name disagree on patient, study; the sidecar counts.")
        #expect(conflict([sidecar, silent, name]) == "sidecar and name disagree on patient; the sidecar counts.")
        #expect(
            conflict([said(.sidecar, [.eye: "OD"]), container, name])?.hasPrefix("container and name disagree on study;") == true)
        // Another word for the camera leaves no doubt whose image it is.
        let cameras = Identification([said(.sidecar, [.device: "Room 2"]), said(.container, [.device: "M Cam 7"])]).attention
        #expect(cameras.map(\.code) == [.sidecar] && cameras[0].detail.contains("disagree on device; the sidecar counts."))
        #expect(conflict([sidecar, silent]) == nil && conflict([silent]) == nil && Identification([silent]) == Identification())
    }

    @Test("B12: the sidecar counts over the name, field by field, and what they disagree on is named")
    func sources() throws {
        let sidecar = said(.sidecar, [.patient: "7", .eye: "OD", .taken: "2026-11-24T10:41:07Z", .last: "true"])
        let name = said(
            .name, [.patient: "8", .study: "S", .eye: "R", .operator: "AB", .taken: "20261124", .accession: "A1", .device: "D"])
        let both = Identification([sidecar, name])
        #expect(both.subject == Subject(identifier: "7") && both.isLast)
        let examination = both.examination
        #expect(examination.eye == .init(.right, from: .sidecar) && examination.study == nil && examination.operatorName == "AB")
        #expect(examination.accession == nil && examination.device == "D")
        #expect(examination.taken?.description == "2026-11-24T10:41:07.000Z")
        #expect(both.attention.map(\.code) == [.identityConflict])
        let detail = try #require(both.attention.first).detail
        #expect(detail.contains("patient") && !detail.contains("eye") && !detail.contains("7") && !detail.contains("8"))
        #expect(
            Identification([said(.sidecar, [.eye: "OD"]), said(.name, [.eye: "OS"])]).attention.map(\.code) == [.identityConflict]
        )
        #expect(Identification([sidecar]).attention == [])
    }

    @Test("B12: a number and its issuer belong together")
    func issuers() {
        let sidecar = said(.sidecar, [.patient: "7"])
        #expect(
            Identification([sidecar, said(.name, [.patient: "7", .issuer: "H"])]).subject == Subject(identifier: "7", issuer: "H")
        )
        #expect(Identification([sidecar, said(.name, [.patient: "8", .issuer: "H"])]).subject == Subject(identifier: "7"))
        let alone = Identification([said(.sidecar, [.issuer: "H"])])
        #expect(alone.subject == nil && alone.attention.map(\.code) == [.sidecar])
    }

    @Test("B1: an eye that was not understood is not replaced by anyone's guess")
    func unclear() {
        let both = Identification([said(.sidecar, [.eye: "both"]), said(.name, [.eye: "OD"])])
        #expect(both.examination.eye.isUnclear && both.examination.eye.whence == .sidecar)
        #expect(both.attention.map(\.code) == [.sidecar] && both.attention[0].detail.contains("both"))
        var told = both.examination
        told.tell(.left)
        #expect(told.eye == both.examination.eye)
        // A site that does not know leaves it to the name, and to the photograph.
        #expect(Identification([said(.sidecar, [.eye: "unknown"]), said(.name, [.eye: "OD"])]).examination.eye.value == .right)
    }
}
