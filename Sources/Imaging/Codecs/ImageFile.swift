public import Screening
internal import Synchronization

/// A file that may be an image: the one place where its kind is found out.
public enum ImageFile {
    /// The kinds of files that are read, in the order in which they are asked.
    static var containers: [any ImageContainer.Type] { added.withLock(\.self) + [Jpeg.self, Png.self] }
    private static let added = Mutex<[any ImageContainer.Type]>([])

    /// Has another kind of files read, too, from now on in the whole process. It is asked before those that are known already.
    public static func add(_ kind: any ImageContainer.Type) {
        added.withLock { kinds in if !kinds.contains(where: { $0 == kind }) { kinds.insert(kind, at: 0) } }
    }

    /// The container of a file's content.
    /// - Throws: `ImageError` with what the file is instead, or why it is not read.
    public static func open(_ bytes: [UInt8], limits: ImageLimits = .init()) throws(ImageError) -> any ImageContainer {
        guard !bytes.isEmpty else { throw ImageError(.empty, "The file has no content.") }
        guard bytes.count <= limits.maximumBytes else {
            throw ImageError(.tooLarge, "The file has \(bytes.count) bytes; at most \(limits.maximumBytes) are read.")
        }
        if let kind = containers.first(where: { $0.claim(bytes) == .mine }) { return try kind.init(bytes, limits: limits) }
        if containers.contains(where: { $0.claim(bytes) == .begun }) {
            throw ImageError(.truncated, "The file ends within its first \(bytes.count + 1) bytes.")
        }
        if let name = UnreadFormat.name(of: bytes) {
            throw ImageError(.unsupportedFormat, "The file is \(name); JPEG and PNG images are read.")
        }
        throw ImageError(.notAnImage, "The file does not begin like an image; JPEG and PNG images are read.")
    }

    /// Whether a file goes on to its own end, as far as its kind can tell: it is what tells a file that is still being copied from a whole
    /// one before it is claimed. An empty file is not whole; what no container knows is.
    public static func isWhole<Failure>(_ file: FileBytes<Failure>) throws(Failure) -> Bool {
        var file = file
        for kind in containers { if let isWhole = try kind.isWhole(&file) { return isWhole } }
        // Zeros where the file should begin: space that was reserved and is not written yet. (A DICOM file may begin with 128 of them.)
        return try file.bytes(at: 0, count: 132).contains { $0 != 0 }
    }

    /// What a file itself says of whose it is and what was examined; nothing where no container knows it.
    public static func identity<Failure>(in file: FileBytes<Failure>) throws(Failure) -> ContainerIdentity {
        var file = file
        let beginning = try file.bytes(at: 0, count: 132)
        guard let kind = containers.first(where: { $0.claim(beginning) == .mine }) else {
            return ContainerIdentity(statement: IdentityStatement(from: .container))
        }
        return ContainerIdentity(statement: try kind.identity(in: &file))
    }

    /// The same of a file's content.
    public static func identity(of bytes: [UInt8]) -> ContainerIdentity {
        identity(
            in: FileBytes(bytes))
    }
}

/// An image's own file as a source of whose it is.
public struct ContainerIdentity: IdentitySource {
    /// What it says, and what of it could not be used.
    public let statement: IdentityStatement
}
