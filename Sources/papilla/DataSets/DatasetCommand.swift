internal import ArgumentParser
internal import DataSets
internal import Files
internal import Screening

/// `papilla dataset`: folders of images with their truth.
struct DatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Makes a data set of a folder as it was published, and says what is in one.",
        discussion: """
            A data set is a folder with images, masks and manifest.csv. make writes the manifest; check reports counts, sizes, what the masks \
            hold, and what stands in two splits, and lays masks over images on one sheet: look at it before you train.

            Example: papilla dataset make Kvasir-SEG --label endoscopy
            """,
        subcommands: [DatasetMakeCommand.self, DatasetCheckCommand.self])
}

/// `papilla dataset make FOLDER`
struct DatasetMakeCommand: ParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Writes manifest.csv for a folder of images and masks.",
        discussion: """
            Image and mask have one name, but for words such as _mask or _segmentation and for the ending, in one folder or in two (images and \
            masks, Original and Ground Truth, ...), at any depth. Folders named train, val and test are the splits; else each group is given to \
            one by a seeded draw. Images that look alike are one group, unless --group finds the patient in the file's name. Nothing but the \
            manifest is written.

            Example: papilla dataset make Kvasir-SEG --label endoscopy
            Example: papilla dataset make REFUGE --group '([nV][0-9]+)' --mask-values 255=outside,128=disc,0=cup
            """)

    @Argument(help: "The folder.") var folder: String
    @Option(help: "Folder of the images inside it, where its name does not say so.") var images: String?
    @Option(help: "Folder of the masks likewise.") var masks: String?
    @Option(
        help: "Regular expression over an image's path; its first group names the patient or sequence (default: by likeness).")
    var group: String?
    @Option(help: "Shares of train, val and test (default: the folder's own splits, else 60,20,20).") var split: String?
    @Option(help: "Seed of the draw.") var seed: UInt64 = 1
    @Option(help: "What the images show: fundus, endoscopy or neither.") var label: Modality?
    @Option(help: ArgumentHelp("What the masks' values mean: 0=outside,255=polyp.", valueName: "values")) var maskValues: String?
    @Flag(help: "Leave out images without a mask, and masks without an image.") var skipUnmatched = false
    @Flag(help: "Write an existing manifest anew; images that it names keep their split.") var replace = false
    @Flag(help: "Print one JSON value.") var json = false

    func validate() throws { _ = try shares }

    private var shares: [Int]? {
        get throws {
            guard let split else { return nil }
            let numbers = split.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            let shares = numbers.compactMap(\.self)
            guard shares.count == 3, numbers.count == 3, shares.allSatisfy({ (0...1_000_000).contains($0) }),
                shares.contains(where: { $0 > 0 })
            else {
                throw ValidationError("--split \(split): expected three whole numbers for train, val and test, such as 60,20,20")
            }
            return shares
        }
    }

    func run() throws {
        var options = DataSetMaker.Options()
        options.images = images.map(Self.bare)
        options.masks = masks.map(Self.bare)
        options.group = group
        options.shares = try shares
        options.seed = seed
        options.label = label?.rawValue ?? ""
        options.maskValues = try maskValues.map { text throws(PapillaError) in try StatedMaskValues(text) }
        options.skipsUnmatched = skipUnmatched
        options.replaces = replace
        let bar = ProgressBar()
        let summary = try DataSetMaker(folder, options).make { done, all in
            bar.show(Double(done) / Double(all), "\(done)/\(all) images")
        }
        bar.end()
        if json { return print(try CanonicalJSON.line(summary)) }
        let splits = ["train", "val", "test"].map { "\($0) \(summary.splits[$0] ?? 0)" }.joined(separator: ", ")
        print("\(summary.manifest): \(summary.images) images, \(summary.masks) masks, \(summary.groups) groups")
        print("\(splits): \(summary.splitFrom)")
        if !summary.leftOut.isEmpty { print("left out: \(summary.leftOut.count), such as \(summary.leftOut[0])") }
        for (ending, count) in summary.unread.sorted(by: { $0.key < $1.key }) {
            print("not read: \(count) \(ending) files; convert them to PNG")
        }
        print("Look at it: papilla dataset check \(folder) --sheet masks.jpg")
    }

    /// A folder's name without slashes at its end.
    private static func bare(_ path: String) -> String {
        path.pathNames().joined(separator: "/")
    }
}

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
    @OptionGroup var words: DataSetOptions
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
        try words.check(folders)
        let (unwritten, hint) = ("the sheet cannot be written", "Look at the folder and its permissions")
        if let sheet {
            // Before everything is looked at, not after it.
            try PapillaError.telling(unwritten, at: sheet, hint: hint) { () throws(FileError) in try NamedPath.tryReplacing(sheet)
            }
        }
        let bar = ProgressBar()
        let (values, patients) = (try MaskValuesByFolder(words.maskValues), try SharedPatients(words.samePatients))
        let check = DataSetCheck(folders, task: task, stated: values, patients: patients) { done, all in
            bar.show(Double(done) / Double(all), "\(done)/\(all) images")
        }
        bar.end()
        if let sheet {
            let bytes = try ContactSheet(check.surveyed, count: shown).jpeg()
            try PapillaError.telling(unwritten, at: sheet, hint: hint) { () throws(FileError) in
                try NamedPath.write(bytes, to: sheet)
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

/// A command that works on a person's own files. Its errors name them, first and always: the rule that hides names is the journal's.
protocol OwnFilesCommand {}

/// The options that say of data-set folders what they do not say themselves.
struct DataSetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the masks' values mean where that cannot be known: 0=outside,255=polyp or 255=outside,128=disc,0=cup; NAME:0=outside,... for one data set.",
            valueName: "values"))
    var maskValues: [String] = []
    @Option(
        help: ArgumentHelp(
            "Data sets whose groups of one name are the same people, such as photographs and their crops: photographs,crops.",
            valueName: "names"))
    var samePatients: [String] = []

    /// Opens data-set folders: a wrong one is refused before the masks of any are looked at.
    func opened(_ folders: [String]) throws(PapillaError) -> [DataSet] {
        let (values, patients) = (try MaskValuesByFolder(maskValues), try SharedPatients(samePatients))
        return try folders.map { folder throws(PapillaError) in
            try DataSet(directory: folder, stated: values[folder], patients: patients[folder])
        }
    }

    /// Looks at all masks of data sets, and says in a line each what they hold.
    func surveyed(_ sets: [DataSet], for task: ModelTask, on bar: ProgressBar) throws(PapillaError) -> [DataSet] {
        let sets = try sets.map { set throws(PapillaError) in
            try set.surveyed(for: task) { done, all in
                bar.show(Double(done) / Double(all), "looking at the masks of \(set.name): \(done)/\(all)")
            }
        }
        bar.end()
        for set in sets {
            guard let survey = set.survey, survey.masks > 0 else { continue }
            bar.note("\(set.name): \(survey.line)")
            for words in survey.notes { bar.note(words) }
        }
        return sets
    }

    /// Opens data-set folders and looks at their masks.
    func sets(_ folders: [String], for task: ModelTask, on bar: ProgressBar) throws(PapillaError) -> [DataSet] {
        try surveyed(opened(folders), for: task, on: bar)
    }

    /// Refuses words on a folder that is not named.
    func check(_ folders: [String]) throws(PapillaError) {
        try MaskValuesByFolder(maskValues).check(folders)
        try SharedPatients(samePatients).check(folders)
    }
}
