internal import Screening

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
