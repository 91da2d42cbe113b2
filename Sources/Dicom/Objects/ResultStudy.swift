package import Screening

/// The study in which a screening's objects stand, and the particulars of whom they are of: taken from the image's own file each time, since
/// neither report nor ledger has them.
package struct ResultStudy: Sendable {
    /// The study's UID.
    package let study: String
    /// Whether the image came in a study, as DICOM.
    package let isDicom: Bool
    /// As DICOM writes names; empty where it is not known.
    package let patientName: String
    /// `19610214`; empty where it is not known.
    package let birthDate: String
    /// `M`, `F` or `O`; empty where it is not known.
    package let sex: String

    /// - Parameter original: the image's file.
    /// - Returns: nil where the screening has no objects.
    package init?(_ report: Report, original: [UInt8]) {
        let header = SourceHeader(original)
        let names = ObjectNames(id: report.id, version: report.version)
        let wrapping = WrappedOriginal.Kind(report, original)
        guard let source = SourceImage(report, header: header, wrapping: wrapping, names: names) else { return nil }
        study = source.study
        isDicom = header?.identifier(.studyInstance) == source.study
        patientName = source.attributes.text(.patientName)
        birthDate = source.attributes.text(.birthDate)
        sex = source.attributes.text(.sex)
    }
}
