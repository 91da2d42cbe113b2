internal import Foundation
internal import Glibc
internal import Imaging
package import Ledger
import LedgerSQL
import LedgerSQLite
internal import Logging
internal import struct Reading.Bundle
internal import Registry
package import Review
package import Screening
internal import Synchronization
internal import Testing

/// A site with screenings, and its review page, in a temporary folder.
package final class PageSite: Sendable {
    /// What the page hands over, and where it is.
    private final class Box: Sendable {
        let address = Mutex<String?>(nil)
        let decided = Mutex<[PageDecision]>([])
    }

    package var root: String { folder.path }
    package let ledger: any WholeLedger
    package let requestHandler: ReviewCatalogue
    package let port: Int
    /// Opens the page once.
    package let token: String
    private let folder: TemporaryFolder
    private let box = Box()
    private let server: Task<Void, any Error>

    /// The page's decisions are written down as they come, corrections as acceptances: measuring is the service's, and tested there.
    package init(blindShare: Double = 0) async throws {
        let folder = try TemporaryFolder("review")
        let root = folder.path
        for name in ["outbox", "archive"] { try folder.makeFolder(name) }
        let ledger = try LedgerStore(path: root + "/papilla.sqlite", mode: .create)
        let requestHandler = ReviewCatalogue(
            ledger: ledger, outbox: root + "/outbox", archive: root + "/archive", models: ModelStore(directory: root),
            blindShare: blindShare)
        self.folder = folder
        self.ledger = ledger
        self.requestHandler = requestHandler
        let page = try ReviewServer(requestHandler, log: .silent) {
            [box] decision in
            box.decided.withLock { $0.append(decision) }
            let verdict = decision.verdict == .correct ? .accept : decision.verdict
            return try await ledger.decide(
                try NewDecision(
                    decision.arrival, reader: decision.reader, verdict: verdict, note: decision.note, seen: decision.seen),
                actor: "test@0")
        }
        server = Task { [box] in
            try await page.run(readers: ["Anna"]) { _, address in box.address.withLock { $0 = address } }
        }
        var address: String?
        for _ in 0..<3000 where address == nil {
            try await Task.sleep(for: .milliseconds(20))
            address = box.address.withLock(\.self)
        }
        let text = try #require(address, "the page did not come up")
        let parts = try #require(URLComponents(string: text))
        port = try #require(parts.port)
        token = try #require(parts.queryItems?.first?.value)
    }

    deinit { server.cancel() }

    /// Decisions that came from the page.
    package var decided: [PageDecision] { box.decided.withLock(\.self) }

    /// Screens an image of 120 x 90 px with some findings.
    @discardableResult
    package func screen(
        _ number: Int, patient: String? = nil, received: Timestamp = Timestamp(milliseconds: 1_795_516_867_250),
        change: (inout Report) -> Void = { _ in }
    ) async throws -> ScreeningID {
        let id = try #require(ScreeningID("20261124-0000000\(number)"))
        let image = try ImageEncoder.png(Raster(width: 120, height: 90, fill: (UInt8(number), 80, 20)))
        try await ledger.receive(
            NewArrival(id: id, path: "eye.png", name: "eye.png", isUrgent: false, received: received, device: 1, inode: 1))
        var identification = Identification()
        identification.subject = patient.map { Subject(identifier: $0) }
        identification.examination.eye = .init(.left, from: .name)
        try await ledger.claim(
            id,
            Claim(
                spool: "\(id)/eye.png", sha256: Digest(of: image), bytes: image.count, identification: identification))
        _ = try await ledger.begin(id)
        let source = Report.Source(
            name: "eye.png", path: "eye.png", sha256: Digest(of: image), bytes: image.count, format: "png", width: 120,
            height: 90,
            received: received, patient: patient, eye: .left)
        var report = Report(
            id: id, source: source, outcome: .measured, modality: .init(value: .fundus, probabilities: ["fundus": 1]),
            attention: [Attention(.ratioHigh, "High.", value: 0.7, threshold: 0.65)],
            engine: .init(version: "0", isa: "none", threads: 1, batch: 1))
        report.fundus = Self.fundus
        change(&report)
        let bundle = try Bundle(report: report, files: [(name: "overlay.jpg", bytes: Array("drawn".utf8))])
        let place = "\(received.day)/\(bundle.folder)"
        for (name, bytes) in bundle.files { try folder.write(bytes, "outbox/\(place)/\(name)") }
        try folder.write(image, "archive/\(received.day)/\(id)/eye.png")
        try await ledger.finish(
            id,
            Ending(
                report: bundle.report, bundle: place, bundleDigest: Digest(of: bundle.files.last?.bytes ?? []),
                original: "archive/\(received.day)/\(id)/eye.png", timing: bundle.report.timing))
        return id
    }

    /// Reads a screening again, as later models do that find the same.
    package func reread(_ id: ScreeningID) async throws {
        let former = try #require(try await ledger.versions(of: id).last)
        let folder = try #require(former.bundle)
        var report = try requestHandler.report(folder, expecting: former.digest)
        (report.version, report.supersedes, report.decision) = (former.version + 1, folder, nil)
        report.reread = Timestamp(milliseconds: 1_795_600_000_000)
        let bundle = try Bundle(report: report, files: [(name: "overlay.jpg", bytes: Array("drawn again".utf8))])
        let place = "\(report.source.received.day)/\(bundle.folder)"
        for (name, bytes) in bundle.files { try self.folder.write(bytes, "outbox/\(place)/\(name)") }
        try await ledger.beginRereading(of: id, version: report.version, actor: "test@0")
        try await ledger.concludeRereading(
            Ending(
                report: bundle.report, bundle: place, bundleDigest: Digest(of: bundle.files.last?.bytes ?? []), original: nil,
                timing: bundle.report.timing))
    }

    /// Writes a visit down: its folder is nobody's matter here.
    @discardableResult
    package func visit(
        _ number: Int, of patient: String, _ members: [ScreeningID], weight: Int = 8, worst: Eye? = .left,
        attention: [Attention.Code] = [.ratioHigh], day: String = "2026-11-24"
    ) async throws -> ScreeningID {
        let id = try #require(ScreeningID("20261124-vvvvvvv\(number)"))
        let digest = Digest(of: "visit \(number)".utf8)
        try await ledger.record(
            VisitRow(
                id: id, version: 1, at: Timestamp(milliseconds: 1_795_516_900_250), subject: Subject(identifier: patient),
                study: nil, day: day, weight: weight,
                worst: worst, attention: attention, members: members.map { .init(id: $0, version: 1, decision: nil) },
                repeats: [],
                digest: digest, pageDigest: digest))
        return id
    }

    package static var fundus: FundusFindings {
        func structure(_ radius: Double) -> Structure {
            Structure(
                area: .pi * radius * radius, centre: [60, 45], ellipse: Ellipse(cx: 60, cy: 45, a: radius, b: radius, angle: 0),
                verticalDiameter: 2 * radius, horizontalDiameter: 2 * radius, meanProbability: 0.9, mask: "disc.png",
                rawMask: "disc-raw.png")
        }
        return FundusFindings(
            disc: structure(20), cup: structure(14),
            cdr: CupToDiscRatio(vertical: 0.7, horizontal: 0.7, area: 0.49, interval: [0.6, 0.8]),
            rim: Rim(
                widths: Array(repeating: 0.15, count: 72), minimum: 0.15, minimumAngle: 0, inferior: 0.15, superior: 0.15,
                nasal: nil, temporal: nil, isnt: nil), disagreement: [:])
    }

    // MARK: - HTTP, byte by byte: no client library adds or hides a header

    package struct Answer {
        package var status: Int
        /// Names in lower case.
        package var headers: [String: String]
        package var body: [UInt8]
        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Sends a request as it is, on a connection of its own.
    package func ask(_ method: String = "GET", _ path: String, _ headers: [String: String] = [:], body: String = "") async throws
        -> Answer
    {
        var lines = ["Host": "127.0.0.1:\(port)", "Connection": "close"].merging(headers) { $1 }
        if !body.isEmpty { lines["Content-Length"] = "\(body.utf8.count)" }
        let text = "\(method) \(path) HTTP/1.1\r\n" + lines.map { "\($0): \($1)\r\n" }.joined() + "\r\n" + body
        let port = port
        let bytes: [UInt8] = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try Self.exchange(text, port: port) }) }
        }
        guard let end = bytes.indices.dropLast(3).first(where: { Array(bytes[$0..<$0 + 4]) == Array("\r\n\r\n".utf8) }) else {
            throw PapillaError(.internal, "No HTTP answer: \(String(decoding: bytes, as: UTF8.self))")
        }
        let head = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
        let fields = head.dropFirst().compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
        }
        return Answer(
            status: head.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0, headers: Dictionary(fields) { $1 },
            body: Array(bytes[(end + 4)...]))
    }

    private static func exchange(_ text: String, port: Int) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw PapillaError.system("The page could not be reached", errno: errno) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw PapillaError.system("Nothing could be sent", errno: errno) }
            rest = rest.dropFirst(count)
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Lets a browser in; the cookie that it sends from then on.
    package func enter() async throws -> [String: String] {
        let answer = try await ask("GET", "/?token=\(token)")
        #expect(answer.status == 303)
        let cookie = try #require(answer.headers["set-cookie"])
        return ["Cookie": String(cookie.split(separator: ";")[0])]
    }

    /// What the page's own script sends along with a change.
    package var origin: [String: String] { ["Origin": "http://127.0.0.1:\(port)", "Content-Type": "application/json"] }
}
