import Files
import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import Dicom

/// The program that reads DICOM files, as it is built beside the tests, and its caller.
@Suite(
    "Reading DICOM files", .enabled(if: DicomFile.isRead, "papilla-dicom is not built: install libdcmtk-dev and libopenjp2-7-dev")
)
struct ReaderTests {
    private static func raster(_ width: Int, _ height: Int, _ seed: Int) -> Raster {
        var raster = Raster(width: width, height: height)
        for index in raster.pixels.indices {
            raster.pixels[index] = UInt8(truncatingIfNeeded: (index + seed) &* 2_654_435_761 >> 9)
        }
        return raster
    }

    private func open(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) -> DicomFile {
        try DicomFile(bytes, limits: limits)
    }

    private func reason(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) -> Reason? {
        do throws(ImageError) {
            _ = try open(bytes, limits: limits)
            return nil
        } catch { return error.reason }
    }

    @Test("Uncompressed frames come as they are", arguments: [DicomSample.explicit, DicomSample.implicit])
    func uncompressed(syntax: String) throws {
        let frames = [1, 2, 3].map { Self.raster(61, 37, $0) }
        var sample = DicomSample(syntax: syntax)
        sample.draw(frames)
        let file = try open(sample.bytes)
        #expect(file.frameCount == 3 && file.facts.syntax == syntax)
        for number in 1...3 {
            let image = try file.frame(number)
            #expect(image.raster == frames[number - 1] && image.format == .dicom)
        }
    }

    @Test("A JPEG in it is what the JPEG is alone, and its EXIF orientation does not count")
    func jpeg() throws {
        let jpegs = try [1, 2].map { try ImageEncoder.jpeg(Self.raster(64, 48, $0), quality: 95) }
        let orientation: [UInt8] = [
            0xFF, 0xE1, 0x00, 0x22, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0,
            1, 0, 6, 0,
            0, 0, 0, 0, 0,
        ]
        let turned = Array(jpegs[0].prefix(2)) + orientation + jpegs[0].dropFirst(2)
        #expect(try ImageDecoder.decode(turned).raster.width == 48)
        var sample = DicomSample(syntax: DicomSample.jpeg)
        sample.draw(jpegs: [turned, jpegs[1]], width: 64, height: 48)
        let file = try open(sample.bytes)
        #expect(file.frameCount == 2)
        for number in 1...2 { #expect(try file.frame(number).raster == ImageDecoder.decode(jpegs[number - 1]).raster) }
    }

    @Test("Sizes that lie, limits and missing parts are refused with what is wrong")
    func refusals() throws {
        let raster = Self.raster(40, 30, 1)
        var sample = DicomSample()
        sample.draw([raster])
        #expect(reason(sample.bytes) == nil)
        #expect(reason(sample.bytes, limits: ImageLimits(maximumPixels: 1199))?.code == .tooLarge)
        var wrong = sample
        wrong.put(0x0028_0010, "US", number: 31)
        #expect(reason(wrong.bytes)?.code == .corrupt)
        wrong.put(0x0028_0010, "US", number: 0)
        #expect(reason(wrong.bytes)?.detail.contains("without rows") == true)
        for frames in ["2000000000", "-3", "x"] {
            wrong = sample
            wrong.put(0x0028_0008, "IS", frames)
            #expect(reason(wrong.bytes)?.code == .corrupt, "\(frames)")
        }
        wrong = sample
        wrong.put(0x0028_0002, "US", number: 4)
        #expect(reason(wrong.bytes)?.code == .unsupportedFormat)
        #expect(reason(DicomSample().bytes)?.detail.contains("no picture") == true)
        let jpeg = try ImageEncoder.jpeg(raster)
        var smaller = DicomSample(syntax: DicomSample.jpeg)
        smaller.draw(jpegs: [jpeg], width: 64, height: 48)
        #expect(reason(smaller.bytes)?.detail.contains("another size") == true)
        var damaged = DicomSample(syntax: DicomSample.jpeg)
        damaged.draw(jpegs: [Array(jpeg.prefix(jpeg.count / 2))], width: 40, height: 30)
        #expect(throws: ImageError.self) { try open(damaged.bytes).frame(1) }
    }

    @Test("What would send a decoder round and round, or beyond the frame, is refused before it is begun")
    func snares() throws {
        let raster = Self.raster(40, 30, 1)
        let jpeg = try ImageEncoder.jpeg(raster)
        // A mark of no length, in place of the beginning and after it.
        for begin: [UInt8] in [[0xFF, 0x01], [0xFF, 0xD8, 0xFF, 0x01]] {
            for syntax in [DicomSample.jpeg, "1.2.840.10008.1.2.4.51"] {
                var sample = DicomSample(syntax: syntax)
                sample.draw(jpegs: [begin + jpeg.dropFirst(2)], width: 40, height: 30)
                #expect(reason(sample.bytes)?.code == .corrupt, "\(syntax)")
            }
        }
        // Three segments of literal runs, one a colour, after a table of where they begin.
        let segments = (0..<3).map { Self.runs(of: raster, channel: $0) }
        let second = 64 + segments[0].count
        let third = second + segments[1].count
        func sample(_ table: [Int]) -> DicomSample {
            var head: [UInt8] = table.flatMap { DicomSample.long(UInt32(truncatingIfNeeded: $0)) }
            head += [UInt8](repeating: 0, count: 64 - head.count)
            var sample = DicomSample(syntax: "1.2.840.10008.1.2.5")
            sample.draw(jpegs: [head + segments[0] + segments[1] + segments[2]], width: 40, height: 30)
            sample.put(0x0028_0004, "CS", "RGB")
            return sample
        }
        #expect(try open(sample([3, 64, second, third]).bytes).frame(1).raster == raster)
        let wrong: [[Int]] = [
            [3, 64, second, 0x7F00_0000 + third], [3, 64, third, second], [3, 63, second, third], [2, 64, second, third],
            [3, 64, second, third + segments[2].count],
        ]
        for table in wrong {
            #expect(reason(sample(table).bytes)?.detail.contains("table of segments") == true, "\(table)")
        }
    }

    /// A colour of a raster of 40 x 30 pixels as literal runs of 120 bytes.
    private static func runs(of raster: Raster, channel: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: 1200, by: 120) {
            bytes.append(119)
            for pixel in start..<start + 120 { bytes.append(raster.pixels[3 * pixel + channel]) }
        }
        return bytes
    }

