internal import Screening

/// What all objects of a screening have in common (PS3.3: SOP common, patient, study, series and equipment).
struct ObjectFrame: Sendable {
    /// What an object is for. Its number is that of its series.
    enum Role: String, Sendable {
        case report = "sr"
        case segmentation = "seg"
        case overlay
        case image

        var seriesNumber: Int {
            switch self {
            case .report: 901
            case .segmentation: 902
            case .overlay: 903
            case .image: 904
            }
        }
    }

    let report: Report
    private(set) var source: SourceImage
    let names: ObjectNames

    /// - Parameter wrapping: what the image becomes where it is wrapped.
    init(_ report: Report, _ source: SourceImage, _ names: ObjectNames, wrapping: WrappedOriginal.Kind) {
        (self.report, self.source, self.names) = (report, source, names)
        guard source.isWrapped else { return }
        let contents = WrappedOriginal.contents(self, wrapping)
        (self.source.instance, self.source.series) = names.image(saying: contents)
    }

    /// When the version was made: with a reader's word, with a later reading, else with the arrival.
    var moment: DicomMoment { DicomMoment(report.decision?.at ?? report.reread ?? report.source.received, offset: source.offset) }

    /// How an object is referred to.
    func reference(_ role: Role, _ objectClass: ObjectClass, frame: Int, version: Int? = nil) -> ObjectReference {
        ObjectReference(
            objectClass: objectClass, instance: names.uid(role.rawValue, frame: frame, version: version),
            series: names.series(role.rawValue, version: version))
    }

    /// An object's beginning.
    ///
    /// - Parameters:
    ///   - modality: of the series.
    ///   - description: of the series; what it is.
    func begin(_ reference: ObjectReference, _ role: Role, modality: String, description: String, frame: Int = 1) -> DataSet {
        var data = source.attributes
        let version = report.version > 1 && role != .image ? ", version \(report.version)" : ""
        data.set(.characterSet, "ISO_IR 192")
        data.set(.sopClass, reference.objectClass.rawValue)
        data.set(.sopInstance, reference.instance)
        data.set(.seriesInstance, reference.series)
        let moment = role == .image ? DicomMoment(report.source.received, offset: source.offset) : moment
        for date in [Attribute.instanceDate, .seriesDate, .contentDate] { data.set(date, moment.date) }
        for time in [Attribute.instanceTime, .seriesTime, .contentTime] { data.set(time, moment.time) }
        data.set(.modality, modality)
        data.set(.seriesNumber, role.seriesNumber)
        data.set(.instanceNumber, frame)
        data.set(.seriesDescription, description + version)
        data.set(.manufacturer, "Papilla")
        data.set(.modelName, "Papilla")
        data.set(.serialNumber, "0")
        data.set(.softwareVersions, report.engine.version)
        return data
    }

    /// Who says what the codes of our own mean.
    static let ownScheme: DataSet = {
        var scheme = DataSet()
        scheme.set(.codeScheme, CodedConcept.ownScheme)
        scheme.set(.codeSchemeName, "Papilla local codes")
        scheme.set(.codeSchemeOrganisation, "Papilla")
        return scheme
    }()

    /// The algorithm that outlined a structure; nil where a reader did.
    func algorithm(_ task: ModelTask) -> (name: String, version: String)? {
        guard !report.drawn.contains(task), let model = report.models.first(where: { $0.task == task }) else { return nil }
        return (model.name, String(model.sha256.description.prefix(16)))
    }

    /// A reader's name as DICOM writes one: all of it as the family name.
    var reader: String? {
        report.decision.map { String($0.reader.map { "^=\\".contains($0) ? " " : $0 }.prefix(63)) + "^" }
    }
}

extension DataSet {
    /// The pixel description of 8-bit images.
    ///
    /// - Parameters:
    ///   - interpretation: `RGB` or `YBR_FULL_422`; of one component always `MONOCHROME2`.
    mutating func describePixels(width: Int, height: Int, components: Int, interpretation: String) {
        set(.samplesPerPixel, components)
        set(.photometricInterpretation, components == 1 ? "MONOCHROME2" : interpretation)
        if components > 1 { set(.planarConfiguration, 0) }
        set(.rows, height)
        set(.columns, width)
        set(.bitsAllocated, 8)
        set(.bitsStored, 8)
        set(.highBit, 7)
        set(.pixelRepresentation, 0)
    }

    /// What a JPEG has lost.
    mutating func describeLosses(width: Int, height: Int, components: Int, bytes: Int) {
        set(.lossyCompression, "01")
        set(.lossyRatio, Double(width * height * components * 100 / max(1, bytes)) / 100)
        set(.lossyMethod, "ISO_10918_1")
    }
}
