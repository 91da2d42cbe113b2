public import Imaging
public import Screening

/// What puts files into a bundle beside its report. Each is handed what those before it have made; the standard bundle is the first.
///
/// Nothing else knows what a bundle holds: who verifies, reuses, restores or shows one goes by the files that its report lists.
public protocol BundleWriter: Sendable {
    /// The files that a screening gets, by names that no other writer uses. Called for every outcome but `failed`, for corrections, and for
    /// images that were read before.
    /// - Throws: where they cannot be made; nothing is published then.
    func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])]
}

/// A bundle that is being written.
public struct BundleDraft: Sendable {
    /// Where the pictures of the standard bundle come from.
    public enum Pictures: Sendable {
        /// A reading of an image: they are to be drawn.
        case drawn(of: ImageReading, DecodedImage)
        /// A file of several frames: they were drawn frame by frame, so that only one frame's pixels are held at a time.
        case made([(name: String, bytes: [UInt8])])
        /// An earlier bundle of the same content: its pictures name neither file nor ID and are used as they are.
        case taken(from: Bundle)
    }

    /// Complete but for its files.
    public internal(set) var report: Report
    /// The reports of all versions before this one, the first one first: what they told, this one may have to take back.
    public let former: [Report]
    /// Where the standard bundle's pictures come from.
    public let pictures: Pictures
    /// Reads the image's file, as it came.
    public let original: @Sendable () throws(PapillaError) -> [UInt8]
    /// What the writers so far have made.
    public private(set) var files: [(name: String, bytes: [UInt8])] = []

    /// Has writers add their files, one after the other.
    /// - Throws: `internal` for a name that is taken, or that is none.
    package mutating func write(by writers: [any BundleWriter]) async throws(PapillaError) {
        for writer in writers {
            for file in try await writer.files(for: self) {
                guard !file.name.isEmpty, !file.name.hasPrefix("."), !file.name.utf8.contains(UInt8(ascii: "/")),
                    file.name != Bundle.reportName, !files.contains(where: { $0.name == file.name })
                else { throw PapillaError(.internal, "Two files of a bundle have one name, or one has none: \(file.name)") }
                files.append(file)
            }
        }
    }

    package init(
        report: Report, former: [Report] = [], pictures: Pictures,
        original: @escaping @Sendable () throws(PapillaError) -> [UInt8]
    ) {
        self.report = report
        self.former = former
        self.pictures = pictures
        self.original = original
    }
}

/// The overlay and the masks: what every bundle holds.
public struct StandardBundle: BundleWriter {
    /// The standard bundle.
    public init() {}

    /// What a browser is told of one of its files; nil for a file that is no picture, and so not of the standard bundle.
    public static func mediaType(of name: String) -> String? {
        name.hasSuffix(".png") ? "image/png" : name.hasSuffix(".jpg") ? "image/jpeg" : nil
    }

    /// Overlay and masks, drawn and encoded on all cores: besides the networks nothing takes longer.
    public func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        switch draft.pictures {
        case .taken(let earlier): earlier.files.filter { Self.mediaType(of: $0.name) != nil }
        case .made(let files): files
        case .drawn(let reading, let image): try await Self.drawn(reading, image)
        }
    }

    /// The name of a frame's file: of the first as that of a plain image, of the others with their number, `disc-k02.png`.
    package static func name(_ plain: String, frame: Int) -> String {
        guard frame > 1, let dot = plain.lastIndex(of: ".") else { return plain }
        return "\(plain[..<dot])\(mark(frame))\(plain[dot...])"
    }

    private static func mark(_ frame: Int) -> String { frame < 10 ? "-k0\(frame)" : "-k\(frame)" }

    /// Whether a file is of a frame; the first one's have no number.
    static func isOf(_ frame: Int, _ name: String) -> Bool {
        if frame > 1 { return name.contains("\(mark(frame)).") }
        return name.firstMatch(of: #/-k[0-9]{2,}\./#) == nil
    }

    static func drawn(
        _ reading: ImageReading, _ image: DecodedImage, frame: Int = 1
    ) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        typealias Encoding = @Sendable () throws(PapillaError) -> [UInt8]
        let comment = image.isPhantom ? "PHANTOM: a synthetic image, no patient" : nil
        let text = image.isPhantom ? ["Papilla": "PHANTOM"] : [:]
        var encodings: [(name: String, encode: Encoding)] = [
            (
                "overlay.jpg",
                { () throws(PapillaError) in
                    try ImageEncoder.jpeg(Overlay(of: reading, image).drawn(), quality: 90, comment: comment)
                }
            )
        ]
        for name in ["disc", "cup", "polyp", "disc-raw", "cup-raw"] {
            guard let mask = reading.masks[name] else { continue }
            encodings.append(("\(name).png", { () throws(PapillaError) in try ImageEncoder.png(mask, text: text) }))
        }
        let encoded = await withTaskGroup(of: (index: Int, bytes: Result<[UInt8], PapillaError>).self) { group in
            for (index, (_, encode)) in encodings.enumerated() {
                group.addTask { (index, Result(catching: encode)) }
            }
            return await group.reduce(into: [:]) { $0[$1.index] = $1.bytes }
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for (index, (name, _)) in encodings.enumerated() {
            files.append((Self.name(name, frame: frame), try encoded[index]?.get() ?? []))
        }
        return files
    }
}
