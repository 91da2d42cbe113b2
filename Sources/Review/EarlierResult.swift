internal import Ledger
internal import Registry
public import Screening

/// By how much the vertical cup-to-disc ratios of two photographs of one unchanged eye differ: a smaller change is within measurement error.
public struct MeasurementError: Sendable, Codable, Hashable {
    /// The limit of agreement: 95 % of such differences are smaller.
    public var limit: Double
    /// Where it comes from, in words.
    public var source: String

    /// Ratios from two readers' outlines differ by up to 0.08 on average; used where a reader drew, or a model's manifest has no figure.
    static let betweenReaders = MeasurementError(
        limit: rounded(spread * 0.08), source: "what two readers' outlines differ by")

    /// 95 % of differences that are spread normally around 0 lie within 1.96 √(π/2) times their mean size.
    private static let spread = 2.4565

    init(limit: Double, source: String) {
        self.limit = limit
        self.source = source
    }

    /// That of the cup model that measured: how far its ratios of one eye, photographed twice, differ, where that was tried. Else from its
    /// mean error on images that it never learnt from: two photographs have that error each, so that their difference has √2 times it.
    init(of report: Report, _ models: ModelStore) {
        guard let name = report.models.first(where: { $0.task == .cup })?.name, let manifest = try? models.manifest(name) else {
            self = .betweenReaders
            return
        }
        if let limit = manifest.calibration["repeat_limit"], limit > 0 {
            self.init(limit: Self.rounded(limit), source: "\(name) on eyes photographed twice in simulation")
            return
        }
        let errors = manifest.metrics.filter { $0.split == "test" }.compactMap { metric in
            metric.values["cdr_vertical_mae"].map { (mean: $0, images: Double(metric.images)) }
        }
        let images = errors.reduce(0) { $0 + $1.images }
        guard images > 0 else {
            self = .betweenReaders
            return
        }
        let mean = errors.reduce(0) { $0 + $1.mean * $1.images } / images
        self.init(
            limit: Self.rounded(2.0.squareRoot() * Self.spread * mean), source: "√2 times \(name)'s on \(Int(images)) test images"
        )
    }

    private static func rounded(_ limit: Double) -> Double { (limit * 1000).rounded() / 1000 }
}

/// An earlier result of the same patient's same eye, held against the present one.
public struct EarlierResult: Sendable, Codable, Hashable {
    /// The earlier arrival.
    public var id: ScreeningID
    /// When it came.
    public var received: Timestamp
    /// When it was taken, a day or a moment; when it came, where that is not known.
    public var examined: String
    /// That day, of the service's zone.
    public var day: String
    /// The version that counts.
    public var version: Int
    /// Vertical cup-to-disc ratio.
    public var vcdr: Double
    /// The present ratio less this one; null where there is no present one, and where another model measured it: then the difference would
    /// be that of the models, too.
    @Nullable public var change: Double?
    /// Whether the change is within measurement error.
    @Nullable public var isWithinError: Bool?
    /// Which error that is.
    @Nullable public var error: MeasurementError?
    /// Models that measured this one and not the present one; empty where the two can be compared.
    public var otherModels: [String]

    enum CodingKeys: String, CodingKey {
        case id, received, examined, day, version, vcdr, change, error
        case isWithinError = "within_error"
        case otherModels = "other_models"
    }

    /// - Parameter error: between two photographs that the present one's models measured.
    init?(_ earlier: EarlierScreening, than report: Report, _ error: MeasurementError) {
        let row = earlier.row
        guard let vcdr = row.vcdr else { return nil }
        id = row.id
        received = row.received
        examined = earlier.examined
        day = ExaminationTime(earlier.examined)?.localDay() ?? String(earlier.examined.prefix(10))
        version = row.version
        self.vcdr = vcdr
        otherModels = []
        guard let ratio = report.fundus?.cdr else { return }
        // A ratio without an interval has an outline that a reader drew.
        let isDrawn = ratio.interval.isEmpty || row.vcdrLow == nil
        if !isDrawn {
            let now = [ModelTask.disc, .cup].map { task in report.models.first { $0.task == task }?.name }
            let others = zip([earlier.disc, earlier.cup], now).filter { $0 != $1 }.map { $0.0 ?? "no model" }
            guard others.isEmpty else {
                otherModels = others
                return
            }
        }
        let change = ratio.vertical - vcdr
        let used = isDrawn ? MeasurementError.betweenReaders : error
        self.change = change
        self.error = used
        isWithinError = abs(change) < used.limit
    }
}
