internal import Dicom
internal import Exchange
internal import Imaging
public import Reading
internal import Screening

/// The DICOM objects of a bundle.
struct ObjectWriter: BundleWriter {
    let choice: ObjectChoice
    let limits: ImageLimits

    func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        try ResultObjects(draft.report, files: draft.files, limits: limits).objects(choice, original: draft.original())
    }
}

/// The HL7 message and the FHIR bundle of a bundle.
struct RecordWriter: BundleWriter {
    let hl7: Bool
    let fhir: Bool
    /// Whether there are DICOM objects, in a study of their own where the image came in none.
    let hasObjects: Bool

    func files(for draft: BundleDraft) async throws(PapillaError) -> [(name: String, bytes: [UInt8])] {
        guard draft.report.outcome != .failed else { return [] }
        let study = ResultStudy(draft.report, original: try draft.original())
        let person = study.map { PersonDetails(name: $0.patientName, birthDate: $0.birthDate, sex: $0.sex) }
        // A version without messages told nobody anything.
        let former = draft.former.filter { $0.files.contains { ["result.hl7", "fhir.json"].contains($0.name) } }
        let content = ResultContent(
            draft.report, after: former, person: person ?? PersonDetails(),
            study: study.flatMap { $0.isDicom || hasObjects ? $0.study : nil })
        var files: [(name: String, bytes: [UInt8])] = []
        if hl7 { files.append(("result.hl7", Array(HL7Message(content).text.utf8))) }
        if fhir { files.append(("fhir.json", Array(try FHIRBundle(content).document().utf8))) }
        return files
    }
}

extension Configuration {
    /// What puts files into bundles: the standard bundle always, and first.
    public var bundleWriters: [any BundleWriter] {
        var writers: [any BundleWriter] = [StandardBundle()]
        if !objects.isEmpty { writers.append(ObjectWriter(choice: objects, limits: limits)) }
        if hl7 || fhir { writers.append(RecordWriter(hl7: hl7, fhir: fhir, hasObjects: !objects.isEmpty)) }
        return writers
    }
}
