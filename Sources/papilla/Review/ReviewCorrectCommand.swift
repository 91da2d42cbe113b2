internal import ArgumentParser
internal import DataSets
internal import Files
internal import Foundation
internal import Imaging
internal import Screening

/// `papilla review correct ID --disc FILE --cup FILE`
struct ReviewCorrectCommand: ParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct", abstract: "Replaces outlines by a reader's, measures again and publishes the next version.",
        discussion: """
            A mask is a PNG of the original's size: 0 outside and 255 (or 1, or one colour) inside; one that holds disc (128) and cup (255) \
            serves for both. Other values are refused unless --mask-values says what they mean; so is what covers nearly the whole picture. \
            Of disc and cup, the one that is not given stays as it was. An empty polyp mask says that there is no polyp, \
            an empty cup mask that no cup is seen. --eye says which eye it is, with masks or without: outlines and figures stay then, and \
            the visit and the history of the subject take the photograph to that eye.

            Examples: papilla review correct k7q --cup cup.png --note "notch at 6 o'clock"
            papilla review correct k7q --eye left
            """)
    @Argument(help: "The screening's ID, or a unique beginning of its second part.") var id: String
    @Option(help: ArgumentHelp("Mask of the optic disc.", valueName: "file")) var disc: String?
    @Option(help: ArgumentHelp("Mask of the cup.", valueName: "file")) var cup: String?
    @Option(help: ArgumentHelp("Mask of all polyps.", valueName: "file")) var polyp: String?
    @Option(help: "Which eye it is: right, left or unknown.") var eye: StatedEye?
    @Flag(help: "They were drawn by someone who had not seen what the models found: disc and cup, or all polyps.") var blind =
        false
    @Option(help: ArgumentHelp("What the masks' values mean: 255=outside,0=polyp.", valueName: "values")) var maskValues: String?
    @OptionGroup var options: ReaderOptions

    /// What `--eye` takes.
    enum StatedEye: String, CaseIterable, ExpressibleByArgument { case right, left, unknown }

    func validate() throws {
        if disc == nil && cup == nil && polyp == nil && eye == nil {
            throw ValidationError("Expected --disc, --cup or --polyp with a mask, or --eye.")
        }
        if blind && polyp == nil && (disc == nil || cup == nil) {
            throw ValidationError("--blind goes with --disc and --cup, or with --polyp: nothing is taken from the models.")
        }
        if polyp != nil && (disc != nil || cup != nil || eye != nil) {
            throw ValidationError("--polyp goes with neither --disc nor --cup nor --eye.")
        }
    }

    func run() throws {
        var masks: [String: Data] = [:]
        let stated = try maskValues.map { text throws(PapillaError) in try StatedMaskValues(text) }
        for (task, file) in [(ModelTask.disc, disc), (.cup, cup), (.polyp, polyp)] {
            if let file { masks[task.rawValue] = try Self.mask(file, of: task, stated) }
        }
        try options.decide(id, .correct, masks: masks, blind: blind, eye: eye.flatMap { Eye(rawValue: $0.rawValue) })
    }

    /// A mask as the service takes it: small, whatever program wrote the file.
    private static func mask(_ file: String, of task: ModelTask, _ stated: StatedMaskValues?) throws -> Data {
        let bytes: [UInt8]
        do { bytes = try NamedPath.read(file) } catch {
            throw PapillaError(.notFound, "A mask could not be read", place: file, cause: error)
        }
        do throws(PapillaError) {
            return Data(try ImageEncoder.png(DrawnMask.read(bytes, of: task, stated: stated)))
        } catch {
            var error = error
            error.place = file
            throw error
        }
    }
}
