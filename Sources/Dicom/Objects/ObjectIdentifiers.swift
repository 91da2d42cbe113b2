/// What an object is called, and where it stands.
package struct ObjectIdentifiers: Sendable, Hashable {
    /// The study's UID.
    package let study: String
    /// The series' UID.
    package let series: String
    /// Its own.
    package let instance: String

    /// Reads them from a DICOM file; nil for what is none.
    package init?(_ file: [UInt8]) {
        guard let header = SourceHeader(file), let instance = header.identifier(.sopInstance) else { return nil }
        study = header.text(.studyInstance)
        series = header.text(.seriesInstance)
        self.instance = instance
    }
}
