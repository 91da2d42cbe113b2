internal import Ledger
internal import Registry
public import Screening

/// How far the vertical cup-to-disc ratio of one photograph is from what an annotator would draw: changes below it are within
/// measurement error.
public struct MeasurementError: Sendable, Codable, Hashable {
    /// The limit of agreement: 95 % of the differences are smaller.
    public var limit: Double
    /// Where it comes from, in words.
    public var source: String

    /// Ratios of two readers differ by about this on average; used where a model's manifest has no figure.
    static let betweenReaders = MeasurementError(limit: 0.1, source: "what two readers differ by")

    init(limit: Double, source: String) { (self.limit, self.source) = (limit, source) }

    /// That of the cup model that measured: from the mean error on images that it never learnt from. Of differences that are spread
    /// normally around 0, 95 % lie within 1.96 √(π/2) = 2.46 times their mean size.
    init(of report: Report, _ models: ModelStore) {
        let name = report.models.first { $0.task == .cup }?.name
        let metrics = name.flatMap { try? models.manifest($0) }?.metrics.filter { $0.split == "test" } ?? []
        let errors = metrics.compactMap { metric in
            metric.values["cdr_vertical_mae"].map { (mean: $0, images: Double(metric.images)) }
        }
        let images = errors.reduce(0) { $0 + $1.images }
        guard let name, images > 0 else {
            self = .betweenReaders
            return
        }
        let mean = errors.reduce(0) { $0 + $1.mean * $1.images } / images
        self.init(limit: (2.4565 * mean * 1000).rounded() / 1000, source: "\(name) on \(Int(images)) test images")
    }
}

/// An earlier result of the same patient's same eye, held against the present one.
public struct EarlierResult: Sendable, Codable, Hashable {
    /// The earlier arrival.
    public var id: ScreeningID
    /// When it came.
    public var received: Timestamp
    /// The version that counts.
    public var version: Int
    /// Vertical cup-to-disc ratio.
    public var vcdr: Double
    /// The present ratio less this one; null where there is no present one.
    @Nullable public var change: Double?
    /// Whether the change is within measurement error.
    @Nullable public var isWithinError: Bool?

    enum CodingKeys: String, CodingKey {
        case id, received, version, vcdr, change
        case isWithinError = "within_error"
    }

    init?(_ row: ExportRow, than report: Report, _ error: MeasurementError) {
        guard let vcdr = row.vcdr else { return nil }
        (id, received, version, self.vcdr) = (row.id, row.received, row.version, vcdr)
        change = report.fundus.map { $0.cdr.vertical - vcdr }
        isWithinError = change.map { abs($0) < error.limit }
    }
}
