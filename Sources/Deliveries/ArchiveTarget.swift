internal import Custody
internal import Dicom
internal import Files
package import Ledger
internal import Screening
package import Settings

/// An archive that is given a bundle's DICOM objects by C-STORE, with DCMTK's `dcmsend`. Its report is read, and where the configuration says
/// so the archive is asked for each object. What it was given once is the same object however often it is sent.
package struct ArchiveTarget: DeliveryTarget {
    /// The programs of DCMTK that are used.
    package enum Tool: String, CaseIterable, Sendable {
        case send = "dcmsend"
        case find = "findscu"
        case echo = "echoscu"

        package var path: String { "/usr/bin/\(rawValue)" }
    }

    /// The boundaries between the steps: after each of them everything may stop.
    package enum Step: Sendable, CaseIterable {
        /// The archive has been given the objects, and nothing is known of its answer yet.
        case sent
        /// It has them.
        case stored
    }

    package let name: String
    private let archive: Configuration.Delivery.Archive
    private let boundary: @Sendable (Step) throws -> Void
    /// Of one bundle's transfer.
    private static let deadline = Duration.seconds(600)
    /// Of a question.
    private static let patience = Duration.seconds(60)
    /// Seconds: of a connection, of an association's steps, of an answer.
    private static let timeouts = ["-to", "10", "-ta", "30", "-td", "60"]

    /// - Parameter boundary: called between the steps. The tests stop there.
    package init(
        name: String, _ archive: Configuration.Delivery.Archive, boundary: @escaping @Sendable (Step) throws -> Void = { _ in }
    ) {
        self.name = name
        self.archive = archive
        self.boundary = boundary
    }

    package func open(for identity: String, isNew: Bool) async throws -> any OpenTarget {
        try Self.require(archive.asks ? [.send, .find] : [.send])
        return OpenArchive(self)
    }

    /// No archive takes a stored object back when it is asked.
    package func withdraw(_ row: DeliveryRow) -> Bool { false }

    /// Asks whether anyone answers (C-ECHO).
    ///
    /// - Throws: `notFound` without DCMTK, `system` where nobody answers, or refuses.
    package func echo() async throws {
        try Self.require([.echo])
        let result = try await run(.echo, []).result
        guard result.status == 0 else {
            throw PapillaError(.system, "The archive does not answer: \(Self.reason(result.output))", isRetryable: true)
        }
    }

    private static func require(_ tools: [Tool]) throws(PapillaError) {
        for tool in tools where !NamedPath.exists(tool.path) {
            throw PapillaError(
                .notFound, "There is no \(tool.rawValue)", hint: "Install the package dcmtk: apt install dcmtk", isRetryable: true
            )
        }
    }

    /// - Parameter places: of files that are sent.
    private func run(
        _ tool: Tool, _ options: [String], _ places: [String] = [], files: [[UInt8]] = [], leavesFile: Bool = false,
        deadline: Duration = Self.patience
    ) async throws -> (result: ChildProgram.Result, left: [UInt8]) {
        let names = ["-aet", archive.calling, "-aec", archive.title]
        return try await ChildProgram(path: tool.path, deadline: deadline).run(
            Self.timeouts + names + options + [archive.host, "\(archive.port)"] + places, files: files, leavesFile: leavesFile)
    }

    /// The first line of what a program said that tells of an error.
    private static func reason(_ output: String) -> String {
        let lines = output.split(separator: "\n").map(String.init)
        let said = lines.first { $0.hasPrefix("F:") || $0.hasPrefix("E:") } ?? lines.last ?? "it said nothing"
        return String((said.wholeMatch(of: #/[FEWI]: *(.*)/#)?.1 ?? Substring(said)).prefix(200))
    }
}

// MARK: - Storing

extension ArchiveTarget {
    /// An object of a bundle.
    fileprivate struct Object: Sendable {
        let bytes: [UInt8]
        let names: ObjectIdentifiers
    }

    /// Objects that one association carries: each is a file that is open.
    private static let batch = 100

    /// Gives the archive objects.
    fileprivate func store(_ objects: [Object]) async throws {
        for start in stride(from: 0, to: objects.count, by: Self.batch) {
            try await send(Array(objects[start..<min(objects.count, start + Self.batch)]))
        }
        try boundary(.stored)
    }

    /// - Parameter arePlain: whether pictures go as plain pixels rather than as the JPEG that they are, to an archive that takes no JPEG.
    private func send(_ objects: [Object], arePlain: Bool = false) async throws {
        let places = objects.indices.map(ChildProgram.place)
        let (result, left) = try await run(
            .send, [arePlain ? "+dly" : "-dn", "-nh", "+crf", ChildProgram.place(objects.count)], places,
            files: objects.map(\.bytes),
            leavesFile: true,
            deadline: Self.deadline)
        try boundary(.sent)
        let report = TransferReport(String(decoding: left, as: UTF8.self))
        // Where it accepts none of the classes there is no report: it answered, but takes no such objects.
        let takesNone = report.entries.isEmpty && result.output.contains("No Acceptable Presentation Contexts")
        var (stored, unacceptable): ([Object], [Object]) = ([], [])
        for object in objects {
            let entry = report.entries.last { $0.instance == object.names.instance }
            let isUnacceptable = entry?.isUnacceptable ?? takesNone
            if isUnacceptable || entry?.status.isEmpty == true && Self.isRefusedByClass(result.output) {
                guard arePlain else {
                    unacceptable.append(object)
                    continue
                }
                throw TargetRefusal(words: "the archive takes no object of the class \(entry?.sopClass ?? "that it was offered")")
            }
            guard let entry, !entry.status.isEmpty else {
                let reason = Self.reason(result.output)
                // Who answers a question is not away: it is at this result that it breaks off, which must not hold up the others.
                if (try? await echo()) != nil { throw TargetRefusal(words: "the archive broke off: \(reason)") }
                throw PapillaError(
                    .system, "The archive was not given an object: \(reason)",
                    hint: "Look at its host, port and title, and whether the unit may use the network (papilla doctor asks it)",
                    isRetryable: true)
            }
            guard entry.isStored else {
                throw TargetRefusal(words: "the archive answered \(entry.status) \(entry.words)")
            }
            stored.append(object)
        }
        if !unacceptable.isEmpty { try await send(unacceptable, arePlain: true) }
        if archive.asks { for object in stored { try await ask(for: object.names) } }
    }

    /// Whether every failure to send is that the archive did not accept the object's class.
    private static func isRefusedByClass(_ output: String) -> Bool {
        let failures = output.split(separator: "\n").filter { $0.contains("Failed sending") }
        return !failures.isEmpty && failures.allSatisfy { $0.contains("Bad presentation context ID") }
    }

    /// Asks for an object (C-FIND) that the archive said to have stored. One that cannot answer is believed.
    private func ask(for names: ObjectIdentifiers) async throws {
        let keys = [
            "QueryRetrieveLevel=IMAGE", "StudyInstanceUID=\(names.study)", "SeriesInstanceUID=\(names.series)",
            "SOPInstanceUID=\(names.instance)",
        ]
        let output = try await run(.find, ["-v", "-S"] + keys.flatMap { ["-k", $0] }).result.output
        guard !output.contains(#/Find Response: \d+ \(Pending\)/#), output.contains("Received Final Find Response (Success)")
        else { return }
        throw PapillaError(
            .system, "The archive said that it stored an object, and does not have it", isRetryable: true)
    }
}

private struct OpenArchive: OpenTarget {
    let target: ArchiveTarget
    /// What is referred to comes first.
    private static let order = ["image", "overlay", "seg", "sr"]

    init(_ target: ArchiveTarget) { self.target = target }

    func put(_ bundle: PublishedFiles, of row: DeliveryRow) async throws -> Bool {
        var objects: [ArchiveTarget.Object] = []
        let names = bundle.names.filter { $0.hasSuffix(".dcm") }
        for kind in Self.order {
            for name in names where name.hasPrefix("\(kind).") || name.hasPrefix("\(kind)-") {
                guard let bytes = try bundle.file(name), let identifiers = ObjectIdentifiers(bytes) else { return false }
                objects.append(ArchiveTarget.Object(bytes: bytes, names: identifiers))
            }
        }
        guard !objects.isEmpty else { return false }
        try await target.store(objects)
        return true
    }
}
