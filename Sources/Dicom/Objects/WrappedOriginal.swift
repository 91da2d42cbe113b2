internal import Imaging
internal import Screening

/// An image that did not come as DICOM, as a DICOM object: a baseline JPEG with its bytes as they are, anything else as its pixels.
struct WrappedOriginal {
    /// What the image becomes.
    struct Kind: Sendable {
        let objectClass: ObjectClass
        /// The header of a JPEG that can stand in the object as it is; nil: pixels are written.
        let jpeg: JpegHeader?

        init(_ report: Report, _ original: [UInt8]) {
            let header = JpegHeader(original)
            let isAsSeen =
                header.map { $0.isBaseline && $0.width == report.source.width && $0.height == report.source.height } ?? false
            jpeg = isAsSeen ? header : nil
            objectClass =
                switch report.modality?.value {
                case _ where !isAsSeen: .secondaryCapture
                // Ophthalmic photography cannot say that it does not know the eye.
                case .fundus: report.examination.eye.value == .unknown ? .photographic : .ophthalmicPhotography
                case .endoscopy: .endoscopic
                default: .photographic
                }
        }

        var modality: String {
            switch objectClass {
            case .ophthalmicPhotography: "OP"
            case .endoscopic: "ES"
            case .photographic: "XC"
            default: "OT"
            }
        }
    }

    private let frame: ObjectFrame
    private let kind: Kind
    private let original: [UInt8]
    private let limits: ImageLimits

    init(_ frame: ObjectFrame, kind: Kind, original: [UInt8], limits: ImageLimits) {
        self.frame = frame
        self.kind = kind
        self.original = original
        self.limits = limits
    }

    /// Of what the object says besides its pixels, which are always the original's, and its own names.
    static func contents(_ frame: ObjectFrame, _ kind: Kind) -> Digest {
        var encoded: [UInt8] = []
        described(frame, kind).encode(into: &encoded)
        return Digest(of: encoded)
    }

    func file() throws(PapillaError) -> [UInt8] {
        var data = Self.described(frame, kind)
        guard let jpeg = kind.jpeg else { return try pixels(data) }
        data.describePixels(
            width: jpeg.width, height: jpeg.height, components: jpeg.components, interpretation: "YBR_FULL_422")
        data.describeLosses(width: jpeg.width, height: jpeg.height, components: jpeg.components, bytes: original.count)
        data.set(.pixelData, fragments: [original])
        return data.file(.jpegBaseline)
    }

    static func described(_ frame: ObjectFrame, _ kind: Kind) -> DataSet {
        let reference = ObjectReference(
            objectClass: kind.objectClass, instance: frame.source.instance, series: frame.source.series)
        var data = frame.begin(reference, .image, modality: kind.modality, description: "Original image")
        let isFundus = frame.report.modality?.value == .fundus
        // It must be stated there: what is not known may be.
        let isBurnedIn = frame.report.examination.burnedIn ?? (kind.objectClass == .ophthalmicPhotography ? true : nil)
        if let isBurnedIn { data.set(.burnedInAnnotation, isBurnedIn ? "YES" : "NO") }
        if isFundus { data.set(.anatomicRegion, .retina) }
        var taken = frame.report.examination.taken
        // It must be stated there, and nothing else is known to be near it.
        if kind.objectClass == .ophthalmicPhotography { taken = taken ?? ExaminationTime(frame.report.source.received) }
        if let taken { data.set(.acquisitionDateTime, DicomMoment(taken, offset: frame.source.offset).whole) }
        switch kind.objectClass {
        case .ophthalmicPhotography: describeOphthalmic(frame, &data)
        case .secondaryCapture:
            data.set(.conversionType, "WSD")
            data.setEmpty(.patientOrientation)
            data.set(.laterality, side(frame.source.eye))
        default:
            data.set(.imageType, ["ORIGINAL", "PRIMARY"])
            data.setEmpty(.patientOrientation)
            data.set(.laterality, side(frame.source.eye))
            data.setEmpty(.acquisitionContext)
        }
        return data
    }

    /// `R`, `L`, or nothing.
    static func side(_ eye: Eye) -> String {
        switch eye {
        case .right: "R"
        case .left: "L"
        case .unknown: ""
        }
    }

    private func pixels(_ data: DataSet) throws(PapillaError) -> [UInt8] {
        var data = data
        let image: DecodedImage
        do { image = try ImageDecoder.decode(original, limits: limits) } catch {
            throw PapillaError(.damaged, "The original cannot be read again: \(error)", place: "\(frame.report.id)")
        }
        let (width, height) = (image.raster.width, image.raster.height)
        data.describePixels(width: width, height: height, components: 3, interpretation: "RGB")
        if image.format == .jpeg { data.describeLosses(width: width, height: height, components: 3, bytes: original.count) }
        data.set(.pixelData, bytes: image.raster.pixels)
        return data.file(.explicitLittleEndian)
    }

    private static func describeOphthalmic(_ frame: ObjectFrame, _ data: inout DataSet) {
        data.set(.imageType, ["ORIGINAL", "PRIMARY", "", "COLOR"])
        data.set(.imageLaterality, side(frame.source.eye))
        data.setEmpty(.patientOrientation)
        data.setEmpty(.acquisitionContext)
        data.set(.numberOfFrames, 1)
        data.set(.frameTime, 0)
        data.set(.frameIncrementPointer, pointingTo: .frameTime)
        data.set(.synchronisationFrame, UID.named("papilla/\(frame.report.id)/synchronisation"))
        data.set(.synchronisationTrigger, "NO TRIGGER")
        data.set(.acquisitionTimeSynchronised, "N")
        data.set(.acquisitionDevice, .fundusCamera)
        for unknown in [
            Attribute.illuminationType, .lightPathFilters, .imagePathFilters, .lenses, .refractiveStates, .eyeMovementCommanded,
            .emmetropicMagnification, .intraOcularPressure, .horizontalField, .pupilDilated, .detectorType,
        ] { data.setEmpty(unknown) }
    }
}