    @Test("Subject, examination and character sets")
    func identity() throws {
        var sample = DicomSample()
        sample.draw([Self.raster(8, 8, 1)])
        sample.put(0x0008_0005, "CS", "ISO_IR 100")
        sample.put(0x0008_002A, "DT", "20260102101500.25+0100")
        sample.put(0x0008_0050, "SH", "A-1001")
        sample.put(0x0008_0070, "LO", bytes: [0x4D, 0xFC, 0x6C, 0x6C, 0x65, 0x72])
        sample.put(0x0008_1070, "PN", bytes: [0x41, 0x6E, 0xE9, 0x5E, 0x4C, 0x65])
        sample.put(0x0008_1090, "LO", "Cam 7")
        sample.put(0x0010_0010, "PN", "Nobody^Real")
        sample.put(0x0010_0020, "LO", "P-0007")
        sample.put(0x0010_0021, "LO", "St. Anna")
        sample.put(0x0020_0062, "CS", "L")
        sample.put(0x0028_0301, "CS", "YES")
        func identification() -> Identification { Identification([statement(sample.bytes)]) }
        let found = identification()
        #expect(found.subject == Subject(identifier: "P-0007", issuer: "St. Anna"))
        let examination = found.examination
        #expect(examination.study == "2.25.1" && examination.accession == "A-1001")
        #expect(examination.taken?.description == "2026-01-02T09:15:00.250Z")
        #expect(examination.eye == .init(.left, from: .container) && examination.burnedIn == true)
        #expect(examination.device == "Müller Cam 7" && examination.operatorName == "Ané Le")
        #expect(found.attention.isEmpty)
        let text = "\(try open(sample.bytes).facts)"
        #expect(!text.contains("Nobody"))

        // Text without a character set is not guessed at.
        sample.put(0x0008_0005, "CS", "")
        #expect(identification().examination.device == "Cam 7")
        #expect(identification().attention.first?.detail.contains("character set") == true)
        // Both eyes are not one, and a series' eye counts where the picture has none.
        sample.put(0x0020_0062, "CS", "B")
        #expect(identification().examination.eye.isUnclear)
        sample.put(0x0020_0062, "CS", "")
        sample.put(0x0020_0060, "CS", "R")
        #expect(identification().examination.eye.value == .right)
    }

