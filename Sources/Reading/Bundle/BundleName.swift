internal import Screening

/// The name of a bundle's folder.
enum BundleName {
    /// `STEM.ID`: the file's name without its extension, every character but A–Z a–z 0–9 . _ - replaced by `_`, 80 bytes at most, then the
    /// ID. A folder's name never begins with a dot: nothing published is hidden.
    static func folder(file name: String, id: ScreeningID) -> String {
        var stem = Substring(name)
        if let dot = name.lastIndex(of: "."), dot > name.startIndex { stem = name[..<dot] }
        var kept = String(stem.prefix(80).map { isPlain($0) ? $0 : "_" })
        if kept.isEmpty { kept = "_" }
        if kept.hasPrefix(".") { kept = "_" + kept.dropFirst() }
        return "\(kept).\(id)"
    }

    private static func isPlain(_ character: Character) -> Bool {
        switch character {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": character.isASCII
        default: false
        }
    }
}
