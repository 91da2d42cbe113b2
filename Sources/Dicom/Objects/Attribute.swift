/// A value representation of PS3.5: how the values of an attribute are written.
enum Representation: String, Sendable {
    case ageText = "AS"
    case attributeTag = "AT"
    case code = "CS"
    case date = "DA"
    case dateTime = "DT"
    case decimal = "DS"
    case double = "FD"
    case float = "FL"
    case integer = "IS"
    case long = "UL"
    case longText = "LO"
    case bytes = "OB"
    case personName = "PN"
    case sequence = "SQ"
    case short = "US"
    case shortText = "SH"
    case text = "ST"
    case time = "TM"
    case identifier = "UI"
    case unlimitedText = "UT"

    /// The most characters of a text; nil where nothing but the element's length limits it.
    var limit: Int? {
        switch self {
        case .shortText, .code, .decimal, .time: 16
        case .integer: 12
        case .longText, .personName, .identifier: 64
        case .text: 1024
        case .date: 8
        case .dateTime: 26
        case .ageText: 4
        default: nil
        }
    }

    /// Whether the length stands in four bytes, after two that are reserved.
    var hasLongLength: Bool { self == .bytes || self == .sequence || self == .unlimitedText }

    /// Whether a backslash stands between values, and cannot stand in one.
    var isSplitByBackslash: Bool { self != .text && self != .unlimitedText }
}

/// An attribute of PS3.6 by its tag, with the representation that its values have here.
struct Attribute: Sendable, Hashable, Comparable {
    let tag: UInt32
    let representation: Representation

    init(_ tag: UInt32, _ representation: Representation) {
        self.tag = tag
        self.representation = representation
    }

    static func < (a: Attribute, b: Attribute) -> Bool { a.tag < b.tag }
}

// MARK: - File, document, study, patient and equipment

extension Attribute {
    static let metaLength = Attribute(0x0002_0000, .long)
    static let metaVersion = Attribute(0x0002_0001, .bytes)
    static let metaClass = Attribute(0x0002_0002, .identifier)
    static let metaInstance = Attribute(0x0002_0003, .identifier)
    static let transferSyntax = Attribute(0x0002_0010, .identifier)
    static let implementationClass = Attribute(0x0002_0012, .identifier)
    static let implementationVersion = Attribute(0x0002_0013, .shortText)
    static let characterSet = Attribute(0x0008_0005, .code)
    static let imageType = Attribute(0x0008_0008, .code)
    static let instanceDate = Attribute(0x0008_0012, .date)
    static let instanceTime = Attribute(0x0008_0013, .time)
    static let sopClass = Attribute(0x0008_0016, .identifier)
    static let sopInstance = Attribute(0x0008_0018, .identifier)
    static let studyDate = Attribute(0x0008_0020, .date)
    static let seriesDate = Attribute(0x0008_0021, .date)
    static let contentDate = Attribute(0x0008_0023, .date)
    static let acquisitionDateTime = Attribute(0x0008_002A, .dateTime)
    static let studyTime = Attribute(0x0008_0030, .time)
    static let seriesTime = Attribute(0x0008_0031, .time)
    static let contentTime = Attribute(0x0008_0033, .time)
    static let accessionNumber = Attribute(0x0008_0050, .shortText)
    static let modality = Attribute(0x0008_0060, .code)
    static let conversionType = Attribute(0x0008_0064, .code)
    static let manufacturer = Attribute(0x0008_0070, .longText)
    static let referringPhysician = Attribute(0x0008_0090, .personName)
    static let codeValue = Attribute(0x0008_0100, .shortText)
    static let codeScheme = Attribute(0x0008_0102, .shortText)
    static let codeMeaning = Attribute(0x0008_0104, .longText)
    static let mappingResource = Attribute(0x0008_0105, .code)
    static let codeSchemes = Attribute(0x0008_0110, .sequence)
    static let codeSchemeName = Attribute(0x0008_0115, .text)
    static let codeSchemeOrganisation = Attribute(0x0008_0116, .text)
    static let timezoneOffset = Attribute(0x0008_0201, .shortText)
    static let studyDescription = Attribute(0x0008_1030, .longText)
    static let seriesDescription = Attribute(0x0008_103E, .longText)
    static let modelName = Attribute(0x0008_1090, .longText)
    static let referencedPerformedSteps = Attribute(0x0008_1111, .sequence)
    static let referencedSeries = Attribute(0x0008_1115, .sequence)
    static let referencedInstances = Attribute(0x0008_114A, .sequence)
    static let referencedClass = Attribute(0x0008_1150, .identifier)
    static let referencedInstance = Attribute(0x0008_1155, .identifier)
    static let referencedFrame = Attribute(0x0008_1160, .integer)
    static let referencedObjects = Attribute(0x0008_1199, .sequence)
    static let derivationDescription = Attribute(0x0008_2111, .text)
    static let sourceImages = Attribute(0x0008_2112, .sequence)
    static let anatomicRegion = Attribute(0x0008_2218, .sequence)
    static let derivationImages = Attribute(0x0008_9124, .sequence)
    static let derivationCode = Attribute(0x0008_9215, .sequence)
    static let patientName = Attribute(0x0010_0010, .personName)
    static let patientID = Attribute(0x0010_0020, .longText)
    static let patientIssuer = Attribute(0x0010_0021, .longText)
    static let birthDate = Attribute(0x0010_0030, .date)
    static let sex = Attribute(0x0010_0040, .code)
    static let serialNumber = Attribute(0x0018_1000, .longText)
    static let softwareVersions = Attribute(0x0018_1020, .longText)
    static let studyInstance = Attribute(0x0020_000D, .identifier)
    static let seriesInstance = Attribute(0x0020_000E, .identifier)
    static let studyID = Attribute(0x0020_0010, .shortText)
    static let seriesNumber = Attribute(0x0020_0011, .integer)
    static let instanceNumber = Attribute(0x0020_0013, .integer)
}

