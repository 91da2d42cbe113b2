internal import Imaging
internal import Screening

/// The header of a DICOM file as far as results of its image copy it: patient, study, series, scale. No pixel is looked at.
///
/// Names are kept in the character set of the file until they are asked for.
struct SourceHeader: Sendable {
    /// The attributes that are kept.
    private static let wanted: [UInt32: Attribute] = Dictionary(
        uniqueKeysWithValues: ([
            .sopClass, .sopInstance, .seriesInstance, .characterSet, .numberOfFrames, .rows, .columns, .pixelSpacing,
            .timezoneOffset,
        ] + SourceImage.inherited).map { ($0.tag, $0) })
    /// Longer texts are not looked at, bytes: nothing that is kept may be as long in any character set, and a file may be all one text.
    private static let longest = 4096
    private var values: [Attribute: ArraySlice<UInt8>] = [:]
    private var isBigEndian = false

    /// Nil for what is no DICOM file, and for one whose data set is deflated.
    init?(_ bytes: [UInt8]) {
        let file = FileBytes(bytes)
        guard let (structure, places) = DicomStructure.values(of: Set(Self.wanted.keys), in: file) else { return nil }
        isBigEndian = structure.syntax == DicomKind.bigEndian
        for (tag, place) in places {
            if let attribute = Self.wanted[tag] { values[attribute] = bytes[Int(place.lowerBound)..<Int(place.upperBound)] }
        }
    }

    /// A UID; nil where the file states none that is one.
    func identifier(_ attribute: Attribute) -> String? { Representation.identifier.value(of: text(attribute)) }

    /// A text in UTF-8, without padding; empty where there is none.
    func text(_ attribute: Attribute) -> String {
        guard let value = values[attribute], value.count <= Self.longest else { return "" }
        let isPlain = [.identifier, .code, .date, .time, .integer, .decimal, .dateTime].contains(attribute.representation)
        let characterSet = isPlain || attribute == .characterSet ? "" : text(.characterSet)
        var text = Substring(TextEncoding.utf8(Array(value), in: characterSet)).unicodeScalars
        while let last = text.last, last.value == 0 || last.properties.isWhitespace { text.removeLast() }
        while let first = text.first, first.properties.isWhitespace { text.removeFirst() }
        return String(text)
    }

    /// Whether the file is of a patient: of that number, and of that issuer where both name one. Where a report has none it is of whom the
    /// file says.
    func isOf(_ subject: Subject?) -> Bool {
        guard let subject else { return true }
        let issuer = text(.patientIssuer)
        let isIssued = issuer.isEmpty || subject.issuer == nil || subject.issuer == issuer
        return isIssued && text(.patientID) == subject.identifier
    }

    /// A whole number, from binary or text; nil where there is none.
    func number(_ attribute: Attribute) -> Int? {
        guard let value = values[attribute] else { return nil }
        guard attribute.representation == .short else { return Int(text(attribute)) }
        let bytes = Array(value.prefix(2))
        guard bytes.count == 2 else { return nil }
        return isBigEndian ? Int(bytes[0]) << 8 | Int(bytes[1]) : Int(bytes[1]) << 8 | Int(bytes[0])
    }

    /// The lengths of a pixel's sides, mm: row spacing, column spacing; nil where the file states none that make sense.
    var spacing: (rows: Double, columns: Double)? {
        let numbers = text(.pixelSpacing).split(separator: "\\").map { Double($0.filter { $0 != " " }) }
        guard numbers.count == 2, let rows = numbers[0], let columns = numbers[1], rows > 0, columns > 0,
            (rows * columns).isFinite
        else { return nil }
        return (rows, columns)
    }

    /// Seconds east of UTC as the file states them (`+0130`); nil where it does not.
    var offset: Int64? {
        let text = text(.timezoneOffset)
        guard text.utf8.count == 5, let sign = text.first, sign == "+" || sign == "-", let digits = Int64(text.dropFirst()),
            digits >= 0, digits % 100 < 60, digits <= 1400
        else { return nil }
        return (sign == "-" ? -1 : 1) * (digits / 100 * 3600 + digits % 100 * 60)
    }
}
