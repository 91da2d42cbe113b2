import Foundation
import Imaging
import TestSupport
import Testing

/// Images that would bring a reader down: each ends in quarantine with its reason, and the image after it is read.
@Suite("Deadly images", .serialized)
struct DeadlyTests {
    /// A large picture of nothing, which takes a few kilobytes as a file.
    private static func large(_ side: Int) throws -> Data { Data(try ImageEncoder.png(Raster(width: side, height: side))) }

    /// The fixture of 203 scans with its last scan repeated: a small file of many thousand scans.
    private static func scans(_ count: Int) throws -> Data {
        let fixtures = Checkout.top.appending(path: "Tests/ImagingTests/Fixtures/codecs.json")
        let all = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: fixtures)) as? [[String: Any]])
        let text = try #require(all.first { $0["name"] as? String == "jpeg of 203 scans" }?["file"] as? String)
        let jpeg = try #require(Data(base64Encoded: text))
        let last = try #require(jpeg.range(of: Data([0xFF, 0xDA]), options: .backwards)).lowerBound
        let scan = jpeg[last..<(jpeg.count - 2)]
        return jpeg[..<last] + (0..<count).reduce(into: Data()) { all, _ in all += scan } + Data([0xFF, 0xD9])
    }

    /// A chunk of a PNG with its checksum.
    private static func chunk(_ type: String, _ content: Data) -> Data {
        let body = Data(type.utf8) + content
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in body {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        func big(_ value: UInt32) -> Data { Data((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }) }
        return big(UInt32(content.count)) + body + big(~sum)
    }

    /// A small picture with chunks put before its end.
    private static func png(with chunks: Data) throws -> Data {
        let png = Data(try ImageEncoder.png(Raster(width: 8, height: 8)))
        let end = try #require(png.range(of: Data("IDAT".utf8))).lowerBound - 4
        return png[..<end] + chunks + png[end...]
    }

    private func reasons(_ site: Site) throws -> [String: String] {
        try site.reports().mapValues { reports in
            ((reports.first?["reasons"] as? [[String: Any]])?.first?["code"] as? String) ?? "\(reports.first?["outcome"] ?? "")"
        }
    }

    @Test("One that takes more memory than there is, one of thousands of scans, bombs of text and profiles; the rest is read")
    func memoryAndScans() throws {
        let site = try Site()
        let running = try Running(site)
        try site.drop(try #require(try site.phantoms("endoscopy", count: 1, seed: 51).first), as: "good.jpg")
        try running.waitForAll(1)
        // As LimitDATA= of the unit: what cannot be had is refused, instead of killing whoever asks for it.
        try running.limitData(toWhatItHasAnd: 250 << 20)
        try Self.large(9900).write(to: site.inbox.appending(path: "large.png"))
        try Self.scans(20_000).write(to: site.inbox.appending(path: "scans.jpg"))
        // Eight thousand texts of one kilobyte, and a profile that would inflate to gigabytes (it is never inflated).
        let text = Self.chunk("tEXt", Data("Comment".utf8) + Data([0]) + Data(repeating: 0x41, count: 1000))
        let texts = (0..<8000).reduce(into: Data()) { all, _ in all += text }
        try Self.png(with: texts).write(to: site.inbox.appending(path: "texts.png"))
        let profile = Self.chunk("iCCP", Data("p".utf8) + Data([0, 0, 0x78, 0x9C]) + Data(repeating: 0, count: 1 << 20))
        try Self.png(with: profile).write(to: site.inbox.appending(path: "profile.png"))
        try site.drop(try #require(try site.phantoms("endoscopy", count: 1, seed: 53).first), as: "good too.jpg")
        try running.waitForAll(6)
        running.stop()
        try site.expectAccounted(6)
        let reasons = try reasons(site)
        #expect(reasons["large.png"] == "out_of_memory")
        #expect(reasons["scans.jpg"] == "corrupt")
        // Harmless: they are passed over, and the picture itself is only too small.
        #expect(["too_small", "corrupt"].contains(reasons["texts.png"]) && reasons["profile.png"] == "too_small")
        #expect(["measured", "no_finding"].contains(reasons["good too.jpg"]))
    }

    @Test("One that takes longer than image_deadline is given up, and holds up nobody")
    func timedOut() throws {
        let site = try Site(settings: "settle: {local: 200 ms, remote: 200 ms}\nimage_deadline: 1 s\n")
        let running = try Running(site)
        // Small ones first, so that the networks are warm when the large one comes.
        try site.drop(try #require(try site.phantoms("endoscopy", count: 1, seed: 52).first), as: "before.jpg")
        try running.waitForAll(1)
        try Self.large(9900).write(to: site.inbox.appending(path: "large.png"))
        try running.waitForAll(2)
        let large = try #require(try reasons(site)["large.png"])
        // A machine that reads a hundred million pixels within a second has a right to.
        #expect(["timed_out", "too_dark", "neither", "uncertain", "greyscale"].contains(large))
        running.stop()
        try site.expectAccounted(2)
    }
}
