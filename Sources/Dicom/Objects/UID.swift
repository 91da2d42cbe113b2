internal import Screening

/// The transfer syntaxes that are written.
enum TransferSyntax: String, Sendable {
    case explicitLittleEndian = "1.2.840.10008.1.2.1"
    case jpegBaseline = "1.2.840.10008.1.2.4.50"
}

/// The SOP classes that are written.
enum ObjectClass: String, Sendable {
    case ophthalmicPhotography = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
    case photographic = "1.2.840.10008.5.1.4.1.1.77.1.4"
    case endoscopic = "1.2.840.10008.5.1.4.1.1.77.1.1"
    case secondaryCapture = "1.2.840.10008.5.1.4.1.1.7"
    case segmentation = "1.2.840.10008.5.1.4.1.1.66.4"
    case comprehensiveReport = "1.2.840.10008.5.1.4.1.1.88.33"
}

/// DICOM's unique identifiers. Those of ours are made from names: the same result is the same object to whoever is given it twice.
enum UID {
    /// Of the program that wrote a file.
    static let implementation = named("papilla/implementation")
    /// Of Papilla as an observer.
    static let device = named("papilla/device")

    /// `2.25.` and a number of 128 bits (PS3.5, B.2): the first half of the name's SHA-256, marked as a UUID of version 8 (RFC 9562).
    static func named(_ name: String) -> String {
        let digits = Digest(of: name.utf8).description.prefix(32)
        var number = UInt128(digits, radix: 16) ?? 0
        number = number & ~(UInt128(0xF) << 76) | UInt128(8) << 76
        number = number & ~(UInt128(0x3) << 62) | UInt128(2) << 62
        return "2.25.\(number)"
    }

    /// Whether a text is a UID (PS3.5, 9.1).
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64 && parts.count > 1
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } && (part == "0" || part.first != "0")
            }
    }
}

/// What a result's UIDs are made from: the arrival, its version, the frame and a role. Nobody is named in them.
struct ObjectNames: Sendable {
    let id: ScreeningID
    let version: Int

    /// Of an object, or of something within one.
    func uid(_ role: String, frame: Int = 1, version: Int? = nil) -> String {
        UID.named("papilla/\(id)/v\(version ?? self.version)/k\(frame)/\(role)")
    }

    /// Of a series: one for each role and version.
    func series(_ role: String, version: Int? = nil) -> String { uid("series/\(role)", frame: 0, version: version) }

    /// Of the study where the image came with none.
    var study: String { UID.named("papilla/\(id)/study") }

    /// Of an image, and of its series, whose own file names none that can be referred to.
    var source: (instance: String, series: String) {
        (UID.named("papilla/\(id)/source"), UID.named("papilla/\(id)/series/source"))
    }

    /// Of the wrapped original and of its series: the same in all versions that say the same of it.
    func image(saying contents: Digest) -> (instance: String, series: String) {
        (UID.named("papilla/\(id)/image/\(contents)"), UID.named("papilla/\(id)/series/image/\(contents)"))
    }
}
