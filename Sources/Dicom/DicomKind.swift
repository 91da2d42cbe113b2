/// How a DICOM file writes its data set and its pixels (PS3.5, section 10), and which of its kinds hold pictures that are read.
enum DicomKind {
    /// Whether files written so are read.
    static func isRead(_ syntax: String) -> Bool { read.contains(syntax) }

    /// Implicit VR, explicit VR in both byte orders, RLE, JPEG (baseline, extended, lossless), JPEG-LS and JPEG 2000.
    private static let read: Set<String> = [
        implicit, "1.2.840.10008.1.2.1", bigEndian, "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91",
    ]
    static let implicit = "1.2.840.10008.1.2"
    static let bigEndian = "1.2.840.10008.1.2.2"
    static let deflated = "1.2.840.10008.1.2.1.99"

    /// What a person would call a way of writing that is not read; nil where it is not known.
    static func name(ofUnread syntax: String) -> String? {
        switch syntax {
        case deflated: return "deflated: it expands without limit before anything can be checked"
        case "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203": return "high-throughput JPEG 2000"
        case "1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93": return "JPEG 2000 of several components"
        case "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95": return "a reference to pixels on a server (JPIP)"
        case "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112": return "JPEG XL"
        default: break
        }
        let video = "1.2.840.10008.1.2.4.10"
        return syntax.hasPrefix(video) && syntax.count > video.count ? "a video (MPEG-2, H.264 or H.265)" : nil
    }

    /// What a person would call a kind of object whose pictures are neither photographs of a retina nor frames of an endoscopy, article
    /// included; nil for all others, secondary captures among them, which may hold anything (PS3.4, annex B.5).
    static func name(ofForeignObject sopClass: String) -> String? {
        let storage = "1.2.840.10008.5.1.4.1.1."
        guard sopClass.hasPrefix(storage) else { return nil }
        switch sopClass.dropFirst(storage.count) {
        case "77.1.2", "77.1.3": return "a picture of a microscope"
        case "77.1.6", "77.1.8": return "a slide of a microscope"
        case "77.1.5.4": return "a tomography of the eye (OCT)"
        case "1", "1.1", "1.1.1": return "an X-ray picture"
        case "1.2", "1.2.1", "13.1.3": return "a mammography"
        case "1.3", "1.3.1": return "a dental X-ray picture"
        case "2", "2.1", "2.2": return "a computed tomography"
        case "4", "4.1", "4.3", "4.4": return "a magnetic resonance picture"
        case "12.1", "12.1.1", "12.2", "12.2.1": return "an X-ray angiography or fluoroscopy"
        case "20", "128", "130": return "a picture of nuclear medicine"
        default: return nil
        }
    }

    /// What a person would call a kind of object that holds no picture to be read, article included; nil for all others.
    static func name(ofUnreadObject sopClass: String) -> String? {
        switch sopClass {
        case "1.2.840.10008.5.1.4.1.1.77.1.1.1": return "an endoscopy video"
        case "1.2.840.10008.5.1.4.1.1.77.1.2.1": return "a microscopy video"
        case "1.2.840.10008.5.1.4.1.1.77.1.4.1": return "a photographic video"
        case "1.2.840.10008.1.3.10": return "a directory of files (DICOMDIR)"
        case "1.2.840.10008.5.1.4.1.1.66.4": return "a segmentation"
        case "1.2.840.10008.5.1.4.1.1.104.1": return "a PDF document"
        default: break
        }
        if sopClass.hasPrefix("1.2.840.10008.5.1.4.1.1.88.") { return "a structured report" }
        if sopClass.hasPrefix("1.2.840.10008.5.1.4.1.1.11.") { return "a presentation state" }
        if sopClass.hasPrefix("1.2.840.10008.5.1.4.1.1.9.") { return "a waveform" }
        return nil
    }
}