    @Test("Texts that identify are read as the objects read them, and not where their set is not named")
    func characterSets() throws {
        let japanese = Array("\u{1B}$B;3ED\u{1B}(J^\u{1B}$BB@O:\u{1B}(J".utf8)
        for (set, bytes, name) in [
            ("ISO 2022 IR 13\\ISO 2022 IR 87", japanese, "山田 太郎"), ("\\ISO 2022 IR 87", japanese, "山田 太郎"),
            ("ISO 2022 IR 13\\ISO 2022 IR 87", [0xD4, 0xCF, 0x5E, 0xC0, 0xDB], "ﾔﾏ ﾀﾛ"), ("ISO_IR 13", [0xD4, 0xCF], "ﾔﾏ"),
            ("\\ISO 2022 IR 144", [0x1B, 0x2D, 0x4C, 0xB8, 0x5E, 0x1B, 0x2D, 0x4C, 0xD2], "И в"),
            ("\\ISO 2022 IR 149", [0x1B, 0x24, 0x29, 0x43, 0xB1, 0xE8], "김"), ("ISO_IR 166", [0xB9, 0xD2], "นา"),
            ("", japanese, nil), ("ISO_IR 999", [0xD4, 0xCF], nil), ("\\ISO 2022 IR 87", [0x1B, 0x24, 0x42, 0x3B], nil),
        ] as [(String, [UInt8], String?)] {
            var sample = DicomSample()
            sample.draw([Self.raster(8, 8, 1)])
            sample.put(0x0008_0005, "CS", set)
            sample.put(0x0008_1070, "PN", bytes: bytes)
            let found = Identification([statement(sample.bytes)])
            #expect(found.examination.operatorName == name, "\(set)")
            #expect(found.attention.isEmpty == (name != nil))
        }
    }

    @Test("An identifier of several values is none, and never one of its parts")
    func severalValues() {
        for text in ["A\\B", "A\\", "\\B"] {
            let facts = DicomFacts(values: [
                "patient": text, "issuer": text, "study": text, "accession": text, "operator": "Berg^Anna\\Le",
                "manufacturer": "M",
            ])
            let found = Identification([facts.statement])
            #expect(found.subject == nil && found.examination.study == nil && found.examination.accession == nil)
            #expect(found.examination.operatorName == "Berg Anna" && found.examination.device == "M")
            let notes = found.attention.map(\.detail)
            #expect(notes.count == 1 && notes[0].components(separatedBy: "has several values").count == 5)
            #expect(!notes[0].contains("A"))
        }
    }

    @Test("The eye that an enhanced object's frames are said to show counts where all show one")
    func frameLaterality() throws {
        func group(_ side: String) -> [UInt8] {
            let anatomy = DicomSample.element(0x0020_9072, "CS", Array(side.utf8), isImplicit: false)
            return DicomSample.item(DicomSample.element(0x0020_9071, "SQ", DicomSample.item(anatomy), isImplicit: false))
        }
        func eye(_ change: (inout DicomSample) -> Void) -> Examination.Side {
            var sample = DicomSample()
            sample.draw([Self.raster(8, 8, 1), Self.raster(8, 8, 2)])
            change(&sample)
            return Identification([statement(sample.bytes)]).examination.eye
        }
        #expect(eye { $0.put(0x5200_9229, "SQ", bytes: group("L")) } == .init(.left, from: .container))
        #expect(eye { $0.put(0x5200_9230, "SQ", bytes: group("R") + group("R")) } == .init(.right, from: .container))
        #expect(eye { $0.put(0x5200_9230, "SQ", bytes: group("R") + group("L")) }.isUnclear)
        // Frames, picture and series must agree; U says nothing.
        for (first, second, side) in [("L", "R", nil), ("L", "L", Eye.left), ("L", "U", .left), ("U", "R", .right)] {
            let frames = eye { sample in
                sample.put(0x5200_9229, "SQ", bytes: group(first))
                sample.put(0x0020_0060, "CS", second)
            }
            let picture = eye { sample in
                sample.put(0x0020_0062, "CS", first)
                sample.put(0x0020_0060, "CS", second)
            }
            for found in [frames, picture] {
                #expect(found.isUnclear == (side == nil) && (side == nil || found.value == side), "\(first) \(second)")
            }
        }
    }

