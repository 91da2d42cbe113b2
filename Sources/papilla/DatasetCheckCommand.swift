internal import ArgumentParser
internal import DataSets
internal import Files
internal import Screening

/// `papilla dataset check FOLDER...`
struct DatasetCheckCommand: ParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says what is in data sets, and what is wrong with them.",
        discussion: """
            Counts, sizes, what the masks' values are and mean, empty masks, groups and pictures that stand in two splits, of one set or of \
            several, and images in two splits that look alike. --sheet lays some masks over their images. Exit status 1 where a set cannot be \
            used as it is.

            Example: papilla dataset check Kvasir-SEG --sheet masks.jpg
            """)

    @Argument(help: "Data-set folders.") var folders: [String]
    @Option(help: "What the masks are for: disc, cup or polyp (default: seen from the set).") var task: ModelTask?
    @OptionGroup var masks: MaskValuesOption
    @Option(help: ArgumentHelp("Write a picture of masks over images here (JPEG).", valueName: "file")) var sheet: String?
    @Option(help: "Images on the sheet, 1 to 200.") var shown = 20
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws {
        guard (1...200).contains(shown) else { throw ValidationError("--shown \(shown): expected 1 to 200") }
        guard task != .router else {
            throw ValidationError("--task router: expected disc, cup or polyp; a router's set has no masks")
        }
    }

    func run() throws {
        let values = try MaskValuesByFolder(masks.maskValues)
        try values.check(folders)
        let bar = ProgressBar()
        let check = DataSetCheck(folders, task: task, stated: values) { done, all in
            bar.show(Double(done) / Double(all), "\(done)/\(all) images")
        }
        bar.end()
        if let sheet {
            let bytes = try ContactSheet(check.surveyed, count: shown).jpeg()
            do { try NamedPath.write(bytes, to: sheet) } catch {
                throw PapillaError(
                    .system, "the sheet cannot be written", place: sheet, hint: "Look at the folder and its permissions",
                    cause: error)
            }
        }
        print(json ? try CanonicalJSON.line(check) : text(check))
        if !check.problems.isEmpty { throw ExitCode(1) }
    }

    private func text(_ check: DataSetCheck) -> String {
        var lines: [String] = []
        for set in check.sets {
            let splits = ["train", "val", "test"].map { "\($0) \(set.splits[$0] ?? 0)" }.joined(separator: ", ")
            lines.append("\(set.name): \(set.images) images (\(splits)), \(set.groups) groups")
            lines.append("  size: width \(Self.range(set.width)), height \(Self.range(set.height)) px")
            guard set.masks > 0 else {
                lines.append("  no masks")
                continue
            }
            let values = set.values.sorted { (Int($0.key) ?? .max, $0.key) < (Int($1.key) ?? .max, $1.key) }.map {
                "\($0.key) in \($0.value)"
            }
            lines.append(
                "  masks: \(set.masks), \(set.meaning ?? "of unknown meaning")" + (set.empty.map { "; empty: \($0)" } ?? ""))
            if !values.isEmpty { lines.append("  values: \(values.joined(separator: ", "))") }
            for path in set.whole.prefix(10) {
                lines.append("  note: \(path) covers nearly the whole picture or touches all four of its borders")
            }
            if set.whole.count > 10 { lines.append("  ... \(set.whole.count) such masks in all") }
        }
        for pair in check.alike.prefix(20) {
            lines.append("alike in two splits (\(pair.distance) of 256 bits differ): \(pair.one), \(pair.other)")
        }
        if check.alike.count > 20 { lines.append("... \(check.alike.count) such pairs in all") }
        lines += check.problems.map { "problem: \($0)" }
        lines.append(check.problems.isEmpty ? "nothing keeps these from being used" : "\(check.problems.count) problems")
        if let sheet { lines.append("sheet: \(sheet)") }
        return lines.joined(separator: "\n")
    }

    private static func range(_ values: [Int]) -> String {
        guard let low = values.first, let high = values.last else { return "unknown" }
        return low == high ? "\(low)" : "\(low) to \(high)"
    }
}
