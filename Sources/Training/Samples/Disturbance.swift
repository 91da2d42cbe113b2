internal import Screening

/// One way in which a training sample may differ from the picture that it was drawn from, beside its geometry. Each can be chosen, to see
/// what it is worth.
public enum Disturbance: String, Sendable, Codable, CaseIterable {
    /// Brightness, contrast, grey curve, channel gains and saturation: other cameras.
    case colour
    /// Light that falls off to a side or to the border.
    case light
    /// White reflections on wet mucosa.
    case highlights
    /// The black corners of another endoscope.
    case corners
    /// Defocus.
    case blur
    /// The sensor's.
    case noise
    /// JPEG at a low quality.
    case compression
    /// Parts of a frame beside its polyp, as frames without any.
    case background
    /// The colours of a frame of another data set: another hospital's light.
    case transfer
    /// Narrow bands of light, as for looking at vessels: brown and cyan for red.
    case bands
    /// Panels beside the picture and small pictures in it.
    case panels
    /// Nearer and farther, and farther from the middle.
    case size

    /// What the shipped models were trained with. The others wait for a measurement of what they are worth.
    public static let standard: [Disturbance] = [.colour, .blur, .noise]

    /// The tasks that it is for.
    var tasks: [ModelTask] {
        switch self {
        case .highlights, .corners, .background, .transfer, .bands, .panels, .size: [.polyp]
        case .colour, .light, .blur, .noise, .compression: ModelTask.allCases
        }
    }
}
