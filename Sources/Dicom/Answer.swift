internal import Imaging
internal import Screening

/// What `papilla-dicom` says of a file. It has read what others wrote, so nothing of it is believed: numbers are checked against what
/// came, words against what they may be.
struct Answer: Decodable {
    struct Refused: Decodable {
        var code: Reason.Code
        var words: String
    }

    /// The form that this Papilla reads.
    static let version = 2

    var version: Int
    var refused: Refused?
    var syntax: String?
    var tags: [String: String]?
    /// Tags whose text it could not convert.
    var spoiled: [String]?
    /// The bytes of these, as hexadecimal digits.
    var raw: [String: String]?
    var rows: Int?
    var columns: Int?
    var frames: Int?
    var form: String?
    /// Of the frame.
    var bytes: Int?
    /// Bytes of the colour profile after it.
    var profile: Int?

    /// Reads the line that the program printed.
    init(_ line: [UInt8], count: Int) throws(ImageError) {
        let nonsense = ImageError(
            .crashed, "The program that reads DICOM files gave an answer that makes no sense; it is not tried again.")
        do { self = try CanonicalJSON.decode(Answer.self, from: line) } catch { throw nonsense }
        guard version == Self.version else {
            throw ImageError(
                .unsupportedFormat,
                "The program papilla-dicom is of another version than papilla; install the packages of one version, and try again."
            )
        }
        guard refused != nil || isSum(count) else { throw nonsense }
    }

    /// Whether frame and profile are all that came.
    private func isSum(_ count: Int) -> Bool {
        guard let bytes, let profile, (0...count).contains(bytes) else { return false }
        return profile == count - bytes
    }

    /// Why it does not read the file; nil where it does.
    var refusal: ImageError? {
        guard let refused else { return nil }
        let allowed: [Reason.Code] = [.unsupportedFormat, .corrupt, .truncated, .tooLarge, .outOfMemory, .internal]
        guard allowed.contains(refused.code) else { return ImageError(.corrupt, "The DICOM file could not be read.") }
        // Words of ours: neither long nor anything that a file could hold but numbers.
        let isPlain = refused.words.utf8.count <= 200 && refused.words.utf8.allSatisfy { (32...126).contains($0) }
        return ImageError(refused.code, "The DICOM file \(isPlain ? refused.words : "could not be read").")
    }

    /// A tag's value, where it stands in the file.
    func tag(_ name: String) -> String? { tags?[name].flatMap { $0.isEmpty ? nil : $0 } }
}
