internal import Imaging
public import Screening

/// A survey of a whole set's masks: what they hold, and what it means.
public struct MaskSurvey: Sendable {
    /// What was asked: disc, cup or polyp.
    public let task: ModelTask
    /// What the values mean.
    public let encoding: MaskEncoding
    /// How many masks there are.
    public let masks: Int
    /// In how many nothing is drawn.
    public let empty: Int
    /// In how many a cup is drawn.
    public let cups: Int
    /// How many masks have each value; of soft masks, those that name it.
    public let values: [(value: String, masks: Int)]
    /// Masks that cover nearly the whole picture, or touch all four of its borders.
    public let whole: [String]

    /// Nearly the whole picture.
    static let nearlyAll = 0.9

    /// Looks at some masks.
    /// - Parameters:
    ///   - paths: the masks' files, each once.
    ///   - place: named where no single file is at fault.
    ///   - progress: masks done, of how many; called from several threads.
    init(
        _ paths: [String], for task: ModelTask, stated: StatedMaskValues?, place: String,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(PapillaError) {
        var tallies = try Self.tallies(paths, progress: progress)
        let usesAlpha = tallies.contains { $0.alpha == .counts }
        if usesAlpha { tallies = tallies.map { $0.hidden() } }
        let found: Result<MaskEncoding, MaskEncoding.Refusal> =
            if let stated { MaskEncoding.stated(stated, tallies, for: task) } else { MaskEncoding.known(tallies, for: task) }
        var encoding: MaskEncoding
        switch found {
        case .success(let known): encoding = known
        case .failure(let refusal):
            throw PapillaError(
                .badInput, refusal.message,
                place: refusal.mask.map { paths[$0] } ?? place,
                hint: refusal.hint)
        }
        encoding.usesAlpha = usesAlpha
        var (empty, cups) = (0, 0)
        var whole: [String] = []
        var values: [Label: Int] = [:]
        for (path, tally) in zip(paths, tallies) {
            let inside = tally.counts.filter { encoding.meaning(of: $0.key) ?? .outside != .outside }
            if inside.isEmpty { empty += 1 }
            if inside.contains(where: { encoding.meaning(of: $0.key) == .cup }) { cups += 1 }
            if Self.isWhole(tally, inside) { whole.append(path) }
            for label in tally.counts.keys where !encoding.isSoft || encoding.levels.contains(where: { $0.label == label }) {
                values[label, default: 0] += 1
            }
        }
        if stated == nil, 2 * whole.count > paths.count - empty {
            let turned = encoding.levels.count == 2 ? encoding.levels : []
            let words = zip(turned, turned.reversed()).map { "\($0.label)=\($1.meaning.rawValue)" }.joined(separator: ",")
            throw PapillaError(
                .badInput,
                "masks: \(whole.count) of \(paths.count - empty) cover nearly the whole picture or touch all four of its borders, read as "
                    + "\(encoding.words): they may be the other way round",
                place: whole[0],
                hint: "Look at them, and say what the values mean: --mask-values \(words.isEmpty ? "VALUE=MEANING,..." : words)")
        }
        if task != .polyp, !paths.isEmpty, empty == paths.count {
            throw PapillaError(
                .badInput, "masks: all \(paths.count) are empty: no disc is drawn in any", place: place,
                hint: "Look at the masks: papilla dataset check FOLDER --sheet masks.jpg")
        }
        self.task = task
        self.encoding = encoding
        masks = paths.count
        self.empty = empty
        self.cups = cups
        self.whole = whole
        self.values = values.sorted { $0.key < $1.key }.map { ("\($0.key)", $0.value) }
    }

    /// `masks: 0 outside, 1 polyp; 34 of 612 are empty`
    public var line: String {
        let share =
            masks > 0 && empty == masks
            ? "all \(masks) are empty, so that only false alarms can be counted"
            : "\(empty == 0 ? "none" : "\(empty)") of \(masks) \(empty < 2 ? "is" : "are") empty"
        return "masks: \(encoding.words); \(share)"
    }

    /// What deserves a look, a line each.
    public var notes: [String] {
        guard !whole.isEmpty else { return [] }
        let more = whole.count > 3 ? ", ... (\(whole.count) in all)" : ""
        return [
            whole.prefix(3).joined(separator: ", ") + more
                + ": \(whole.count == 1 ? "covers" : "cover") nearly the whole picture or \(whole.count == 1 ? "touches" : "touch") all four of its borders"
        ]
    }

    /// Whether what lies inside covers nearly the whole picture, or touches all four of its borders.
    static func isWhole(_ tally: MaskTally, _ inside: [Label: Int]) -> Bool {
        let area = inside.values.reduce(0, +)
        if Double(area) > nearlyAll * Double(tally.area) { return true }
        return area > 0 && tally.sides.allSatisfy { side in side.contains { inside[$0] != nil } }
    }

    private static func tallies(
        _ paths: [String], progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(PapillaError) -> [MaskTally] {
        let done = Counter()
        let results = Cores.map(paths.count) { index -> Result<MaskTally, PapillaError> in
            defer { progress(done.next(), paths.count) }
            do throws(PapillaError) { return .success(MaskTally(try MaskFile.labels(paths[index]))) } catch {
                return .failure(error)
            }
        }
        var tallies: [MaskTally] = []
        for result in results { tallies.append(try result.get()) }
        return tallies
    }
}

/// Masks as files.
enum MaskFile {
    /// A file's labels.
    static func labels(_ path: String) throws(PapillaError) -> LabelImage {
        let bytes = try readFile(path)
        do { return try ImageDecoder.decodeLabels(bytes) } catch {
            throw PapillaError(
                .badInput, "a mask cannot be used", place: path, hint: "Masks are PNG or JPEG files", cause: error)
        }
    }
}
