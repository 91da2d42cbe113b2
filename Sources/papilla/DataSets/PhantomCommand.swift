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

            With --patients instead of --count, patients come again and again: of each, one eye stays and the other widens by --progression a \
            year; every photograph has another pose, light and focus, and a sidecar beside it that names patient, eye and time, as the inbox \
            takes it.

            Examples: papilla phantom --kind fundus --count 6 --seed 7 --out phantoms
            papilla phantom --kind fundus --patients 40 --visits 6 --progression 0.02 --out patients
            """)

    @Option(help: "What to show: fundus or endoscopy.")
    var kind: Phantom.Kind
    @Option(help: "How many images, 1 to 100000.")
    var count: Int?
    @Option(help: "Instead of --count: how many patients, 1 to 9999. Fundus only.")
    var patients: Int?
    @Option(help: "With --patients: how often each comes, 1 to 60 times.")
    var visits: Int?
    @Option(help: "With --patients: what the vertical cup-to-disc ratio of the eyes that widen grows by, a year, 0 to 0.5.")
    var progression: Double?
    @Option(help: "With --patients: months from visit to visit, 1 to 24; 12 unless given.")
    var months: Int?
    @Option(help: "With --patients: photographs of each eye at each visit, 1 to 8; 1 unless given.")
    var photographs: Int?
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
        let patients: Int?
        let seed: UInt64
        let view: Phantom.View
        let out: String
        let manifest: String
    }

    func validate() throws {
        guard !out.isEmpty else { throw ValidationError("--out must name a folder") }
        guard let patients else {
            guard let count else { throw ValidationError("--count or --patients must say how many") }
            guard (1...100_000).contains(count) else { throw ValidationError("--count must be 1 to 100000, not \(count)") }
            guard visits == nil, progression == nil, months == nil, photographs == nil else {
                throw ValidationError("--visits, --progression, --months and --photographs go with --patients")
            }
            return
        }
        guard count == nil else { throw ValidationError("--count and --patients exclude each other") }
        guard kind == .fundus else { throw ValidationError("--patients goes with --kind fundus") }
        guard camera == .standard else { throw ValidationError("--patients has cameras of its own: leave --camera out") }
        func within(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws {
            guard let value, !range.contains(value) else { return }
            throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        try within("patients", patients, 1...9999)
        try within("visits", visits, 1...60)
        try within("months", months, 1...24)
        try within("photographs", photographs, 1...8)
        guard visits != nil else { throw ValidationError("--visits must say how often each patient comes") }
        guard (0...0.5).contains(progression ?? 0) else { throw ValidationError("--progression must be 0 to 0.5") }
    }

    func run() async throws {
        let bar = isatty(STDERR_FILENO) == 1 ? ProgressBar() : nil
        defer { bar?.end() }
        let made: Int
        if let patients {
            let all = PhantomPatients(
                count: patients, visits: visits ?? 1, progression: progression ?? 0, months: months ?? 12,
                photographs: photographs ?? 1, view: view)
            made = all.total
            try PhantomSet.write(patients: all, seed: seed, to: out) { done in
                bar?.show(Double(done) / Double(made), "\(done) of \(made) phantoms")
            }
        } else {
            made = count ?? 0
            try PhantomSet.write(kind: kind, count: made, seed: seed, to: out, view: view, style: camera.style) { done in
                bar?.show(Double(done) / Double(made), "\(done) of \(made) phantoms")
            }
        }
        bar?.end()
        let summary = Summary(
            kind: kind, count: made, patients: patients, seed: seed, view: view, out: out, manifest: "\(out)/manifest.csv")
        let whose = patients.map { " of \($0) patient\($0 == 1 ? "" : "s")" } ?? ""
        print(
            json
                ? try CanonicalJSON.line(summary)
                : "\(made) \(kind.rawValue) phantom\(made == 1 ? "" : "s")\(whose) of seed \(seed) written to \(out) (images, masks, manifest.csv)"
        )
    }
}

extension Phantom.Kind: ExpressibleByArgument {}
extension Phantom.View: ExpressibleByArgument {}
