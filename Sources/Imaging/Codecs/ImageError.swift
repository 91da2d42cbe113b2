public import Screening

/// Why bytes did not become an image. The reason is ready for a report: its sentence names no file.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `.empty`, `.notAnImage`, `.unsupportedFormat`, `.truncated`, `.corrupt`, `.tooLarge` or `.outOfMemory`, with its sentence.
    public let reason: Reason

    init(_ code: Reason.Code, _ detail: String) { reason = Reason(code, detail) }

    /// The sentence.
    public var description: String { reason.detail }
}
