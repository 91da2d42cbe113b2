public import Imaging
public import Screening
internal import Synchronization

extension DataSet {
    /// The set with the meaning of its masks, found by looking at all of them, and with the digests of its files. A set that was surveyed
    /// for the task comes back as it is.
    /// - Parameter progress: masks done, of how many; called from several threads.
    /// - Throws: `.badInput` for labels that say that the images show something else, for masks whose meaning is not known, by file and
    ///   values, and for one picture in two splits.
    public func surveyed(
        for task: ModelTask, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws(PapillaError) -> DataSet {
        try refuseOtherLabels(for: task)
        var set = self
        if digests.isEmpty {
            set.digests = try Self.digests(of: items.flatMap { [$0.image] + ($0.mask.map { [$0] } ?? []) })
            try Self.refuseLeaks(across: [set])
        }
        if task != .router, survey?.task != task {
            var seen = Set<String>()
            let masks = items.compactMap(\.mask).filter { seen.insert($0).inserted }
            set.survey = try MaskSurvey(masks, for: task, stated: stated, place: directory, progress: progress)
        }
        return set
    }

    /// Refuses images whose labels say that they show what a task is not about: masks of 0 and 255 alone may be polyps or discs.
    private func refuseOtherLabels(for task: ModelTask) throws(PapillaError) {
        guard task != .router else { return }
        let (needed, what) = task == .polyp ? (Modality.endoscopy, "endoscopy frames") : (Modality.fundus, "fundus photographs")
        guard let item = items.first(where: { $0.shown.map { $0 != needed } ?? false }) else { return }
        throw PapillaError(
            .badInput, "image '\(item.id)' has the label '\(item.label)', and the task \(task.rawValue) needs \(what)",
            place: "\(directory)/manifest.csv:\(item.line), column 'label'",
            hint: "Name another data set, or mend the label: an empty one says nothing of what an image shows")
    }

    /// Digest of everything that a run over the set depends on: names, splits, groups, and the bytes of images and masks.
    public var fingerprint: Digest {
        let lines = items.map { item in
            "\(item.id) \(item.split.rawValue) \(item.group) \(digests[item.image]?.description ?? "") "
                + "\(item.mask.flatMap { digests[$0] }?.description ?? "")\n"
        }
        return Digest(of: (lines.joined() + (stated?.text ?? "") + (patients == name ? "" : "patients \(patients)")).utf8)
    }

    /// Whether any mask has a cup.
    public var hasCup: Bool { (survey?.cups ?? 0) > 0 }

    /// A mask of a surveyed set as Papilla writes masks: 0 outside, 128 disc, 255 cup or polyp.
    public func mask(at path: String) throws(PapillaError) -> GreyImage {
        guard let encoding = survey?.encoding else {
            throw PapillaError(.internal, "a mask was read before its set was surveyed", place: path)
        }
        switch encoding.canonical(try MaskFile.labels(path)) {
        case .success(let grey): return grey
        case .failure(let unknown):
            throw PapillaError(.badInput, "value \(unknown.label) has no meaning, and had none to be found before", place: path)
        }
    }

    /// What a set shows: by its labels where all have one, else by what its masks hold. Nil where neither says one thing.
    /// - Throws: `.badInput` for masks that may be of either.
    public func modality() throws(PapillaError) -> Modality? {
        let labelled = items.map { Modality(rawValue: $0.label) }
        if labelled.allSatisfy({ $0 != nil }) { return Set(labelled).count == 1 ? labelled[0] : nil }
        if let stated { return stated.entries.contains { $0.meaning == .polyp } ? .endoscopy : .fundus }
        let masks = Array(items.compactMap(\.mask))
        guard !masks.isEmpty else { return nil }
        let tallies = try masks.map { mask throws(PapillaError) in MaskTally(try MaskFile.labels(mask)) }
        let found = Set(tallies.flatMap(\.counts.keys))
        // 0 and 255 alone are polyps, as the manual has it, and a disc has 128 or a cup.
        if found.isSubset(of: [Label(0), Label(255)]) { return .endoscopy }
        if case .success(let encoding) = MaskEncoding.known(tallies, for: .disc) {
            if encoding.has(.cup) || encoding.levels.contains(where: { $0.label == Label(128) }) { return .fundus }
            if encoding.isSoft, encoding.levels.contains(where: { $0.label == Label(255) }) { return .endoscopy }
        }
        throw PapillaError(
            .badInput, "masks with the values \(MaskEncoding.words(found.sorted())) may be discs or polyps", place: directory,
            hint: "Write fundus or endoscopy into the manifest's column 'label', or give --mask-values")
    }

    static func digests(of paths: [String]) throws(PapillaError) -> [String: Digest] {
        let results = Cores.map(paths.count) { index -> Result<Digest, PapillaError> in
            do throws(PapillaError) { return .success(Digest(of: try readFile(paths[index]))) } catch { return .failure(error) }
        }
        var digests: [String: Digest] = [:]
        for (path, result) in zip(paths, results) { digests[path] = try result.get() }
        return digests
    }
}

extension DataSet.Item {
    /// What the label says that the image shows, fundus or endoscopy: by these words, or by the name of what is drawn. Nil where it says
    /// neither.
    var shown: Modality? {
        switch label.lowercased() {
        case "fundus", "disc", "cup": .fundus
        case "endoscopy", "polyp": .endoscopy
        default: nil
        }
    }
}

extension Sequence<DataSet> {
    /// The sets with the meaning of their masks, and no picture in two splits.
    /// - Parameter note: told what was found, a line each, of sets that were not surveyed before.
    public func surveyed(for task: ModelTask, note: (String) -> Void = { _ in }) throws(PapillaError) -> [DataSet] {
        var sets: [DataSet] = []
        for set in self {
            let surveyed = try set.surveyed(for: task)
            if set.survey?.task != task, let survey = surveyed.survey, survey.masks > 0 {
                note("\(set.name): \(survey.line)")
                for words in survey.notes { note(words) }
            }
            sets.append(surveyed)
        }
        try DataSet.refuseLeaks(across: sets)
        return sets
    }
}

/// Counts what several threads have done.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// One more.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
