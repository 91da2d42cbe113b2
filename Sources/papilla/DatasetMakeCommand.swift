internal import ArgumentParser
internal import DataSets
internal import Screening

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
        (options.images, options.masks, options.group) = (images.map(Self.bare), masks.map(Self.bare), group)
        (options.shares, options.seed, options.label) = (try shares, seed, label?.rawValue ?? "")
        options.maskValues = try maskValues.map { text throws(PapillaError) in try StatedMaskValues(text) }
        (options.skipsUnmatched, options.replaces) = (skipUnmatched, replace)
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
