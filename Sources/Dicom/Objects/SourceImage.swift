internal import Screening

/// The image that results speak of: what came as DICOM, or the wrapped original of what did not, or came without a UID to refer to it by,
/// written or not.
struct SourceImage: Sendable {
    /// What results have of the image's patient and study: archives split a patient whose objects differ in them.
    static let inherited: [Attribute] = [
        .studyDate, .studyTime, .accessionNumber, .referringPhysician, .studyDescription, .patientName, .patientID,
        .patientIssuer,
        .birthDate, .sex, .studyInstance, .studyID,
    ]

    let sopClass: String
    /// Of a wrapped original it is known when all is known that the object says.
    var instance: String
    /// As the instance.
    var series: String
    let study: String
    /// Of the pixels that the report speaks of.
    let width: Int
    let height: Int
    /// More than one: references name the frame.
    let frames: Int
    let eye: Eye
    /// Patient and study.
    let attributes: DataSet
    /// What our times are ahead of UTC, s.
    let offset: Int64
    /// A pixel's area, mm²; nil where the file states no scale.
    let pixelArea: Double?
    /// Whether it is the wrapped original.
    let isWrapped: Bool

    /// - Parameter zone: seconds east of UTC at a moment, where the file states none; by default this machine's.
    /// - Returns: nil where the image has no size, or a patient's number or its issuer that DICOM cannot hold whole.
    init?(
        _ report: Report, header: SourceHeader?, wrapping: WrappedOriginal.Kind, names: ObjectNames,
        zone: (Timestamp) -> Int64 = ExaminationTime.offsetHere(at:)
    ) {
        guard let width = report.source.width, let height = report.source.height, width <= UInt16.max, height <= UInt16.max
        else { return nil }
        let identifier = report.subject?.identifier ?? "PAPILLA-\(report.id)"
        // A number without its issuer, or with another one's, may be another person's.
        guard [identifier, report.subject?.issuer ?? ""].allSatisfy(Representation.longText.holds) else { return nil }
        self.width = width
        self.height = height
        eye = report.examination.eye.value
        // A file of another person's says nothing of this one.
        let isSame = header?.isOf(report.subject) ?? false
        let stated = report.examination.study.flatMap { Representation.identifier.value(of: $0) } ?? names.study
        // Another person's study is not this one's.
        study = header.map { isSame ? $0.identifier(.studyInstance) ?? stated : names.study } ?? stated
        // All times of an object have one offset. Where the study's day is ours, it is the offset of when the image was taken.
        let taken = isSame ? nil : report.examination.taken.flatMap { Timestamp($0.description) }
        offset = header?.offset ?? zone(taken ?? report.source.received)
        let isFull = header?.number(.columns) == width && header?.number(.rows) == height
        pixelArea = isFull ? header?.spacing.map { $0.rows * $0.columns } : nil
        let (ofClass, ofInstance) = (header?.identifier(.sopClass), header?.identifier(.sopInstance))
        let count = header?.number(.numberOfFrames) ?? 1
        // Of several frames a wrapped original would have the first alone.
        isWrapped = header == nil || count <= 1 && (ofClass == nil || ofInstance == nil)
        frames = isWrapped ? 1 : count
        sopClass = isWrapped ? wrapping.objectClass.rawValue : ofClass ?? ObjectClass.secondaryCapture.rawValue
        instance = isWrapped ? "" : ofInstance ?? names.source.instance
        series = isWrapped ? "" : header?.identifier(.seriesInstance) ?? names.source.series
        var attributes = DataSet()
        for attribute in Self.inherited { attributes.setEmpty(attribute) }
        if let header, isSame {
            for attribute in Self.inherited { attributes.copy(attribute, header.text(attribute)) }
            // The beginning of a description describes, too.
            attributes.set(.studyDescription, header.text(.studyDescription))
            if !["M", "F", "O"].contains(attributes.text(.sex)) { attributes.setEmpty(.sex) }
            // Without it nothing is known of the clock that its times are of.
            if header.offset != nil { attributes.copy(.timezoneOffset, header.text(.timezoneOffset)) }
        } else {
            let taken = report.examination.taken ?? ExaminationTime(report.source.received)
            let moment = DicomMoment(taken, offset: offset)
            attributes.set(.studyDate, moment.date)
            attributes.set(.studyTime, moment.time)
            attributes.set(.timezoneOffset, moment.zone)
            attributes.copy(.accessionNumber, report.examination.accession ?? "")
            let stated = report.examination.study.flatMap { !UID.isValid($0) && Representation.shortText.holds($0) ? $0 : nil }
            attributes.set(.studyID, stated ?? String(report.id.suffix))
        }
        attributes.set(.patientID, identifier)
        // A number of ours has no issuer of theirs.
        if report.subject == nil { attributes.setEmpty(.patientIssuer) }
        if let issuer = report.subject?.issuer { attributes.set(.patientIssuer, issuer) }
        attributes.set(.studyInstance, study)
        self.attributes = attributes
    }

    /// A reference to it, for an item of a sequence.
    ///
    /// - Parameter frame: which frame is meant; nil: the whole image.
    func reference(frame: Int? = nil) -> DataSet {
        var item = DataSet()
        item.set(.referencedClass, sopClass)
        item.set(.referencedInstance, instance)
        if let frame, frames > 1 { item.set(.referencedFrame, frame) }
        return item
    }
}

/// A moment as DICOM writes it.
struct DicomMoment {
    /// `20261124`
    let date: String
    /// `104107.250`; empty for a day alone.
    let time: String
    /// `+0100`: what the clock is ahead of UTC.
    let zone: String

    /// - Parameter offset: seconds east of UTC.
    init(_ time: Timestamp, offset: Int64) { self.init(ExaminationTime(time), offset: offset) }

    /// - Parameter offset: seconds east of UTC.
    init(_ time: ExaminationTime, offset: Int64) {
        let moment = Timestamp(time.description).map { Timestamp(milliseconds: $0.milliseconds + offset * 1000) }
        let text = moment?.description ?? time.day
        date = text.prefix(10).filter { $0 != "-" }
        self.time = text.dropFirst(11).dropLast().filter { $0 != ":" }
        let minutes = Int(abs(offset) / 60)
        let digits = "\(minutes / 60 * 100 + minutes % 60)"
        zone = (offset < 0 ? "-" : "+") + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// With the zone, where there is a time of day (DT).
    var whole: String { time.isEmpty ? date : date + time + zone }
}
