internal import Files
internal import FoundationEssentials
public import Screening

/// A folder of images with their truth: `images`, `masks` and `manifest.csv` (id, image, mask, width, height, split, group, label, ...).
///
/// Read strictly: a missing column or file, an ID that stands twice, and a group that stands in two splits are refused by name. A column
/// `mask_values` may say once and for all what the masks' values mean, as `--mask-values` does, and a column `patients` whose the groups
/// are, as `--same-patients` does: sets with one word there have their patients in common.
public struct DataSet: Sendable {
    /// The part that an image has in a data set: to learn from, to choose by or to judge by.
    public enum Split: String, Sendable, Codable, CaseIterable {
        /// Learning.
        case train
        /// Choosing.
        case val
        /// Judging.
        case test

        /// Reads a split's name as people write it, in any case.
        init?(word: String) {
            switch word.lowercased() {
            case "train", "training": self = .train
            case "val", "valid", "validation": self = .val
            case "test", "testing": self = .test
            default: return nil
            }
        }
    }

    /// One image of the set.
    public struct Item: Sendable, Hashable {
        /// Unique within the set.
        public let id: String
        /// The image's path.
        public let image: String
        /// The mask's path; nil where the manifest names none.
        public let mask: String?
        /// What it may be used for.
        public let split: Split
        /// Patient, sequence or centre: never in two splits.
        public let group: String
        /// The manifest's label: `fundus`, `endoscopy`, `neither` for the router, else a remark on the image.
        public let label: String
        /// Its row's line in the manifest.
        let line: Int
    }

    /// The folder's name.
    public let name: String
    /// The folder's path.
    public let directory: String
    /// All images, in the manifest's order.
    public let items: [Item]
    /// What a person says that the masks' values mean; nil where nobody does.
    public let stated: StatedMaskValues?
    /// The word for whose the groups are: groups of one name are the same people in sets with the same word. The set's own name where
    /// nobody says that it shares its patients.
    public let patients: String
    /// What the masks were found to mean to a task; nil before `surveyed(for:)`.
    public internal(set) var survey: MaskSurvey?
    /// Digests of the images' and masks' bytes by path; empty before `surveyed(for:)`.
    public internal(set) var digests: [String: Digest] = [:]

    /// Reads the manifest and looks for every file that it names.
    /// - Parameters:
    ///   - stated: what the masks' values mean; it goes before the manifest's own word.
    ///   - patients: the word for whose the groups are; it goes before the manifest's own.
    ///   - refusingLeaks: whether a group in two splits is refused, as it must be wherever the splits count.
    public init(
        directory: String, stated: StatedMaskValues? = nil, patients: String? = nil, refusingLeaks: Bool = true
    ) throws(PapillaError) {
        let url = URL(filePath: directory, directoryHint: .isDirectory)
        let root = url.standardizedFileURL.path
        let manifest = root + "/manifest.csv"
        guard NamedPath.exists(manifest) else {
            throw PapillaError(
                .notFound, "a data set without manifest.csv", place: directory,
                hint: "papilla dataset make \(directory) writes one for a folder of images and masks")
        }
        let table = try CommaSeparatedValues(try readFile(manifest), place: manifest)
        for column in ["id", "image", "mask", "split", "group", "label"] where !table.columns.contains(column) {
            let found = table.columns.isEmpty ? "" : "; found: \(table.columns.joined(separator: ", "))"
            throw PapillaError(
                .badInput, "column '\(column)' is missing\(found)", place: "\(manifest):1",
                hint: "Expected: id, image, mask, split, group, label; papilla dataset make \(directory) writes such a table")
        }
        let files = FolderNames(root: root)
        var items: [Item] = []
        var ids: [String: Int] = [:]
        let (maskValues, shared) = (try Self.word("mask_values", table, manifest), try Self.word("patients", table, manifest))
        for row in table.rows {
            let item = try Self.item(row, files: files, manifest: manifest)
            if let other = ids.updateValue(row.line, forKey: item.id) {
                throw PapillaError(
                    .badInput, "id '\(item.id)' stands twice, first in line \(other)",
                    place: "\(manifest):\(row.line), column 'id'",
                    hint: "Give every image an id of its own")
            }
            items.append(item)
        }
        guard !items.isEmpty else {
            throw PapillaError(.badInput, "a data set without images", place: manifest, hint: "Give each image a row")
        }
        name = url.standardizedFileURL.lastPathComponent
        self.directory = root
        self.items = items
        if let stated {
            self.stated = stated
        } else {
            do { self.stated = try maskValues.map { word throws(PapillaError) in try StatedMaskValues(word.text) } } catch {
                throw PapillaError(error.code, error.message, place: maskValues?.place, hint: error.hint)
            }
        }
        self.patients = patients ?? shared?.text ?? name
        if refusingLeaks { try Self.refuseLeaks(across: [self]) }
    }

