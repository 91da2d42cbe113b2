import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import Dicom

/// What objects take over from an image that came as DICOM, and whose name they carry.
@Suite("Whose objects they are")
struct ObjectSourceTests {
    private static func report(_ change: (inout Report) -> Void = { _ in }) throws -> Report {
        var report = Report(
            id: try #require(ScreeningID("20261124-k7q2m9xd")),
            source: Report.Source(
                name: "a.jpg", path: "a.jpg", sha256: nil, bytes: 3, format: "jpeg", width: 40, height: 24,
                received: try #require(Timestamp("2026-11-24T10:41:07.250Z"))),
            outcome: .ungradable, reasons: [Reason(.noDisc, "No optic disc was found.")],
            modality: Report.ModalityFinding(value: .fundus, probabilities: ["fundus": 1, "endoscopy": 0, "neither": 0]),
            engine: Report.Engine(version: "0.1.0", isa: "AVX2", threads: 1, batch: 1))
        change(&report)
        return report
    }

    /// A photograph's file as a camera writes it, with what it says of the patient.
    private static func photograph(_ change: (inout DataSet) -> Void = { _ in }) -> [UInt8] {
        var data = DataSet()
        data.set(.sopClass, ObjectClass.ophthalmicPhotography.rawValue)
        data.set(.sopInstance, "1.2.3.4")
        data.set(.seriesInstance, "1.2.3")
        data.set(.studyInstance, "1.2")
        data.set(.patientID, "P1")
        data.set(.patientName, "Berg^Anna")
        data.set(.birthDate, "19610214")
        data.set(.sex, "F")
        data.set(.studyDate, "20261123")
        data.set(.columns, 40)
        data.set(.rows, 24)
        data.set(.pixelData, bytes: [UInt8](repeating: 0, count: 40 * 24))
        change(&data)
        return data.file(.explicitLittleEndian)
    }

    private static func source(_ report: Report, _ original: [UInt8], zone: (Timestamp) -> Int64 = { _ in 0 }) -> SourceImage? {
        SourceImage(
            report, header: SourceHeader(original), wrapping: WrappedOriginal.Kind(report, original),
            names: ObjectNames(id: report.id, version: report.version), zone: zone)
    }

    @Test func whatCameAsDicomStaysInItsStudy() throws {
        let report = try Self.report { $0.subject = Subject(identifier: "P1") }
        let source = try #require(Self.source(report, Self.photograph()))
        #expect(source.instance == "1.2.3.4" && source.series == "1.2.3" && source.study == "1.2" && !source.isWrapped)
        #expect(source.attributes.text(.patientName) == "Berg^Anna" && source.attributes.text(.birthDate) == "19610214")
        #expect(source.attributes.text(.patientID) == "P1" && source.attributes.text(.studyDate) == "20261123")
        #expect(source.pixelArea == nil && source.reference(frame: 2).text(.referencedFrame).isEmpty)
    }

    @Test("A name is not given to another patient: a sidecar that names another one counts")
    func anotherPatient() throws {
        let report = try Self.report { $0.subject = Subject(identifier: "P2", issuer: "Clinic") }
        let source = try #require(Self.source(report, Self.photograph()))
        #expect(source.attributes.text(.patientID) == "P2" && source.attributes.text(.patientIssuer) == "Clinic")
        #expect(source.attributes.text(.patientName).isEmpty && source.attributes.text(.birthDate).isEmpty)
        #expect(source.study != "1.2" && source.instance == "1.2.3.4")
    }

    @Test("The same number of another issuer is another patient; a side without an issuer may be any")
    func issuers() throws {
        for (ofFile, ofReport, isSame) in [
            ("A", "A", true), ("A", "B", false), ("A", nil, true), ("", "B", true), ("", nil, true),
        ] as [(String, String?, Bool)] {
            let report = try Self.report { $0.subject = Subject(identifier: "P1", issuer: ofReport) }
            let source = try #require(Self.source(report, Self.photograph { $0.set(.patientIssuer, ofFile) }))
            #expect(source.attributes.text(.patientName).isEmpty != isSame, "\(ofFile) \(ofReport ?? "none")")
            #expect((source.study == "1.2") == isSame)
            #expect(source.attributes.text(.patientIssuer) == ofReport ?? ofFile)
        }
        let nobody = try #require(Self.source(try Self.report(), Self.photograph { $0.set(.patientIssuer, "A") }))
        #expect(nobody.attributes.text(.patientID).hasPrefix("PAPILLA-") && nobody.attributes.text(.patientIssuer).isEmpty)
    }

    @Test("Day and time of another patient's study are of one clock, whose zone is stated")
    func clocks() throws {
        func study(_ taken: String?, zone: String?) throws -> [String] {
            let report = try Self.report {
                $0.subject = Subject(identifier: "P2")
                $0.examination.taken = taken.flatMap { ExaminationTime($0) }
            }
            let file = Self.photograph { $0.set(.timezoneOffset, zone ?? "") }
            let source = try #require(Self.source(report, file) { _ in 39600 })
            return [Attribute.studyDate, .studyTime, .timezoneOffset].map { source.attributes.text($0) }
        }
        // Half past midnight there is the day before in UTC.
        #expect(try study("20260103003000+0200", zone: "+0200") == ["20260103", "003000.000", "+0200"])
        #expect(try study("2026-01-02T22:30:00Z", zone: "-0330") == ["20260102", "190000.000", "-0330"])
        #expect(try study("2026-01-02", zone: "+0200") == ["20260102", "", "+0200"])
        #expect(try study(nil, zone: "+0200") == ["20261124", "124107.250", "+0200"])
        // The machine's, where the file has none.
        #expect(try study(nil, zone: nil) == ["20261124", "214107.250", "+1100"])
    }

    @Test("The study of a plain file has the day that it had where it was taken, in summer and in winter")
    func plainFiles() throws {
        // As in Los Angeles: eight hours behind, seven from 8 March to 1 November 2026.
        let begin = try #require(Timestamp("2026-03-08T10:00:00Z"))
        let end = try #require(Timestamp("2026-11-01T09:00:00Z"))
        func study(_ taken: String?) throws -> [String] {
            let report = try Self.report { $0.examination.taken = taken.flatMap { ExaminationTime($0) } }
            let source = Self.source(report, Array("no dicom".utf8)) { $0 >= begin && $0 < end ? -25200 : -28800 }
            let attributes = try #require(source).attributes
            return [Attribute.studyDate, .studyTime, .timezoneOffset].map { attributes.text($0) }
        }
        // Half past eleven in the evening and five in the afternoon are the next day in UTC.
        #expect(try study("2026-03-04T01:00:00Z") == ["20260303", "170000.000", "-0800"])
        #expect(try study("2026-07-04T06:30:00Z") == ["20260703", "233000.000", "-0700"])
        #expect(try study("2026-07-04") == ["20260704", "", "-0800"])
        #expect(try study(nil) == ["20261124", "024107.250", "-0800"])
    }

    @Test func nobodyIsNobody() throws {
        let source = try #require(Self.source(try Self.report(), Array("no dicom".utf8)))
        #expect(source.attributes.text(.patientID) == "PAPILLA-20261124-k7q2m9xd")
        #expect(source.attributes.text(.studyID) == "k7q2m9xd")
        #expect(source.attributes.text(.studyDate) == "20261124" && source.attributes.text(.studyTime) == "104107.250")
        #expect(source.isWrapped && source.sopClass == ObjectClass.secondaryCapture.rawValue)
    }

    @Test(arguments: [String(repeating: "9", count: 65), "a\\b", "a\\\u{301}b"])
    func aNumberThatDicomCannotHoldWholeIsNotCut(_ identifier: String) throws {
        for subject in [Subject(identifier: identifier), Subject(identifier: "P1", issuer: identifier)] {
            let report = try Self.report { $0.subject = subject }
            #expect(Self.source(report, []) == nil)
            #expect(try ResultObjects(report, files: [], limits: .init()).objects(.init(report: true), original: [1]).isEmpty)
        }
    }

    @Test("What is longer than its representation allows, or is none of its kind, is left out; nothing else is lost")
    func whatIsTooLongIsLeftOut() throws {
        let long = String(repeating: "x", count: 70_000)
        // Bytes that are Latin-1 are two each in UTF-8.
        let latin = [UInt8](repeating: 0xFC, count: 33_000)
        let report = try Self.report { $0.subject = Subject(identifier: "P1") }
        for attribute in SourceImage.inherited where ![.patientID, .studyInstance].contains(attribute) {
            for value in [Array(long.utf8), latin, Array("a\\b".utf8), [0x41, 7]] {
                let original = Self.implicit { $0[attribute] = value }
                let source = try #require(Self.source(report, original))
                let held = source.attributes.text(attribute)
                let isCleaned = attribute == .studyDescription && value.count < 100
                #expect(held.isEmpty != isCleaned, "\(attribute): \(held.prefix(20))")
                #expect(source.attributes.text(.patientID) == "P1")
                var out: [UInt8] = []
                source.attributes.encode(into: &out)
            }
        }
        let described = Self.implicit { $0[.studyDescription] = Array(String(repeating: "ä", count: 100).utf8) }
        #expect(Self.source(report, described)?.attributes.text(.studyDescription) == String(repeating: "ä", count: 64))
    }

    /// A file whose lengths have four bytes, with the values of the photograph and what is changed of them.
    private static func implicit(_ change: (inout [Attribute: [UInt8]]) -> Void) -> [UInt8] {
        var values: [Attribute: [UInt8]] = [
            .sopClass: Array("1.2.840.10008.5.1.4.1.1.77.1.5.1".utf8), .sopInstance: Array("1.2.3.4".utf8),
            .seriesInstance: Array("1.2.3".utf8), .studyInstance: Array("1.2".utf8), .patientID: Array("P1".utf8),
        ]
        change(&values)
        var meta = DataSet()
        meta.set(.transferSyntax, "1.2.840.10008.1.2")
        var file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        meta.encode(into: &file)
        for (attribute, value) in values.sorted(by: { $0.key < $1.key }) {
            let padded = value.count.isMultiple(of: 2) ? value : value + [0x20]
            file += attribute.tagBytes + UInt32(padded.count).littleEndianBytes + padded
        }
        return file
    }

    @Test("What a sidecar says is written whole or not at all")
    func sidecarsAreNotCut() throws {
        let report = try Self.report {
            $0.subject = Subject(identifier: "P1")
            $0.examination.accession = "A\\1"
            $0.examination.study = String(repeating: "visit ", count: 4)
        }
        let source = try #require(Self.source(report, []))
        #expect(source.attributes.text(.accessionNumber).isEmpty && source.attributes.text(.studyID) == "k7q2m9xd")
    }

    @Test func whatIsKnownOfTheExaminationIsStated() throws {
        let report = try Self.report {
            $0.subject = Subject(identifier: "Ä-7")
            $0.examination.accession = "A 12"
            $0.examination.study = "visit 3"
            $0.examination.taken = ExaminationTime("2026-11-20")
        }
        let source = try #require(Self.source(report, []))
        #expect(source.attributes.text(.accessionNumber) == "A 12" && source.attributes.text(.studyID) == "visit 3")
        #expect(source.attributes.text(.studyDate) == "20261120" && source.attributes.text(.studyTime).isEmpty)
        let stated = try Self.report { $0.examination.study = "1.2.840.99" }
        #expect(try #require(Self.source(stated, [])).study == "1.2.840.99")
    }

    @Test func areasHaveAUnitOnlyWhereTheFileStatesAScale() throws {
        let scaled = Self.photograph { $0.set(.pixelSpacing, bytes: Array("0.02\\0.03 ".utf8)) }
        let area = try #require(Self.source(try Self.report(), scaled)?.pixelArea)
        #expect(abs(area - 0.0006) < 1e-12)
        for text in ["0.02", "0\\0", "-1\\1", "a\\b", "1e200\\1e200", ""] {
            let file = Self.photograph { $0.set(.pixelSpacing, bytes: Array(text.utf8)) }
            #expect(Self.source(try Self.report(), file)?.pixelArea == nil)
        }
    }

    @Test func aFrameIsNamedWhereThereAreSeveral() throws {
        let source = try #require(Self.source(try Self.report(), Self.photograph { $0.set(.numberOfFrames, 3) }))
        #expect(source.reference(frame: 2).text(.referencedFrame) == "2" && source.reference().text(.referencedFrame).isEmpty)
    }

    @Test("A later version's wrapped original is the same instance where it is the same object, and another where it is not")
    func wrappedOriginals() throws {
        let jpeg = try ImageEncoder.jpeg(Raster(width: 40, height: 24, fill: (200, 90, 10)))
        func objects(_ change: (inout Report) -> Void) throws -> (image: [UInt8], report: [UInt8], names: ObjectIdentifiers) {
            let report = try Self.report(change)
            let made = try ResultObjects(report, files: [], limits: .init()).objects(
                ObjectChoice(report: true, image: true), original: jpeg)
            let (image, document) = (try #require(made.first?.bytes), try #require(made.last?.bytes))
            return (image, document, try #require(ObjectIdentifiers(image)))
        }
        let first = try objects { _ in }
        let same = try objects {
            $0.version = 2
            let moment = Timestamp(milliseconds: 1_800_000_000_000)
            $0.decision = Report.Decision(reader: "Berg", verdict: .correct, note: nil, at: moment)
        }
        #expect(first.image == same.image && first.report != same.report)
        var seen: Set<String> = [first.names.instance]
        let changes: [(inout Report) -> Void] = [
            { $0.examination.eye = .init(.right, from: .reader) }, { $0.examination.eye = .init(.left, from: .reader) },
            { $0.modality?.value = .endoscopy }, { $0.examination.burnedIn = true },
        ]
        for change in changes {
            let other = try objects {
                $0.version = 2
                change(&$0)
            }
            #expect(seen.insert(other.names.instance).inserted && other.names.series != first.names.series)
            #expect(other.names.study == first.names.study)
            // Its own version's report refers to it.
            #expect(other.report.indices.contains { other.report[$0...].starts(with: other.names.instance.utf8) })
        }
    }

    private static func wrapped(_ change: (inout Report) -> Void) throws -> DataSet {
        let report = try report(change)
        let kind = WrappedOriginal.Kind(report, try ImageEncoder.jpeg(Raster(width: 40, height: 24, fill: (200, 90, 10))))
        let names = ObjectNames(id: report.id, version: report.version)
        let source = try #require(SourceImage(report, header: nil, wrapping: kind, names: names) { _ in 3600 })
        return WrappedOriginal.described(ObjectFrame(report, source, names, wrapping: kind), kind)
    }

    @Test("A wrapped photograph is of when it was taken; of when it came only where a time must be stated")
    func acquisitionTimes() throws {
        func time(_ taken: String?, eye: Eye = .left, modality: Modality = .fundus) throws -> String {
            try Self.wrapped {
                $0.examination.taken = taken.flatMap { ExaminationTime($0) }
                $0.examination.eye = .init(eye, from: .sidecar)
                $0.modality?.value = modality
            }.text(.acquisitionDateTime)
        }
        #expect(try time("2026-11-20T09:30:00+01:00") == "20261120093000.000+0100")
        #expect(try time("2026-11-20") == "20261120")
        #expect(try time(nil) == "20261124114107.250+0100")
        #expect(try time(nil, eye: .unknown).isEmpty && time(nil, modality: .endoscopy).isEmpty)
        #expect(try time("2026-11-20T09:30:00Z", modality: .endoscopy) == "20261120103000.000+0100")
    }

    @Test("Nobody is told that nothing of a person is written into a picture where that is not known")
    func burnedIn() throws {
        let overlay = try ImageEncoder.jpeg(Raster(width: 40, height: 24))
        for (isBurnedIn, eye, said, ofOverlay) in [
            (nil, Eye.left, "YES", ""), (nil, .unknown, "", ""), (false, .left, "NO", "NO"), (true, .unknown, "YES", "YES"),
        ] as [(Bool?, Eye, String, String)] {
            let wrapped = try Self.wrapped {
                $0.examination.eye = .init(eye, from: .sidecar)
                $0.examination.burnedIn = isBurnedIn
            }
            #expect(wrapped.text(.burnedInAnnotation) == said)
            let report = try Self.report { $0.examination.burnedIn = isBurnedIn }
            let made = try ResultObjects(report, files: [("overlay.jpg", overlay)], limits: .init()).objects(
                ObjectChoice(overlay: true), original: Self.photograph())
            let tag = Attribute.burnedInAnnotation.tagBytes
            let bytes = try #require(made.first?.bytes)
            let found = bytes.indices.first { bytes[$0...].starts(with: tag) }
            let text = found.map { String(decoding: bytes[($0 + 8)..<($0 + 8 + Int(bytes[$0 + 6]))], as: UTF8.self) } ?? ""
            #expect(text.filter { $0 != " " } == ofOverlay)
        }
    }

    @Test(arguments: [(0, "+0000"), (3600, "+0100"), (-12600, "-0330"), (45900, "+1245"), (-1800, "-0030")])
    func zones(_ offset: Int64, _ zone: String) {
        #expect(DicomMoment(Timestamp(milliseconds: 0), offset: offset).zone == zone)
    }

    @Test("A UID of the file's that is none is not passed on", arguments: ["", "not a uid", "1.2.03", "1.2\\1.3"])
    func unsoundIdentifiers(_ text: String) throws {
        let report = try Self.report { $0.subject = Subject(identifier: "P1") }
        func source(_ attributes: [Attribute], frames: Int = 1, _ report: Report) throws -> SourceImage {
            let original = Self.photograph {
                for attribute in attributes { $0.set(attribute, bytes: Array(text.utf8)) }
                if frames > 1 { $0.set(.numberOfFrames, frames) }
            }
            return try #require(Self.source(report, original))
        }
        let names = ObjectNames(id: report.id, version: 1)
        let strayed = try source([.studyInstance, .seriesInstance], report)
        #expect(strayed.study == names.study && strayed.attributes.text(.studyInstance) == names.study)
        #expect(strayed.series == names.source.series && strayed.instance == "1.2.3.4" && !strayed.isWrapped)
        #expect(strayed.attributes.text(.patientName) == "Berg^Anna")
        let study = try #require(
            ResultStudy(report, original: Self.photograph { $0.set(.studyInstance, bytes: Array(text.utf8)) }))
        #expect(study.study == names.study && !study.isDicom)
        // A sidecar's counts where the file's own is none.
        var stated = report
        stated.examination.study = "1.2.840.99"
        #expect(try source([.studyInstance], stated).study == "1.2.840.99")
        // What cannot be referred to is wrapped, and is of the same person; of several frames it would be one.
        for attribute in [Attribute.sopClass, .sopInstance] {
            let wrapped = try source([attribute], report)
            #expect(wrapped.isWrapped && wrapped.sopClass == ObjectClass.secondaryCapture.rawValue && wrapped.study == "1.2")
            #expect(wrapped.attributes.text(.patientName) == "Berg^Anna")
            let several = try source([attribute], frames: 3, report)
            #expect(!several.isWrapped && several.frames == 3)
            #expect([several.instance, several.series, several.sopClass].allSatisfy(UID.isValid))
        }
    }

    // MARK: - The header

    @Test(
        arguments: [
            ("ISO_IR 192", Array("Müller".utf8), "Müller"), ("ISO_IR 100", [0x4D, 0xFC, 0x6C], "Mül"), ("", [0x4D, 0xFC], "Mü"),
            ("ISO_IR 144", [0xBB, 0xEE], "Лю"), ("ISO_IR 101", [0xB3], "ł"), ("\\ISO 2022 IR 100", [0xFC], "ü"),
            ("\\ISO 2022 IR 87", [0x1B, 0x24, 0x42, 0x3B, 0x33, 0x1B, 0x28, 0x42], "山"),
            ("\\ISO 2022 IR 149", [0x1B, 0x24, 0x29, 0x43, 0xB1, 0xE8], "김"), ("GB18030", [0xCD, 0xF5], "王"),
            ("ISO_IR 192", [0xFF, 0x41], "ÿA"), ("ISO_IR 13", [0xD4, 0xCF, 0xC0, 0xDE], "ﾔﾏﾀﾞ"),
            ("ISO_IR 166", [0xB9, 0xD2], "นา"),
            // PS3.5, H.3.1 and H.3.2.
            (
                "\\ISO 2022 IR 87", Array("Yamada^Tarou=\u{1B}$B;3ED\u{1B}(B^\u{1B}$BB@O:\u{1B}(B=\u{1B}$B$d$^$@\u{1B}(B".utf8),
                "Yamada^Tarou=山田^太郎=やまだ"
            ),
            (
                "ISO 2022 IR 13\\ISO 2022 IR 87",
                [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3, 0x3D]
                    + Array("\u{1B}$B;3ED\u{1B}(J^\u{1B}$BB@O:\u{1B}(J=\u{1B}$B$d$^$@\u{1B}(J".utf8), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ"
            ),
            // The second byte of a character may have the number of a separator.
            ("\\ISO 2022 IR 87", Array("\u{1B}$B0^0=\u{1B}(B=a".utf8), "緯綾=a"),
            ("\\ISO 2022 IR 159", Array("\u{1B}$(D\"/\u{1B}(B".utf8), "˘"),
            ("\\ISO 2022 IR 144", [0x49, 0x3D, 0x1B, 0x2D, 0x4C, 0xB8, 0xD2], "I=Ив"),
            ("\\ISO 2022 IR 101", [0x1B, 0x2D, 0x42, 0xB3], "ł"),
            ("\\ISO 2022 IR 109", [0x1B, 0x2D, 0x43, 0xE6], "ĉ"), ("\\ISO 2022 IR 110", [0x1B, 0x2D, 0x44, 0xE0], "ā"),
            ("\\ISO 2022 IR 126", [0x1B, 0x2D, 0x46, 0xC4], "Δ"), ("\\ISO 2022 IR 127", [0x1B, 0x2D, 0x47, 0xC7], "ا"),
            ("\\ISO 2022 IR 138", [0x1B, 0x2D, 0x48, 0xE0], "א"), ("\\ISO 2022 IR 148", [0x1B, 0x2D, 0x4D, 0xFE], "ş"),
            ("\\ISO 2022 IR 166", [0x1B, 0x2D, 0x54, 0xB9], "น"), ("\\ISO 2022 IR 203", [0x1B, 0x2D, 0x62, 0xA4], "€"),
            ("\\ISO 2022 IR 58", [0x1B, 0x24, 0x29, 0x41, 0xCD, 0xF5], "王"),
            // After a separator the first set holds again.
            ("ISO 2022 IR 100\\ISO 2022 IR 126", [0xDC, 0x5E, 0x1B, 0x2D, 0x46, 0xC4, 0x5E, 0xDC], "Ü^Δ^Ü"),
            // An escape sequence that is not known, one that is cut, and one in a set that knows none.
            ("ISO_IR 100", [0x1B, 0x2D, 0x7E, 0xFC], "ü"), ("\\ISO 2022 IR 144", [0x41, 0x1B, 0x2D], "A"),
            ("ISO_IR 192", [0x1B, 0x28, 0x42] + Array("ü".utf8), "ü"), ("", [0x1B, 0x2D, 0x4C, 0xFC], "ќ"),
        ] as [(String, [UInt8], String)])
    func namesAreReadInTheirCharacterSet(_ set: String, _ bytes: [UInt8], _ name: String) throws {
        #expect(TextEncoding.utf8(bytes, in: set) == name)
    }

    /// Implicit VR, and sequences of undefined length that hold what looks like the patient's number.
    @Test func nestedElementsAreNotTheFilesOwn() throws {
        func element(_ group: UInt16, _ number: UInt16, _ value: [UInt8], open: Bool = false) -> [UInt8] {
            group.littleEndianBytes + number.littleEndianBytes
                + (open ? UInt32.max : UInt32(value.count)).littleEndianBytes + value
        }
        let end = element(0xFFFE, 0xE00D, []) + element(0xFFFE, 0xE0DD, [])
        let inner = element(0x0010, 0x0020, Array("WRONG ".utf8))
        let nested = element(
            0x0008, 0x1140,
            element(
                0xFFFE, 0xE000, inner + element(0x0008, 0x1140, element(0xFFFE, 0xE000, inner, open: true) + end, open: true),
                open: true) + end, open: true)
        var meta = DataSet()
        meta.set(.transferSyntax, "1.2.840.10008.1.2")
        var encoded: [UInt8] = []
        meta.encode(into: &encoded)
        let data =
            element(0x0008, 0x0018, Array("1.2.3\0".utf8)) + nested + element(0x0010, 0x0020, Array("P1".utf8))
            + element(0x0028, 0x0010, [24, 0])
        let file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + encoded + data
        let header = try #require(SourceHeader(file))
        #expect(header.text(.patientID) == "P1" && header.number(.rows) == 24 && header.text(.sopInstance) == "1.2.3")
        // However it is cut or changed, it is read or not, and nothing stops.
        for count in 0..<file.count { _ = SourceHeader(Array(file.prefix(count))) }
        var random = SeededGenerator(5)
        for _ in 0..<2000 {
            var changed = file
            for _ in 0..<3 {
                changed[Int.random(in: 132..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = SourceHeader(changed)
        }
    }
}
