internal import DataSets
internal import Files
public import Ledger
internal import Phantoms
public import Reading
public import Registry
internal import Review
public import Screening
public import Training

/// The gate that a model must pass to become live: it is read against the live one on the site's frozen cases, and both on phantoms, through
/// the code that reads images in service. There is no way around it.
public struct PromotionCheck: Sendable {
    /// One figure of both models on the frozen cases.
    public struct Comparison: Sendable, Encodable {
        /// As `papilla evaluate` names it.
        public let figure: String
        /// In plain words.
        public let meaning: String
        /// The live model's mean.
        public let live: Double
        /// The candidate's.
        public let candidate: Double
        /// Candidate minus live, image by image (or polyp by polyp), with its 95 % interval; null where all are of one patient.
        @Nullable public var difference: Estimate?
        /// What the interval's worse end must not reach: its lower end where this is below 0, else its upper end.
        public let margin: Double
        /// Whether it does: the candidate must not become live.
        public let refuses: Bool
    }

    /// The verdict, and what decided it.
    public struct Verdict: Sendable, Encodable {
        /// What the models are for.
        public let task: ModelTask
        /// The model that is to become live.
        public let candidate: String
        /// The model that is live; null where none is.
        @Nullable public var live: String?
        /// Frozen cases that a reader drew: what judges.
        public var frozen = 0
        /// Those of them that were drawn before the models' result was shown. The others are corrections, and so mostly of images that the
        /// models of their time read badly.
        public var blind = 0
        /// The live model's mean Dice on them.
        @Nullable public var liveDice: Double?
        /// The candidate's.
        @Nullable public var candidateDice: Double?
        /// Candidate minus live, case by case, with its 95 % interval.
        @Nullable public var difference: Estimate?
        /// All figures that judge, the Dice first.
        public var compared: [Comparison] = []
        /// The live model's mean Dice on phantoms; for the router its share of right answers.
        @Nullable public var livePhantoms: Double?
        /// The candidate's.
        public var candidatePhantoms = 0.0
        /// Why it may not; empty where it may.
        public var refusals: [String] = []
        /// What each refusal is about: `frozen` (too few cases), a figure's name, or `phantoms`.
        public var decidedBy: [String] = []

        enum CodingKeys: String, CodingKey {
            case task, candidate, live, frozen, blind, difference, refusals
            case compared = "figures"
            case decidedBy = "decided_by"
            case liveDice = "live_dice"
            case candidateDice = "candidate_dice"
            case livePhantoms = "live_phantoms"
            case candidatePhantoms = "candidate_phantoms"
        }

        /// The figures by name, for the audit.
        public var figures: [String: Double] {
            var figures = ["frozen": Double(frozen), "blind": Double(blind), "candidate_phantoms": candidatePhantoms]
            figures["live_dice"] = liveDice
            figures["candidate_dice"] = candidateDice
            figures["live_phantoms"] = livePhantoms
            figures["difference"] = difference?.value
            figures["low"] = difference?.low
            figures["high"] = difference?.high
            for one in compared where one.figure != "dice" {
                figures["live_\(one.figure)"] = one.live
                figures["candidate_\(one.figure)"] = one.candidate
                figures["\(one.figure)_difference"] = one.difference?.value
                figures["\(one.figure)_low"] = one.difference?.low
                figures["\(one.figure)_high"] = one.difference?.high
            }
            return figures
        }
    }

    /// Frozen cases that a comparison needs.
    public static let frozenNeeded = 20
    /// On phantoms a candidate may lose so much: it catches a network that collapsed on what it was not trained on.
    public static let phantomLoss = 0.1
    /// Where none is live, a model must reach this on phantoms.
    public static let phantomNeeded = 0.5
    private static let (phantoms, phantomSeed) = (12, UInt64(2026))

    let store: ModelStore
    let settings: ReadingSettings
    let outbox: String
    let archive: String

    /// A gate over a site's models, folders and settings.
    public init(store: ModelStore, settings: ReadingSettings, outbox: String, archive: String) {
        self.store = store
        self.settings = settings
        self.outbox = outbox
        self.archive = archive
    }

    /// Lets a model through or refuses it, with all figures in the message.
    /// - Returns: the figures.
    public func pass(_ name: String, _ ledger: any ArrivalLedger & DecisionLedger & VisitLedger) async throws -> [String: Double]
    {
        let verdict = try await verdict(name, ledger)
        guard verdict.refusals.isEmpty else {
            throw PapillaError(
                .refused, "\(name) must not become live: \(verdict.refusals.joined(separator: "; "))",
                hint:
                    "A model is judged by frozen cases that readers drew, blind or as corrections: papilla retrain --dry-run lists them"
            )
        }
        return verdict.figures
    }

