import Foundation
import TestSupport
import Testing

/// The ways in which files come into a folder, while the service watches it.
@Suite("Arrivals", .serialized)
struct ArrivalTests {
    /// 1 x 1 px: ends as too_small without a network, so that many of them are quick.
    private static let pixel =
        Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC") ?? Data()

    /// A different image each: what follows a PNG's end does not belong to it.
    private static func image(_ number: Int) -> Data { pixel + Data("\(number)".utf8) }

    private static let settings = "settle: {local: 300 ms, remote: 300 ms}\nrescan: {local: 2 s, remote: 2 s}\nkeep_empty: 0 s\n"

    @Test("Slow and pausing writers, renames, folders, odd names, links, mmap: every file gets one answer")
    func waysIn() throws {
        let site = try Site(settings: Self.settings)
        let image = try #require(try site.phantoms("endoscopy", count: 1, seed: 41).first)
        let jpeg = try Data(contentsOf: image)
        try Self.image(0).write(to: site.inbox.appending(path: "there at the start.png"))
        let running = try Running(site)
        try running.waitForAll(1)
        var count = 1

        // Slow, in many pieces; and one that pauses for longer than a file must be unchanged.
        let slow = try Writer(site.inbox.appending(path: "slow.jpg"))
        let pausing = try Writer(site.inbox.appending(path: "pausing.jpg"))
        try pausing.write(jpeg.prefix(jpeg.count / 2))
        let piece = jpeg.count / 10
        for index in 0..<10 {
            try slow.write(jpeg[(index * piece)..<(index == 9 ? jpeg.count : (index + 1) * piece)])
            Thread.sleep(forTimeInterval: 0.2)
        }
        try slow.close()
        try pausing.write(jpeg.suffix(from: jpeg.count / 2) + Data("p".utf8))
        try pausing.close()
        count += 2

        // Copied aside and renamed; renamed over a file that is there; a folder moved in; a hard link; written through a mapping.
        let aside = site.folder.appending(path: "aside")
        try FileManager.default.createDirectory(at: aside.appending(path: "monday/deep"), withIntermediateDirectories: true)
        try Self.image(1).write(to: site.inbox.appending(path: ".copy"))
        #expect(rename(site.inbox.appending(path: ".copy").path, site.inbox.appending(path: "copied.png").path) == 0)
        for index in 2..<5 { try Self.image(index).write(to: aside.appending(path: "monday/deep/\(index).png")) }
        #expect(rename(aside.appending(path: "monday").path, site.inbox.appending(path: "monday").path) == 0)
        try Self.image(5).write(to: aside.appending(path: "linked.png"))
        #expect(link(aside.appending(path: "linked.png").path, site.inbox.appending(path: "link.png").path) == 0)
        try mapped(Self.image(6), at: site.inbox.appending(path: "mapped.png").path)
        count += 6

        // Names: spaces, a line's end, emoji, 255 bytes, bytes that are no text; the same content under another name.
        let names: [[UInt8]] = [
            Array(" two  spaces .png".utf8), Array("line\nend.png".utf8), Array("größe 👁 \u{202E}.png".utf8),
            Array(repeating: UInt8(ascii: "n"), count: 251) + Array(".png".utf8), [0xE9, 0xFF, 0x5C] + Array(".png".utf8),
            Array("-rf.png".utf8), Array("$(reboot).png".utf8),
        ]
        for (index, name) in names.enumerated() { try write(Self.image(10 + index), named: name, in: site.inbox.path) }
        try Self.image(1).write(to: site.inbox.appending(path: "same content.png"))
        count += names.count + 1
        try running.waitForAll(count)
        // Whatever the name, what was dropped could be read.
        let outcomes = try site.reports().values.joined().compactMap { $0["outcome"] as? String }
        #expect(!outcomes.contains("failed"))

        // Another content under a name that was there before, and a rename over a file before it is taken.
        try Self.image(20).write(to: site.inbox.appending(path: "copied.png"))
        try Self.image(21).write(to: site.inbox.appending(path: ".over"))
        try Data("half".utf8).write(to: site.inbox.appending(path: "over.png"))
        #expect(rename(site.inbox.appending(path: ".over").path, site.inbox.appending(path: "over.png").path) == 0)
        try running.eventually("both are answered") {
            let reports = try site.reports()
            return reports["copied.png"]?.count == 2
                && reports["over.png"]?.contains { $0["outcome"] as? String == "ungradable" } == true
        }
        try running.eventually("nothing waits") {
            let states = (try running.status()["ledger"] as? [String: Any])?["states"] as? [String: Int] ?? [:]
            return states.filter { $0.key != "finished" }.values.allSatisfy { $0 == 0 }
        }
        running.stop()
        let reports = try site.reports()
        let received = reports.values.reduce(0) { $0 + $1.count }
        // The file that was renamed over may have been taken before, as a file of its own.
        #expect([count + 2, count + 3].contains(received))
        try site.expectAccounted(received)
        for name in ["slow.jpg", "pausing.jpg"] {
            #expect(["measured", "no_finding"].contains(reports[name]?.first?["outcome"] as? String ?? ""), "\(name)")
            #expect(reports[name]?.count == 1)
        }
        #expect(reports["monday/deep/3.png"]?.count == 1 && reports["link.png"]?.count == 1 && reports["mapped.png"]?.count == 1)
        #expect(reports["\\xE9\\xFF\\\\.png"]?.count == 1)
        // The hard link's other name is not ours.
        #expect(FileManager.default.fileExists(atPath: aside.appending(path: "linked.png").path))
    }

