internal import Imaging
internal import Ledger
public import Screening

/// The agreement of readers with what the models showed them: whether a site may trust its models.
public struct Agreement: Sendable, Codable {
    /// Differences between two ways to measure the same (Bland & Altman, Lancet 327, 1986): corrected less shown.
    public struct Differences: Sendable, Codable, Hashable {
        /// How many.
        public var count: Int
        /// Their mean: what the models show too little.
        public var bias: Double
        /// Their standard deviation; null for fewer than two.
        @Nullable public var deviation: Double?
        /// Limits of agreement, bias ± 1.96 standard deviations: 95 % of the differences lie between them. Null for fewer than two.
        @Nullable public var limits: [Double]?

        init?(_ values: [Double]) {
            guard !values.isEmpty else { return nil }
            count = values.count
            let mean = values.reduce(0, +) / Double(values.count)
            bias = mean
            guard values.count > 1 else { return }
            let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let spread = (sum / Double(values.count - 1)).squareRoot()
            deviation = spread
            limits = [mean - 1.96 * spread, mean + 1.96 * spread]
        }
    }

    /// The Dice of corrections against what was shown.
    public struct MeanDice: Sendable, Codable, Hashable {
        /// How many corrections.
        public var count: Int
        /// 0...1; 1 is the same outline.
        public var mean: Double
    }

    /// Readers' decisions on some screenings, in figures.
    public struct Figures: Sendable, Codable, Hashable {
        /// On how many anybody decided.
        public var decided: Int
        /// Drawn before the models' result was shown. They are among the corrected ones, and not in `acceptance`.
        public var blind: Int
        /// Left as they were.
        public var accepted: Int
        /// Drawn anew, in part or in whole.
        public var corrected: Int
        /// Not to be used.
        public var rejected: Int
        /// Accepted over decided, of those that were shown; null where there are none.
        @Nullable public var acceptance: Double?
        /// Of corrections, by structure: disc, cup, polyp. A structure that the models had not found is not among them.
        public var dice: [String: MeanDice]
        /// Images in which a reader drew a structure that the models had not found: disc, cup, polyp; none for 0.
        public var unfound: [String: Int]
        /// Change in the vertical cup-to-disc ratio by corrections; null where there was none.
        @Nullable public var ratio: Differences?
    }

    /// Figures of one model.
    public struct OfModel: Sendable, Codable, Hashable {
        /// What it is for.
        public var task: ModelTask
        /// Its name.
        public var model: String
        /// Of the screenings it took part in whose result was shown.
        public var figures: Figures
        /// Of those that a reader drew first: nothing led the reader's hand. Null where there are none.
        @Nullable public var blind: Figures?
    }

    /// Figures of what one attention code was raised for.
    public struct OfAttention: Sendable, Codable, Hashable {
        /// The code; null for screenings that nothing drew attention to.
        @Nullable public var code: Attention.Code?
        /// Of the screenings with it.
        public var figures: Figures
    }

    /// Of all that anybody decided on.
    public var all: Figures
    /// Of those whose result was shown.
    public var shown: Figures
    /// Of those that a reader drew first.
    public var blind: Figures
    /// By model, in the order of tasks and names.
    public var byModel: [OfModel]
    /// By what drew attention.
    public var byAttention: [OfAttention]

    enum CodingKeys: String, CodingKey {
        case all, shown, blind
        case byModel = "by_model"
        case byAttention = "by_attention"
    }
}

