public import DataSets
internal import Files
internal import Imaging
public import Ledger
internal import Reading
public import Review
public import Screening

/// The cases of a site for one task: which image may teach, which one chooses, and which fifth is frozen, that is, only ever judges.
///
/// A frozen case judges only where a reader drew: of an accepted one the truth is the model's own outline, and a model that is held against
/// its own outlines wins.
///
/// A case's part follows from a hash of its patient, or of its image where no patient is known: it is the same for every retraining, and no
/// patient stands in two parts. Where the patient became known after the first decision, and the image's own part is another than the
/// patient's, a case is in none if one of the two is frozen: it may have taught, or must not.
public struct CaseSet: Sendable {
    /// A case with its part.
    public struct Member: Sendable, Encodable {
        /// The arrival.
        public let id: ScreeningID
        /// `test` for a frozen one.
        public let split: DataSet.Split
        /// Accepted or corrected.
        public let verdict: Report.Decision.Verdict
        /// Whether a reader drew the structure of the task: the truth is no model's own.
        public let drawn: Bool
        /// Whether the reader drew it before the models' result was shown.
        public let blind: Bool
        let group: String
        /// As the ledger names it.
        let original: String
        let image: Digest
        /// Of a file of several frames, the one that decides: what readers see and draw on; nil for a plain image.
        let frame: Int?
        /// The masks' files in the bundle.
        let masks: [String: Report.File]
        let bundle: String

        /// Whether a promotion is judged by it.
        public var judges: Bool { split == .test && drawn }

        enum CodingKeys: String, CodingKey { case id, split, verdict, drawn, blind }
    }

    /// What the masks are of: disc, cup or polyp.
    public let task: ModelTask
    /// All cases, in the order of their images' digests: the same images teach in the same order, whenever they came.
    public let members: [Member]
    private let catalogue: ReviewCatalogue

    /// The ledger's cases that have what a task needs.
    /// - Parameters:
    ///   - cases: accepted and corrected screenings.
    ///   - catalogue: over the folders of their bundles and originals.
    /// - Throws: `damaged`, `notFound` for a bundle whose report is not as it was published.
    public init(_ task: ModelTask, _ cases: [Case], _ catalogue: ReviewCatalogue) throws(PapillaError) {
        self.task = task
        self.catalogue = catalogue
        // One image may have arrived twice: the later decision counts.
        var last: [Digest: Case] = [:]
        var patients: [Digest: String] = [:]
        var first: [Digest: Case] = [:]
        for one in cases {
            if (first[one.image]?.decided).map({ one.decided < $0 }) ?? true { first[one.image] = one }
            if let patient = one.patient, patients[one.image] == nil { patients[one.image] = patient }
            if (last[one.image]?.decided).map({ $0 <= one.decided }) ?? true { last[one.image] = one }
        }
        let names = task == .polyp ? ["polyp"] : ["disc", "cup"]
        let modality: Modality = task == .polyp ? .endoscopy : .fundus
        var members: [Member] = []
        for one in last.sorted(by: { $0.key.description < $1.key.description }).map(\.value)
        where task != .router && one.modality == modality {
            let report = try catalogue.report(one.bundle, expecting: one.bundleDigest)
            // Who corrected the eye alone has said nothing of outlines.
            guard one.verdict == .accept || !report.drawn.isEmpty else { continue }
            var masks: [String: Report.File] = [:]
            for name in names {
                let file = StandardBundle.name("\(task == .polyp ? name : name + "-raw").png", frame: report.decidingFrame)
                masks[name] = report.files.first { $0.name == file }
            }
            // The disc may teach without its cup; the cup not without its disc.
            guard masks[task.rawValue] != nil, masks["disc"] != nil || task == .polyp else { continue }
            let alone = Digest(of: "image \(one.image)".utf8).description
            let group = patients[one.image].map { Digest(of: "patient \($0)".utf8).description } ?? alone
            let parts = [alone, group].map(Self.split)
            if first[one.image]?.patient == nil, parts[0] != parts[1], parts.contains(.test) { continue }
            members.append(
                Member(
                    id: one.id, split: Self.split(group), verdict: one.verdict, drawn: report.drawn.contains(task),
                    blind: one.blind && report.drawn.contains(task), group: group, original: one.original, image: one.image,
                    frame: report.frames == nil ? nil : report.decidingFrame, masks: masks, bundle: one.bundle))
        }
        self.members = members
    }

    /// How many cases are never trained on.
    public var frozen: Int { members.count { $0.split == .test } }
    /// How many of them judge: a reader drew them.
    public var judging: Int { members.count(where: \.judges) }

