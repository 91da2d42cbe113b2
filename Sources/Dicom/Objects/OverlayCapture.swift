internal import Screening

/// The overlay as a secondary capture: what every viewer shows. It has a size of its own.
struct OverlayCapture {
    private let frame: ObjectFrame
    private let part: FramePart
    private let jpeg: [UInt8]

    init(_ frame: ObjectFrame, _ part: FramePart, _ jpeg: [UInt8]) {
        self.frame = frame
        self.part = part
        self.jpeg = jpeg
    }

    func file() throws(PapillaError) -> [UInt8] {
        guard let header = JpegHeader(jpeg), header.isBaseline else {
            throw PapillaError(.internal, "The overlay is no baseline JPEG", place: "\(frame.report.id)")
        }
        let reference = frame.reference(.overlay, .secondaryCapture, frame: part.number)
        var data = frame.begin(
            reference, .overlay, modality: "OT", description: "Papilla overlay (research use only)", frame: part.number)
        data.set(.imageType, ["DERIVED", "SECONDARY"])
        data.set(.conversionType, "WSD")
        data.set(.derivationDescription, "Outlines by Papilla. \(frame.report.notice)")
        data.setEmpty(.patientOrientation)
        data.set(.laterality, WrappedOriginal.side(frame.source.eye))
        data.set(.sourceImages, [frame.source.reference(frame: part.number)])
        // What the original shows of a person, the overlay shows, too.
        if let isBurnedIn = frame.report.examination.burnedIn { data.set(.burnedInAnnotation, isBurnedIn ? "YES" : "NO") }
        data.describePixels(
            width: header.width, height: header.height, components: header.components, interpretation: "YBR_FULL_422")
        data.describeLosses(
            width: header.width, height: header.height, components: header.components, bytes: jpeg.count)
        data.set(.pixelData, fragments: [jpeg])
        return data.file(.jpegBaseline)
    }
}
