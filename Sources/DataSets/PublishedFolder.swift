internal import Files
internal import Screening

/// A folder of images and masks as they are published: which mask belongs to which image, and which split a folder's name gives.
///
/// Pairs have one name, but for the words that say what is a mask (`_mask`, `_segmentation`, ...), and lie in folders of one name, but for
/// the words that say so there (`images`, `masks`, `Ground Truth`, ...).
struct PublishedFolder {
    /// An image with its mask.
    struct Pair: Sendable {
        let image: String
        var mask: String?
        let split: DataSet.Split?
    }

    /// A file, and what its name says.
    private struct Entry: Sendable {
        let path: String
        let isMask: Bool
        /// The folders' words that say neither image nor mask.
        let context: String
        /// The name's words likewise.
        let key: String
        let split: DataSet.Split?
    }

    /// Paths are relative to the folder, in order.
    let pairs: [Pair]
    /// Masks without an image.
    let lone: [String]
    /// Files in image formats that are not read, by ending.
    let unread: [String: Int]

    static let maskWords: Set<String> = [
        "mask", "masks", "gt", "groundtruth", "ground", "truth", "annotation", "annotations", "segmentation", "segmentations",
        "seg",
        "label", "labels", "manual", "labelled",
    ]
    private static let imageWords: Set<String> = [
        "image", "images", "img", "imgs", "original", "originals", "photo", "photos", "frame", "frames",
    ]
    private static let readable: Set<String> = ["jpg", "jpeg", "jpe", "png"]
    private static let known: Set<String> = ["tif", "tiff", "bmp", "gif", "webp", "ppm", "pgm", "dcm", "mat", "npy"]

    /// Looks through a folder to any depth.
    /// - Parameters:
    ///   - images: a folder inside it that has the images, where its name does not say so.
    ///   - masks: likewise the masks.
    /// - Throws: `.badInput` where several masks would belong to one image, by name.
    init(_ folder: String, images: String? = nil, masks: String? = nil) throws(PapillaError) {
        let paths: [String]
        do { paths = try NamedPath.tree(below: folder) } catch {
            throw PapillaError(
                .notFound, "a folder cannot be looked through", place: folder, hint: "Name a folder of images", cause: error)
        }
        var (entries, unread): ([Entry], [String: Int]) = ([], [:])
        for path in paths.sorted() where !path.pathNames().contains(where: { $0.hasPrefix(".") || $0 == "__MACOSX" }) {
            let ending = Self.ending(path)
            if Self.known.contains(ending) { unread[ending, default: 0] += 1 }
            guard Self.readable.contains(ending) else { continue }
            func isIn(_ part: String?) -> Bool { part.map { path.hasPrefix($0 + "/") } ?? false }
            let isNamed = isIn(masks) ? true : isIn(images) || masks != nil ? false : nil
            let entry = Self.entry(path, isMask: isNamed)
            // What lies beside a named folder of images is a mask or nothing.
            if images == nil || isIn(images) || entry.isMask { entries.append(entry) }
        }
        self.unread = unread
        var pairs = entries.filter { !$0.isMask }.map { Pair(image: $0.path, mask: nil, split: $0.split) }
        let pictures = entries.filter { !$0.isMask }
        var open = entries.filter(\.isMask)
        // The closest match first: folder and name, then the name alone, then without the images' own words.
        let rules: [(Entry) -> String] = [
            { "\($0.context)\u{0}\($0.key)" }, { $0.key }, { "\($0.context)\u{0}\(Self.bare($0.key))" },
        ]
        for rule in rules where !open.isEmpty {
            var places: [String: [Int]] = [:]
            for (index, entry) in pictures.enumerated() where pairs[index].mask == nil {
                places[rule(entry), default: []].append(index)
            }
            let groups = Dictionary(grouping: open, by: rule)
            var left: [Entry] = []
            for (key, masks) in groups.sorted(by: { $0.key < $1.key }) {
                guard let found = places[key], found.count == 1 else {
                    left += masks
                    continue
                }
                guard masks.count == 1 else {
                    throw PapillaError(
                        .badInput,
                        "two masks for one image: \(masks[0].path) and \(masks[1].path) for \(pictures[found[0]].path)",
                        place: folder,
                        hint: "Disc and cup stand in one mask: merge them, or name the masks' folder by --masks")
                }
                pairs[found[0]].mask = masks[0].path
            }
            open = left
        }
        self.pairs = pairs
        lone = open.map(\.path).sorted()
    }

    private static func ending(_ path: String) -> String {
        guard let name = path.pathNames().last, let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static func entry(_ path: String, isMask stated: Bool?) -> Entry {
        var names = path.pathNames()
        var stem = names.removeLast()
        // Some masks are called a.jpg.png.
        while readable.contains(ending(stem)), let dot = stem.lastIndex(of: ".") { stem = String(stem[..<dot]) }
        let folders = names.map(words)
        var isMask = folders.contains { !maskWords.isDisjoint(with: $0) }
        let parts = words(stem)
        var key = parts
        if parts.count > 1 {
            while key.count > 1, let last = key.last, maskWords.contains(last) { key.removeLast() }
            while key.count > 1, let first = key.first, maskWords.contains(first) { key.removeFirst() }
            if key.count < parts.count { isMask = true }
            while key.count > 1, let last = key.last, readable.contains(last) { key.removeLast() }
        }
        // A folder for each image, with image.png and mask.png in it.
        if !parts.isEmpty, maskWords.isSuperset(of: parts) {
            isMask = true
            key = []
        }
        let context = folders.map { $0.filter { !maskWords.contains($0) && !imageWords.contains($0) }.joined(separator: "_") }
            .filter { !$0.isEmpty }
        let split = folders.joined().compactMap { DataSet.Split(word: $0) }.first
        return Entry(
            path: path, isMask: stated ?? isMask, context: context.joined(separator: "/"), key: key.joined(separator: "_"),
            split: split)
    }

    /// A key without the words that say that it is an image.
    private static func bare(_ key: String) -> String {
        key.split(separator: "_").map(String.init).filter { !imageWords.contains($0) }.joined(separator: "_")
    }

    /// Lower-case words between anything that is neither letter nor digit.
    private static func words(_ name: String) -> [String] {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
