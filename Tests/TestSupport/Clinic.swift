import Foundation
package import Ledger
package import Screening
import Testing

/// A ledger with folders around it, and the service's moves: rows and files change in the service's order.
package final class Clinic: Sendable {
    package let root: String
    package let folders: Folders
    package let ledger: any WholeLedger
    private let subject: LedgerSubject

    /// A new clinic, with an empty ledger in the database that is under test.
    package init(now: @escaping @Sendable () -> Timestamp = Clinic.clock()) async throws {
        // In memory where there is such a folder: every commit waits for the disk, and thousands of them are tested.
        let folder =
            FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        root = folder + "/papilla-ledger-" + UUID().uuidString
        folders = Folders(
            inbox: root + "/inbox", outbox: root + "/outbox", spool: root + "/spool", archive: root + "/archive",
            quarantine: root + "/quarantine")
        for folder in [folders.inbox, folders.outbox, folders.spool, folders.archive, folders.quarantine] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        subject = LedgerSubject.current
        ledger = try await subject.open(root, now)
    }

    /// The ledger as another process has it, or as it is after a new start.
    package func reopened(now: @escaping @Sendable () -> Timestamp = Clinic.clock()) async throws -> any WholeLedger {
        try await subject.open(root, now)
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// A clock that goes one second further at each look.
    package static func clock(from start: Int64 = 1_795_516_867_250) -> @Sendable () -> Timestamp {
        let ticks = Ticks(start)
        return { ticks.next() }
    }

    private final class Ticks: @unchecked Sendable {
        // Guarded by the lock.
        private var milliseconds: Int64
        private let lock = NSLock()
        init(_ start: Int64) { milliseconds = start }
        func next() -> Timestamp {
            lock.withLock {
                milliseconds += 1000
                return Timestamp(milliseconds: milliseconds)
            }
        }
    }

    /// `20261124-00000042`, different for each number.
    package static func id(_ number: Int, date: String = "20261124") -> ScreeningID {
        let digits = String(number)
        guard let id = ScreeningID("\(date)-\(String(repeating: "0", count: 8 - digits.count))\(digits)") else {
            preconditionFailure("not a number of an ID: \(number)")
        }
        return id
    }

    /// Screenings of every outcome, from ``id(_:)`` 0 on, and two arrivals that wait: 10, received, and 11, claimed.
    package func work() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() { try await screen(Self.id(number), outcome) }
        try await receive(Self.id(10))
        try await receive(Self.id(11))
        try await claim(Self.id(11))
    }

    /// What `audit verify` finds.
    package func problems(expecting head: String? = nil) async throws -> [Verification.Problem] {
        let verification = try await ledger.verify(folders, expecting: head)
        #expect(verification.ok == verification.problems.isEmpty)
        return verification.problems
    }

    package static func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else { throw CocoaError(.fileWriteUnknown) }
    }

    // MARK: the service's moves

    @discardableResult
    package func receive(
        _ id: ScreeningID, name: String = "eye.jpg", content: String = "image", urgent: Bool = false, received: Timestamp? = nil
    ) async throws -> ScreeningID {
        let path = (urgent ? "urgent/" : "") + "\(id)/" + name
        try Self.write(content, to: folders.inbox + "/" + path)
        var status = stat()
        lstat(folders.inbox + "/" + path, &status)
        try await ledger.receive(
            NewArrival(
                id: id, path: path, name: name, isUrgent: urgent,
                received: received ?? Timestamp(milliseconds: 1_795_516_867_250),
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
        return id
    }

    /// - Parameter sidecar: the content of a sidecar `sidecar.json` that comes with it.
    package func claim(
        _ id: ScreeningID, patient: String? = nil, study: String? = nil, eye: Eye = .unknown, sidecar: String? = nil,
        issuer: String? = nil, taken: String? = nil, isLast: Bool = false
    ) async throws {
        let row = try #require(try await ledger.arrival(id))
        let from = "\(folders.inbox)/\(try #require(row.path))"
        let content = try String(contentsOfFile: from, encoding: .utf8)
        let spool = "\(id)/\(try #require(row.name))"
        try FileManager.default.createDirectory(atPath: "\(folders.spool)/\(id)", withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: from, toPath: folders.spool + "/" + spool)
        if let sidecar { try Self.write(sidecar, to: "\(folders.spool)/\(id)/sidecar.json") }
        var identification = Identification()
        identification.subject = patient.map { Subject(identifier: $0, issuer: issuer) }
        identification.examination.taken = taken.flatMap { ExaminationTime($0) }
        identification.examination.study = study
        identification.isLast = isLast
        identification.examination.eye = .init(eye, from: eye == .unknown ? nil : .name)
        try await ledger.claim(
            id,
            Claim(
                spool: spool, sha256: Digest(of: content.utf8), bytes: content.utf8.count,
                sidecar: sidecar.map { _ in "sidecar.json" }, sidecarDigest: sidecar.map { Digest(of: $0.utf8) },
                identification: identification))
    }

    /// Publishes a bundle, moves the original, writes the end down.
    @discardableResult
    package func finish(
        _ id: ScreeningID, _ outcome: Outcome = .measured, key: String? = "key", reusedFrom: ScreeningID? = nil,
        deliveries: [DeliveryTerms] = [], change: (inout Report) -> Void = { _ in }
    ) async throws -> Ending {
        let row = try #require(try await ledger.arrival(id))
        let bundle = "2026-11-24/eye.\(id)"
        let overlay = "overlay of \(id)"
        var report = Self.report(row, outcome)
        report.reusedFrom = reusedFrom
        report.files = [.init(name: "overlay.jpg", bytes: overlay.utf8.count, sha256: Digest(of: overlay.utf8))]
        change(&report)
        let json = try CanonicalJSON.document(report)
        try Self.write(overlay, to: "\(folders.outbox)/\(bundle)/overlay.jpg")
        try Self.write(json, to: "\(folders.outbox)/\(bundle)/report.json")
        let original = "\(outcome.isQuarantined ? "quarantine" : "archive")/2026-11-24/\(id)/\(try #require(row.name))"
        let place = folders.place(ofOriginal: original)
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: row.spool.map { folders.spool + "/" + $0 } ?? "\(folders.inbox)/\(row.path ?? "")", toPath: place)
        let folder = (place as NSString).deletingLastPathComponent
        if let sidecar = row.sidecar {
            try FileManager.default.moveItem(atPath: "\(folders.spool)/\(id)/\(sidecar)", toPath: folder + "/" + sidecar)
        }
        if outcome.isQuarantined {
            try Self.write(String(decoding: ReasonFile(report).bytes(), as: UTF8.self), to: folder + "/reason.json")
        }
        let ending = Ending(
            report: report, bundle: bundle, bundleDigest: Digest(of: json.utf8), original: original,
            timing: Report.Timing(wait: 1, decode: 2, route: 3, infer: 4, render: 5, publish: 6),
            key: key, deliveries: deliveries)
        try await ledger.finish(id, ending)
        return ending
    }

    /// All the way from the inbox to its end.
    @discardableResult
    package func screen(
        _ id: ScreeningID, _ outcome: Outcome = .measured, name: String = "eye.jpg", content: String = "image",
        key: String? = "key", deliveries: [DeliveryTerms] = [],
        change: (inout Report) -> Void = { _ in }
    ) async throws -> Ending {
        try await receive(id, name: name, content: content)
        try await claim(id)
        _ = try await ledger.begin(id)
        return try await finish(id, outcome, key: key, deliveries: deliveries, change: change)
    }

    /// A reader's correction of a first version: announced, published, written down.
    package func correct(_ id: ScreeningID, deliveries: [DeliveryTerms] = []) async throws {
        let bundle = "2026-11-24/eye.\(id).v2"
        var report = Self.report(try #require(try await ledger.arrival(id)), .measured)
        (report.version, report.supersedes) = (2, "2026-11-24/eye.\(id)")
        report.decision = .init(
            reader: "Anna", verdict: .correct, note: nil, at: Timestamp(milliseconds: 1_795_516_900_000), blind: false)
        let json = try CanonicalJSON.document(report)
        try await ledger.beginCorrection(
            NewDecision(id, reader: "Anna", verdict: .correct, note: nil), version: 2, actor: "anna@1000")
        try Self.write(json, to: "\(folders.outbox)/\(bundle)/report.json")
        _ = try await ledger.concludeCorrection(
            Ending(
                report: report, bundle: bundle, bundleDigest: Digest(of: json.utf8), original: nil, timing: report.timing,
                deliveries: deliveries))
    }

    /// A version by later models: announced, published, written down.
    package func reread(
        _ id: ScreeningID, _ outcome: Outcome = .measured, version: Int = 2, deliveries: [DeliveryTerms] = []
    ) async throws {
        let bundle = "2026-11-24/eye.\(id).v\(version)"
        var report = Self.report(try #require(try await ledger.arrival(id)), outcome)
        (report.version, report.supersedes) = (version, try await ledger.versions(of: id).last?.bundle)
        report.reread = Timestamp(milliseconds: 1_795_516_950_000)
        let json = try CanonicalJSON.document(report)
        try await ledger.beginRereading(of: id, version: version, actor: "anna@1000")
        try Self.write(json, to: "\(folders.outbox)/\(bundle)/report.json")
        try await ledger.concludeRereading(
            Ending(
                report: report, bundle: bundle, bundleDigest: Digest(of: json.utf8), original: nil, timing: report.timing,
                deliveries: deliveries))
    }

    /// A visit as it is written down, its files published.
    package func visit(_ number: Int, of subject: Subject, members: [ScreeningID], version: Int = 1) throws -> VisitRow {
        let row = VisitRow(
            id: Self.id(number), version: version, at: Timestamp(milliseconds: 1_795_517_000_000), subject: subject, study: "S",
            day: "2026-11-24", weight: 8, worst: .left, attention: [.change, .ratioHigh],
            members: members.map { .init(id: $0, version: 1, decision: nil) },
            repeats: [.init(device: "C", disc: "d", cup: "c", count: 2, squares: 0.001)],
            digest: Digest(of: "{\"version\": \(version)}".utf8), pageDigest: Digest(of: "<p>\(version)</p>".utf8))
        try Self.write("{\"version\": \(version)}", to: "\(folders.outbox)/\(row.folder)/visit.json")
        try Self.write("<p>\(version)</p>", to: "\(folders.outbox)/\(row.folder)/visit.html")
        return row
    }

    /// Erases an arrival's files, then its names.
    package func forget(_ id: ScreeningID, isBegun: Bool = false) async throws {
        if !isBegun { try await ledger.beginForgetting(id, actor: "anna@1000") }
        for version in try await ledger.versions(of: id) {
            if let bundle = version.bundle { try FileManager.default.removeItem(atPath: "\(folders.outbox)/\(bundle)") }
        }
        try FileManager.default.removeItem(atPath: "\(folders.archive)/2026-11-24/\(id)")
        try await ledger.forget(id, actor: "anna@1000")
    }

    /// Removes an original that was kept long enough.
    package func expire(_ id: ScreeningID) async throws {
        try await ledger.expire(id, because: "age")
        try FileManager.default.removeItem(atPath: "\(folders.archive)/2026-11-24/\(id)")
    }

    package static func report(_ row: ArrivalRow, _ outcome: Outcome) -> Report {
        var report = Report(
            id: row.id,
            source: .init(
                name: row.name ?? "", path: row.path ?? "", sha256: row.sha256, bytes: row.bytes ?? 5, format: "jpeg", width: 640,
                height: 480,
                received: row.received, patient: row.patient, study: row.study, eye: row.eye),
            outcome: outcome, engine: .init(version: "0.1.0", isa: "AVX512", threads: 2, batch: 1))
        switch outcome {
        case .measured:
            report.modality = .init(value: .fundus, probabilities: ["fundus": 0.9, "endoscopy": 0.05, "neither": 0.05])
            report.quality = Quality(grade: .good, checks: [:])
            report.fundus = fundus
            report.attention = [Attention(.ratioHigh, "The vertical ratio is high", value: 0.7, threshold: 0.65)]
            report.models = [model(.router), model(.disc), model(.cup)]
        case .noFinding:
            report.modality = .init(value: .endoscopy, probabilities: ["fundus": 0, "endoscopy": 1, "neither": 0])
            report.endoscopy = EndoscopyFindings(polyps: [], polypAreaFraction: 0, disagreement: 0, mask: "polyp.png")
            report.models = [model(.router), model(.polyp)]
        case .ungradable: report.reasons = [Reason(.tooDark, "Mean luminance 3, expected 20 or more")]
        case .outOfDomain: report.reasons = [Reason(.neither, "Neither fundus nor endoscopy")]
        case .failed: report.reasons = [Reason(.corrupt, "The JPEG's data are corrupt")]
        }
        return report
    }

    package static func model(_ task: ModelTask) -> Report.Model {
        .init(task: task, name: "\(task.rawValue)-20261124-1", sha256: Digest(of: task.rawValue.utf8), precision: "fp32")
    }

    package static var fundus: FundusFindings {
        let ellipse = Ellipse(cx: 100, cy: 100, a: 50, b: 40, angle: 90)
        let structure = Structure(
            area: 6283, centre: [100, 100], ellipse: ellipse, verticalDiameter: 100, horizontalDiameter: 80, meanProbability: 0.9,
            mask: "disc.png", rawMask: "disc-raw.png")
        return FundusFindings(
            disc: structure, cup: structure,
            cdr: CupToDiscRatio(vertical: 0.7, horizontal: 0.6, area: 0.42, interval: [0.62, 0.78]),
            rim: Rim(
                widths: Array(repeating: 0.1, count: 72), minimum: 0.08, minimumAngle: 85, inferior: 0.2, superior: 0.15,
                nasal: nil,
                temporal: nil, isnt: nil),
            disagreement: ["disc": 0.02, "cup": 0.05])
    }
}