    @Test("Thousands of files at once: each is answered, urgent ones first, and memory does not grow with the backlog")
    func many() throws {
        let count = Machine.isSoak ? 10_000 : 500
        let site = try Site(settings: Self.settings)
        let running = try Running(site)
        for index in 0..<100 { try Self.image(index).write(to: site.inbox.appending(path: "warm \(index).png")) }
        try running.waitForAll(100)
        let before = try running.memory()
        let aside = site.folder.appending(path: "aside")
        try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
        for index in 0..<count { try Self.image(1000 + index).write(to: aside.appending(path: "\(index).png")) }
        #expect(rename(aside.path, site.inbox.appending(path: "many").path) == 0)
        try FileManager.default.createDirectory(at: site.inbox.appending(path: "urgent"), withIntermediateDirectories: true)
        for index in 0..<5 { try Self.image(-index - 1).write(to: site.inbox.appending(path: "urgent/\(index).png")) }
        // Where the urgent ones are done while others still wait, they were first.
        try running.eventually("the urgent ones are answered") { try site.reports().keys.count { $0.hasPrefix("urgent/") } == 5 }
        try running.waitForAll(100 + count + 5, within: Machine.isSoak ? 3600 : 600)
        let after = try running.memory()
        if Machine.isSoak {
            print("resident memory: \(before >> 20) MiB after 100 files, \(after >> 20) MiB after \(count + 105)")
        }
        #expect(after < before + before / 5, "\(before) bytes after 100 files, \(after) after \(count + 105)")
        running.stop()
        try site.expectAccounted(100 + count + 5)
    }

    /// A file that is written piece by piece.
    private final class Writer {
        private let handle: FileHandle
        init(_ file: URL) throws {
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
            handle = try FileHandle(forWritingTo: file)
        }
        func write(_ bytes: Data) throws { try handle.write(contentsOf: bytes) }
        func close() throws { try handle.close() }
    }

    private func mapped(_ bytes: Data, at path: String) throws {
        let file = open(path, O_RDWR | O_CREAT, 0o640)
        try #require(file >= 0 && ftruncate(file, bytes.count) == 0)
        let memory = try #require(mmap(nil, bytes.count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
        close(file)
        // The size was there long before the content is.
        Thread.sleep(forTimeInterval: 0.5)
        bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: bytes.count) }
        munmap(memory, bytes.count)
    }

    private func write(_ bytes: Data, named name: [UInt8], in folder: String) throws {
        let path = (Array(folder.utf8) + [UInt8(ascii: "/")] + name).map { CChar(bitPattern: $0) } + [0]
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o640)
        try #require(file >= 0)
        let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        #expect(written == bytes.count)
        close(file)
    }
}
