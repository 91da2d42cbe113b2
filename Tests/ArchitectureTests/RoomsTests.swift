import Foundation
import TestSupport
import Testing

/// The source tree as text: rooms with their files, the edges that Package.swift has, and those that Sources/README.md allows.
private enum Tree {
    static let top = Checkout.top

    /// Every room, that is, every folder of Sources.
    static let rooms: Set<String> = {
        let folders = try? FileManager.default.contentsOfDirectory(
            at: top.appending(path: "Sources"), includingPropertiesForKeys: [.isDirectoryKey])
        return Set((folders ?? []).filter(\.hasDirectoryPath).map(\.lastPathComponent))
    }()

    /// A room's Swift files with their text.
    static func files(_ room: String) throws -> [(name: String, text: String)] {
        let folder = top.appending(path: "Sources/\(room)")
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (found?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }.map {
            ($0.path.replacing(top.path + "/Sources/", with: ""), try String(contentsOf: $0, encoding: .utf8))
        }
    }

    /// What a room may import by the table in Sources/README.md: what its row names, and what those may.
    static let allowed: [String: Set<String>] = {
        let text = (try? String(contentsOf: top.appending(path: "Sources/README.md"), encoding: .utf8)) ?? ""
        var edges: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count > 3 else { continue }
            let targets = cells[3].split { !($0.isLetter || $0.isNumber) }.map(String.init).filter(rooms.contains)
            for name in cells[1].matches(of: /`(\w+)`/).map({ String($0.output.1) }) {
                edges[name] = cells[3].contains("all") ? rooms : Set(targets)
            }
        }
        func reach(_ room: String, _ seen: inout Set<String>) {
            for next in edges[room] ?? [] where seen.insert(next).inserted { reach(next, &seen) }
        }
        var closed: [String: Set<String>] = [:]
        for room in edges.keys {
            var seen: Set<String> = []
            reach(room, &seen)
            closed[room] = seen.union(["Screening"])
        }
        return closed
    }()

    /// The edges between rooms in Package.swift.
    static let declared: [String: Set<String>] = {
        let text = (try? String(contentsOf: top.appending(path: "Package.swift"), encoding: .utf8)) ?? ""
        var edges: [String: Set<String>] = [:]
        for part in text.split(separator: /\.(?:target|executableTarget)\(/).dropFirst() {
            let declaration = part.split(separator: /\.(?:testTarget|systemLibrary)\(/)[0]
            guard let name = declaration.firstMatch(of: /name: "(\w+)"/).map({ String($0.output.1) }), rooms.contains(name) else {
                continue
            }
            let products = declaration.replacing(/\.product\([^)]*\)/, with: "")
            let list = products.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.output.1 ?? ""
            edges[name] = Set(list.matches(of: /"(\w+)"/).map { String($0.output.1) }).intersection(rooms)
        }
        return edges
    }()

    /// The modules that a text imports.
    static func imports(_ text: String) -> [String] {
        text.matches(of: /(?m)^ *(?:(?:@\w+|public|package|internal|private) )*import (?:\w+ )?(\w+)/).map { String($0.output.1) }
    }

    /// A text without comments and the content of its literals, roughly: enough to find calls.
    static func code(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = String(line).replacing(/"(?:[^"\\]|\\.)*"/, with: "\"\"")
            if let comment = line.firstRange(of: "//") { line = String(line[..<comment.lowerBound]) }
            return line
        }.joined(separator: "\n")
    }
}

@Suite("The rooms and what they may know")
struct RoomsTests {
    @Test("Sources/README.md has every room, and no other")
    func table() {
        #expect(Set(Tree.allowed.keys) == Tree.rooms)
        #expect(Set(Tree.declared.keys) == Tree.rooms.filter { !["COneDNN", "CCairo", "CSystemd"].contains($0) })
    }

    @Test("Package.swift has no edge that the table lacks", arguments: Tree.declared.keys.sorted())
    func edges(room: String) {
        let more = (Tree.declared[room] ?? []).subtracting(Tree.allowed[room] ?? [])
        #expect(more.isEmpty, "\(room) may not know \(more.sorted().joined(separator: ", "))")
    }

    @Test("No file imports a room that Package.swift does not give to its own", arguments: Tree.rooms.sorted())
    func imports(room: String) throws {
        for (name, text) in try Tree.files(room) {
            for imported in Tree.imports(text) where Tree.rooms.contains(imported) {
                #expect(Tree.declared[room]?.contains(imported) == true, "\(name) imports \(imported)")
            }
        }
    }

    @Test("No room has more than about forty files", arguments: Tree.rooms.sorted())
    func sizes(room: String) throws {
        #expect(try Tree.files(room).count <= 42)
    }

    @Test("A database is known to the room of its ledgers, oneDNN to its room, and only the terminal's room prints")
    func libraries() throws {
        for room in Tree.rooms {
            for (name, text) in try Tree.files(room) {
                let imported = Set(Tree.imports(text))
                if room != "LedgerSQLite" {
                    #expect(imported.isDisjoint(with: ["GRDB", "GRDBSQLite"]), "\(name) imports a database")
                }
                if room != "LedgerPostgreSQL" { #expect(!imported.contains("CPostgres"), "\(name) imports libpq") }
                if !["Service", "LedgerSQLite", "LedgerPostgreSQL"].contains(room) {
                    #expect(
                        imported.isDisjoint(with: ["LedgerSQLite", "LedgerPostgreSQL"]),
                        "\(name) knows which database a ledger is in")
                }
                if room != "OneDNN" { #expect(!imported.contains("COneDNN"), "\(name) imports COneDNN") }
                if room != "papilla" { #expect(!text.contains("\n        print("), "\(name) prints") }
            }
        }
    }

    @Test(
        "Only Files calls the system on paths",
        arguments: Tree.rooms.subtracting(["Files", "Ledger", "LedgerSQL", "LedgerSQLite"]).sorted())
    func systemCalls(room: String) throws {
        let calls =
            #/
            (?:^|[^.\w]|Glibc\.)(?:open|openat|creat|rename|renameat2?|unlink|unlinkat|mkdirat?|rmdir|lstat|fstatat|access|faccessat
            |f?chmod|f?chown|link|linkat|symlink|symlinkat|readlink|realpath|opendir|fdopendir|readdir|truncate|mkstemp|flock|statfs|statvfs
            |inotify_add_watch)\(
            /#
        for (name, text) in try Tree.files(room) {
            let code = Tree.code(text).replacing(/func \w+/, with: "func")
            if !Set(Tree.imports(text)).isDisjoint(with: ["Glibc", "Foundation"]), let call = code.firstMatch(of: calls) {
                Issue.record("\(name) calls \(call.output)")
            }
            for word in ["FileManager", "contentsOf: URL", "contentsOfFile", "FileHandle(", "write(toFile"] {
                #expect(!code.contains(word), "\(name) uses \(word)")
            }
        }
    }
}
