internal import Screening

/// `NAME.json` beside `NAME.jpg`, or `NAME.jpg.json`: what someone knows of an image. It travels with the original.
enum Sidecar {
    /// Larger ones are not read.
    static let sizeLimit = 1 << 20

    /// Whether a name is that of a sidecar, or could be.
    static func isSidecar(_ name: FileName) -> Bool { name.hasSuffix(".json") && name.bytes.count > 5 }

    /// The names that an image's sidecar can have, the most particular first.
    static func names(for image: FileName) -> [FileName] {
        [image.bytes, image.stem].flatMap { base in [".json", ".JSON"].compactMap { FileName(base + Array($0.utf8)) } }
            .filter { $0 != image }
    }

    /// Whether `sidecar` can belong to `image`.
    static func belongs(_ sidecar: FileName, to image: FileName) -> Bool {
        !isSidecar(image) && names(for: image).contains(sidecar)
    }

    /// Reads a sidecar's content.
    ///
    /// Numbers and texts are both taken for patient and study. Other keys are the site's own and stay in the file.
    /// - Throws: `badInput` where it is not JSON with an object, or an eye is neither right nor left.
    static func read(_ bytes: [UInt8]) throws(PapillaError) -> Identity {
        struct Content: Decodable { var patient: Word?, study: Word?, eye: Word? }
        let content: Content
        do { content = try CanonicalJSON.decode(Content.self, from: bytes) } catch {
            throw PapillaError(.badInput, "A sidecar is not a JSON object with texts for patient, study and eye", cause: error)
        }
        var identity = Identity(patient: content.patient?.text, study: content.study?.text)
        if let text = content.eye?.text {
            guard let eye = Identity.eye(text) else { throw PapillaError(.badInput, "A sidecar's eye is neither right nor left") }
            identity.eye = eye
        }
        return identity
    }

    /// A text, or a number as it is written.
    private struct Word: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                text = nil
            } else if let number = try? container.decode(Int.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }
}
