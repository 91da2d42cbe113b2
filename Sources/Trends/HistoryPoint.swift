public import Screening

/// One visit in the history of an eye: the photograph that counts, or why none does.
public struct HistoryPoint: Sendable, Codable, Hashable {
    /// Why a visit has no ratio for an eye.
    public enum Gap: String, Sendable, Codable, CaseIterable {
        /// No photograph of the eye was fit to measure, or no cup was seen in any.
        case quality
        /// A reader rejected what was measured.
        case rejected
    }

    /// The visit's day: that of its first image.
    public var visit: String
    /// The study; null without one.
    @Nullable public var study: String?
    /// When the photograph was taken, or when it arrived: see `clock`.
    public var taken: ExaminationTime
    /// How that time is known.
    public var clock: ExaminationDate.Whence
    /// Vertical cup-to-disc ratio; null where no photograph counts.
    @Nullable public var value: Double?
    /// 95 % interval, [low, high]; null where a reader drew.
    @Nullable public var interval: [Double]?
    /// The networks that measured; null in both where a reader drew, and where no photograph counts.
    public var model: ExaminedImage.Models
    /// The last decision on the photograph that counts.
    @Nullable public var decision: Report.Decision.Verdict?
    /// The quality of the photograph that counts.
    @Nullable public var quality: Quality.Grade?
    /// The arrival of the photograph that counts, or of the first that does not.
    public var id: ScreeningID
    /// Its version.
    public var version: Int
    /// Its bundle; null where it is not known any more.
    @Nullable public var bundle: String?
    /// Ratios of the other photographs of the eye that could have counted.
    public var repeats: [Double]
    /// Why there is no value.
    @Nullable public var missing: Gap?

    /// The visit's photographs of an eye; nil where it has none.
    init?(_ visit: VisitGroup, _ eye: Eye) {
        let photographs = visit.photographs(of: eye)
        guard let first = photographs.first else { return nil }
        let counted = photographs.filter(\.isCountable)
        self.visit = visit.day
        study = visit.study
        taken = first.examined.time
        clock = first.examined.whence
        id = first.id
        version = first.version
        bundle = first.bundle
        quality = first.quality
        decision = first.decision
        repeats = counted.dropFirst().compactMap { $0.ratio?.value }
        model = .init()
        guard first.isCountable, let ratio = first.ratio else {
            missing = photographs.contains { $0.decision == .reject && $0.ratio != nil } ? .rejected : .quality
            return
        }
        value = ratio.value
        interval = ratio.interval
        if let models = first.measuredBy { model = models }
    }
}

/// What an eye's ratio did between two visits, with its error.
public struct Change: Sendable, Codable, Hashable {
    /// What can be said.
    public enum Verdict: String, Sendable, Codable, CaseIterable {
        /// Within measurement error.
        case stable
        /// Beyond measurement error.
        case change
        /// The two cannot be compared: `why` says.
        case cannotTell = "cannot_tell"
    }

    /// Which way a ratio changed.
    public enum Direction: String, Sendable, Codable, CaseIterable {
        /// The ratio has grown: the rim has become thinner.
        case wider
        /// The ratio has become smaller.
        case narrower
    }

    /// Why two visits cannot be compared.
    public enum Obstacle: String, Sendable, Codable, CaseIterable {
        /// Other networks measured the earlier photograph: read it again.
        case modelChanged = "model_changed"
        /// The later visit has no photograph of the eye that was fit to measure.
        case quality
        /// A reader rejected what the later visit had.
        case rejected
        /// Site and photograph disagree on which eye it is, and no reader has had a word on it.
        case otherEye = "other_eye"
        /// Nothing is known of the error.
        case noError = "no_error"
    }

    /// Which of the earlier visits the later one is held against.
    public enum Against: String, Sendable, Codable, CaseIterable {
        /// The last one before that has a ratio.
        case previous
        /// The first one that can be compared: what grows slowly shows here first.
        case first
    }

    /// One of the two photographs.
    public struct End: Sendable, Codable, Hashable {
        /// The arrival.
        public var id: ScreeningID
        /// The visit's day.
        public var visit: String
        /// When it was taken.
        public var taken: ExaminationTime

        init(_ point: HistoryPoint) {
            id = point.id
            visit = point.visit
            taken = point.taken
        }
    }

    /// The earlier one.
    public var from: End
    /// The later one.
    public var to: End
    /// Why the earlier one was chosen.
    public var against: Against
    /// Years between them.
    public var years: Double
    /// The later ratio less the earlier; null where they cannot be compared.
    @Nullable public var value: Double?
    /// Its 95 % interval, [low, high].
    @Nullable public var interval: [Double]?
    /// 95 % of differences of an unchanged eye are smaller.
    @Nullable public var limit: Double?
    /// What the limit was measured on.
    @Nullable public var basis: ErrorLimit.Basis?
    /// What can be said.
    public var verdict: Verdict
    /// Which way, where it is a change.
    @Nullable public var direction: Direction?
    /// Why nothing can be said.
    @Nullable public var why: Obstacle?

    /// Compares two photographs of one eye, each the one that counts at its visit.
    init(
        _ earlier: HistoryPoint, _ first: ExaminedImage, _ later: HistoryPoint, _ second: ExaminedImage, against: Against,
        _ repeatability: Repeatability
    ) {
        from = End(earlier)
        to = End(later)
        self.against = against
        years = first.examined.years(to: second.examined)
        verdict = .cannotTell
        if let gap = later.missing {
            why = gap == .quality ? .quality : .rejected
        } else if first.isEyeDoubtful || second.isEyeDoubtful {
            why = .otherEye
        } else if let one = first.measuredBy, let other = second.measuredBy, one != other {
            why = .modelChanged
        } else if let before = first.ratio?.value, let after = second.ratio?.value,
            let limit = repeatability.limit(between: first, and: second)
        {
            let difference = after - before
            value = difference
            interval = [difference - limit.value, difference + limit.value]
            self.limit = limit.value
            basis = limit.basis
            // What equals the limit but for rounding is within it.
            verdict = abs(difference) - limit.value > 1e-9 ? .change : .stable
            if verdict == .change { direction = difference > 0 ? .wider : .narrower }
        } else {
            why = .noError
        }
    }
}
