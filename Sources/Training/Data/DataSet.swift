internal import FoundationEssentials
internal import Imaging
public import Screening

/// A folder of images with their truth: `images`, `masks` and `manifest.csv` (id, image, mask, width, height, split, group, label, ...).
///
/// Read strictly: a missing column or file, an ID that stands twice, and a group that stands in two splits are refused by name.
public struct DataSet: Sendable {
    /// What an image may be used for.
    public enum Split: String, Sendable, Codable, CaseIterable {
        /// Learning.
        case train
        /// Choosing.
        case val
        /// Judging.
        case test
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
    }

    /// The folder's name.
    public let name: String
    /// The folder's path.
    public let directory: String
    /// All images, in the manifest's order.
    public let items: [Item]

    /// Reads the manifest and looks for every file that it names.
    public init(directory: String) throws(PapillaError) {
        let url = URL(filePath: directory, directoryHint: .isDirectory)
        let root = url.standardizedFileURL.path
        let manifest = root + "/manifest.csv"
        guard FileManager.default.fileExists(atPath: manifest) else {
            throw PapillaError(
                .notFound, "a data set without manifest.csv", place: directory,
                hint: "Name a folder with images, masks and manifest.csv")
        }
        let table = try CommaSeparatedValues(try readFile(manifest), place: manifest)
        for column in ["id", "image", "mask", "split", "group", "label"] where !table.columns.contains(column) {
            throw PapillaError(
                .badInput, "column '\(column)' is missing", place: manifest,
                hint: "Expected: id, image, mask, split, group, label")
        }
        var items: [Item] = []
        var ids = Set<String>()
        for row in table.rows {
            let item = try Self.item(row, root: root, manifest: manifest)
            guard ids.insert(item.id).inserted else {
                throw PapillaError(.badInput, "id '\(item.id)' stands twice", place: "\(manifest):\(row.line)")
            }
            items.append(item)
        }
        guard !items.isEmpty else { throw PapillaError(.badInput, "a data set without images", place: manifest) }
        name = url.standardizedFileURL.lastPathComponent
        self.directory = root
        self.items = items
        try Self.refuseLeaks(across: [self])
    }

    /// Refuses a group that stands in two splits, within a set or across sets: a patient seen in training must not judge.
    public static func refuseLeaks(across sets: [DataSet]) throws(PapillaError) {
        var seen: [String: (split: Split, id: String, set: String)] = [:]
        for set in sets {
            for item in set.items {
                if let other = seen[item.group], other.split != item.split {
                    throw PapillaError(
                        .badInput,
                        "group '\(item.group)' stands in two splits: \(other.split.rawValue) (\(other.set)/\(other.id)) and "
                            + "\(item.split.rawValue) (\(set.name)/\(item.id))",
                        place: "\(set.directory)/manifest.csv", hint: "Give every image of a group the same split")
                }
                if seen[item.group] == nil { seen[item.group] = (item.split, item.id, set.name) }
            }
        }
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

    private static func item(_ row: CommaSeparatedValues.Row, root: String, manifest: String) throws(PapillaError) -> Item {
        let place = "\(manifest):\(row.line)"
        func required(_ column: String) throws(PapillaError) -> String {
            guard let value = row.fields[column], !value.isEmpty else {
                throw PapillaError(.badInput, "'\(column)' is empty", place: place)
            }
            return value
        }
        func file(_ column: String) throws(PapillaError) -> String {
            let relative = try required(column)
            guard !relative.isAbsolutePath, !relative.pathNames().contains("..") else {
                throw PapillaError(
                    .badInput, "'\(relative)' leads out of the data set", place: place, hint: "Name a path inside the folder")
            }
            let path = root + "/" + relative
            guard FileManager.default.fileExists(atPath: path) else {
                throw PapillaError(.notFound, "file '\(relative)' is missing", place: place)
            }
            return path
        }
        let word = try required("split")
        guard let split = Split(rawValue: word) else {
            throw PapillaError(.badInput, "split '\(word)' is unknown", place: place, hint: "Expected: train, val or test")
        }
        return Item(
            id: try required("id"), image: try file("image"), mask: row.fields["mask"]?.isEmpty == false ? try file("mask") : nil,
            split: split, group: try required("group"), label: row.fields["label"] ?? "")
    }
}

/// All bytes of a file.
func readFile(_ path: String) throws(PapillaError) -> [UInt8] {
    do { return [UInt8](try Data(contentsOf: URL(filePath: path))) } catch {
        throw PapillaError(.system, "a file could not be read", place: path, cause: error)
    }
}
