import Custody
import Imaging
import Ledger
import Reading
import Registry
import Screening
import TestSupport
import Testing
import Trends

@testable import Service
import Settings

/// Models of a generation: they see the ratio that they are told to, in everything but what is no image.
struct Generation: ImageScreener {
    let name: String
    let ratio: Double
    var isSlow = false
    let writers: [any BundleWriter] = [StandardBundle(), VersionFile()]
    var key: Digest { Digest(of: "\(name) \(ratio)".utf8) }
    var described: [Report.Model] {
        [ModelTask.disc, .cup].map { task in
            Report.Model(task: task, name: "\(task.rawValue)-\(name)", sha256: Digest(of: name.utf8), precision: "fp32")
        }
    }

    init(name: String, ratio: Double, isSlow: Bool = false) { (self.name, self.ratio, self.isSlow) = (name, ratio, isSlow) }

    func engine() async -> Report.Engine { Report.Engine(version: "0", isa: "none", threads: 1, batch: 1) }

    func screen(
        _ bytes: [UInt8], id: ScreeningID, source: Report.Source, identification: Identification, waited: Double
    ) async throws -> Bundle {
        if isSlow { try await Task.sleep(for: .seconds(60)) }
        var (source, identification) = (source, identification)
        source.sha256 = Digest(of: bytes)
        source.bytes = bytes.count
        guard bytes != Array("no image".utf8) else {
            return try Bundle.failed(id: id, source: source, reason: Reason(.notAnImage, "None."), engine: await engine())
        }
        (source.width, source.height) = (80, 80)
        identification.examination.tell(.right)
        source.eye = identification.examination.eye.value
        var fundus = Clinic.fundus
        fundus.cdr = CupToDiscRatio(vertical: ratio, horizontal: ratio, area: ratio, interval: [ratio - 0.1, ratio + 0.1])
        let report = Report(
            id: id, source: source, identification: identification, outcome: .measured,
            modality: .init(value: .fundus, probabilities: ["fundus": 1]), quality: Quality(grade: .good, checks: [:]),
            fundus: fundus, attention: identification.attention, models: described, engine: await engine())
        let mask = try ImageEncoder.png(Ellipse(cx: 40, cy: 40, a: 20, b: 20, angle: 0).mask(width: 80, height: 80))
        let pictures = [("overlay.jpg", Array(name.utf8)), ("disc.png", mask), ("cup.png", mask)].map {
            (name: $0.0, bytes: $0.1)
        }
        var draft = BundleDraft(report: report, pictures: .made(pictures)) { () throws(PapillaError) in bytes }
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }
}

/// A file that names the version after those before it, as results for archives and records do.
private struct VersionFile: BundleWriter {
    func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        let versions = (draft.former + [draft.report]).map { "\($0.version)" }.joined(separator: " ")
        return [(name: "version.txt", bytes: Array(versions.utf8))]
    }
}

/// A service's rooms, with models that change.
struct Generations {
    let sandbox: Sandbox
    let folders: ServiceFolders
    let ledger: any WholeLedger
    static let former = Generation(name: "former", ratio: 0.5)
    static let later = Generation(name: "later", ratio: 0.6)

    init() throws {
        sandbox = try Sandbox()
        (folders, ledger) = try sandbox.open()
    }

    /// Drops an image of 80 x 80 px, unlike every other by its name, with its sidecar, and has it read.
    ///
    /// - Parameter content: in place of the image.
    @discardableResult
    func screen(
        _ name: String, by generation: Generation = former, content: String? = nil, sidecar: String? = nil
    ) async throws -> ScreeningID {
        if let sidecar { try sandbox.drop("\(name).json", sidecar) }
        let image = try ImageEncoder.png(
            Raster(width: 80, height: 80, fill: (120, 60, 20)), text: ["name": content ?? "image \(name)"])
        try sandbox.drop([Array("\(name).png".utf8)], content == "no image" ? Array("no image".utf8) : image)
        let tools = Pipeline.Tools(
            configuration: sandbox.configuration, folders: folders, ledger: ledger, executor: WorkExecutor(),
            telemetry: Telemetry(), log: .silent, reload: { ($0, generation) })
        try await Pipeline(tools, screener: generation, isDraining: true).run()
        return try #require(try await ledger.arrivals().first { $0.name == "\(name).png" }?.id)
    }

    func reviewing(stopAt stop: Stage? = nil) -> Reviewing {
        var configuration = sandbox.configuration
        configuration.imageDeadline = .seconds(2)
        return Reviewing(
            ledger: ledger, folders: folders, configuration: { [configuration] in configuration },
            checkpoint: { stage in if stage == stop { throw Stopped() } })
    }

    @discardableResult
    func reread(_ id: ScreeningID, by generation: Generation = later, stopAt stop: Stage? = nil) async throws -> RereadArrival {
        try await reviewing(stopAt: stop).reread("\(id)", by: generation, on: WorkExecutor(), actor: "anna@1000")
    }

    func report(_ id: ScreeningID, version: Int) async throws -> Report {
        let bundle = try #require(try await ledger.versions(of: id).first { $0.version == version }?.bundle)
        return try #require(try folders.publisher.load(bundle)).report
    }

    func history(of subject: Subject) async throws -> History {
        History(
            of: subject, VisitGroup.all(of: try await ledger.examined(of: subject).map { ExaminedImage($0) }),
            repeatability: Repeatability([], ofModels: [:]))
    }

    var publisher: VisitPublisher {
        VisitPublisher(ledger: ledger, folders: folders, store: ModelStore(directory: sandbox.configuration.paths.models))
    }
}
