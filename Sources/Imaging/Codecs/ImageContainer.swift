public import Screening

/// The formats that are read and written.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
    case jpeg
    case png
    /// Pixels of any of the kinds that a DICOM file may hold.
    case dicom
}

/// A container's verdict on a file's first bytes.
public enum ImageClaim: Sendable, Equatable {
    /// The file is of this kind.
    case mine
    /// The file is so short that it may only be the beginning of one of this kind.
    case begun
    /// The file is something else.
    case other
}

/// A kind of file that holds images. All that differs from kind to kind is asked here: who claims a file, when it is whole, what it says
/// of whose it is, and the pixels of its frames.
public protocol ImageContainer: Sendable {
    /// The kind's name in reports.
    static var format: ImageFormat { get }

    /// Judges a file by its first bytes; its name plays no part.
    static func claim(_ beginning: [UInt8]) -> ImageClaim

    /// Whether a file goes on to its own end mark, told from its structure alone, without decoding a pixel: what is still being copied is
    /// not read. What is malformed rather than short counts as whole, because the decoder says what it is.
    ///
    /// - Returns: nil where the file is not of this kind.
    static func isWhole<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Bool?

    /// What a file of this kind says of whose it is and what was examined.
    static func identity<Failure>(in file: inout FileBytes<Failure>) throws(Failure) -> IdentityStatement

    /// Reads the header. The size is checked against the limits before memory is taken for pixels.
    init(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError)

    /// How many frames there are, 1 or more.
    var frameCount: Int { get }

    /// The pixels of a frame: in sRGB, upright, transparency laid on black.
    ///
    /// - Parameter number: 1...`frameCount`.
    func frame(_ number: Int) throws(ImageError) -> DecodedImage
}

extension ImageContainer {
    /// Nothing: JPEG and PNG files name nobody.
    public static func identity<Failure>(in file: inout FileBytes<Failure>) throws(Failure) -> IdentityStatement {
        IdentityStatement(from: .container)
    }
}
