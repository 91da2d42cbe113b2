internal import ArgumentParser
internal import Dicom
internal import Files
internal import Imaging
internal import Screening

/// `papilla dicom`: looks into DICOM files.
struct DicomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dicom", abstract: "Looks into DICOM files.", subcommands: [DicomDumpCommand.self])
}

/// `papilla dicom dump`: what is understood of a file.
struct DicomDumpCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Shows what is understood of a DICOM file.",
        discussion: """
            Whose it is, what was examined, and each frame's size: what a report of it would say. Names, birth dates and sexes are not \
            looked at.

            Example: papilla dicom dump scan.dcm
            """)

    @Argument(help: "A DICOM file.") var file: String
    @Flag(help: "Print one JSON object.") var json = false

    private struct Dump: Encodable {
        @Nullable var subject: Subject?
        var examination: Examination
        var syntax: String
        var tags: [String: String]
        var width: Int
        var height: Int
        var frames: Int
        var attention: [Attention]
    }

    func run() async throws {
        let bytes: [UInt8]
        do { bytes = try NamedPath.read(file) } catch { throw PapillaError(foreign: error) }
        guard DicomFile.claim(bytes) == .mine else {
            throw PapillaError(
                .badInput, "This is no DICOM file", place: file,
                hint: "A DICOM file has the letters DICM after its first 128 bytes")
        }
        let container: DicomFile
        let first: DecodedImage
        do {
            container = try DicomFile(bytes, limits: ImageLimits())
            first = try container.frame(1)
        } catch { throw PapillaError(.badInput, error.reason.detail, place: file) }
        let identification = Identification([container.facts.statement])
        let dump = Dump(
            subject: identification.subject, examination: identification.examination, syntax: container.facts.syntax,
            tags: container.facts.values, width: first.raster.width, height: first.raster.height, frames: container.frameCount,
            attention: identification.attention)
        if json { return print(try CanonicalJSON.line(dump)) }
        let examination = dump.examination
        var rows: [[String]] = []
        func row(_ name: String, _ value: String?) { if let value { rows.append([name, value]) } }
        row("subject", dump.subject.map { subject in subject.identifier + (subject.issuer.map { " of \($0)" } ?? "") })
        row("study", examination.study)
        row("accession", examination.accession)
        row("taken", examination.taken?.description)
        row("eye", examination.eye.whence == nil ? nil : examination.eye.value.rawValue)
        row("device", examination.device)
        row("operator", examination.operatorName)
        row("burned in", examination.burnedIn.map { $0 ? "a person's data are written into the picture" : "nothing" })
        row("kind", dump.tags["sop_class"])
        row("written", dump.syntax)
        row("picture", "\(dump.width) x \(dump.height), \(dump.frames == 1 ? "1 frame" : "\(dump.frames) frames")")
        for entry in dump.attention { row("look at", entry.detail) }
        print(TextTable(["what", "value"], rows).text)
    }
}
