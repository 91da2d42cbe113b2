import Files
import Foundation
import TestSupport
import Testing

@Suite struct LineFileTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/list" }
    init() throws { folder = try TemporaryFolder("lines") }

    private func lines(_ file: LineFile) throws -> [String] {
        var lines: [String] = []
        try file.forEachLine { lines.append(String(decoding: $0, as: UTF8.self)) }
        return lines
    }

    @Test func halfALineIsTakenAwayAndTheNextOneStandsInItsPlace() throws {
        // Longer than what is read at once.
        let long = String(repeating: "x", count: 3 << 20)
        try folder.write(Array("one\n\n\(long)\nhal".utf8), "list")
        do {
            let file = try LineFile(path)
            #expect(try lines(file) == ["one", "", long])
            try file.append("two")
        }
        #expect(try folder.read("list") == Array("one\n\n\(long)\ntwo\n".utf8))
        #expect(try lines(LineFile(path)) == ["one", "", long, "two"])
    }

    @Test func oneAtATime() throws {
        let file = try LineFile(path)
        #expect { try LineFile(path) } throws: { ($0 as? FileError)?.number == EWOULDBLOCK }
        try file.append("one")
    }

    @Test func whatIsNoFile() throws {
        #expect(throws: FileError.self) { try LineFile(folder.path) }
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: FileError.self) { try LineFile(path) }
    }
}

@Suite struct FileWalkTests {
    @Test func everyRegularFileOnce() throws {
        let folder = try TemporaryFolder("walk")
        let names = (0..<300).map { "\($0 % 7)/\($0 % 3)/\($0)" } + ["top", "a/b/c/d/e/f"]
        for name in names + [".hidden", ".folder/file", "a/.b"] { try folder.write([1], name) }
        try folder.makeFolder("empty")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: "top")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/round", withDestinationPath: folder.path)
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let walk = try FileWalk(below: folder.path)
        var found: [String] = []
        while let (inner, name, path) = try walk.next() {
            #expect(try inner.read(name, limit: 9) == [1])
            found.append(path.description)
        }
        #expect(found.sorted() == names.sorted())
    }
}

@Suite struct NamedPathTests {
    @Test("A FIFO, a device and a folder are refused at once where a file is read, in words that say what was found")
    func onlyFilesAreRead() throws {
        let folder = try TemporaryFolder("named")
        try folder.write([1, 2, 3], "file")
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: "file")
        for name in ["file", "link"] { #expect(try NamedPath.read("\(folder.path)/\(name)") == [1, 2, 3]) }
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        for (path, found) in [("\(folder.path)/pipe", "FIFO"), ("/dev/null", "device"), (folder.path, "folder")] {
            #expect { try NamedPath.read(path) } throws: { error in
                let error = error as? FileError
                return error?.place == path && error?.words.contains(found) == true && error?.isMissing == false
            }
        }
        #expect { try NamedPath.read("\(folder.path)/none") } throws: { ($0 as? FileError)?.isMissing == true }
    }
}
