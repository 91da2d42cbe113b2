internal import Files
internal import Screening

/// What is in a file named on the command line, or why that is not looked at.
enum InputFile {
    case bytes([UInt8])
    case refused(Reason, size: Int)

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
            self = .refused(
                Reason(.tooLarge, "The file has \(status.size) bytes; \(limit) are allowed."), size: Int(status.size))
            return
        }
        self = .bytes(try PapillaError.telling(unreadable, at: path) { () throws(FileError) in try file.readAll() })
    }
}
