public import Imaging
public import Screening

/// What one set of models makes of one image: everything that a report, an overlay and an evaluation need.
public struct ImageReading: Sendable {
    /// How it ended: measured, no finding, ungradable or out of domain.
    public var outcome: Outcome
    /// Why, unless measured or no finding.
    public var reasons: [Reason] = []
    /// What the router said; nil for an image too small to be shown to it.
    public var modality: Report.ModalityFinding?
    /// How good the image is; nil out of domain.
    public var quality: Quality?
    /// Measures of a fundus photograph.
    public var fundus: FundusFindings?
    /// Measures of an endoscopy frame.
    public var endoscopy: EndoscopyFindings?
    /// What a person should look at.
    public var attention: [Attention] = []
    /// The thresholds that were used.
    public var thresholds: [String: Double] = [:]
    /// The masks by name, each of the original's size: `disc` and `cup` (ellipses, the cup clipped to the disc), `disc-raw` and `cup-raw`
    /// (before the ellipse), `polyp`. Those that were not found are missing.
    public var masks: [String: Mask] = [:]
    /// The structures that a reader drew; none in a reading by networks alone.
    public var corrected: [ModelTask] = []
    /// What the networks saw of `disc`, `cup` and `polyp` where these were measured.
    public var evidence: [String: NetworkEvidence] = [:]
    /// One standard deviation of the vertical cup-to-disc ratio, as the networks' own uncertainty has it.
    public var ratioDeviation: Double?
    /// Every region of an endoscopy frame that the polyp network's model judged.
    public var judged: JudgedRegions?
    /// Which eye it is, stated or seen.
    public var eye = Eye.unknown
    /// The models that took part.
    public var modelsUsed: [Report.Model] = []
    /// Milliseconds by stage; what a reading does not do is 0.
    public var timing = Report.Timing()

    /// A reading that ended so far without anything found.
    init(_ outcome: Outcome) { self.outcome = outcome }

    /// Gives the masks in its findings the names of a frame's files.
    mutating func name(frame: Int) {
        func named(_ structure: Structure) -> Structure {
            var structure = structure
            structure.mask = StandardBundle.name(structure.mask, frame: frame)
            structure.rawMask = StandardBundle.name(structure.rawMask, frame: frame)
            return structure
        }
        if let disc = fundus?.disc { fundus?.disc = named(disc) }
        if let cup = fundus?.cup { fundus?.cup = named(cup) }
        if let mask = endoscopy?.mask { endoscopy?.mask = StandardBundle.name(mask, frame: frame) }
    }

    /// Ends the reading for some reasons.
    mutating func end(_ reasons: [Reason]) {
        self.reasons = reasons
        if let first = reasons.first { outcome = first.code.outcome }
    }
}
