package import Imaging
package import Screening

/// The DICOM objects that a bundle is to have.
package struct ObjectChoice: Sendable, Equatable {
    /// The measurements, as a structured report.
    package var report = false
    /// The outlines, as a segmentation.
    package var segmentation = false
    /// The picture that a person looks at, as a secondary capture.
    package var overlay = false
    /// The image, where it did not come as DICOM.
    package var image = false

    /// Whether there is any.
    package var isEmpty: Bool { self == ObjectChoice() }

    package init(report: Bool = false, segmentation: Bool = false, overlay: Bool = false, image: Bool = false) {
        self.report = report
        self.segmentation = segmentation
        self.overlay = overlay
        self.image = image
    }
}

/// A screening's DICOM objects: of every outcome but `failed`. Whoever makes them twice gets the same identifiers.
package struct ResultObjects: Sendable {
    /// The limits within which an original is decoded again, where it cannot be wrapped as it is.
    private let limits: ImageLimits
    private let report: Report
    private let files: [(name: String, bytes: [UInt8])]

    /// - Parameters:
    ///   - report: complete but for its files.
    ///   - files: the masks and the overlay, by the names of the bundle.
    package init(_ report: Report, files: [(name: String, bytes: [UInt8])], limits: ImageLimits) {
        self.report = report
        self.files = files
        self.limits = limits
    }

    /// The objects with the names of their files: `image.dcm`, `overlay.dcm`, `seg.dcm` and `sr.dcm`, those of a later frame `seg-k02.dcm`
    /// and so on. What is referred to comes first. None for an image of which a size is not known, for a patient's number or its issuer
    /// that DICOM cannot hold whole (64 characters, no backslash), and for sides over 65,535.
    ///
    /// - Parameter original: the image's file.
    /// - Throws: where a mask of the bundle or the original cannot be read.
    package func objects(
        _ choice: ObjectChoice, original: [UInt8]
    ) throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        guard report.outcome != .failed, !choice.isEmpty else { return [] }
        let names = ObjectNames(id: report.id, version: report.version)
        let header = SourceHeader(original)
        let wrapping = WrappedOriginal.Kind(report, original)
        guard let source = SourceImage(report, header: header, wrapping: wrapping, names: names) else { return [] }
        let frame = ObjectFrame(report, source, names, wrapping: wrapping)
        var objects: [(name: String, bytes: [UInt8])] = []
        if choice.image, source.isWrapped {
            let wrapped = WrappedOriginal(frame, kind: wrapping, original: original, limits: limits)
            objects.append(("image.dcm", try wrapped.file()))
        }
        let parts = FramePart.all(of: report)
        var segmentations: [Int: ObjectReference] = [:]
        for part in parts {
            if choice.overlay, let overlay = file("overlay.jpg", part) {
                objects.append((part.name("overlay.dcm"), try OverlayCapture(frame, part, overlay).file()))
            }
            if choice.segmentation, let segmentation = SegmentationObject(frame, part, try segments(part)) {
                segmentations[part.number] = segmentation.reference
                objects.append((part.name("seg.dcm"), segmentation.file()))
            }
        }
        guard choice.report else { return objects }
        for part in parts {
            let report = MeasurementReport(frame, part, segmentation: segmentations[part.number])
            objects.append((part.name("sr.dcm"), report.file()))
        }
        return objects
    }

    /// A file of the bundle by the name that it has for a frame.
    private func file(_ name: String, _ part: FramePart) -> [UInt8]? {
        let name = part.name(name)
        return files.first { $0.name == name }?.bytes
    }

    /// The masks that were measured, those that hold nothing left out.
    private func segments(_ part: FramePart) throws(PapillaError) -> [SegmentationObject.Segment] {
        var segments: [SegmentationObject.Segment] = []
        func add(_ task: ModelTask, _ name: String) throws(PapillaError) {
            guard let bytes = files.first(where: { $0.name == name })?.bytes else { return }
            let mask: Mask
            do { mask = try ImageDecoder.decodeMask(bytes, limits: limits).mask(atLeast: 128) } catch {
                throw PapillaError(.damaged, "A mask of the bundle cannot be read: \(error)", place: "\(report.id)")
            }
            guard mask.area > 0, mask.width == report.source.width, mask.height == report.source.height else { return }
            segments.append(SegmentationObject.Segment(task: task, mask: mask))
        }
        if let fundus = part.fundus {
            try add(.disc, fundus.disc.mask)
            if let cup = fundus.cup { try add(.cup, cup.mask) }
        }
        if let endoscopy = part.endoscopy { try add(.polyp, endoscopy.mask) }
        return segments
    }
}

/// What is found in one frame of an image.
struct FramePart: Sendable {
    /// From 1.
    let number: Int
    let outcome: Outcome
    let reasons: [Reason]
    let fundus: FundusFindings?
    let endoscopy: EndoscopyFindings?
    let attention: [Attention]

    /// All frames of a report; of a plain image its one.
    static func all(of report: Report) -> [FramePart] {
        guard let frames = report.frames, frames.count > 1 else {
            return [
                FramePart(
                    number: report.frames?.first?.frame ?? 1, outcome: report.outcome, reasons: report.reasons,
                    fundus: report.fundus, endoscopy: report.endoscopy, attention: report.attention)
            ]
        }
        return frames.map {
            FramePart(
                number: $0.frame, outcome: $0.outcome, reasons: $0.reasons, fundus: $0.fundus, endoscopy: $0.endoscopy,
                attention: $0.attention)
        }
    }

    /// The name of a file of this frame: that of a later one says which.
    func name(_ name: String) -> String {
        guard number > 1, let dot = name.lastIndex(of: ".") else { return name }
        return "\(name[..<dot])-k\(number < 10 ? "0" : "")\(number)\(name[dot...])"
    }
}

/// An object as another one refers to it.
struct ObjectReference: Sendable {
    let objectClass: ObjectClass
    let instance: String
    let series: String

    var dataSet: DataSet {
        var item = DataSet()
        item.set(.referencedClass, objectClass.rawValue)
        item.set(.referencedInstance, instance)
        return item
    }
}
