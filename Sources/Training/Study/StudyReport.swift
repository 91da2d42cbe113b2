internal import Neural
internal import Registry
internal import Screening

/// A study's report: tables with the paper's figures beside ours, the claims, and the figures; in Markdown and as one HTML page.
struct StudyReport {
    let results: StudyResults
    let figures: [StudyFigure]
    /// What the figures show.
    let shown: StudyFigures.Source

    /// All of it, the title left out.
    var blocks: [CardBlock] {
        var blocks: [CardBlock] = [.paragraph(introduction), .heading(2, "The paper's claims")]
        blocks += StudyClaims(results: results).paragraphs.map { .paragraph($0) }
        blocks += [.heading(2, "Table 1: accuracy"), .paragraph(Self.tableNote)]
        blocks += results.options.tasks.map { tableOne($0) }
        blocks += [.heading(2, "Table 1: differences"), .paragraph(Self.differenceNote), differences]
        blocks += [.heading(2, "Table 2: size and speed"), .paragraph(timingNote), tableTwo]
        blocks += [.heading(2, "Table 3: which distance map"), .paragraph(Self.mapNote), tableThree]
        return blocks + problems + figureBlocks
    }

    static let title = "Joint shape learning and segmentation: the study repeated"

    private var introduction: String {
        let options = results.options
        let normalisation =
            options.normalisation == .batch
            ? "batch normalisation stood between convolutions and rectifiers while training and was folded away afterwards, which the "
                + "paper does not have"
            : "no normalisation, as in the paper"
        let loss = options.softDice > 0 ? "the paper's losses and \(options.softDice) soft Dice" : "the paper's losses"
        let images = options.tasks.map { task in
            let sets = (results.images[task.rawValue] ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            return "\(task.rawValue) \(sets.joined(separator: ", "))"
        }
        return """
            The networks of Murugesan et al. (2019), each trained on the same images, the same split and the same order: width \
            \(options.width), \(options.side) x \(options.side) px, \(options.epochs) epochs, batch \(options.batch), \
            \(options.seeds) \(options.seeds == 1 ? "seed" : "seeds"); Adam, rate \(options.rate), \(loss); \(normalisation). The \
            paper: width 32, 256 x 256 px, 150 epochs, other data (ORIGA, GIANA 2018), so that its figures show the order of things and \
            cannot be met digit by digit. Test images: \(images.joined(separator: "; ")). \(Report.notice)
            """
    }

    private static let tableNote = """
        Dice with its 95 % interval, and Jaccard; means over test images and seeds, at the network's own resolution. Weights were chosen on \
        val. Intervals are bootstraps over groups of images (patients, sequences).
        """
    private static let differenceNote = """
        First minus second, image by image: intervals of paired differences are much narrower than those of the means.
        """
    private static let mapNote = """
        1Enc 1Dec + Conv MD with the three maps. D3 is the run of Table 1. The paper trained it anew for cup and disc, so that its two tables differ there.
        """
    private var timingNote: String {
        let timing = results.timing
        return """
            Width \(timing.width), \(timing.side) x \(timing.side) px, one image, \(timing.threads) threads of this machine (\(timing.isa)): \
            medians of \(timing.milliseconds.values.first?.count ?? 0) rounds, each of which runs every network once. The paper's are of its GPU.
            """
    }

    private func tableOne(_ task: ModelTask) -> CardBlock {
        .table(
            ["\(task.rawValue)", "Dice", "95 % interval", "Jaccard", "seeds, least and most", "paper's Dice", "paper's Jaccard"],
            StudyNetwork.tableOne.map { network in
                row(StudyClaims.name(network.architecture), network, task, PaperTables.one[network.architecture]?[task])
            })
    }

    private func row(
        _ name: String, _ network: StudyNetwork, _ task: ModelTask, _ paper: (dice: Double, jaccard: Double)?
    ) -> [String] {
        guard let cell = results.cell(network, task) else { return [name] + [String](repeating: "–", count: 6) }
        let number = StudyClaims.number
        return [
            name, cell.dice.map { number($0.value) } ?? number(cell.seeds[0]),
            cell.dice.map { "\(number($0.low)) to \(number($0.high))" } ?? "–", number(cell.jaccard),
            cell.seeds.map(number).joined(separator: ", "), paper.map { number($0.dice) } ?? "–",
            paper.map { number($0.jaccard) } ?? "–",
        ]
    }

    private var differences: CardBlock {
        let pairs = results.differences.filter { !StudyResults.mapPairs.map(\.1.name).contains($0.second) }
        return .table(
            ["task", "first", "second", "difference in Dice, 95 % interval", "the paper's"],
            pairs.map { pair in
                let paper = PaperTables.one[pair.first]?[pair.task].flatMap { first in
                    PaperTables.one[pair.second]?[pair.task].map { first.dice - $0.dice }
                }
                return [
                    pair.task.rawValue, StudyClaims.name(pair.first), StudyClaims.name(pair.second),
                    pair.dice.map(StudyClaims.signed) ?? "–", paper.map { ($0 < 0 ? "" : "+") + StudyClaims.number($0) } ?? "–",
                ]
            })
    }

    private var tableTwo: CardBlock {
        let timing = results.timing
        return .table(
            ["network", "weights", "GMAC", "ms", "times 1Enc 1Dec M", "paper's ms", "paper's times"],
            StudyNetwork.tableOne.map { network in
                let architecture = try? Architecture(named: network.architecture)
                let macs = Double(architecture?.macs(width: timing.width, side: timing.side) ?? 0) / 1e9
                let (own, base) = (network.architecture, StudyNetwork.tableOne[0].architecture)
                let ratio = own == base ? nil : timing.ratio(own, base)
                let number = StudyClaims.number
                let paper = (own: PaperTables.milliseconds[own] ?? .nan, base: PaperTables.milliseconds[base] ?? .nan)
                return [
                    StudyClaims.name(own), "\(architecture?.weights(width: timing.width) ?? 0)", number(macs),
                    timing.median(own).map(number) ?? "–",
                    ratio.map { "\(number($0.value)) [\(number($0.low)), \(number($0.high))]" } ?? "1", number(paper.own),
                    number(paper.own / paper.base),
                ]
            })
    }

    private var tableThree: CardBlock {
        .table(
            [
                "task and map", "Dice", "95 % interval", "Jaccard", "seeds, least and most", "paper's Dice", "paper's Jaccard",
                "D3 minus it",
            ],
            results.options.tasks.flatMap { task -> [[String]] in
                DistanceMap.allCases.map { map -> [String] in
                    let network = StudyNetwork.tableThree(map)
                    let difference = results.difference(StudyNetwork.tableThree(.signed).name, network.name, task)
                    return row("\(task.rawValue) \(map.rawValue)", network, task, PaperTables.three[map]?[task]) + [
                        difference.map(StudyClaims.signed) ?? "–"
                    ]
                }
            })
    }

    private var problems: [CardBlock] {
        guard !results.problems.isEmpty else { return [] }
        return [
            .heading(2, "Runs that ended early"),
            .list(results.problems.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }),
        ]
    }

