internal import Glibc
package import Screening

/// A refusal by the operating system, with its number: code that must tell a missing file from a full disk looks at that.
package struct FileError: Error {
    /// errno.
    package let number: Int32
    /// What was not possible, without a name: "a file could not be moved".
    package let message: String
    /// The entry.
    package let place: String
    /// What the operating system said.
    package let words: String

    /// - Parameter words: what it said, where the number's own words say too little.
    package init(_ message: String, place: String, number: Int32 = errno, words: String? = nil) {
        self.message = message
        self.place = place
        self.number = number
        self.words = words ?? String(cString: strerror(number))
    }

    /// Something that was to be read is no regular file: one could wait for a FIFO, or read a device, without end.
    package static func notAFile(_ kind: FileStatus.Kind, at place: String) -> FileError {
        let found = kind == .folder ? "a folder" : "a FIFO, socket or device"
        return FileError("not a regular file", place: place, number: EINVAL, words: "it is \(found); a file was expected")
    }

    /// The entry is not there, or a folder on the way to it is not.
    package var isMissing: Bool { number == ENOENT || number == ENOTDIR }
}

extension FileError: CustomStringConvertible {
    /// Without the entry, which is the place of the error that this one is the cause of.
    package var description: String { words }
}

extension PapillaError {
    /// Runs `body`, telling what the operating system refuses in words of the caller's.
    package static func telling<Value>(
        _ message: String, at place: String, hint: String? = nil, _ body: () throws(FileError) -> Value
    ) throws(PapillaError) -> Value {
        do throws(FileError) { return try body() } catch {
            throw .system(message, errno: error.number, words: error.words, place: place, hint: hint)
        }
    }

    /// Any error as ours: ours as it is, the system's with what a person can do about it.
    package init(any error: any Error) {
        switch error {
        case let error as PapillaError: self = error
        case let error as FileError:
            self = .system(
                error.message, errno: error.number, words: error.words, place: error.place, hint: Self.hint(error.number))
        default: self.init(.internal, "Something unexpected happened", cause: error)
        }
    }

    private static func hint(_ number: Int32) -> String? {
        switch number {
        case ENOSPC, EDQUOT: "Make room; it is tried again by itself"
        case EROFS: "The file system is read-only; it is tried again by itself"
        case EACCES, EPERM: "The service's user must be let in; papilla doctor names the folder"
        case EIO: "Look at the disk and its cables; it is tried again by itself"
        case ESTALE, EHOSTDOWN, ETIMEDOUT: "The network share does not answer; it is tried again by itself"
        default: nil
        }
    }
}
