internal import Files
public import Imaging
public import Screening

/// A DICOM file: pictures with what is known of them (PS3.10). Its structure is walked here; what is in it is read by the program
/// `papilla-dicom`, in a process of its own.
public struct DicomFile: ImageContainer {
    /// `dicom`, whatever the pixels in it are.
    public static let format = ImageFormat.dicom
    private static let mark: [UInt8] = Array("DICM".utf8)
    private static let markOffset = 128
    /// Of a colour profile, bytes: what is longer was cut by the program, and is of no use.
    private static let longestProfile = (4 << 20) + 1

    private let bytes: [UInt8]
    private let limits: ImageLimits
    private let first: Picture
    /// What the file says of its pictures.
    public let facts: DicomFacts
    /// How many pictures it holds, 1 or more.
    public let frameCount: Int

    /// A frame as the program gave it.
    private struct Picture {
        let (width, height): (Int, Int)
        let isJpeg: Bool
        let bytes: [UInt8]
        /// The ICC profile of its colours; empty without one.
        let profile: [UInt8]
    }

    /// Has these files read in this process, as long as `papilla-dicom` is installed; where it is not, they are refused with its name.
    public static func install() { ImageFile.add(DicomFile.self) }

    /// Whether the program that reads them is installed.
    public static var isRead: Bool { ReaderProcess.path != nil }

    /// Whether the mark of a DICOM file is there, after its first 128 bytes.
    public static func claim(_ beginning: [UInt8]) -> ImageClaim {
        // The bytes before the mark are free, and may be anything.
        beginning.count >= markOffset + 4 && Array(beginning[markOffset..<markOffset + 4]) == mark ? .mine : .other
    }

    /// Whether its structure goes on to its end, and there are pixels.
    public static func isWhole<Failure>(_ file: inout FileBytes<Failure>) throws(Failure) -> Bool? {
        guard claim(try file.bytes(at: 0, count: markOffset + 4)) == .mine else { return nil }
        switch try DicomStructure.walk(&file) {
        // Between two elements a file that is still being copied looks whole, but pixels come last.
        case .success(let structure): return structure.pixels != nil
        case .failure(let refusal): return refusal.code != .truncated
        }
    }

    /// What the header says; nothing for a file that is refused, whose reading says why.
    public static func identity<Failure>(in file: inout FileBytes<Failure>) throws(Failure) -> IdentityStatement {
        guard case .success(let structure) = try DicomStructure.walk(&file) else { return IdentityStatement(from: .container) }
        let header = try MemoryFile.of(file, count: structure.pixels ?? file.size)
        do throws(ImageError) {
            let answer = try ask(0, header, ImageLimits()).answer
            return answer.refused == nil ? DicomFacts(answer).statement : IdentityStatement(from: .container)
        } catch {
            var statement = IdentityStatement(from: .container)
            // Where the reader is missing, the reading says so.
            if error.reason.code != .unsupportedFormat { statement.note("its header could not be read") }
            return statement
        }
    }

    /// Walks the structure, and has header and first frame read.
    /// - Throws: `ImageError` with what is wrong, or what is missing to read it.
    public init(_ bytes: [UInt8], limits: ImageLimits) throws(ImageError) {
        var file = FileBytes(bytes)
        switch DicomStructure.walk(&file) {
        case .success: break
        case .failure(let refusal): throw ImageError(refusal.code, "The DICOM file \(refusal.words).")
        }
        let (answer, content) = try Self.ask(1, try? MemoryFile.holding(bytes), limits)
        first = try Self.picture(answer, content, limits)
        facts = DicomFacts(answer)
        guard let frames = answer.frames, (1...Int(Int32.max)).contains(frames) else { throw Self.nonsense }
        frameCount = frames
        self.bytes = bytes
        self.limits = limits
    }

    /// The pixels of a frame, a JPEG's by our own decoder, in sRGB where the file has a profile that says what its colours are.
    public func frame(_ number: Int) throws(ImageError) -> DecodedImage {
        precondition((1...frameCount).contains(number), "there is no such frame")
        var picture = first
        if number > 1 {
            let (answer, content) = try Self.ask(number, try? MemoryFile.holding(bytes), limits)
            picture = try Self.picture(answer, content, limits)
        }
        var image: DecodedImage
        if picture.isJpeg {
            image = try ImageDecoder.decode(jpeg: picture.bytes, limits: limits)
            guard image.raster.width == picture.width, image.raster.height == picture.height else {
                throw ImageError(.corrupt, "The DICOM file holds a JPEG picture of another size than it says.")
            }
            image.format = .dicom
        } else {
            image = DecodedImage(
                raster: Raster(width: picture.width, height: picture.height, pixels: picture.bytes), format: .dicom)
        }
        // A JPEG that has a profile of its own has been converted by it.
        if !picture.profile.isEmpty, image.colourSpace == nil { image.convert(from: picture.profile) }
        image.foreignKind = facts.foreignKind
        return image
    }

    // MARK: - Asking

    private static var nonsense: ImageError {
        ImageError(.crashed, "The program that reads DICOM files gave an answer that makes no sense; it is not tried again.")
    }

    private static func ask(
        _ frame: Int, _ file: MemoryFile?, _ limits: ImageLimits
    ) throws(ImageError) -> (answer: Answer, bytes: [UInt8]) {
        guard let file else { throw ImageError(.outOfMemory, "There was not enough memory to read the DICOM file.") }
        let limit = frame == 0 ? 0 : max(3 * limits.maximumPixels, limits.maximumBytes) + longestProfile
        let (line, bytes) = try ReaderProcess.ask(frame: frame, of: file, maximumPixels: limits.maximumPixels, limit: limit)
        return (try Answer(line, count: bytes.count), bytes)
    }

    private static func picture(_ answer: Answer, _ content: [UInt8], _ limits: ImageLimits) throws(ImageError) -> Picture {
        if let refusal = answer.refusal { throw refusal }
        let profile = Array(content.suffix(answer.profile ?? 0))
        let bytes = profile.isEmpty ? content : Array(content.dropLast(profile.count))
        guard let (rows, columns) = answer.rows.flatMap({ rows in answer.columns.map { (rows, $0) } }),
            (1...65_535).contains(rows), (1...65_535).contains(columns), rows * columns <= limits.maximumPixels,
            answer.form == "jpeg" || answer.form == "rgb" && bytes.count == 3 * rows * columns
        else { throw nonsense }
        return Picture(width: columns, height: rows, isJpeg: answer.form == "jpeg", bytes: bytes, profile: profile)
    }
}
