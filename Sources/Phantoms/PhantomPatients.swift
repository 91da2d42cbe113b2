internal import Imaging
public import Screening

/// Patients who come again: of each, one eye stays and the other widens; each visit photographs both anew.
public struct PhantomPatients: Sendable {
    /// How many, 1 to 9,999.
    public var count: Int
    /// How often each comes, 1 to 60 times.
    public var visits: Int
    /// What the vertical ratio of the eyes that widen grows by, a year, 0 to 0.5; 0: no eye does.
    public var progression: Double
    /// Months from visit to visit, 1 to 24; each visit is up to three weeks early or late.
    public var months: Int
    /// Photographs of each eye at each visit, 1 to 8.
    public var photographs: Int
    /// Whole fields or crops around the disc.
    public var view: Phantom.View

    /// Patients who come once a year, for one photograph of each eye.
    public init(
        count: Int, visits: Int, progression: Double = 0, months: Int = 12, photographs: Int = 1,
        view: Phantom.View = .whole
    ) {
        self.count = count
        self.visits = visits
        self.progression = progression
        self.months = months
        self.photographs = photographs
        self.view = view
    }

    /// One photograph of one eye at one visit.
    public struct Photograph: Sendable, Hashable {
        /// The patient, counted from 1.
        public var patient: Int
        /// The visit, counted from 1.
        public var visit: Int
        /// Right or left.
        public var eye: Eye
        /// The photograph of this eye at this visit, counted from 1.
        public var number: Int
        /// When it was taken.
        public var taken: Timestamp
        /// Years since the patient's first visit.
        public var years: Double
    }

    /// How many photographs there are in all.
    public var total: Int { count * visits * 2 * photographs }

    /// The number of a patient, of one length for all: `PHANTOM-0001`.
    public static func identifier(_ patient: Int) -> String { "PHANTOM-" + String("0000\(patient)".suffix(4)) }

    /// Whether an eye widens: of every patient one does, right and left in turn.
    public static func widens(patient: Int, eye: Eye) -> Bool { (patient % 2 == 1) == (eye == .right) }

    /// An eye of a patient.
    public func eye(_ eye: Eye, of patient: Int, seed: UInt64) -> PhantomEye {
        let yearly = Self.widens(patient: patient, eye: eye) ? progression : 0
        return PhantomEye(
            seed: seed, patient: patient, eye: eye, yearly: yearly, years: Double((visits - 1) * months) / 12 + 0.1)
    }

    /// The photographs of a patient, visit by visit. The last visit lies before June 2025.
    public func photographs(of patient: Int, seed: UInt64) -> [Photograph] {
        let day = 86_400_000.0
        var random = SeededGenerator(seed, UInt64(truncatingIfNeeded: patient), 7)
        let last = 1_748_736_000_000.0 - random.uniform(0...300) * day
        var first: Double?
        var all: [Photograph] = []
        for visit in 1...max(1, visits) {
            let back = Double((visits - visit) * months) * 365.2425 / 12
            let morning = ((last - (back + random.uniform(0...21)) * day) / day).rounded(.down) * day
            let moment = morning + random.uniform(7...16) * 3_600_000
            let begin = first ?? moment
            first = begin
            for (place, eye) in [Eye.right, .left].enumerated() {
                for number in 1...max(1, photographs) {
                    let seconds = Double(place * photographs + number - 1) * 40
                    let taken = moment + seconds * 1000
                    all.append(
                        Photograph(
                            patient: patient, visit: visit, eye: eye, number: number,
                            taken: Timestamp(milliseconds: Int64(taken / 1000) * 1000), years: (moment - begin) / day / 365.2425))
                }
            }
        }
        return all
    }
}

extension PhantomSet {
    private struct Sidecar: Encodable {
        let patient: String
        let eye: Eye
        let taken: Timestamp
    }

    /// Makes the photographs of patients who come again, in a new or empty folder: a data set as the others, with a sidecar beside each image
    /// that names patient, eye and time. A patient is a group, and stands in one split. `ratio` and `yearly` of the manifest are the truth.
    ///
    /// - Throws: `PapillaError` if the folder holds something already, or cannot be written, or for numbers out of range.
    public static func write(
        patients: PhantomPatients, seed: UInt64, to directory: String, progress: (Int) -> Void = { _ in }
    ) throws(PapillaError) {
        for (words, value, range) in [
            ("patients", patients.count, 1...9_999), ("visits", patients.visits, 1...60), ("months", patients.months, 1...24),
            ("photographs of an eye", patients.photographs, 1...8),
        ] where !range.contains(value) {
            throw PapillaError(
                .badInput, "\(value) \(words) were asked for; \(range.lowerBound) to \(range.upperBound) were expected")
        }
        guard (0...0.5).contains(patients.progression) else {
            throw PapillaError(.badInput, "A progression of \(patients.progression) a year was asked for; 0 to 0.5 was expected")
        }
        try prepare(directory)
        var manifest = CommaSeparated.line(columns + ["patient", "visit", "eye", "taken", "ratio", "yearly"], end: "\n")
        var done = 0
        for patient in 1...patients.count {
            let name = PhantomPatients.identifier(patient)
            let eyes = [Eye.right, .left].map { patients.eye($0, of: patient, seed: seed) }
            let split = patient % 5 < 3 ? "train" : patient % 5 == 3 ? "val" : "test"
            for photograph in patients.photographs(of: patient, seed: seed) {
                let eye = eyes[photograph.eye == .right ? 0 : 1]
                let phantom = eye.photograph(
                    after: photograph.years, number: photograph.visit * 100 + photograph.number, view: patients.view)
                let visit = String("0\(photograph.visit)".suffix(2))
                let id = "phantom_fundus_\(seed)_\(name.suffix(4))_\(visit)_\(photograph.eye.rawValue)_\(photograph.number)"
                let words = "PHANTOM: synthetic fundus image \(id)"
                let sidecar = Sidecar(patient: name, eye: photograph.eye, taken: photograph.taken)
                try write(phantom, id: id, words: words, to: directory)
                try write(sidecar: sidecar, id: id, to: directory)
                let side = "\(phantom.raster.width)", height = "\(phantom.raster.height)"
                manifest += CommaSeparated.line(
                    [
                        id, "images/\(id).jpg", "masks/\(id).png", side, height, split, name, "fundus", side, height,
                        "PHANTOM \(photograph.eye.rawValue) eye", name, "\(photograph.visit)", photograph.eye.rawValue,
                        photograph.taken.description, "\(eye.ratio(after: photograph.years))", "\(eye.yearly)",
                    ], end: "\n")
                done += 1
                progress(done)
            }
        }
        try write(Array(manifest.utf8), to: "\(directory)/manifest.csv")
    }

    private static func write(sidecar: Sidecar, id: String, to directory: String) throws(PapillaError) {
        let text: String
        do { text = try CanonicalJSON.line(sidecar) + "\n" } catch {
            throw PapillaError(.internal, "A phantom's sidecar cannot be written as JSON", place: id, cause: error)
        }
        try write(Array(text.utf8), to: "\(directory)/images/\(id).json")
    }
}