    private var figureBlocks: [CardBlock] {
        guard !figures.isEmpty else { return [] }
        let what =
            shown == .phantoms
            ? "On phantoms (synthetic images) that no network was trained on."
            : "On images of the test split: those at the 10th, 50th and 90th percentile of the Dice of 1Enc 1Dec + Conv MD."
        return [.heading(2, "Figures"), .paragraph(what)]
            + figures.flatMap { figure -> [CardBlock] in
                [.heading(3, figure.title), .figure(name: figure.name, image: figure.png, caption: figure.caption)]
            }
    }
}

extension Study {
    /// Writes the report of a finished study: `report.md` with its figures beside it, `report.html` with them inside, `results.json`.
    /// - Parameter shown: what the figures show.
    /// - Throws: `refused` where a run or the timing is missing.
    public func report(figures shown: StudyFigures.Source) async throws -> StudyResults {
        var scores: [StudyScores] = []
        for run in options.runs {
            guard let found = try folder.scores(of: run) else { throw notFinished(run.name) }
            scores.append(found)
        }
        guard let timing = try folder.timing() else { throw notFinished("timing") }
        var figures: [StudyFigure] = []
        for task in shown == .none ? [] : options.tasks {
            let judge = try await StudyJudge(task, side: options.side, sets: sets[task] ?? [])
            figures += try await StudyFigures(task: task, options: options, folder: folder, judge: judge).drawn(shown)
        }
        let results = StudyResults(options, scores, timing: timing)
        let blocks = StudyReport(results: results, figures: figures, shown: shown).blocks
        for figure in figures { try folder.replace("figures/\(figure.name).png", with: figure.png) }
        try folder.replace("report.md", with: Array(CardBlock.markdown(title: StudyReport.title, blocks).utf8))
        try folder.replace("report.html", with: Array(CardBlock.page(title: StudyReport.title, width: 72, blocks).utf8))
        try folder.write(results, as: "results.json")
        return results
    }

