/// The formats that are read and written.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
    case jpeg
    case png
}