    @Test("NUL and space pad a value at both ends")
    func padding() {
        let facts = DicomFacts(values: [
            "patient": " 47115\0\0", "issuer": "HOS \0", "image_laterality": "R\0", "accession": "\0",
        ])
        let found = Identification([facts.statement])
        #expect(found.subject == Subject(identifier: "47115", issuer: "HOS") && found.attention.isEmpty)
        #expect(found.examination.eye.value == .right && found.examination.accession == nil)
    }

    @Test("A time that makes no sense is told, and the day or the next time that does counts")
    func unusableTimes() {
        func said(_ values: [String: String]) -> Identification { Identification([DicomFacts(values: values).statement]) }
        for (values, day) in [
            (["acquisition": "00000000000000", "study_date": "20260301"], "2026-03-01"),
            (["acquisition": "20260301251500", "study_date": "20260228"], "2026-03-01"),
            (["acquisition_date": "20260301", "acquisition_time": "bad"], "2026-03-01"),
            (["acquisition_date": "20260301", "acquisition_time": "120000", "zone": "garbage"], "2026-03-01"),
            (["content_date": "0", "study_date": "20260301"], "2026-03-01"), (["study_date": "today"], nil),
        ] as [([String: String], String?)] {
            let found = said(values)
            #expect(found.examination.taken?.day == day, "\(values)")
            #expect(found.attention.map(\.code) == [.sidecar], "\(values)")
        }
        let sound = said(["acquisition_date": "20260301", "acquisition_time": "120000", "zone": "+0100", "study_date": "x"])
        #expect(sound.examination.taken?.description == "2026-03-01T11:00:00.000Z" && sound.attention.isEmpty)
    }

    @Test("Bytes that are not UTF-8 name nobody where UTF-8 is stated: two such numbers are not one")
    func notUnicode() throws {
        for (bytes, number) in [
            ([0x4D, 0xC3, 0xBC, 0x37], "Mü7"), ([0xF0, 0x9F, 0x91, 0x81], "👁"), ([0x4D, 0xFC, 0x37], nil), ([0x4D, 0xC3], nil),
            ([0xC0, 0xAF], nil), ([0xED, 0xA0, 0x80], nil), ([0xE2, 0x82], nil), ([0xF4, 0x90, 0x80, 0x80], nil),
        ] as [([UInt8], String?)] {
            var sample = DicomSample()
            sample.draw([Self.raster(8, 8, 1)])
            sample.put(0x0008_0005, "CS", "ISO_IR 192")
            sample.put(0x0010_0020, "LO", bytes: bytes)
            let found = Identification([statement(sample.bytes)])
            #expect(found.subject?.identifier == number, "\(bytes)")
            #expect(found.attention.isEmpty == (number != nil))
        }
    }

    @Test("Colours are converted by the file's profile, of the picture or of its optical path, and what cannot be is said")
    func profiles() throws {
        let raster = Self.raster(40, 30, 1)
        func image(jpeg: Bool = false, _ change: (inout DicomSample) -> Void) throws -> DecodedImage {
            var sample = DicomSample(syntax: jpeg ? DicomSample.jpeg : DicomSample.explicit)
            if jpeg {
                sample.draw(jpegs: [try ImageEncoder.jpeg(raster, quality: 95)], width: 40, height: 30)
            } else {
                sample.draw([raster])
            }
            change(&sample)
            return try open(sample.bytes).frame(1)
        }
        let swapped = ColourProfile.made(gamma: 2.2, swapped: true)
        func isSwapped(_ image: DecodedImage, _ plain: Raster) -> Bool {
            for index in stride(from: 0, to: plain.pixels.count, by: 3) {
                for (here, there) in [(0, 2), (2, 0)] {
                    let (now, was) = (Int(image.raster.pixels[index + here]), Int(plain.pixels[index + there]))
                    if abs(now - was) > 10 { return false }
                }
            }
            return true
        }
        let direct = try image { $0.put(0x0028_2000, "OB", bytes: swapped) }
        #expect(direct.colourSpace == "Made" && direct.colourProblem == nil && isSwapped(direct, raster))
        let element = DicomSample.element(0x0028_2000, "OB", swapped, isImplicit: false)
        let path = try image { $0.put(0x0048_0105, "SQ", bytes: DicomSample.item(element)) }
        #expect(path == direct)
        let jpeg = try image(jpeg: true) { $0.put(0x0028_2000, "OB", bytes: swapped) }
        let plain = try image(jpeg: true) { _ in }
        #expect(plain.colourSpace == nil && jpeg.colourSpace == "Made" && isSwapped(jpeg, plain.raster))
        for useless in [[1, 2, 3, 4], Array(swapped.prefix(140))] {
            let left = try image { $0.put(0x0028_2000, "OB", bytes: useless) }
            #expect(left.raster == raster && left.colourProblem != nil)
        }
    }