    /// What a column says that has one word for the whole set; nil where there is none.
    private static func word(
        _ column: String, _ table: CommaSeparatedValues, _ manifest: String
    ) throws(PapillaError) -> (text: String, place: String)? {
        var word: (text: String, place: String)?
        for row in table.rows {
            guard let text = row.fields[column], !text.isEmpty else { continue }
            let place = "\(manifest):\(row.line), column '\(column)'"
            if let word, word.text != text {
                throw PapillaError(
                    .badInput, "'\(text)' after '\(word.text)'", place: place, hint: "Expected: one word for the whole set")
            }
            if word == nil { word = (text, place) }
        }
        return word
    }

    /// Whom an image is of, among all sets: groups of one name are two where their sets do not share patients. Ordered by group.
    public func owner(of item: Item) -> String { "\(item.group)\u{0}\(patients)" }

    /// Some of what several sets have, so that nobody counts twice: of each owner in several sets, what one of them has, drawn alike every
    /// time.
    public static func once<Value>(_ values: [Value], owner: (Value) -> String, set: (Value) -> String) -> [Value] {
        var sets: [String: [String]] = [:]
        for value in values where sets[owner(value)]?.contains(set(value)) != true {
            sets[owner(value), default: []].append(set(value))
        }
        var random = SeededGenerator(0x6F_6E_63_65)
        let chosen = sets.keys.sorted().reduce(into: [String: String]()) { chosen, owner in
            guard let among = sets[owner], among.count > 1 else { return }
            chosen[owner] = among[Int(random.uniform() * Double(among.count))]
        }
        return values.filter { value in chosen[owner(value)].map { $0 == set(value) } ?? true }
    }

    /// Refuses a group that stands in two splits of its set, and a picture that stands in two splits of any: a patient seen in training
    /// must not judge. Pictures are compared where sets were surveyed.
    public static func refuseLeaks(across sets: [DataSet]) throws(PapillaError) {
        try refuseNamesakes(among: sets)
        guard let leak = leaks(across: sets).first else { return }
        throw PapillaError(
            .badInput, leak.words, place: leak.manifest,
            hint: leak.isPicture
                ? "Remove one of the two, or give both the same split" : "Give every image of a group the same split")
    }

    /// Refuses two data sets of one name, by which figures and cards tell them apart.
    public static func refuseNamesakes(among sets: [DataSet]) throws(PapillaError) {
        var known: [String: DataSet] = [:]
        for set in sets {
            if let other = known.updateValue(set, forKey: set.name) {
                throw PapillaError(
                    .badInput, "two data sets are named '\(set.name)'", place: "\(other.directory) and \(set.directory)",
                    hint: "Rename one of the two folders; figures and cards know a data set by its folder's name")
            }
        }
    }

    /// Something that stands in two splits.
    struct Leak {
        let words: String
        let manifest: String
        let isPicture: Bool
    }

    static func leaks(across sets: [DataSet]) -> [Leak] {
        var leaks: [Leak] = []
        var pictures: [Digest: (set: DataSet, item: Item)] = [:]
        var owners: [String: (set: DataSet, item: Item)] = [:]
        for set in sets {
            let manifest = "\(set.directory)/manifest.csv"
            for item in set.items {
                let owner = set.owner(of: item)
                if let other = owners[owner], other.item.split != item.split {
                    leaks.append(
                        Leak(
                            words:
                                "group '\(item.group)' stands in two splits: \(other.item.split.rawValue) "
                                + "(\(other.set.name)/\(other.item.id)) and \(item.split.rawValue) (\(set.name)/\(item.id))",
                            manifest: manifest, isPicture: false))
                }
                if owners[owner] == nil { owners[owner] = (set, item) }
                guard let digest = set.digests[item.image] else { continue }
                if let other = pictures[digest], other.item.split != item.split {
                    leaks.append(
                        Leak(
                            words: "one picture stands in two splits: \(other.item.split.rawValue) (\(other.item.image)) and "
                                + "\(item.split.rawValue) (\(item.image))", manifest: manifest, isPicture: true))
                }
                if pictures[digest] == nil { pictures[digest] = (set, item) }
            }
        }
        return leaks
    }