    /// The part of a group: by its digest a fifth is frozen, and of the rest a fifth chooses.
    static func split(_ group: String) -> DataSet.Split {
        let number = UInt64(group.prefix(15), radix: 16) ?? 0
        return number.isMultiple(of: 5) ? .test : (number / 5).isMultiple(of: 5) ? .val : .train
    }

    /// Writes the cases as a data-set folder named `cases`, so that they are trained on and judged by the code for every other data set.
    /// Each original and mask is read and held against its digest: what is learnt from is what readers saw. Originals are linked, not
    /// copied, but for the one frame of several, which is written as a picture of its own; no patient is named.
    /// - Parameters:
    ///   - folder: where the folder is made.
    ///   - judgingOnly: only what judges a promotion.
    /// - Throws: `refused` where there is no case at all; `damaged` and `notFound`, by its ID, for a case whose original or mask is not what
    ///   it was.
    public func write(to folder: String, judgingOnly: Bool = false) throws(PapillaError) -> DataSet {
        let chosen = judgingOnly ? members.filter(\.judges) : members
        guard !chosen.isEmpty else {
            throw PapillaError(
                .refused, "there is no case for the task \(task.rawValue)",
                hint: "Cases are screenings that a reader accepted or corrected: papilla review list")
        }
        let path = folder + "/cases"
        // What the masks written here mean is known, and need not be found out.
        let values = task == .polyp ? "0=outside,255=polyp" : "0=outside,128=disc,255=cup"
        var manifest = CommaSeparated.line(["id", "image", "mask", "split", "group", "label", "mask_values"], end: "\n")
        do {
            for name in ["images", "masks"] { try NamedPath.makeFolders("\(path)/\(name)") }
            for member in chosen {
                let original = try ArchiveFile.original(
                    member.original, of: member.id, in: catalogue.archive, expecting: member.image)
                if let frame = member.frame {
                    try NamedPath.write(picture(frame, of: original, member), to: "\(path)/images/\(member.id)")
                } else {
                    try NamedPath.link(
                        "\(path)/images/\(member.id)",
                        to: catalogue.archive + "/" + member.original.dropFirst("archive/".count))
                }
                try NamedPath.write(ImageEncoder.png(mask(member)), to: "\(path)/masks/\(member.id).png")
                manifest += CommaSeparated.line(
                    [
                        "\(member.id)", "images/\(member.id)", "masks/\(member.id).png", member.split.rawValue, member.group, "",
                        values,
                    ], end: "\n")
            }
            try NamedPath.write(Array(manifest.utf8), to: "\(path)/manifest.csv")
        } catch let error as PapillaError { throw error } catch let error as FileError {
            throw .system("The cases could not be laid out", errno: error.number, words: error.words, place: path)
        } catch {
            throw PapillaError(.system, "The cases could not be laid out", place: path, cause: error)
        }
        return try DataSet(directory: path)
    }

    /// A frame as a PNG file: the very pixels that were measured.
    private func picture(_ frame: Int, of original: [UInt8], _ member: Member) throws(PapillaError) -> [UInt8] {
        let image: DecodedImage
        do { image = try ImageDecoder.decode(original, frame: frame) } catch {
            throw PapillaError(
                .damaged, "The original of case \(member.id) can no longer be read", place: member.original, cause: error)
        }
        return try ImageEncoder.png(image.raster)
    }

    /// One grey image as data sets have it: 128 disc and 255 cup, or 255 polyp.
    private func mask(_ member: Member) throws(PapillaError) -> GreyImage {
        func read(_ name: String) throws(PapillaError) -> GreyImage? {
            guard let file = member.masks[name] else { return nil }
            let path = "\(member.bundle)/\(file.name)"
            let bytes = try ArchiveFile.read(path, in: catalogue.outbox, expecting: file.sha256)
            do { return try ImageDecoder.decodeMask(bytes) } catch {
                throw PapillaError(.damaged, "The mask of case \(member.id) cannot be read", place: path, cause: error)
            }
        }
        if task == .polyp { return try read("polyp") ?? GreyImage(width: 1, height: 1) }
        guard var grey = try read("disc") else { return GreyImage(width: 1, height: 1) }
        let cup = try read("cup")
        for index in grey.pixels.indices where grey.pixels[index] != 0 { grey.pixels[index] = 128 }
        // A pixel of the cup is one of the disc, whatever the disc's mask says.
        if let cup, cup.pixels.count == grey.pixels.count {
            for index in grey.pixels.indices where cup.pixels[index] != 0 { grey.pixels[index] = 255 }
        }
        return grey
    }
}
