/// What DCMTK's `dcmsend` writes of a transfer: which object was sent, and what the archive said of it. Its exit status is 0 also where
/// nothing was sent.
struct TransferReport: Sendable {
    /// What became of one object.
    struct Entry: Sendable, Equatable {
        /// The object's UID.
        var instance = ""
        /// Its class, by DCMTK's name for it where it has one.
        var sopClass = ""
        /// The DIMSE status in hexadecimal, `0x0000` where it was stored; empty where there was no answer.
        var status = ""
        /// The rest of the line.
        var words = ""
        /// Whether the archive accepts no object of its class.
        var isUnacceptable: Bool { status.isEmpty && words.contains("no acceptable") }

        /// Whether the archive has it: success, or a warning by which it stores what it changed (PS3.4, B.2.3).
        var isStored: Bool {
            guard status.hasPrefix("0x"), let number = UInt16(status.dropFirst(2), radix: 16) else { return false }
            return number == 0 || [0xB000, 0xB006, 0xB007].contains(number)
        }
    }

    private(set) var entries: [Entry] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstRange(of: ":") else { continue }
            let name = line[..<colon.lowerBound].trimmed
            let value = line[colon.upperBound...].trimmed
            switch name {
            case "Number": entries.append(Entry())
            case "SOP Instance": update { $0.instance = value }
            case "SOP Class":
                update { $0.sopClass = value.firstRange(of: "= ").map { String(value[$0.upperBound...]) } ?? value }
            case "DIMSE Status":
                update {
                    let parts = value.split(separator: " ", maxSplits: 1)
                    let isAnswer = value.hasPrefix("0x")
                    $0.status = isAnswer ? parts.first.map(String.init) ?? "" : ""
                    $0.words = isAnswer ? parts.dropFirst().first.map(String.init) ?? "" : value
                }
            default: continue
            }
        }
    }

    private mutating func update(_ change: (inout Entry) -> Void) {
        guard !entries.isEmpty else { return }
        change(&entries[entries.count - 1])
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
