internal import Imaging
internal import Screening

/// The outlines as a binary segmentation: one frame a structure, of an image without a frame of reference. So no plane has a position, and
/// the segment's number is the only dimension.
struct SegmentationObject {
    /// A structure with its pixels, which are not none.
    struct Segment {
        let task: ModelTask
        let mask: Mask

        /// What it is called, what it is, and the colour that viewers give it (CIELab, PS3.3 C.10.7.1.1).
        var looks: (label: String, category: CodedConcept, type: CodedConcept, colour: [UInt16]) {
            switch task {
            case .disc: ("Optic disc", .anatomicalStructure, .opticNerveHead, [46000, 32896, 50000])
            case .cup: ("Optic cup", .anatomicalStructure, .opticCup, [40000, 45000, 30000])
            default: ("Polyp", .abnormalStructure, .polyp, [40000, 50000, 45000])
            }
        }
    }

    let reference: ObjectReference
    private let frame: ObjectFrame
    private let part: FramePart
    private let segments: [Segment]

    /// Nil where nothing was outlined.
    init?(_ frame: ObjectFrame, _ part: FramePart, _ segments: [Segment]) {
        guard !segments.isEmpty else { return nil }
        self.frame = frame
        self.part = part
        self.segments = segments
        reference = frame.reference(.segmentation, .segmentation, frame: part.number)
    }

    func file() -> [UInt8] {
        let source = frame.source
        var data = frame.begin(
            reference, .segmentation, modality: "SEG", description: "Papilla segmentation (research use only)", frame: part.number
        )
        data.set(.imageType, ["DERIVED", "PRIMARY"])
        data.setEmpty(.patientOrientation)
        if segments.contains(where: { $0.task == .cup }) { data.set(.codeSchemes, [ObjectFrame.ownScheme]) }
        var series = DataSet()
        series.set(.referencedInstances, [source.reference()])
        series.set(.seriesInstance, source.series)
        data.set(.referencedSeries, [series])
        data.set(.sourceImages, [source.reference(frame: part.number)])
        setDimensions(&data)
        data.set(.samplesPerPixel, 1)
        data.set(.photometricInterpretation, "MONOCHROME2")
        data.set(.numberOfFrames, segments.count)
        data.set(.rows, source.height)
        data.set(.columns, source.width)
        data.set(.bitsAllocated, 1)
        data.set(.bitsStored, 1)
        data.set(.highBit, 0)
        data.set(.pixelRepresentation, 0)
        data.set(.lossyCompression, "00")
        data.set(.segmentationType, "BINARY")
        data.set(.contentLabel, "PAPILLA")
        data.set(.contentDescription, "Outlined by Papilla, research use only")
        data.set(.contentCreator, frame.report.drawn.isEmpty ? "Papilla^" : frame.reader ?? "Papilla^")
        data.set(.segments, segments.enumerated().map { described($1, number: $0 + 1) })
        data.set(.sharedGroups, [DataSet()])
        data.set(.frameGroups, segments.indices.map { groups(number: $0 + 1) })
        data.set(.pixelData, bytes: Self.packed(segments.map(\.mask)))
        return data.file(.explicitLittleEndian)
    }

    private func setDimensions(_ data: inout DataSet) {
        let organisation = frame.names.uid("dimension", frame: part.number)
        var organisations = DataSet()
        organisations.set(.dimensionOrganisation, organisation)
        data.set(.dimensionOrganisations, [organisations])
        var index = DataSet()
        index.set(.dimensionOrganisation, organisation)
        index.set(.dimensionPointer, pointingTo: .referencedSegment)
        index.set(.dimensionGroupPointer, pointingTo: .segmentIdentification)
        index.set(.dimensionDescription, "Segment Number")
        data.set(.dimensionIndices, [index])
    }

    private func described(_ segment: Segment, number: Int) -> DataSet {
        let looks = segment.looks
        var item = DataSet()
        item.set(.segmentNumber, number)
        item.set(.segmentLabel, looks.label)
        item.set(.segmentCategory, looks.category)
        item.set(.segmentType, looks.type)
        item.set(.displayColour, looks.colour)
        if let algorithm = frame.algorithm(segment.task) {
            var identification = DataSet()
            identification.set(.algorithmFamily, .artificialIntelligence)
            identification.set(.algorithmName, algorithm.name)
            identification.set(.algorithmVersion, algorithm.version)
            item.set(.segmentAlgorithms, [identification])
            item.set(.segmentAlgorithmName, algorithm.name)
            item.set(.segmentAlgorithmType, "AUTOMATIC")
        } else {
            item.set(.segmentAlgorithmType, "MANUAL")
        }
        return item
    }

    /// Of one frame: which segment it is, and which image it was made from, where viewers look for it.
    private func groups(number: Int) -> DataSet {
        var content = DataSet()
        content.set(.dimensionIndexValues, number)
        var identification = DataSet()
        identification.set(.referencedSegment, number)
        var image = frame.source.reference(frame: part.number)
        image.set(.purposeOfReference, .sourceImage)
        var derivation = DataSet()
        derivation.set(.sourceImages, [image])
        derivation.set(.derivationCode, .segmentationDerivation)
        var groups = DataSet()
        groups.set(.frameContent, [content])
        groups.set(.segmentIdentification, [identification])
        groups.set(.derivationImages, [derivation])
        return groups
    }

    /// A bit a pixel, the lowest first; a frame goes on within the byte in which the one before it ends.
    static func packed(_ masks: [Mask]) -> [UInt8] {
        let count = masks.map(\.pixels.count).reduce(0, +)
        return [UInt8](unsafeUninitializedCapacity: (count + 7) / 8) { bits, filled in
            bits.initialize(repeating: 0)
            filled = (count + 7) / 8
            var start = 0
            for mask in masks {
                mask.pixels.withUnsafeBufferPointer { pixels in
                    for index in 0..<pixels.count where pixels[index] != 0 {
                        let bit = start + index
                        bits[bit >> 3] |= 1 << UInt8(truncatingIfNeeded: bit & 7)
                    }
                }
                start += mask.pixels.count
            }
        }
    }
}