    private func statement(_ bytes: [UInt8]) -> IdentityStatement {
        var file = FileBytes(bytes)
        return DicomFile.identity(in: &file)
    }

    @Test("A file that ends its reader is a crash, and the caller lives")
    func death() throws {
        let end = DicomSample.little(0xFFFE) + DicomSample.little(0xE0DD) + DicomSample.long(0)
        let itemEnd = DicomSample.little(0xFFFE) + DicomSample.little(0xE00D) + DicomSample.long(0)
        var (head, tail): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<60_000 {
            head +=
                DicomSample.element(0x0008_1140, "SQ", [], length: .max, isImplicit: false) + DicomSample.item([], length: .max)
            tail += itemEnd + end
        }
        let bytes = DicomSample().bytes + head + tail
        // The walk refuses it; past the walk it ends whoever recurses.
        #expect(reason(bytes)?.detail.contains("nested") == true)
        let error = #expect(throws: ImageError.self) {
            try ReaderProcess.ask(frame: 1, of: MemoryFile.holding(bytes), maximumPixels: 1000, limit: 1000)
        }
        #expect(error?.reason.code == .crashed)
    }

    @Test("All samples that PAPILLA_DICOM_SAMPLES names", .enabled(if: Samples.folder != nil))
    func samples() throws {
        struct Expected: Decodable {
            var meanDifference: Double
            var sha256: [String]
            enum CodingKeys: String, CodingKey {
                case meanDifference = "mean_difference"
                case sha256
            }
        }
        let folder = try #require(Samples.folder)
        let expected = try JSONDecoder().decode(
            [String: Expected].self, from: Data(contentsOf: folder.appending(path: "input/expected.json")))
        #expect(expected.count >= 30)
        for (name, expected) in expected {
            let file = try open([UInt8](Data(contentsOf: folder.appending(path: "input/\(name).dcm"))))
            #expect(file.frameCount == expected.sha256.count, "\(name)")
            for number in 1...file.frameCount {
                let image = try file.frame(number)
                if expected.meanDifference == 0 {
                    #expect(
                        Digest(of: image.raster.pixels).description == expected.sha256[number - 1], "\(name), frame \(number)")
                }
            }
        }
        for name in try Samples.names("input/hostile") {
            let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "input/hostile/\(name)")))
            #expect(throws: ImageError.self, "\(name)") { try ImageFile.open(bytes).frame(1) }
        }
        for part in ["public", "real"] {
            for name in try Samples.names(part) {
                _ = try open([UInt8](Data(contentsOf: folder.appending(path: "\(part)/\(name)")))).frame(1)
            }
        }
    }
}

private enum Samples {
    static let folder = ProcessInfo.processInfo.environment["PAPILLA_DICOM_SAMPLES"].map { URL(filePath: $0) }

    static func names(_ part: String) throws -> [String] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: part).path).filter {
            $0.hasSuffix(".dcm")
        }.sorted()
    }
}

