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

    package init(_ message: String, place: String, number: Int32 = errno) {
        self.message = message
        self.place = place
        self.number = number
    }

    /// What the operating system said.
    package var words: String { String(cString: strerror(number)) }

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
        _ message: String, at place: String, _ body: () throws(FileError) -> Value
    ) throws(PapillaError) -> Value {
        do throws(FileError) { return try body() } catch {
            throw .system(message, errno: error.number, place: place)
        }
    }

    /// Any error as ours: ours as it is, the system's with what a person can do about it.
    package init(any error: any Error) {
        switch error {
        case let error as PapillaError: self = error
        case let error as FileError:
            self = .system(error.message, errno: error.number, place: error.place, hint: Self.hint(error.number))
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
