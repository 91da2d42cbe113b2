import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import Dicom

@Suite("How DICOM objects are written")
struct ObjectEncodingTests {
    @Test(arguments: [
        (0.5, "0.5"), (3, "3"), (-12, "-12"), (0, "0"), (1e14, "100000000000000"), (0.1 + 0.2, "0.3"),
        (0.5128205128205128, "0.51282051282051"), (-0.5128205128205128, "-0.5128205128205"), (1.0 / 3e7, "3.3333333333e-08"),
        (123456.789, "123456.789"), (.pi * 1e20, "3.1415926536e+20"), (.infinity, ""), (.nan, ""),
    ])
    func decimalStrings(number: Double, text: String) throws {
        let written = DecimalString.text(number)
        #expect(written.utf8.count <= 16)
        if number.isFinite { #expect(abs((try #require(Double(written))) - number) <= abs(number) * 1e-9) }
        if text.utf8.count < 16 { #expect(written == text) }
    }

    @Test func identifiersAreMadeOfNames() throws {
        let id = try #require(ScreeningID("20261124-k7q2m9xd"))
        let (first, second) = (ObjectNames(id: id, version: 1), ObjectNames(id: id, version: 2))
        // Of Python: uuid.UUID(bytes=hashlib.sha256(name).digest()[:16]) with version 8 and variant 10.
        #expect(first.uid("sr") == "2.25.\(Self.expected("papilla/20261124-k7q2m9xd/v1/k1/sr"))")
        let images = [Digest(of: [1]), Digest(of: [2])].map { first.image(saying: $0) }
        let all = [
            first.uid("sr"), first.uid("seg"), first.uid("sr", frame: 2), second.uid("sr"), first.series("sr"),
            second.series("sr"), first.study, images[0].instance, images[0].series, images[1].instance, images[1].series,
        ]
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { UID.isValid($0) && $0.utf8.count <= 44 })
        #expect(second.uid("sr", version: 1) == first.uid("sr"))
        #expect(images[0] == second.image(saying: Digest(of: [1])) && first.study == second.study)
        for text in ["", "1", "1..2", "1.02", "1.2.a", String(repeating: "1.", count: 40) + "1", "../1"] {
            #expect(!UID.isValid(text), "\(text)")
        }
    }

    /// The same by another way: half a digest as decimal digits, two at a time.
    private static func expected(_ name: String) -> String {
        var bytes = Array(Digest(of: name.utf8).description).prefix(32).map { Int(String($0), radix: 16) ?? 0 }
        bytes[12] = 8
        bytes[16] = bytes[16] & 3 | 8
        var decimal = [0]
        for nibble in bytes {
            var carry = nibble
            for index in decimal.indices {
                let value = decimal[index] * 16 + carry
                decimal[index] = value % 10
                carry = value / 10
            }
            while carry > 0 {
                decimal.append(carry % 10)
                carry /= 10
            }
        }
        return decimal.reversed().map(String.init).joined()
    }

    @Test func textsKeepToTheirRepresentation() {
        var data = DataSet()
        data.set(.seriesDescription, "a\\b\nc" + String(repeating: "ä", count: 80))
        #expect(data.text(.seriesDescription) == "a/b c" + String(repeating: "ä", count: 59))
        data.set(.textValue, "a\\b")
        #expect(data.text(.textValue) == "a\\b")
        data.set(.imageType, ["A", "", "B"])
        #expect(data.text(.imageType) == "A\\\\B")
        data.set(.numberOfFrames, 3)
        #expect(data.elements[.numberOfFrames] == .bytes([0x33, 0x20]))
        data.set(.sopInstance, "1.2")
        #expect(data.elements[.sopInstance] == .bytes([0x31, 0x2E, 0x32, 0]))
    }

    @Test(
        arguments: [
            (Representation.date, "20261124", "20261124"), (.date, "2026.11.24", "20261124"), (.date, "20261324", nil),
            (.date, "20261124101112", nil), (.date, "20261124\\20261125", nil), (.time, "104107.25", "104107.25"),
            (.time, "10:41:07", "104107"), (.time, "10", "10"), (.time, "1041", "1041"), (.time, "2400", nil),
            (.time, "104107.12345678", "104107.123456"), (.time, "1041.5", nil), (.time, "1", nil), (.time, "", nil),
            (.code, "F", "F"), (.code, "f", nil), (.code, String(repeating: "A", count: 17), nil),
            (.identifier, "1.2.840", "1.2.840"), (.identifier, "1.2.0840", nil), (.identifier, "not a uid", nil),
            (.shortText, "A 12", "A 12"), (.shortText, String(repeating: "ä", count: 17), nil), (.longText, "a\u{1B}b", nil),
            (.personName, "Berg^Anna^Maria^Dr.^jun.=山^太=やま", "Berg^Anna^Maria^Dr.^jun.=山^太=やま"),
            (.personName, "a=b=c=d", nil), (.personName, "a^b^c^d^e^f", nil),
            (.personName, String(repeating: "ä", count: 64) + "=b", String(repeating: "ä", count: 64) + "=b"),
            (.personName, String(repeating: "ä", count: 65), nil),
        ] as [(Representation, String, String?)])
    func whatOthersWroteIsWholeOrNothing(_ representation: Representation, _ text: String, _ value: String?) {
        #expect(representation.value(of: text) == value)
    }

    @Test func elementsAreInOrderAndEven() {
        var data = DataSet()
        data.set(.rows, 5)
        data.set(.patientName, "Ä")
        var item = DataSet()
        item.set(.codeValue, "x")
        data.set(.sourceImages, [item])
        var out: [UInt8] = []
        data.encode(into: &out)
        let expected: [UInt8] =
            [0x08, 0, 0x12, 0x21] + Array("SQ".utf8) + [0, 0, 18, 0, 0, 0, 0xFE, 0xFF, 0, 0xE0, 10, 0, 0, 0, 8, 0, 0, 1]
            + Array("SH".utf8) + [2, 0, 0x78, 0x20]
            + [0x10, 0, 0x10, 0] + Array("PN".utf8) + [2, 0] + Array("Ä".utf8)
            + [0x28, 0, 0x10, 0] + Array("US".utf8) + [2, 0, 5, 0]
        #expect(out == expected)
    }

    @Test func fragmentsHaveATableWhereThereAreSeveral() {
        var data = DataSet()
        data.set(.pixelData, fragments: [[1, 2, 3], [4, 5]])
        var out: [UInt8] = []
        data.encode(into: &out)
        let expected: [UInt8] =
            [0xE0, 0x7F, 0x10, 0] + Array("OB".utf8) + [0, 0, 255, 255, 255, 255]
            + [0xFE, 0xFF, 0, 0xE0, 8, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0]
            + [0xFE, 0xFF, 0, 0xE0, 4, 0, 0, 0, 1, 2, 3, 0, 0xFE, 0xFF, 0, 0xE0, 2, 0, 0, 0, 4, 5]
            + [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]
        #expect(out == expected)
    }

    @Test func bitsGoOnWithinAByte() {
        var first = Mask(width: 3, height: 3)
        first[0, 0] = true
        first[2, 2] = true
        var second = Mask(width: 3, height: 3)
        second[0, 0] = true
        second[1, 0] = true
        #expect(SegmentationObject.packed([first, second]) == [0b0000_0001, 0b0000_0111, 0])
    }

    @Test func onlyUprightBaselineIsWrappedAsItIs() throws {
        let raster = Raster(width: 40, height: 24, fill: (200, 90, 10))
        let baseline = try ImageEncoder.jpeg(raster)
        let header = try #require(JpegHeader(baseline))
        #expect(header.isBaseline && header.width == 40 && header.height == 24 && header.components == 3)
        // An EXIF segment that says that the camera was held upright, as big and as little endian.
        for (mark, orientation, isBaseline) in [("MM", 6, false), ("II", 6, false), ("MM", 1, true), ("II", 9, true)] {
            let isBig = mark == "MM"
            func number(_ value: Int, _ count: Int) -> [UInt8] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
                return isBig ? bytes.reversed() : bytes
            }
            let tiff =
                Array(mark.utf8) + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) + number(3, 2) + number(1, 4)
                + number(orientation, 2) + [0, 0] + number(0, 4)
            let segment = Array("Exif\0\0".utf8) + tiff
            let turned = [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(segment.count + 2)] + segment + baseline.dropFirst(2)
            #expect(try #require(JpegHeader(turned)).isBaseline == isBaseline, "\(mark) \(orientation)")
        }
        // Adobe's mark without a transform, and names without any mark, say red, green and blue; JFIF's mark goes before both.
        func adobe(_ transform: UInt8) -> [UInt8] {
            [0xFF, 0xEE, 0, 14] + Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, transform]
        }
        let start = try #require(baseline.indices.first { baseline[$0...].starts(with: [0xFF, 0xDB]) })
        let bare = [0xFF, 0xD8] + baseline[start...]
        var named = bare
        let frame = try #require(named.indices.first { named[$0...].starts(with: [0xFF, 0xC0]) })
        for (offset, name) in zip([10, 13, 16], "RGB".utf8) { named[frame + offset] = name }
        for (bytes, isRGB) in [
            (bare, false), (named, true), ([0xFF, 0xD8] + adobe(0) + bare.dropFirst(2), true),
            ([0xFF, 0xD8] + adobe(1) + named.dropFirst(2), false),
            (Array(baseline[..<start]) + adobe(0) + baseline[start...], false),
        ] {
            let header = try #require(JpegHeader(bytes))
            #expect(header.isRGB == isRGB && header.isBaseline == !isRGB)
        }
        #expect(JpegHeader(Array("not a jpeg at all".utf8)) == nil)
        for count in 0..<40 { _ = JpegHeader(Array(baseline.prefix(count))) }
    }
}
