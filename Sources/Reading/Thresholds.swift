public import Screening

/// A number that decides something: its name in manifests, configuration and reports, and the value that is used where none is given.
public struct Threshold: Sendable, Hashable {
    /// As in manifests, configuration and reports.
    public let name: String
    /// The value where neither a manifest nor the configuration gives one.
    public let standard: Double
    /// What is counted.
    public let unit: String
    /// What follows from it.
    public let meaning: String
    /// The values that make sense.
    public let range: ClosedRange<Double>

    init(_ name: String, _ standard: Double, _ unit: String, in range: ClosedRange<Double> = 0...1, _ meaning: String) {
        self.name = name
        self.standard = standard
        self.unit = unit
        self.range = range
        self.meaning = meaning
    }
}

/// The thresholds that a reading goes by: the table's standard values, overridden by the models' manifests, overridden by the settings.
/// All of them are absolute: none is ever rescaled to an image or a day.
public struct Thresholds: Sendable, Hashable {
    /// The value of every threshold by its name, as a report states them.
    public private(set) var values: [String: Double]

    /// The standard values.
    public init() { values = Dictionary(uniqueKeysWithValues: Threshold.table.map { ($0.name, $0.standard) }) }

    /// The values that a report states, and the standard ones of what it does not know yet.
    init(stated: [String: Double]) {
        self.init()
        for (name, value) in stated where values[name] != nil { values[name] = value }
    }

    /// The value that a threshold has now.
    public subscript(_ threshold: Threshold) -> Double { values[threshold.name] ?? threshold.standard }

    /// Every name that `override` takes.
    public static var names: [String] { Threshold.table.map(\.name) + Threshold.families }

    /// Sets values by name. A family's name (`disagreement`, `low_confidence`) sets one member where `task` is given, as in a model's
    /// manifest, and every member where not.
    ///
    /// - Throws: `badConfiguration` for an unknown name or a value out of range.
    public mutating func override(_ overrides: [String: Double], for task: ModelTask? = nil, place: String? = nil)
        throws(PapillaError)
    {
        for (name, value) in overrides.sorted(by: { $0.key < $1.key }) {
            let member = task.map { "\(name)_\($0.rawValue)" }
            let chosen = Threshold.table.filter { threshold in
                guard Threshold.families.contains(name) else { return threshold.name == name }
                return member.map { threshold.name == $0 } ?? threshold.name.hasPrefix(name + "_")
            }
            guard !chosen.isEmpty else {
                throw PapillaError(
                    .badConfiguration, "unknown threshold \(name)", place: place,
                    hint: "Known names: \(Self.names.sorted().joined(separator: ", "))")
            }
            for threshold in chosen {
                guard threshold.range.contains(value) else {
                    throw PapillaError(
                        .badConfiguration,
                        "threshold \(name) is \(value), expected \(threshold.range.lowerBound) to \(threshold.range.upperBound) (\(threshold.unit))",
                        place: place, hint: "Its standard value is \(threshold.standard): \(threshold.meaning)")
                }
                values[threshold.name] = value
            }
        }
    }
}
