internal import Files
internal import FoundationEssentials
internal import Imaging
public import Screening

/// Writes a manifest for a folder of images and masks as it was published.
public struct DataSetMaker: Sendable {
    /// Choices of the caller.
    public struct Options: Sendable {
        /// Folder of the images inside the set, where its name does not say so.
        public var images: String?
        /// Folder of the masks likewise.
        public var masks: String?
        /// A regular expression over the image's path whose first group (or whole match) names the patient or sequence; nil for likeness.
        public var group: String?
        /// Shares of train, val and test; nil for the folder's own splits where it has some, else 60, 20, 20.
        public var shares: [Int]?
        /// Of the draw.
        public var seed: UInt64 = 1
        /// What the images show, for the column `label`.
        public var label = ""
        /// What the masks' values mean, for the column `mask_values`.
        public var maskValues: StatedMaskValues?
        /// Whether images without a mask, and masks without an image, are left out.
        public var skipsUnmatched = false
        /// Whether a manifest that is there is written anew; images that it has keep their split and their group.
        public var replaces = false

        /// The usual ones.
        public init() {}
    }

    /// A summary of what was written.
    public struct Summary: Sendable, Encodable {
        /// The manifest's path.
        public let manifest: String
        /// Images.
        public let images: Int
        /// Images with a mask.
        public let masks: Int
        /// Images by split.
        public let splits: [String: Int]
        /// Groups: patients, sequences or scenes.
        public let groups: Int
        /// Whence the splits are: the folder's own, the former manifest's, or drawn.
        public let splitFrom: String
        /// Images without a mask, and masks without an image, that were left out.
        public let leftOut: [String]
        /// Files in formats that are not read, by ending.
        public let unread: [String: Int]

        enum CodingKeys: String, CodingKey {
            case manifest, images, masks, splits, groups, unread
            case splitFrom = "split_from"
            case leftOut = "left_out"
        }
    }

    /// A row of the manifest.
    private struct Row {
        let pair: PublishedFolder.Pair
        let width: Int
        let height: Int
        let likeness: Likeness
        let digest: Digest
        var group = ""
        var split: DataSet.Split?
    }

    let folder: String
    let options: Options

    /// A maker for a folder.
    public init(_ folder: String, _ options: Options) {
        self.folder = URL(filePath: folder, directoryHint: .isDirectory).standardizedFileURL.path
        self.options = options
    }

