internal import Screening

// The codes of DICOM (PS3.16), SNOMED CT, UMLS and UCUM that the objects use, and one of ours.

extension CodedConcept {
    private static func snomed(_ value: String, _ meaning: String) -> CodedConcept {
        CodedConcept(scheme: "SCT", value: value, meaning: meaning)
    }
    private static func dcm(_ value: String, _ meaning: String) -> CodedConcept {
        CodedConcept(scheme: "DCM", value: value, meaning: meaning)
    }
    private static func unit(_ value: String, _ meaning: String) -> CodedConcept {
        CodedConcept(scheme: "UCUM", value: value, meaning: meaning)
    }

    /// As an item of a code sequence.
    var dataSet: DataSet {
        var item = DataSet()
        item.set(.codeValue, value)
        item.set(.codeScheme, scheme)
        item.set(.codeMeaning, meaning)
        return item
    }

    // Anatomy
    static let retina = snomed("5665001", "Retina")
    static let opticNerveHead = snomed("81016008", "Optic nerve head")
    static let opticCup = CodedConcept(scheme: ownScheme, value: "OPTIC_CUP", meaning: "Optic cup")
    static let polyp = snomed("41329004", "Polyp")
    static let anatomicalStructure = snomed("91723000", "Anatomical Structure")
    static let abnormalStructure = snomed("49755003", "Morphologically Abnormal Structure")
    static let right = snomed("24028007", "Right")
    static let left = snomed("7771000", "Left")
    static let fundusCamera = snomed("409898007", "Fundus Camera")

    // Procedures
    static let imagingProcedure = snomed("363679005", "Imaging procedure")

    // Measurements besides those of a report
    static let numberOfPixels = dcm("130922", "Number of pixels")
    static let probability = dcm("122157", "Probability")
    static let cupArea = dcm("131261", "Cup area")
    static let discArea = dcm("131262", "Disc area")

    // Units
    static let pixels = unit("{pixels}", "Pixels")
    static let ratio = unit("{ratio}", "ratio")
    static let findings = unit("{findings}", "findings")
    static let percent = unit("%", "Percent")
    static let squareMillimetre = unit("mm2", "square millimeter")

    // Derivation
    static let artificialIntelligence = dcm("123110", "Artificial Intelligence")
    static let sourceImage = dcm("121322", "Source Image for Image Processing Operation")
    static let segmentationDerivation = dcm("113076", "Segmentation")

    // Names of content items
    static let measurementReport = dcm("126000", "Imaging Measurement Report")
    static let language = dcm("121049", "Language of Content Item and Descendants")
    static let english = CodedConcept(scheme: "RFC5646", value: "en", meaning: "English")
    static let observerType = dcm("121005", "Observer Type")
    static let device = dcm("121007", "Device")
    static let person = dcm("121006", "Person")
    static let personObserverName = dcm("121008", "Person Observer Name")
    static let deviceUID = dcm("121012", "Device Observer UID")
    static let deviceName = dcm("121013", "Device Observer Name")
    static let deviceManufacturer = dcm("121014", "Device Observer Manufacturer")
    static let deviceModel = dcm("121015", "Device Observer Model Name")
    static let procedureReported = dcm("121058", "Procedure reported")
    static let imageLibrary = dcm("111028", "Image Library")
    static let imageLibraryGroup = dcm("126200", "Image Library Group")
    static let imagingMeasurements = dcm("126010", "Imaging Measurements")
    static let measurementGroup = dcm("125007", "Measurement Group")
    static let qualitativeEvaluations = CodedConcept(scheme: "UMLS", value: "C0034375", meaning: "Qualitative Evaluations")
    static let trackingIdentifier = dcm("112039", "Tracking Identifier")
    static let trackingUID = dcm("112040", "Tracking Unique Identifier")
    static let finding = dcm("121071", "Finding")
    static let findingSite = snomed("363698007", "Finding Site")
    static let laterality = snomed("272741003", "Laterality")
    static let algorithmName = dcm("111001", "Algorithm Name")
    static let algorithmVersion = dcm("111003", "Algorithm Version")
    static let imageRegion = dcm("111030", "Image Region")
    static let sourceOfMeasurement = dcm("121112", "Source of Measurement")
    static let comment = dcm("121106", "Comment")

    /// The unit of a measurement, by its UCUM code.
    static func unit(of measurement: Measurement) -> CodedConcept {
        switch measurement.unit {
        case ratio.value: .ratio
        case findings.value: .findings
        default: unit(measurement.unit, measurement.unit)
        }
    }
}