    /// The images of a split; all of them for nil.
    public func items(in split: Split?) -> [Item] { split.map { wanted in items.filter { $0.split == wanted } } ?? items }

    /// Terms of use by data set, from a table with columns set and terms.
    public static func terms(in path: String) throws(PapillaError) -> [String: String] {
        let table = try CommaSeparatedValues(try readFile(path), place: path)
        guard table.columns.contains("set"), table.columns.contains("terms") else {
            throw PapillaError(.badInput, "columns 'set' and 'terms' were expected", place: path)
        }
        return Dictionary(
            table.rows.map { ($0.fields["set"] ?? "", $0.fields["terms"] ?? "") }, uniquingKeysWith: { first, _ in first })
    }

    private static func item(_ row: CommaSeparatedValues.Row, files: FolderNames, manifest: String) throws(PapillaError) -> Item {
        func place(_ column: String) -> String { "\(manifest):\(row.line), column '\(column)'" }
        func required(_ column: String) throws(PapillaError) -> String {
            guard let value = row.fields[column], !value.isEmpty else {
                throw PapillaError(.badInput, "'\(column)' is empty", place: place(column), hint: "Fill it in, or remove the row")
            }
            return value
        }
        func file(_ column: String) throws(PapillaError) -> String {
            let written = try required(column)
            let relative = written.replacing("\\", with: "/")
            let isElsewhere =
                relative.isAbsolutePath || relative.dropFirst().hasPrefix(":/") || relative.pathNames().contains("..")
            guard !isElsewhere else {
                throw PapillaError(
                    .badInput, "'\(written)' leads out of the data set", place: place(column),
                    hint: "Name a path inside the folder, such as \(column)s/NAME.png")
            }
            guard let path = files.path(of: relative) else {
                throw PapillaError(
                    .notFound, "file '\(written)' is missing", place: place(column),
                    hint: files.nearMiss(of: relative).map { "There is '\($0)': write it so" }
                        ?? "Name a file by its path inside \(files.root)")
            }
            return path
        }
        let word = try required("split")
        guard let split = Split(word: word) else {
            throw PapillaError(
                .badInput, "split '\(word)' is unknown", place: place("split"), hint: "Expected: train, val or test, in any case")
        }
        return Item(
            id: try required("id"), image: try file("image"), mask: row.fields["mask"]?.isEmpty == false ? try file("mask") : nil,
            split: split, group: try required("group"), label: row.fields["label"] ?? "", line: row.line)
    }
}

/// The files of a folder, found by a name whatever its Unicode form.
private final class FolderNames {
    let root: String
    private var known: [String: [String]] = [:]

    init(root: String) { self.root = root }

    /// The path of a file; nil where there is none.
    func path(of relative: String) -> String? {
        let path = root + "/" + relative
        // Names are bytes to the file system: an ü may be one character or two.
        return NamedPath.exists(path) ? path : matching(relative) { $0 == $1 }
    }

    /// A file whose name differs in case alone.
    func nearMiss(of relative: String) -> String? {
        matching(relative) { $0.lowercased() == $1.lowercased() }.map { String($0.dropFirst(root.count + 1)) }
    }

    private func matching(_ relative: String, _ isSame: (String, String) -> Bool) -> String? {
        var path = root
        for name in relative.pathNames() where name != "." {
            let names = known[path] ?? (try? NamedPath.names(in: path)) ?? []
            known[path] = names
            guard let found = names.first(where: { isSame($0, name) }) else { return nil }
            path += "/" + found
        }
        return path
    }
}

/// All bytes of a file.
public func readFile(_ path: String) throws(PapillaError) -> [UInt8] {
    do { return try NamedPath.read(path) } catch {
        throw PapillaError(.system, "a file could not be read", place: path, cause: error)
    }
}
