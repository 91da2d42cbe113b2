package import Imaging

/// DICOM files as a camera might write them, made byte by byte (PS3.5, PS3.10).
package struct DicomSample {
    /// Explicit VR little endian.
    package static let explicit = "1.2.840.10008.1.2.1"
    /// Implicit VR little endian.
    package static let implicit = "1.2.840.10008.1.2"
    /// JPEG baseline.
    package static let jpeg = "1.2.840.10008.1.2.4.50"
    /// Ophthalmic photography, 8 bit.
    package static let photography = "1.2.840.10008.5.1.4.1.1.77.1.5.1"

    /// An element that is not written yet.
    private struct Element {
        var tag: UInt32
        var representation: String
        var value: [UInt8]
        /// Written as it is, with this length; nil for the value's own.
        var length: UInt32?
    }

    package var syntax: String
    package var sopClass: String
    private var elements: [Element] = []

    package init(syntax: String = explicit, sopClass: String = photography) {
        (self.syntax, self.sopClass) = (syntax, sopClass)
        put(0x0008_0016, "UI", sopClass)
        put(0x0008_0018, "UI", "2.25.1234567890")
        put(0x0020_000D, "UI", "2.25.1")
        put(0x0020_000E, "UI", "2.25.2")
    }

    /// Puts a text there, or another in place of it.
    package mutating func put(_ tag: UInt32, _ representation: String, _ text: String) {
        put(tag, representation, bytes: Array(text.utf8))
    }

    package mutating func put(_ tag: UInt32, _ representation: String, number: Int) {
        put(tag, representation, bytes: [UInt8(number & 255), UInt8(number >> 8 & 255)])
    }

    package mutating func put(_ tag: UInt32, _ representation: String, bytes: [UInt8], length: UInt32? = nil) {
        elements.removeAll { $0.tag == tag }
        elements.append(Element(tag: tag, representation: representation, value: bytes, length: length))
    }

    /// The usual attributes of a picture of these many frames.
    private mutating func describe(width: Int, height: Int, frames: Int, photometric: String) {
        put(0x0028_0002, "US", number: 3)
        put(0x0028_0004, "CS", photometric)
        put(0x0028_0006, "US", number: 0)
        put(0x0028_0008, "IS", "\(frames)")
        put(0x0028_0010, "US", number: height)
        put(0x0028_0011, "US", number: width)
        put(0x0028_0100, "US", number: 8)
        put(0x0028_0101, "US", number: 8)
        put(0x0028_0102, "US", number: 7)
        put(0x0028_0103, "US", number: 0)
    }

    /// Frames as they are, one after the other.
    package mutating func draw(_ frames: [Raster]) {
        describe(width: frames[0].width, height: frames[0].height, frames: frames.count, photometric: "RGB")
        put(0x7FE0_0010, "OB", bytes: frames.flatMap(\.pixels))
    }

    /// JPEG files, each a frame of one fragment.
    package mutating func draw(jpegs: [[UInt8]], width: Int, height: Int) {
        describe(width: width, height: height, frames: jpegs.count, photometric: "YBR_FULL_422")
        var value = Self.item([])
        for jpeg in jpegs { value += Self.item(jpeg) }
        put(0x7FE0_0010, "OB", bytes: value + Self.little(0xFFFE) + Self.little(0xE0DD) + Self.long(0), length: .max)
    }

    /// An item with its content.
    package static func item(_ content: [UInt8], length: UInt32? = nil) -> [UInt8] {
        let padded = content.count.isMultiple(of: 2) ? content : content + [0]
        return little(0xFFFE) + little(0xE000) + long(length ?? UInt32(padded.count)) + padded
    }

    /// The file.
    package var bytes: [UInt8] {
        var meta = Self.element(0x0002_0001, "OB", [0, 1], isImplicit: false)
        meta += Self.element(0x0002_0002, "UI", Array(sopClass.utf8), isImplicit: false)
        let instance: [UInt8] = elements.first { $0.tag == 0x0008_0018 }.flatMap(\.value) ?? []
        meta += Self.element(0x0002_0003, "UI", instance, isImplicit: false)
        meta += Self.element(0x0002_0010, "UI", Array(syntax.utf8), isImplicit: false)
        var file = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        file += Self.element(0x0002_0000, "UL", Self.long(UInt32(meta.count)), isImplicit: false) + meta
        for element in elements.sorted(by: { $0.tag < $1.tag }) {
            file += Self.element(
                element.tag, element.representation, element.value, length: element.length, isImplicit: syntax == Self.implicit)
        }
        return file
    }

    /// One element.
    package static func element(
        _ tag: UInt32, _ representation: String, _ value: [UInt8], length: UInt32? = nil, isImplicit: Bool
    ) -> [UInt8] {
        var value = value
        if length == nil, !value.count.isMultiple(of: 2) {
            value.append(representation == "UI" || representation == "OB" ? 0 : 32)
        }
        let head = little(UInt16(tag >> 16)) + little(UInt16(tag & 0xFFFF))
        let count = length ?? UInt32(value.count)
        if isImplicit { return head + long(count) + value }
        if ["OB", "OW", "SQ", "UN", "UT"].contains(representation) {
            return head + Array(representation.utf8) + [0, 0] + long(count) + value
        }
        return head + Array(representation.utf8) + little(UInt16(truncatingIfNeeded: count)) + value
    }

    package static func little(_ number: UInt16) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8)] }
    package static func long(_ number: UInt32) -> [UInt8] {
        little(UInt16(number & 0xFFFF)) + little(UInt16(number >> 16))
    }
}
