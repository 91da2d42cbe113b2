import Foundation
import Testing

/// The rooms of the house and who may import whom, as Sources/README.md has them. An edge that is not here is a reason to stop and think.
private let allowed: [String: Set<String>] = [
    "Screening": [], "Files": ["CSystemd"], "OneDNN": ["COneDNN"], "Neural": ["OneDNN", "CKernels"], "Imaging": ["CImageCodecs", "CCairo"],
    "Registry": ["Neural"], "Reading": ["Imaging", "Registry", "Neural"], "Phantoms": ["Imaging"],
    "DataSets": ["Imaging"], "Training": ["DataSets", "Reading", "Phantoms", "Imaging", "Neural", "Registry"], "Ledger": [],
    "Service": ["DataSets", "Reading", "Ledger", "Imaging", "Registry", "Neural", "Files", "CSystemd"],
    "Review": ["Training", "DataSets", "Ledger", "Reading", "Phantoms", "Imaging", "Neural", "Registry"],
]
private let rooms = Set(allowed.keys).union(["CImageCodecs", "CKernels", "COneDNN", "CCairo", "CSystemd"])

@Suite("The house")
struct RoomsTests {
    private static var top: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    @Test("No file imports a room that its own may not know", arguments: allowed.keys.sorted())
    func imports(room: String) throws {
        let folder = Self.top.appending(path: "Sources/\(room)")
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return }
        let own = (allowed[room] ?? []).union(["Screening"])
        for case let file as URL in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ").drop { ["public", "internal", "private", "@preconcurrency"].contains($0) }
                guard words.first == "import", let name = words.dropFirst().last.map(String.init), rooms.contains(name) else {
                    continue
                }
                #expect(own.contains(name), "\(file.lastPathComponent) imports \(name)")
            }
        }
    }

    @Test("SQL stays in the ledger, and only the terminal's own room prints")
    func boundaries() throws {
        let sources = Self.top.appending(path: "Sources")
        guard let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil) else { return }
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            count += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            if !file.path.contains("/Ledger/") { #expect(!text.contains("import GRDB"), "\(file.lastPathComponent)") }
            if !file.path.contains("/papilla/") {
                #expect(!text.contains("\n        print("), "\(file.lastPathComponent) prints")
            }
        }
        #expect(count > 50)
    }
}
