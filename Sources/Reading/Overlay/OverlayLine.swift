internal import Imaging

/// How the lines of an overlay look: told apart by colour, and without colour by being solid or dashed.
enum OverlayLine {
    static func stroke(_ line: Caption.Line, width: Double) -> Stroke {
        switch line {
        case .disc: Stroke(Colour(0x35F04A), width: width)
        case .cup: Stroke(Colour(0x4FE3FF), width: width, dashes: [width * 4, width * 3])
        case .polyp: Stroke(Colour(0x35F04A), width: width)
        }
    }

    /// Drawn below a line, so that it stands out from any ground.
    static func halo(width: Double) -> Stroke { Stroke(Colour.black.opacity(0.45), width: width * 2) }
}
