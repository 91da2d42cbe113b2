internal import Imaging
public import Screening

/// A report on data sets before anyone trains on them: counts, sizes, what the masks hold, and what stands in two splits.
public struct DataSetCheck: Sendable, Encodable {
    /// One set.
    public struct Finding: Sendable, Encodable {
        /// The set's name.
        public let name: String
        /// Images.
        public let images: Int
        /// Images by split.
        public let splits: [String: Int]
        /// Groups: patients, sequences or scenes.
        public let groups: Int
        /// Narrowest and widest, px.
        public let width: [Int]
        /// Lowest and highest, px.
        public let height: [Int]
        /// Images with a mask.
        public let masks: Int
        /// Masks in which nothing is drawn; null where their meaning is not known.
        @Nullable public var empty: Int?
        /// What the values mean; null where that is not known, or there are no masks.
        @Nullable public var meaning: String?
        /// How many masks have each value.
        public let values: [String: Int]
        /// Masks that cover nearly the whole picture or touch all four of its borders.
        public let whole: [String]
    }

    /// Two images that look alike and stand in two splits.
    public struct Alike: Sendable, Encodable {
        /// The one's path.
        public let one: String
        /// The other's.
        public let other: String
        /// Bits of 256 in which they differ.
        public let distance: Int
    }

    /// Set by set.
    public private(set) var sets: [Finding] = []
    /// What keeps a set from being used, each with its place.
    public private(set) var problems: [String] = []
    /// Images that look alike in two splits, the most alike first.
    public private(set) var alike: [Alike] = []
    /// The sets that could be read, as they were surveyed.
    public private(set) var surveyed: [DataSet] = []

    enum CodingKeys: String, CodingKey { case sets, problems, alike }

    /// Looks at everything in some folders.
    /// - Parameters:
    ///   - task: what the masks are for; nil to see that from the set.
    ///   - patients: what was said of the sets' patients.
    ///   - progress: images done, of how many, in the set under way; called from several threads.
    public init(
        _ folders: [String], task: ModelTask? = nil, stated: MaskValuesByFolder = MaskValuesByFolder(),
        patients: SharedPatients = SharedPatients(),
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) {
        var likenesses: [(DataSet.Item, Likeness)] = []
        for folder in folders {
            do throws(PapillaError) {
                var set = try DataSet(
                    directory: folder, stated: stated[folder], patients: patients[folder], refusingLeaks: false)
                let views = look(set, &likenesses, progress)
                do throws(PapillaError) { try Self.survey(&set, task) } catch { problems.append(error.detailed) }
                sets.append(Self.finding(set, views))
                surveyed.append(set)
            } catch { problems.append(error.detailed) }
        }
        problems += DataSet.leaks(across: surveyed).map { "\($0.manifest): \($0.words)" }
        alike = Likeness.pairs(likenesses.map(\.1)).compactMap { a, b, distance in
            let (one, other) = (likenesses[a].0, likenesses[b].0)
            return one.split == other.split ? nil : Alike(one: one.image, other: other.image, distance: distance)
        }.sorted { ($0.distance, $0.one) < ($1.distance, $1.one) }
    }

    /// One image as it was found.
    private struct View: Sendable {
        let width: Int
        let height: Int
        let likeness: Likeness
        var problem: String?
    }

    /// Decodes every image, and holds its mask's size against it.
    private mutating func look(
        _ set: DataSet, _ likenesses: inout [(DataSet.Item, Likeness)], _ progress: @escaping @Sendable (Int, Int) -> Void
    ) -> [View] {
        let done = Counter()
        let results = Cores.map(set.items.count) { index -> Result<View, PapillaError> in
            defer { progress(done.next(), set.items.count) }
            do throws(PapillaError) { return .success(try Self.view(set.items[index])) } catch { return .failure(error) }
        }
        var views: [View] = []
        for (item, result) in zip(set.items, results) {
            switch result {
            case .success(let view):
                views.append(view)
                likenesses.append((item, view.likeness))
                if let problem = view.problem { problems.append(problem) }
            case .failure(let error): problems.append(error.detailed)
            }
        }
        return views
    }

    private static func view(_ item: DataSet.Item) throws(PapillaError) -> View {
        let raster: Raster
        let bytes = try readFile(item.image)
        do { raster = try ImageDecoder.decode(bytes).raster } catch {
            throw PapillaError(
                .badInput, "an image cannot be used", place: item.image, hint: "Remove it, or mend it", cause: error)
        }
        var view = View(width: raster.width, height: raster.height, likeness: Likeness(of: raster))
        // A mask that cannot be read is the survey's to name.
        if let path = item.mask, let mask = try? MaskFile.labels(path), mask.width != raster.width || mask.height != raster.height
        {
            view.problem = "\(path): a mask of \(mask.width) x \(mask.height) for an image of \(raster.width) x \(raster.height)"
        }
        return view
    }

    private static func survey(_ set: inout DataSet, _ task: ModelTask?) throws(PapillaError) {
        // Digests first: they are compared even where the masks mean nothing.
        set.digests = try DataSet.digests(of: set.items.flatMap { [$0.image] + ($0.mask.map { [$0] } ?? []) })
        guard set.items.contains(where: { $0.mask != nil }) else { return }
        if let task {
            set = try set.surveyed(for: task)
        } else {
            set = try set.surveyed(for: try set.modality() == .endoscopy ? .polyp : .disc)
        }
    }

    private static func finding(_ set: DataSet, _ views: [View]) -> Finding {
        let (widths, heights) = (views.map(\.width), views.map(\.height))
        func range(_ values: [Int]) -> [Int] { values.isEmpty ? [] : [values.min() ?? 0, values.max() ?? 0] }
        var finding = Finding(
            name: set.name, images: set.items.count,
            splits: Dictionary(uniqueKeysWithValues: DataSet.Split.allCases.map { ($0.rawValue, set.items(in: $0).count) }),
            groups: Set(set.items.map(\.group)).count, width: range(widths), height: range(heights),
            masks: set.items.count { $0.mask != nil },
            values: Dictionary((set.survey?.values ?? []).map { ($0.value, $0.masks) }, uniquingKeysWith: { first, _ in first }),
            whole: set.survey?.whole ?? [])
        finding.empty = set.survey?.empty
        finding.meaning = set.survey?.encoding.words
        return finding
    }
}