    private func notFinished(_ what: String) -> PapillaError {
        PapillaError(
            .refused, "the study is not finished: \(what) is missing", place: folder.path, hint: "Go on with it by --resume")
    }
}

/// The figures of Murugesan et al. (2019), Tables 1 to 3, to be set beside ours.
enum PaperTables {
    /// The paper's name of a network.
    static let names = [
        "1enc-1dec-m": "1Enc 1Dec M (U-Net)", "1enc-2dec-mc": "1Enc 2Dec MC (DCAN)", "1enc-2dec-md": "1Enc 2Dec MD",
        "1enc-1dec-conv-mc": "1Enc 1Dec + Conv MC", "1enc-1dec-conv-md": "1Enc 1Dec + Conv MD",
    ]

    /// Dice and Jaccard by architecture and task (Table 1).
    static let one: [String: [ModelTask: (dice: Double, jaccard: Double)]] = [
        "1enc-1dec-m": [.cup: (0.8655, 0.7712), .disc: (0.9586, 0.9215), .polyp: (0.8125, 0.7323)],
        "1enc-2dec-mc": [.cup: (0.8715, 0.7803), .disc: (0.9646, 0.9324), .polyp: (0.8151, 0.7391)],
        "1enc-2dec-md": [.cup: (0.8723, 0.7807), .disc: (0.9665, 0.9358), .polyp: (0.8283, 0.7482)],
        "1enc-1dec-conv-mc": [.cup: (0.8717, 0.7798), .disc: (0.9643, 0.9318), .polyp: (0.8152, 0.7383)],
        "1enc-1dec-conv-md": [.cup: (0.8721, 0.7805), .disc: (0.9662, 0.9348), .polyp: (0.8291, 0.7514)],
    ]

    /// Milliseconds of one image by architecture, on the paper's GPU (Table 2).
    static let milliseconds = [
        "1enc-1dec-m": 1.3131, "1enc-2dec-mc": 1.8677, "1enc-2dec-md": 1.8531, "1enc-1dec-conv-mc": 1.3384,
        "1enc-1dec-conv-md": 1.3235,
    ]

    /// Dice and Jaccard by distance map and task (Table 3).
    static let three: [DistanceMap: [ModelTask: (dice: Double, jaccard: Double)]] = [
        .outside: [.cup: (0.8727, 0.7812), .disc: (0.9667, 0.9362), .polyp: (0.7891, 0.7020)],
        .absolute: [.cup: (0.8704, 0.7779), .disc: (0.9667, 0.9362), .polyp: (0.8222, 0.7396)],
        .signed: [.cup: (0.8736, 0.7831), .disc: (0.9666, 0.9361), .polyp: (0.8291, 0.7514)],
    ]
}