    /// Looks through the folder and writes `manifest.csv`.
    /// - Parameter progress: images done, of how many; called from several threads.
    /// - Throws: `.refused` where there is a manifest already; `.badInput` for what cannot be matched or read, by file.
    public func make(progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }) throws(PapillaError) -> Summary {
        let manifest = folder + "/manifest.csv"
        let isThere = NamedPath.exists(manifest)
        if isThere, !options.replaces {
            throw PapillaError(
                .refused, "there is a manifest already", place: manifest,
                hint: "Look at it by papilla dataset check, or give --replace")
        }
        let former = isThere ? try? DataSet(directory: folder, refusingLeaks: false) : nil
        let published = try PublishedFolder(folder, images: options.images, masks: options.masks)
        let (pairs, leftOut) = try matched(published)
        var rows = try measured(pairs, progress)
        try group(&rows, former)
        let whence = try split(&rows, former)
        try write(rows, to: manifest)
        let set = try DataSet(directory: folder)
        return Summary(
            manifest: manifest, images: rows.count, masks: rows.count { $0.pair.mask != nil },
            splits: Dictionary(uniqueKeysWithValues: DataSet.Split.allCases.map { ($0.rawValue, set.items(in: $0).count) }),
            groups: Set(rows.map(\.group)).count, splitFrom: whence, leftOut: leftOut, unread: published.unread)
    }

    private func matched(_ published: PublishedFolder) throws(PapillaError) -> ([PublishedFolder.Pair], leftOut: [String]) {
        let kinds = published.unread.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let unread = kinds.isEmpty ? "" : "; not read: \(kinds)"
        guard !published.pairs.isEmpty else {
            throw PapillaError(
                .badInput, "no image was found\(unread)", place: folder,
                hint: "JPEG and PNG files are read; --images and --masks name folders whose names do not say what they hold")
        }
        let bare = published.pairs.filter { $0.mask == nil }.map(\.image)
        // Without any mask the set is the router's.
        if published.lone.isEmpty, bare.count == published.pairs.count {
            guard options.label.isEmpty else { return (published.pairs, []) }
            throw PapillaError(
                .badInput, "no mask was found for any of \(bare.count) images\(unread)", place: folder,
                hint: "Name the masks' folder by --masks, or give --label for a set without masks")
        }
        let odd = bare + published.lone
        guard odd.isEmpty || options.skipsUnmatched else {
            let first = bare.first ?? published.lone[0]
            throw PapillaError(
                .badInput,
                "\(bare.count) images have no mask and \(published.lone.count) masks no image, such as this one\(unread)",
                place: folder + "/" + first,
                hint: "Give pairs one name (but for _mask, _segmentation, ...), or leave such files out by --skip-unmatched")
        }
        let whole = published.pairs.filter { $0.mask != nil }
        guard !whole.isEmpty else {
            throw PapillaError(.badInput, "no image has a mask", place: folder, hint: "Name the folders by --images and --masks")
        }
        return (whole, odd)
    }

    private func measured(
        _ pairs: [PublishedFolder.Pair], _ progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(PapillaError) -> [Row] {
        let done = Counter()
        let folder = folder
        let results = Cores.map(pairs.count) { index -> Result<Row, PapillaError> in
            defer { progress(done.next(), pairs.count) }
            do throws(PapillaError) { return .success(try Self.measured(pairs[index], in: folder)) } catch {
                return .failure(error)
            }
        }
        var rows: [Row] = []
        for result in results { rows.append(try result.get()) }
        return rows
    }

    private static func measured(_ pair: PublishedFolder.Pair, in folder: String) throws(PapillaError) -> Row {
        let path = folder + "/" + pair.image
        let bytes = try readFile(path)
        let raster: Raster
        do { raster = try ImageDecoder.decode(bytes).raster } catch {
            throw PapillaError(.badInput, "an image cannot be used", place: path, hint: "Remove it, or mend it", cause: error)
        }
        if let mask = pair.mask {
            let labels = try MaskFile.labels(folder + "/" + mask)
            guard labels.width == raster.width, labels.height == raster.height else {
                throw PapillaError(
                    .badInput, "a mask of \(labels.width) x \(labels.height) for an image of \(raster.width) x \(raster.height)",
                    place: folder + "/" + mask, hint: "A mask has the size of its image, \(pair.image)")
            }
        }
        return Row(
            pair: pair, width: raster.width, height: raster.height, likeness: Likeness(of: raster), digest: Digest(of: bytes))
    }

    /// Groups by the pattern, else by likeness; images of a former manifest keep theirs.
    private func group(_ rows: inout [Row], _ former: DataSet?) throws(PapillaError) {
        let ids = ids(rows)
        if let pattern = options.group {
            let expression: Regex<AnyRegexOutput>
            do { expression = try Regex(pattern) } catch {
                throw PapillaError(
                    .badInput, "--group '\(pattern)' is no regular expression", hint: "For instance: --group '^(\\d+)_'",
                    cause: error)
            }
            for index in rows.indices {
                guard let match = rows[index].pair.image.firstMatch(of: expression) else {
                    throw PapillaError(
                        .badInput, "the path '\(rows[index].pair.image)' does not match --group '\(pattern)'",
                        place: folder + "/" + rows[index].pair.image, hint: "Every image needs a group")
                }
                rows[index].group = String(
                    (match.output.count > 1 ? match.output[1].substring : nil) ?? match.output[0].substring ?? "")
                guard !rows[index].group.isEmpty else {
                    throw PapillaError(
                        .badInput, "--group '\(pattern)' finds nothing in '\(rows[index].pair.image)'",
                        place: folder + "/" + rows[index].pair.image, hint: "Every image needs a group")
                }
            }
        } else {
            let chains = Likeness.chains(rows.map(\.likeness))
            for index in rows.indices { rows[index].group = ids[chains[index]] }
        }
    }

    /// Gives every group a split: the former manifest's, the folder's own, or one that is drawn. Says whence.
    private func split(_ rows: inout [Row], _ former: DataSet?) throws(PapillaError) -> String {
        if options.shares == nil, rows.allSatisfy({ $0.pair.split != nil }), Set(rows.map(\.pair.split)).count > 1 {
            try takePublished(&rows)
            return "the folder's own"
        }
        var kept: [String: DataSet.Split] = [:]
        if let former, options.shares == nil {
            var splits: [Digest: DataSet.Split] = [:]
            for item in former.items { splits[Digest(of: try readFile(item.image))] = item.split }
            for row in rows { if let split = splits[row.digest] { kept[row.group] = split } }
        }
        draw(&rows, DataSet.Split.allCases, options.shares ?? [60, 20, 20], kept: kept)
        return kept.isEmpty
            ? "drawn with seed \(options.seed)" : "the former manifest's, new ones drawn with seed \(options.seed)"
    }

    private func takePublished(_ rows: inout [Row]) throws(PapillaError) {
        var seen: [String: Row] = [:]
        for index in rows.indices {
            rows[index].split = rows[index].pair.split
            if let other = seen[rows[index].group], other.split != rows[index].split {
                throw PapillaError(
                    .badInput,
                    "the folder's own splits separate what belongs together: \(other.pair.image) and \(rows[index].pair.image) are of one "
                        + (options.group == nil ? "scene, by their likeness" : "group, '\(rows[index].group)'"),
                    place: folder + "/" + rows[index].pair.image,
                    hint: "Split anew by --split 60,20,20, or name the groups by --group")
            }
            if seen[rows[index].group] == nil { seen[rows[index].group] = rows[index] }
        }
        // Many sets have a test alone beside what one trains on: a quarter of that chooses.
        if !rows.contains(where: { $0.split == .val }) {
            var learning = rows.filter { $0.split == .train }
            draw(&learning, [.train, .val], [75, 25], kept: [:])
            let splits = Dictionary(learning.map { ($0.group, $0.split) }, uniquingKeysWith: { first, _ in first })
            for index in rows.indices { if let split = splits[rows[index].group] { rows[index].split = split } }
        }
    }

    /// Gives each group, in an order that is drawn, to the split that lacks most.
    private func draw(_ rows: inout [Row], _ splits: [DataSet.Split], _ shares: [Int], kept: [String: DataSet.Split]) {
        let sizes = rows.reduce(into: [:]) { $0[$1.group, default: 0] += 1 }
        var random = SeededGenerator(options.seed, 0x73_706C_6974)
        let total = Double(max(1, shares.reduce(0, +)))
        let wanted = shares.map { Double($0) / total * Double(rows.count) }
        var given = splits.map { split in kept.filter { $0.value == split }.reduce(0) { $0 + (sizes[$1.key] ?? 0) } }
        var chosen = kept
        for group in sizes.keys.sorted().shuffled(using: &random) where chosen[group] == nil {
            let place =
                splits.indices.filter { shares[$0] > 0 }.max { wanted[$0] - Double(given[$0]) < wanted[$1] - Double(given[$1]) }
                ?? 0
            chosen[group] = splits[place]
            given[place] += sizes[group] ?? 0
        }
        for index in rows.indices { rows[index].split = chosen[rows[index].group] }
    }

    /// Names: the file's, or its path where two files have one name.
    private func ids(_ rows: [Row]) -> [String] {
        func bare(_ path: String) -> String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? path }
        let names = rows.map { bare($0.pair.image.pathNames().last ?? $0.pair.image) }
        let counts = names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        let paths = rows.map { $0.pair.image.pathNames().joined(separator: "_") }
        return rows.indices.map { counts[names[$0]] == 1 && !paths.contains(names[$0]) ? names[$0] : paths[$0] }
    }

    private func write(_ rows: [Row], to manifest: String) throws(PapillaError) {
        let ids = ids(rows)
        let columns = ["id", "image", "mask", "width", "height", "split", "group", "label"]
        var text = CommaSeparated.line(columns + (options.maskValues == nil ? [] : ["mask_values"]), end: "\n")
        for (id, row) in zip(ids, rows) {
            var fields = [
                id, row.pair.image, row.pair.mask ?? "", "\(row.width)", "\(row.height)", row.split?.rawValue ?? "train",
                row.group,
                options.label,
            ]
            if let values = options.maskValues { fields.append(values.text) }
            text += CommaSeparated.line(fields, end: "\n")
        }
        do { try NamedPath.replace(manifest, with: Array(text.utf8)) } catch {
            throw PapillaError(
                .system, "the manifest cannot be written", place: manifest, hint: "Look at space and permissions", cause: error)
        }
    }
}
