public import ArgumentParser
internal import Glibc
public import Phantoms
internal import Screening

/// `papilla phantom`: synthetic images with exact masks.
struct PhantomCommand: AsyncParsableCommand, OwnFilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom", abstract: "Makes synthetic images with exact masks, for tests and trials.",
        discussion: """
            They look like fundus photographs with disc and cup, or like colonoscopy frames with two, one or no polyps, and come as a data-set \
            folder: images, masks, manifest.csv. The same seed always gives the same files. Every image says PHANTOM in its pixels and metadata.

            Example: papilla phantom --kind fundus --count 6 --seed 7 --out phantoms
            """)

    @Option(help: "What to show: fundus or endoscopy.")
    var kind: Phantom.Kind
    @Option(help: "How many images, 1 to 100000.")
    var count: Int
    @Option(help: "Where the random numbers begin.")
    var seed: UInt64 = 1
    @Option(help: "The folder, new or empty.")
    var out: String
    @Option(help: "For fundus: whole for the whole field of view, disc for crops around the disc.")
    var view = Phantom.View.whole
    @Option(help: "The camera: standard, or other: colder, softer, noisier, as when a site's device changes.")
    var camera = Camera.standard
    @Flag(help: "Print one JSON value.")
    var json = false

    /// The camera that the phantoms are taken with.
    enum Camera: String, CaseIterable, ExpressibleByArgument {
        case standard, other

        var style: PhantomStyle { self == .standard ? .standard : .other }
    }

    private struct Summary: Encodable {
        let kind: Phantom.Kind
        let count: Int
        let seed: UInt64
        let view: Phantom.View
        let out: String
        let manifest: String
    }

    func validate() throws {
        guard (1...100_000).contains(count) else { throw ValidationError("--count must be 1 to 100000, not \(count)") }
        guard !out.isEmpty else { throw ValidationError("--out must name a folder") }
    }

    func run() async throws {
        let bar = isatty(STDERR_FILENO) == 1 ? ProgressBar() : nil
        defer { bar?.end() }
        try PhantomSet.write(kind: kind, count: count, seed: seed, to: out, view: view, style: camera.style) { done in
            bar?.show(Double(done) / Double(count), "\(done) of \(count) phantoms")
        }
        bar?.end()
        let summary = Summary(kind: kind, count: count, seed: seed, view: view, out: out, manifest: "\(out)/manifest.csv")
        print(
            json
                ? try CanonicalJSON.line(summary)
                : "\(count) \(kind.rawValue) phantom\(count == 1 ? "" : "s") of seed \(seed) written to \(out) (images, masks, manifest.csv)"
        )
    }
}

extension Phantom.Kind: ExpressibleByArgument {}
extension Phantom.View: ExpressibleByArgument {}
