internal import ArgumentParser
internal import Files
internal import Glibc
internal import Imaging
internal import Reading
internal import Registry
internal import Screening

/// `papilla screen`: reads files once, without the service.
struct ScreenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screen", abstract: "Reads images once, without the service.",
        discussion: """
            Writes a bundle for each file, DIR/STEM.ID/ with report.json, overlay.jpg and masks, complete or not at all. A file that is no \
            readable image gets a bundle too, which says why, and does not make the command fail; a file that cannot be opened does.

            For archives, --resume LIST takes folders too, with all below them, and adds a line of JSON for each file to LIST; bundles are \
            written only where --out asks for them. What LIST has is not read again, so that a run that was stopped or killed goes on by the \
            same command. --shard 2/16 reads the second of sixteen shares, each with a LIST of its own: contents belong to shares by their \
            digests.

            Examples: papilla screen eye.jpg colon.png --out results
            papilla screen archive --shard 2/16 --resume results-2.jsonl
            """)

    @Argument(help: "Image files: JPEG, PNG or DICOM; with --resume folders, too.") var files: [String]
    @Option(help: "The folder for the bundles; made if it is not there.") var out: String?
    @Option(
        help: ArgumentHelp("Results as JSON lines: what is there is not read again, what is read is added.", valueName: "list"))
    var resume: String?
    @Option(help: ArgumentHelp("The share that is read, with --resume: the first of four is 1/4.", valueName: "i/n")) var shard:
        Shard?
    @OptionGroup var models: ModelsOption
    @Flag(help: "Print each report as one JSON line; with --resume one JSON value with the numbers of files.") var json = false

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name at least one file") }
        guard out ?? resume != nil, out != "" else { throw ValidationError("--out must name a folder") }
        guard shard == nil || resume != nil else {
            throw ValidationError("--shard needs --resume LIST, where the share's results go")
        }
    }

    func run() async throws {
        let models = try await ReadingModels(store: models.store)
        if let resume {
            return try await screenArchive(ImageReader(models: models, writers: out == nil ? [] : [StandardBundle()]), resume)
        }
        guard let out else { return }
        let reader = try ImageReader(models: models)
        let folder = try BundleFolder(out)
        var rows: [[String]] = []
        var unopened = 0
        let bar = ProgressBar()
        let isTerminal = isatty(STDERR_FILENO) == 1
        for (index, path) in files.enumerated() {
            if isTerminal { bar.show(Double(index) / Double(files.count), "\(index) of \(files.count) images") }
            let content: InputFile
            do {
                content = try InputFile(path, limit: reader.settings.limits.maximumBytes)
            } catch {
                // The others are still read; the exit status tells.
                bar.note("papilla: file \(index + 1) of \(files.count) could not be opened: \(error.cause ?? error.message)")
                rows.append([TextTable.printable(path), "-", "not opened", "-", "-", "-"])
                unopened += 1
                continue
            }
            let bundle = try await Self.screen(content, path, reader)
            try folder.publish(bundle)
            if json { print(try CanonicalJSON.line(bundle.report)) }
            rows.append(Self.row(path, bundle.report))
        }
        bar.end()
        folder.close()
        if !json { print(TextTable(["file", "modality", "outcome", "result", "attention", "ms"], rows, right: [5]).text) }
        guard unopened == 0 else { throw ExitCode(1) }
    }

    /// Reads an archive into a list of results.
    private func screenArchive(_ reader: ImageReader, _ list: String) async throws {
        let folder = try out.map { path throws(PapillaError) in try BundleFolder(path) }
        let bar = ProgressBar()
        StopRequest.watch()
        var screening = try ArchiveScreening(shard ?? .whole, list: list, limit: reader.settings.limits.maximumBytes, on: bar) {
            content, path in
            let bundle = try await Self.screen(content, path, reader)
            try folder?.publish(bundle)
            return bundle.report
        }
        let isFinished = try await screening.run(files)
        bar.end()
        folder?.close()
        print(json ? try CanonicalJSON.line(screening.summary) : screening.summary.text)
        if !isFinished { bar.note("stopped; the same command goes on") }
        guard isFinished, screening.summary.unopened == 0 else { throw ExitCode(1) }
    }

    /// Reads one file's content into a bundle.
    private static func screen(_ content: InputFile, _ path: String, _ reader: ImageReader) async throws -> Bundle {
        let now = Timestamp.now
        var random = SystemRandomNumberGenerator()
        let id = ScreeningID(at: now, using: &random)
        let name = path.pathNames().last ?? path
        var source = Report.Source(name: name, path: path, sha256: nil, bytes: 0, received: now)
        switch content {
        case .bytes(let bytes):
            let identification = Identification([ImageFile.identity(of: bytes).statement])
            source.patient = identification.subject?.identifier
            source.study = identification.examination.study
            return try await reader.screen(bytes, id: id, source: source, identification: identification)
        case .refused(let reason, let size):
            source.bytes = size
            return try Bundle.failed(id: id, source: source, reason: reason, engine: await ImageReader.engine())
        }
    }

    private static func row(_ path: String, _ report: Report) -> [String] {
        let result: String
        if let ratio = report.fundus?.cdr?.vertical {
            result = "vCDR \(decimal(ratio))"
        } else if let polyps = report.endoscopy?.polyps {
            result = polyps.count == 1 ? "1 polyp" : "\(polyps.count) polyps"
        } else {
            result = report.reasons.map(\.code.rawValue).joined(separator: ", ")
        }
        let attention = report.attention.map(\.code.rawValue).joined(separator: ", ")
        let timing = report.timing
        let milliseconds = timing.decode + timing.route + timing.infer + timing.render
        return [
            TextTable.printable(path), report.modality?.value.rawValue ?? "-", report.outcome.rawValue,
            result.isEmpty ? "-" : result,
            attention.isEmpty ? "-" : attention, "\(Int(milliseconds.rounded()))",
        ]
    }

    private static func decimal(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

/// The folder that bundles are written to, each complete or absent: written aside, then renamed.
private struct BundleFolder {
    private let path: String
    private var staging: String { path + "/.staging" }

    init(_ path: String) throws(PapillaError) {
        self.path = path
        var partial = path.isAbsolutePath ? "" : "."
        for part in path.pathNames() {
            partial += "/" + part
            try Self.make(partial)
        }
        try Self.make(staging)
    }

    func publish(_ bundle: Bundle) throws(PapillaError) {
        let aside = "\(staging)/\(bundle.report.id)"
        try Self.make(aside)
        for file in bundle.files { try write(file.bytes, to: "\(aside)/\(file.name)") }
        try Self.sync(aside)
        let final = "\(path)/\(bundle.folder)"
        try PapillaError.telling("A bundle cannot be published", at: final) { () throws(FileError) in
            try NamedPath.rename(aside, to: final)
        }
        try Self.sync(path)
    }

    /// Takes the staging folder away, if nothing is being written there by another run.
    func close() { NamedPath.removeEmptyFolder(staging) }

    private func write(_ bytes: [UInt8], to path: String) throws(PapillaError) {
        let file = try PapillaError.telling("A bundle's file cannot be written", at: path) { () throws(FileError) in
            let file = try OpenFile.create(path, mode: 0o640)
            try file.write(bytes)
            return file
        }
        try PapillaError.telling("A bundle's file did not reach the disk", at: path) { () throws(FileError) in try file.sync() }
    }

    private static func make(_ folder: String) throws(PapillaError) {
        try PapillaError.telling("A folder cannot be made", at: folder) { () throws(FileError) in
            _ = try NamedPath.makeFolder(folder, mode: 0o750)
        }
    }

    private static func sync(_ path: String) throws(PapillaError) {
        let folder = try PapillaError.telling("A folder cannot be opened", at: path) { () throws(FileError) in
            try Folder.open(path)
        }
        try PapillaError.telling("A folder did not reach the disk", at: path) { () throws(FileError) in try folder.sync() }
    }
}