/// The caller of a program that does what it likes.
@Suite("The caller of the DICOM reader")
struct CallerTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder("reader") }

    private func ask(_ script: String?, limit: Int = 1000, within time: Duration = .seconds(30)) throws(ImageError) -> (
        line: [UInt8], bytes: [UInt8]
    ) {
        var program: String?
        if let script {
            let path = folder.path + "/program-\(script.hashValue)"
            try? Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
            try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            program = path
        }
        guard let file = try? MemoryFile.holding([1, 2, 3]) else { throw ImageError(.outOfMemory, "no file in memory") }
        return try ReaderProcess.ask(
            frame: 1, of: file, maximumPixels: 7, limit: limit, program: program, within: time)
    }

    private func code(_ script: String?, limit: Int = 1000, within time: Duration = .seconds(30)) -> Reason.Code? {
        do throws(ImageError) {
            _ = try ask(script, limit: limit, within: time)
            return nil
        } catch { return error.reason.code }
    }

    @Test("The program gets the file, two numbers, and nothing of ours")
    func nothing() throws {
        let (line, bytes) = try ask(
            "echo \"$0 $1 $2 $(/usr/bin/env | /usr/bin/grep -vE '^(PWD|SHLVL|_|OLDPWD)=' | /usr/bin/wc -l) $(/usr/bin/ls /proc/self/fd | /usr/bin/wc -l)\"; /usr/bin/cat"
        )
        // Beside the three streams, the descriptor with which ls reads the folder.
        #expect(String(decoding: line, as: UTF8.self).hasSuffix("1 7 0 4"), "\(String(decoding: line, as: UTF8.self))")
        #expect(bytes == [1, 2, 3])
    }

    @Test("Death, silence, noise and nonsense are told apart, and none of them lasts")
    func misbehaviour() throws {
        #expect(code("exit 3") == .crashed)
        #expect(code("kill -SEGV $$") == .crashed)
        #expect(code("kill -XCPU $$") == .timedOut)
        #expect(code("kill -PROF $$") == .timedOut)
        #expect(code("echo {}; kill -KILL $$") == .crashed)
        #expect(code(":") == .crashed)
        #expect(code("/usr/bin/sleep 100", within: .milliseconds(300)) == .timedOut)
        #expect(code("echo {}; exec >&-; /usr/bin/sleep 100", within: .milliseconds(300)) == .timedOut)
        #expect(code("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done") == .timedOut)
        #expect(code("/usr/bin/head -c 3000 /dev/zero", limit: 10) == .crashed)
    }

    @Test("Without the program a file is refused, and it is said what to install")
    func missing() {
        let error = #expect(throws: ImageError.self) { try ask(nil) }
        #expect(error?.reason.code == .unsupportedFormat && error?.reason.detail.contains("papilla-dicom") == true)
        #expect(throws: ImageError.self) {
            try ReaderProcess.ask(
                frame: 1, of: .holding([1]), maximumPixels: 1, limit: 1, program: "/nonexistent/papilla-dicom")
        }
    }

    @Test("An answer is believed only as far as it can be checked")
    func answers() throws {
        func read(_ text: String, _ count: Int = 0) throws(ImageError) -> Answer { try Answer(Array(text.utf8), count: count) }
        #expect(throws: ImageError.self) { try read("") }
        #expect(throws: ImageError.self) { try read("[]") }
        #expect(throws: ImageError.self) { try read("{\"version\":2,\"bytes\":7,\"profile\":0}", 6) }
        #expect(throws: ImageError.self) { try read("{\"version\":3,\"bytes\":0,\"profile\":0}") }
        #expect(try read("{\"version\":2,\"bytes\":0,\"profile\":0}").refusal == nil)
        #expect(try read("{\"version\":2,\"bytes\":4,\"profile\":3}", 7).refusal == nil)
        for (bytes, profile) in [("7", "1"), ("-1", "8"), ("8", "-1"), ("9223372036854775807", "1"), ("7", "null")] {
            #expect(throws: ImageError.self, "\(bytes) \(profile)") {
                try read("{\"version\":2,\"bytes\":\(bytes),\"profile\":\(profile)}", 7)
            }
        }
        #expect(
            try read("{\"version\":2,\"refused\":{\"code\":\"corrupt\",\"words\":\"is odd\"}}").refusal?.reason.detail
                == "The DICOM file is odd.")
        let strange = try read("{\"version\":2,\"refused\":{\"code\":\"corrupt\",\"words\":\"M\u{fc}ller\"}}").refusal
        #expect(strange?.reason.detail.contains("ller") == false)
        #expect(try read("{\"version\":2,\"refused\":{\"code\":\"crashed\",\"words\":\"x\"}}").refusal?.reason.code == .corrupt)
    }
}
