public import ArgumentParser
internal import Files
public import Screening
internal import Service
internal import Settings

/// The command line as the system hands it over: bytes, not text.
enum Arguments {
    /// Why the command line cannot be worked with: an argument that is not UTF-8. Swift would repair it, and the program would look for, or
    /// make, a file of another name.
    static var refusal: PapillaError? {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else { continue }
            var shown = ""
            for byte in UnsafeBufferPointer(start: bytes, count: length(bytes)).map(UInt8.init(bitPattern:)) {
                let isPlain = (32..<127).contains(byte) && byte != UInt8(ascii: "\\")
                shown += isPlain ? String(UnicodeScalar(byte)) : "\\x" + String(256 + Int(byte), radix: 16).dropFirst()
            }
            return PapillaError(
                .badInput, "argument \(index) is not UTF-8: found \(shown), expected text in UTF-8",
                hint: "Rename the file (convmv -f latin1 -t utf8 FILE), or drop it into the inbox, which takes any name")
        }
        return nil
    }

    private static func length(_ text: UnsafePointer<CChar>) -> Int {
        var count = 0
        while text[count] != 0 { count += 1 }
        return count
    }
}

/// Refuses an option's number outside its range, NaN included, in words that name the option, what was given and what was expected.
func within<Number: Comparable>(_ option: String, _ value: Number?, _ range: ClosedRange<Number>) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(option) \(value): expected \(range.lowerBound) to \(range.upperBound)")
}

/// The same for a number that must also be a multiple of another.
func within(_ option: String, _ value: Int, _ range: ClosedRange<Int>, multipleOf unit: Int) throws {
    guard !range.contains(value) || !value.isMultiple(of: unit) else { return }
    throw ValidationError("\(option) \(value): expected \(range.lowerBound) to \(range.upperBound), a multiple of \(unit)")
}

extension Shard: ExpressibleByArgument {
    /// Of `I/N`.
    public init?(argument: String) { self.init(argument) }
}

/// `--config FILE`: where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The configuration.", valueName: "file"))
    var file = "/etc/papilla/papilla.yaml"

    /// Reads and checks it.
    /// - Throws: `badConfiguration`, with which the program ends with status 78.
    func load() throws(PapillaError) -> Configuration { try Configuration.load(path: file) }
}

/// The content of a file named on the command line, or the reason why it is not looked at.
enum InputFile {
    case bytes([UInt8])
    case refused(Reason, size: Int)

    /// What is larger than is read.
    static func tooLarge(_ size: Int, limit: Int) -> InputFile {
        .refused(Reason(.tooLarge, "The file has \(size) bytes; \(limit) are allowed."), size: size)
    }

    /// - Parameter limit: the most bytes that are read.
    /// - Throws: `system` where it cannot be opened or read.
    init(_ path: String, limit: Int) throws(PapillaError) {
        let file = try PapillaError.telling("A file cannot be opened", at: path) { () throws(FileError) in
            try OpenFile.open(path)
        }
        let unreadable = "A file cannot be read"
        let status = try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.status() }
        guard status.kind == .file else {
            self = .refused(Reason(.notARegularFile, "What was named is not a regular file."), size: 0)
            return
        }
        guard status.size <= limit else {
            self = .tooLarge(Int(status.size), limit: limit)
            return
        }
        self = .bytes(try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.readAll() })
    }
}