    /// Reads frozen cases and phantoms with both models.
    public func verdict(_ name: String, _ ledger: any ArrivalLedger & DecisionLedger & VisitLedger) async throws -> Verdict {
        let candidate = try store.load(name)
        let task = candidate.manifest.task
        let live = try store.live()[task].map { name throws(PapillaError) in try store.load(name) }
        var verdict = Verdict(task: task, candidate: name, live: live?.manifest.name)
        let folder = try NamedPath.makeTemporaryFolder("gate")
        defer { try? NamedPath.removeTree(folder) }
        if let live, task != .router { try await compare(live, candidate, ledger, folder, &verdict) }
        try await checkPhantoms(live, candidate, folder, &verdict)
        return verdict
    }

    private func compare(
        _ live: Model, _ candidate: Model, _ ledger: any ArrivalLedger & DecisionLedger & VisitLedger, _ folder: String,
        _ verdict: inout Verdict
    ) async throws {
        let catalogue = ReviewCatalogue(ledger: ledger, outbox: outbox, archive: archive, models: store)
        let cases = try CaseSet(verdict.task, await ledger.cases(), catalogue)
        verdict.frozen = cases.judging
        verdict.blind = cases.members.count { $0.judges && $0.blind }
        if cases.judging > 0 {
            let set = try cases.write(to: folder, judgingOnly: true)
            let old = try await scores(live, [set], split: .test).scores
            let new = try await scores(candidate, [set], split: .test).scores
            verdict.compare(old, new)
        }
        verdict.judge(accepted: cases.frozen - cases.judging)
    }

    private func checkPhantoms(
        _ live: Model?, _ candidate: Model, _ folder: String, _ verdict: inout Verdict
    ) async throws {
        let kinds: [Phantom.Kind] =
            switch verdict.task {
            case .disc, .cup: [.fundus]
            case .polyp: [.endoscopy]
            case .router: [.fundus, .endoscopy]
            }
        let sets = try kinds.map { kind throws(PapillaError) in
            let path = "\(folder)/phantoms-\(kind.rawValue)"
            try PhantomSet.write(
                kind: kind, count: Self.phantoms / kinds.count, seed: Self.phantomSeed, to: path)
            return try DataSet(directory: path)
        }
        func score(_ model: Model) async throws -> Double {
            let figures = try await scores(model, sets, split: nil).figures
            return figures["accuracy"] ?? figures.dice ?? 0
        }
        let found = try await score(candidate)
        verdict.candidatePhantoms = found
        if let live { verdict.livePhantoms = try await score(live) }
        let needed = verdict.livePhantoms.map { $0 - Self.phantomLoss } ?? Self.phantomNeeded
        guard found < needed else { return }
        verdict.refuse(
            by: "phantoms",
            "\(verdict.task == .router ? "share right" : "Dice") on \(Self.phantoms) phantoms \(Self.number(found))"
                + (verdict.livePhantoms.map { " against \(Self.number($0))" } ?? "")
                + "; at least \(Self.number(needed)) is needed")
    }

    private func scores(_ model: Model, _ sets: [DataSet], split: DataSet.Split?) async throws
        -> Evaluation.Result
    {
        let task = model.manifest.task
        let models =
            switch task {
            case .router: try await ReadingModels(router: model)
            case .disc: try await ReadingModels(disc: model)
            case .cup: try await ReadingModels(disc: try store.loadLive(.disc), cup: model)
            case .polyp: try await ReadingModels(polyp: model)
            }
        return try await Evaluation(
            task: task, reader: try ImageReader(models: models, settings: settings)
        ).run(sets, split: split)
    }

    /// Four decimals.
    static func number(_ value: Double?) -> String {
        value.map { "\(($0 * 10000).rounded() / 10000)" } ?? "unknown"
    }
}

extension PromotionCheck.Verdict {
    /// Holds the candidate's reading of the frozen cases against the live model's, image by image in one order.
    mutating func compare(_ live: [ImageScore], _ candidate: [ImageScore]) {
        compared = JudgedFigure.all(for: task).compactMap { $0.compared(live, candidate) }
        guard let dice = compared.first else { return }
        (liveDice, candidateDice, difference) = (dice.live, dice.candidate, dice.difference)
    }

    /// Refuses the candidate where the frozen cases are too few, or say something against it.
    /// - Parameter accepted: frozen cases that were accepted only.
    mutating func judge(accepted: Int) {
        guard frozen >= PromotionCheck.frozenNeeded else {
            return refuse(
                by: "frozen",
                "\(frozen) frozen \(frozen == 1 ? "case was" : "cases were") drawn by a reader; \(PromotionCheck.frozenNeeded) are needed"
                    + (accepted > 0
                        ? " (\(accepted) more \(accepted == 1 ? "was" : "were") only accepted: their truth is a model's own)"
                        : ""))
        }
        guard difference != nil else {
            return refuse(
                by: "frozen", "all \(frozen) frozen cases are of one patient: nobody knows how the models do on others")
        }
        for one in compared where one.refuses { refuse(by: one.figure, one.refusal(frozen: frozen)) }
    }

    /// Notes a reason why the candidate may not become live.
    mutating func refuse(by figure: String, _ words: String) {
        decidedBy.append(figure)
        refusals.append(words)
    }
}