extension ReviewCatalogue {
    /// How far readers agree with the models, over everything that anybody decided on. Reads the masks of every correction.
    public func agreement() async throws(PapillaError) -> Agreement {
        var cases: [Agreement.Compared] = []
        for judgement in try await ledger.judgements() { cases.append(try compared(judgement)) }
        let (blind, shown) = (cases.filter(\.judgement.blind), cases.filter { !$0.judgement.blind })
        var models: [Agreement.OfModel] = []
        for task in [ModelTask.disc, .cup, .polyp] {
            for name in Set(cases.compactMap { $0.judgement.models[task] }).sorted() {
                func figures(_ cases: [Agreement.Compared]) -> Agreement.Figures {
                    var figures = Agreement.Figures(cases.filter { $0.judgement.models[task] == name })
                    figures.dice = figures.dice.filter { $0.key == task.rawValue }
                    figures.unfound = figures.unfound.filter { $0.key == task.rawValue }
                    return figures
                }
                let drawn = figures(blind)
                models.append(
                    .init(task: task, model: name, figures: figures(shown), blind: drawn.decided > 0 ? drawn : nil))
            }
        }
        var attention = Attention.Code.allCases.map { code in
            Agreement.OfAttention(code: code, figures: .init(cases.filter { $0.judgement.attention.contains(code) }))
        }
        attention.append(.init(code: nil, figures: .init(cases.filter { $0.judgement.attention.isEmpty })))
        return Agreement(
            all: .init(cases), shown: .init(shown), blind: .init(blind), byModel: models,
            byAttention: attention.filter { $0.figures.decided > 0 })
    }

    private func compared(_ judgement: Judgement) throws(PapillaError) -> Agreement.Compared {
        var compared = Agreement.Compared(judgement: judgement)
        guard judgement.verdict == .corrected, let shown = judgement.shown, let kept = judgement.kept else { return compared }
        guard try !report(kept, expecting: judgement.keptDigest).drawn.isEmpty else {
            // Only the eye was corrected: the outlines stayed as they were.
            compared.judgement.verdict = .accepted
            return compared
        }
        for task in [ModelTask.disc, .cup, .polyp] {
            guard let second = try mask(task, in: kept, judgement.keptDigest) else { continue }
            guard let first = try mask(task, in: shown, judgement.shownDigest), first.area > 0 || second.area == 0 else {
                if second.area > 0 { compared.unfound.insert(task) }
                continue
            }
            guard first.width == second.width, first.height == second.height else { continue }
            compared.dice[task] = Overlap(first, second).dice
        }
        return compared
    }

    /// A structure's mask in a bundle; nil where it has none.
    private func mask(_ task: ModelTask, in bundle: String, _ digest: Digest) throws(PapillaError) -> Mask? {
        let name = "\(task.rawValue).png"
        guard let file = try report(bundle, expecting: digest).files.first(where: { $0.name == name }) else { return nil }
        let bytes = try ArchiveFile.read("\(bundle)/\(name)", in: outbox, expecting: file.sha256)
        do { return try ImageDecoder.decodeMask(bytes).mask(atLeast: 128) } catch {
            throw PapillaError(
                .damaged, "A published mask cannot be read", place: "\(bundle)/\(name)", hint: "Run papilla audit verify",
                cause: error)
        }
    }
}

extension Agreement {
    /// A reader's decision on one screening, and how far the outlines of both are the same.
    struct Compared {
        var judgement: Judgement
        var dice: [ModelTask: Double] = [:]
        var unfound: Set<ModelTask> = []
    }
}

extension Agreement.Figures {
    init(_ cases: [Agreement.Compared]) {
        func count(_ verdict: Judgement.Verdict) -> Int { cases.count { $0.judgement.verdict == verdict } }
        decided = cases.count
        accepted = count(.accepted)
        corrected = count(.corrected)
        rejected = count(.rejected)
        blind = cases.count(where: \.judgement.blind)
        acceptance = blind == cases.count ? nil : Double(count(.accepted)) / Double(cases.count - blind)
        dice = [:]
        unfound = [:]
        for task in [ModelTask.disc, .cup, .polyp] {
            let values = cases.compactMap { $0.dice[task] }
            if !values.isEmpty {
                dice[task.rawValue] = .init(count: values.count, mean: values.reduce(0, +) / Double(values.count))
            }
            let missed = cases.count { $0.unfound.contains(task) }
            if missed > 0 { unfound[task.rawValue] = missed }
        }
        let changes = cases.filter { $0.judgement.verdict == .corrected }.compactMap { one in
            one.judgement.shownRatio.flatMap { shown in one.judgement.keptRatio.map { $0 - shown } }
        }
        ratio = Agreement.Differences(changes)
    }
}