// MARK: - Images

extension Attribute {
    static let frameTime = Attribute(0x0018_1063, .decimal)
    static let synchronisationTrigger = Attribute(0x0018_106A, .code)
    static let acquisitionTimeSynchronised = Attribute(0x0018_1800, .code)
    static let detectorType = Attribute(0x0018_7004, .code)
    static let patientOrientation = Attribute(0x0020_0020, .code)
    static let laterality = Attribute(0x0020_0060, .code)
    static let imageLaterality = Attribute(0x0020_0062, .code)
    static let synchronisationFrame = Attribute(0x0020_0200, .identifier)
    static let frameContent = Attribute(0x0020_9111, .sequence)
    static let dimensionIndexValues = Attribute(0x0020_9157, .long)
    static let dimensionOrganisation = Attribute(0x0020_9164, .identifier)
    static let dimensionPointer = Attribute(0x0020_9165, .attributeTag)
    static let dimensionGroupPointer = Attribute(0x0020_9167, .attributeTag)
    static let dimensionOrganisations = Attribute(0x0020_9221, .sequence)
    static let dimensionIndices = Attribute(0x0020_9222, .sequence)
    static let dimensionDescription = Attribute(0x0020_9421, .longText)
    static let eyeMovementCommanded = Attribute(0x0022_0005, .code)
    static let emmetropicMagnification = Attribute(0x0022_000A, .float)
    static let intraOcularPressure = Attribute(0x0022_000B, .float)
    static let horizontalField = Attribute(0x0022_000C, .float)
    static let pupilDilated = Attribute(0x0022_000D, .code)
    static let acquisitionDevice = Attribute(0x0022_0015, .sequence)
    static let illuminationType = Attribute(0x0022_0016, .sequence)
    static let lightPathFilters = Attribute(0x0022_0017, .sequence)
    static let imagePathFilters = Attribute(0x0022_0018, .sequence)
    static let lenses = Attribute(0x0022_0019, .sequence)
    static let refractiveStates = Attribute(0x0022_001B, .sequence)
    static let samplesPerPixel = Attribute(0x0028_0002, .short)
    static let photometricInterpretation = Attribute(0x0028_0004, .code)
    static let planarConfiguration = Attribute(0x0028_0006, .short)
    static let numberOfFrames = Attribute(0x0028_0008, .integer)
    static let frameIncrementPointer = Attribute(0x0028_0009, .attributeTag)
    static let rows = Attribute(0x0028_0010, .short)
    static let columns = Attribute(0x0028_0011, .short)
    static let pixelSpacing = Attribute(0x0028_0030, .decimal)
    static let bitsAllocated = Attribute(0x0028_0100, .short)
    static let bitsStored = Attribute(0x0028_0101, .short)
    static let highBit = Attribute(0x0028_0102, .short)
    static let pixelRepresentation = Attribute(0x0028_0103, .short)
    static let burnedInAnnotation = Attribute(0x0028_0301, .code)
    static let lossyCompression = Attribute(0x0028_2110, .code)
    static let lossyRatio = Attribute(0x0028_2112, .decimal)
    static let lossyMethod = Attribute(0x0028_2114, .code)
    static let acquisitionContext = Attribute(0x0040_0555, .sequence)
    static let sharedGroups = Attribute(0x5200_9229, .sequence)
    static let frameGroups = Attribute(0x5200_9230, .sequence)
    static let pixelData = Attribute(0x7FE0_0010, .bytes)
}

