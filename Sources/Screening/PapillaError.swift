internal import Glibc

/// The one shape of every error: facts apart from wording, so that a program can act and a person can read.
///
/// `description` names no patient and no file and is safe for the journal; `detailed` adds the place and the cause.
public struct PapillaError: Error, Sendable, CustomStringConvertible {
    /// The kind of thing that went wrong. The exit status and the service's choice between waiting and quarantine follow from it.
    public enum Code: String, Sendable {
        /// The caller's input was wrong: bad arguments, an image or a file that cannot be used.
        case badInput = "bad_input"
        /// The configuration is wrong.
        case badConfiguration = "bad_configuration"
        /// A file, folder, model, ID or service that should be there is not.
        case notFound = "not_found"
        /// The operating system refused: space, permissions, input or output errors.
        case system
        /// Stored data do not agree with themselves: digests, the audit chain, the ledger.
        case damaged
        /// What was asked is refused as things stand (a promotion that fails the gate, a second service).
        case refused
        /// A broken invariant of our own.
        case `internal`
    }

    /// What kind of thing went wrong.
    public var code: Code
    /// What happened and what was expected, without patient or file names.
    public var message: String
    /// Where: a path, a key with its line, a tensor, an ID. Shown only in the detailed rendering.
    public var place: String?
    /// What the reader can do about it.
    public var hint: String?
    /// The error underneath, in words.
    public var cause: String?
    /// What the operating system said, here or underneath: words that name nobody and no file. Nil where it said nothing.
    public private(set) var systemWords: String?
    /// Whether trying again later can help.
    public var isRetryable: Bool

    /// An error with its facts.
    public init(
        _ code: Code, _ message: String, place: String? = nil, hint: String? = nil, cause: (any Error)? = nil,
        isRetryable: Bool = false
    ) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
        self.cause = cause.map { ($0 as? PapillaError)?.detailed ?? "\($0)" }
        systemWords = (cause as? PapillaError)?.systemWords
        self.isRetryable = isRetryable
    }

    /// What happened, and what the operating system said to it; without patient, file or place.
    public var explained: String { systemWords.map { "\(message): \($0)" } ?? message }

    /// Without patient, file or place.
    public var description: String { hint.map { "\(explained). \($0)" } ?? explained }

    /// With place and cause.
    public var detailed: String {
        var text = place.map { "\($0): \(message)" } ?? message
        if let cause { text += " (\(cause))" }
        if let hint { text += ". \(hint)" }
        return text
    }

    /// The exit status of a command that ends with this error: 1, or 78 for bad configuration (sysexits.h).
    public var exitStatus: Int32 { code == .badConfiguration ? 78 : 1 }
}

extension PapillaError {
    /// What the operating system said, with `isRetryable` set for errors that go away: space, permissions, input or output, locks.
    ///
    /// - Parameter words: what it said, where the number's own words say too little.
    public static func system(
        _ message: String, errno number: Int32, words: String? = nil, place: String? = nil, hint: String? = nil
    ) -> PapillaError {
        var error = PapillaError(.system, message, place: place, hint: hint)
        error.systemWords = words ?? String(cString: strerror(number))
        error.cause = error.systemWords
        let final: Set<Int32> = [EINVAL, ENAMETOOLONG, ELOOP, EISDIR, ENOTDIR]
        error.isRetryable = !final.contains(number)
        return error
    }
}

extension PapillaError {
    /// A station writes or publishes nothing more until it has a lease again.
    public static func leaseLost(_ station: String) -> PapillaError {
        PapillaError(
            .refused, "This station's lease ran out: what it had in hand is another's now", place: station,
            hint: "It claims anew by itself", isRetryable: true)
    }

    /// A station changes nothing in tables that another Papilla brought to another schema.
    public static func tablesChanged(_ station: String) -> PapillaError {
        PapillaError(
            .refused, "The ledger's tables are not those any more that this station began with: another Papilla changed them",
            place: station, hint: "It opens the ledger anew by itself; install that Papilla here, too: every station needs it",
            isRetryable: true)
    }
}
