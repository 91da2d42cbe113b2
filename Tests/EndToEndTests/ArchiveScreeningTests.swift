import Foundation
import Screening
import TestSupport
import Testing

@Suite("An archive, read into a list", .serialized)
struct ArchiveScreeningTests {
    private let folder: TemporaryFolder
    /// Files of the archive, by their paths in it; two of them are copies of one content.
    private let names: Set<String>

    init() throws {
        folder = try TemporaryFolder("archive")
        for (kind, count) in [("fundus", 2), ("endoscopy", 3)] {
            let made = try Program.run([
                "phantom", "--kind", kind, "--count", "\(count)", "--seed", "7", "--out", "\(folder.path)/\(kind)",
            ])
            try #require(made.status == 0, "\(made.errors)")
        }
        var names: Set<String> = []
        for (index, kind) in ["fundus", "endoscopy"].enumerated() {
            for (number, file) in try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(kind)/images")
                .enumerated()
            {
                let name = index == 0 ? "\(number).jpg" : "2019/room \(number)/ä \(file)"
                try folder.write(try folder.read("\(kind)/images/\(file)"), "archive/\(name)")
                names.insert(name)
            }
        }
        try folder.write(try folder.read("archive/0.jpg"), "archive/2020/again.jpg")
        try folder.write(Array("no image\n".utf8), "archive/2020/notes.txt")
        try folder.write(Array("hidden".utf8), "archive/.hidden.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/archive/link.jpg", withDestinationPath: "0.jpg")
        self.names = names.union(["2020/again.jpg", "2020/notes.txt"])
    }

    @discardableResult
    private func screen(_ list: String, _ more: [String] = []) throws -> Program.Result {
        try Program.run(["screen", "archive", "--resume", list, "--models", Program.models] + more, in: folder.url)
    }

    private func lines(_ list: String) throws -> [ScreenedFile] {
        try folder.read(list).split(separator: UInt8(ascii: "\n")).map { try CanonicalJSON.decode(ScreenedFile.self, from: $0) }
    }

    /// What must not depend on how often a run was stopped: path, digest, outcome; and that each content was read once.
    private func account(_ lines: [ScreenedFile]) -> Set<String> {
        #expect(Set(lines.map(\.path)).count == lines.count, "no file has two lines")
        for (digest, copies) in Dictionary(grouping: lines, by: \.sha256) {
            #expect(copies.count { $0.report != nil } == 1, "\(digest) was read \(copies.count { $0.report != nil }) times")
        }
        let outcomes = Dictionary(lines.compactMap { line in line.report.map { (line.sha256, $0.outcome) } }) { a, _ in a }
        return Set(lines.map { "\($0.path) \($0.sha256) \(outcomes[$0.sha256]?.rawValue ?? "-")" })
    }

    @Test("Shares are together the whole, copies are read once, and nothing is read twice")
    func shares() throws {
        let whole = try screen("whole.jsonl", ["--json"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try whole.json()["copies"] as? Int == 1)
        let expected = account(try lines("whole.jsonl"))
        #expect(Set(try lines("whole.jsonl").map(\.path)) == Set(names.map { "archive/\($0)" }))
        #expect(expected.contains { $0.hasPrefix("archive/2020/notes.txt ") && $0.hasSuffix(" failed") })
        #expect(expected.count { $0.hasSuffix(" measured") } >= 3, "\(expected)")
        ReportSchema.check(folder.url.appending(path: "whole.jsonl"), schema: ReportSchema.ofLists)

        for share in 1...3 { #expect(try screen("\(share).jsonl", ["--shard", "\(share)/3"]).status == 0) }
        let parts = try (1...3).map { try lines("\($0).jsonl") }
        #expect(account(parts.flatMap(\.self)) == expected)
        #expect(parts.allSatisfy { $0.count < names.count })

        let again = try screen("whole.jsonl", ["--json", "--out", "bundles"])
        #expect(try again.json()["earlier"] as? Int == names.count)
        #expect(account(try lines("whole.jsonl")) == expected)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/bundles").isEmpty)
    }

    @Test("Killed again and again, with half a line at the end, it comes to the same list")
    func kills() throws {
        #expect(try screen("whole.jsonl").status == 0)
        let expected = account(try lines("whole.jsonl"))
        let list = folder.url.appending(path: "list.jsonl")
        for kill in 1...3 {
            let process = try Program.start(
                ["screen", "archive", "--resume", "list.jsonl", "--models", Program.models], in: folder.url)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let before = kill - 1
            while process.isRunning, (try? lines("list.jsonl").count) ?? 0 <= before { Thread.sleep(forTimeInterval: 0.01) }
            Glibc.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            // As a kill in the middle of a write leaves it.
            let bytes = try Data(contentsOf: list)
            let end = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")) ?? bytes.indices.last)
            if kill < 3 { try bytes.prefix(end + 1 + (bytes.count - end) / 2).write(to: list) }
        }
        #expect(try screen("list.jsonl").status == 0)
        #expect(account(try lines("list.jsonl")) == expected)
    }

    @Test("A list that another run writes to, a line that is none, and a share that is none, are refused with words")
    func refusals() throws {
        try folder.write(Array("{\"schema\": \"papilla.report/2\"}\n".utf8), "other.jsonl")
        let other = try screen("other.jsonl", ["--verbose"])
        #expect(other.status == 1 && other.errors.contains("Line 1 of the list"), "\(other.errors)")
        for share in ["0/4", "5/4", "1/0", "1", "a/b", "1/4/2"] {
            #expect(try screen("share.jsonl", ["--shard", share]).status == 64, "\(share)")
        }
        #expect(try Program.run(["screen", "archive", "--shard", "1/2", "--out", "out"], in: folder.url).status == 64)

        let holder = try #require(FileHandle(forWritingAtPath: folder.path + "/other.jsonl"))
        #expect(flock(holder.fileDescriptor, LOCK_EX) == 0)
        let held = try screen("other.jsonl")
        #expect(held.status == 1 && held.errors.contains("Another run is writing"), "\(held.errors)")
    }

    @Test("What cannot be opened has no line, is told of, and is read the next time")
    func unopened() throws {
        let missing = try Program.run(
            ["screen", "archive", "nowhere.jpg", "--resume", "list.jsonl", "--models", Program.models, "--json"], in: folder.url)
        #expect(missing.status == 1 && missing.errors.contains("nowhere.jpg"))
        #expect(try missing.json()["unopened"] as? Int == 1)
        #expect(try lines("list.jsonl").count == names.count)
        try folder.write(try folder.read("archive/1.jpg") + [0], "nowhere.jpg")
        let found = try Program.run(
            ["screen", "archive", "nowhere.jpg", "--resume", "list.jsonl", "--models", Program.models, "--json"], in: folder.url)
        #expect(found.status == 0, "\(found.errors)")
        #expect(try lines("list.jsonl").count == names.count + 1)
    }
}
