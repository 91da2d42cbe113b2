internal import Files
internal import Imaging
public import Screening

/// A data-set folder of phantoms: `images`, `masks` and `manifest.csv`, as every data set of Papilla.
public enum PhantomSet {
    /// The manifest's columns.
    static let columns = [
        "id", "image", "mask", "width", "height", "split", "group", "label", "original_width", "original_height", "note",
    ]

    /// Makes images 0 to `count - 1` of a seed and writes them into a new or empty folder.
    ///
    /// Images are JPEGs of quality 92 with a comment, masks 8-bit PNGs with a text, that begin with PHANTOM. Of five images in a
    /// row, three are for training, one for validation, one for tests. `label` is the kind, `note` says PHANTOM and what is
    /// shown. The manifest is written last: a folder without one is not finished.
    /// - Parameters:
    ///   - kind: Fundus photographs or endoscopy frames.
    ///   - count: How many, 1 to 100,000.
    ///   - seed: The same seed gives the same files.
    ///   - directory: Made, with the folders above it, if it is not there.
    ///   - view: Whole fields or crops around the disc, for fundus.
    ///   - style: The camera.
    ///   - progress: Called after each image with the number of those done.
    /// - Throws: `PapillaError` if the folder holds something already, or cannot be written.
    public static func write(
        kind: Phantom.Kind, count: Int, seed: UInt64, to directory: String, view: Phantom.View = .whole,
        style: PhantomStyle = .standard,
        progress: (Int) -> Void = { _ in }
    ) throws(PapillaError) {
        guard (1...100_000).contains(count) else {
            throw PapillaError(.badInput, "\(count) phantoms were asked for; 1 to 100000 were expected")
        }
        try prepare(directory)
        var manifest = CommaSeparated.line(columns, end: "\n")
        for index in 0..<count {
            let phantom = Phantom.make(kind, seed: seed, index: index, view: view, style: style)
            let id = "phantom_\(kind.rawValue)_\(seed)_" + String("0000\(index)".suffix(max(5, "\(index)".count)))
            let words = "PHANTOM: synthetic \(kind.rawValue) image \(index) of seed \(seed)"
            try write(phantom, id: id, words: words, to: directory)
            let (width, height) = (phantom.raster.width, phantom.raster.height)
            let split = index % 5 < 3 ? "train" : index % 5 == 3 ? "val" : "test"
            manifest += CommaSeparated.line(
                [
                    id, "images/\(id).jpg", "masks/\(id).png", "\(width)", "\(height)", split, id, kind.rawValue, "\(width)",
                    "\(height)", "PHANTOM \(content(of: phantom))",
                ], end: "\n")
            progress(index + 1)
        }
        try write(Array(manifest.utf8), to: "\(directory)/manifest.csv")
    }

    private static func content(of phantom: Phantom) -> String {
        switch phantom.kind {
        case .fundus: "\(phantom.eye.rawValue) eye"
        case .endoscopy: phantom.polyps == 0 ? "no polyp" : phantom.polyps == 1 ? "1 polyp" : "\(phantom.polyps) polyps"
        }
    }

    /// An image with its mask, both with words in their metadata.
    static func write(_ phantom: Phantom, id: String, words: String, to directory: String) throws(PapillaError) {
        try write(try ImageEncoder.jpeg(phantom.raster, quality: 92, comment: words), to: "\(directory)/images/\(id).jpg")
        try write(try ImageEncoder.png(phantom.mask, text: ["Papilla": words]), to: "\(directory)/masks/\(id).png")
    }

    /// The folder with its two inner ones; refused if anything is in it.
    static func prepare(_ directory: String) throws(PapillaError) {
        do {
            if NamedPath.exists(directory), try !NamedPath.names(in: directory).isEmpty {
                throw PapillaError(
                    .refused, "the folder for the phantoms is not empty; a new or empty one was expected", place: directory,
                    hint: "Give another --out, or remove what is in it")
            }
            for folder in ["images", "masks"] { try NamedPath.makeFolders("\(directory)/\(folder)") }
        } catch let error as PapillaError {
            throw error
        } catch {
            throw PapillaError(
                .system, "the folder for the phantoms cannot be made", place: directory,
                hint: "Check the path and its permissions", cause: error)
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws(PapillaError) {
        do {
            try NamedPath.write(bytes, to: path)
        } catch {
            throw PapillaError(
                .system, "a phantom's file cannot be written", place: path, hint: "Check the space left and the permissions",
                cause: error,
                isRetryable: true)
        }
    }
}