// MARK: - Segmentations

extension Attribute {
    static let purposeOfReference = Attribute(0x0040_A170, .sequence)
    static let segmentationType = Attribute(0x0062_0001, .code)
    static let segments = Attribute(0x0062_0002, .sequence)
    static let segmentCategory = Attribute(0x0062_0003, .sequence)
    static let segmentNumber = Attribute(0x0062_0004, .short)
    static let segmentLabel = Attribute(0x0062_0005, .longText)
    static let segmentAlgorithms = Attribute(0x0062_0007, .sequence)
    static let segmentAlgorithmType = Attribute(0x0062_0008, .code)
    static let segmentAlgorithmName = Attribute(0x0062_0009, .longText)
    static let segmentIdentification = Attribute(0x0062_000A, .sequence)
    static let referencedSegment = Attribute(0x0062_000B, .short)
    static let displayColour = Attribute(0x0062_000D, .short)
    static let segmentType = Attribute(0x0062_000F, .sequence)
    static let algorithmFamily = Attribute(0x0066_002F, .sequence)
    static let algorithmVersion = Attribute(0x0066_0031, .longText)
    static let algorithmName = Attribute(0x0066_0036, .longText)
    static let contentLabel = Attribute(0x0070_0080, .code)
    static let contentDescription = Attribute(0x0070_0081, .longText)
    static let contentCreator = Attribute(0x0070_0084, .personName)
}

// MARK: - Structured reports

extension Attribute {
    static let measurementUnits = Attribute(0x0040_08EA, .sequence)
    static let relationship = Attribute(0x0040_A010, .code)
    static let verifyingOrganisation = Attribute(0x0040_A027, .longText)
    static let verificationTime = Attribute(0x0040_A030, .dateTime)
    static let valueType = Attribute(0x0040_A040, .code)
    static let conceptName = Attribute(0x0040_A043, .sequence)
    static let continuity = Attribute(0x0040_A050, .code)
    static let verifyingObservers = Attribute(0x0040_A073, .sequence)
    static let verifyingName = Attribute(0x0040_A075, .personName)
    static let verifyingCode = Attribute(0x0040_A088, .sequence)
    static let personName = Attribute(0x0040_A123, .personName)
    static let identifierValue = Attribute(0x0040_A124, .identifier)
    static let textValue = Attribute(0x0040_A160, .unlimitedText)
    static let floatingValue = Attribute(0x0040_A161, .double)
    static let codedValue = Attribute(0x0040_A168, .sequence)
    static let measuredValues = Attribute(0x0040_A300, .sequence)
    static let numericValue = Attribute(0x0040_A30A, .decimal)
    static let predecessors = Attribute(0x0040_A360, .sequence)
    static let performedProcedures = Attribute(0x0040_A372, .sequence)
    static let evidence = Attribute(0x0040_A375, .sequence)
    static let completion = Attribute(0x0040_A491, .code)
    static let verification = Attribute(0x0040_A493, .code)
    static let preliminary = Attribute(0x0040_A496, .code)
    static let template = Attribute(0x0040_A504, .sequence)
    static let content = Attribute(0x0040_A730, .sequence)
    static let templateIdentifier = Attribute(0x0040_DB00, .code)
    static let graphicData = Attribute(0x0070_0022, .float)
    static let graphicType = Attribute(0x0070_0023, .code)
}
