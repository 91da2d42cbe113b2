internal import Imaging
internal import Screening

/// Where the parts of an overlay are, so that its longer side stays within the limit.
struct OverlayLayout {
    /// Of the whole overlay, px.
    let width: Int
    /// Of the whole overlay, px.
    let height: Int
    /// Where the image is.
    let picture: PixelBox
    /// Where the enlarged part of the image is, if there is one.
    let inset: PixelBox?
    /// The words below the picture.
    let panel: CaptionPanel

    /// Of the picture's height, what words may take before they are set closer.
    private static let share = 0.2
    /// The enlarged part's side at least, px.
    private static let leastInset = 150.0

    /// - Parameters:
    ///   - width: of the image, px.
    ///   - height: of the image, px.
    ///   - inset: the part to be shown enlarged.
    init(caption: Caption, isPhantom: Bool, width: Int, height: Int, inset: Rectangle?) throws(PapillaError) {
        let measure = try TextMeasure()
        let longest = Double(max(width, height, 1))
        var scale = min(Overlay.longestSide / longest, max(1, Overlay.shortestSide / longest))
        var total = 0.0
        var panel: CaptionPanel
        var side = 0.0
        var rounds = 0
        repeat {
            total = max(Overlay.leastWidth, (Double(width) * scale).rounded())
            // The enlarged part takes up to a third of the width beside the words.
            side = inset == nil ? 0 : (min(total * 0.33, 420)).rounded()
            panel = CaptionPanel(caption, isPhantom: isPhantom, width: total - side, scale: total, measure: measure)
            // Words that would take more than a fifth of what the picture has stand beside each other where that is lower.
            if panel.height > Double(height) * scale * Self.share {
                if inset == nil {
                    let wide = CaptionPanel(
                        caption, isPhantom: isPhantom, width: total, scale: total, isWide: true, measure: measure)
                    if wide.height < panel.height { panel = wide }
                } else {
                    side = min(side, max(panel.height - 2 * panel.size * 0.9, Self.leastInset)).rounded()
                }
            }
            let below = max(panel.height, side == 0 ? 0 : side + 2 * panel.size * 0.9)
            let room = max(Overlay.longestSide / 4, Overlay.longestSide - below)
            guard Double(height) * scale > room, rounds < 4 else { break }
            scale = room / Double(height)
            rounds += 1
        } while true
        let pictureHeight = max(1, Int((Double(height) * scale).rounded()))
        let pictureWidth = max(1, Int((Double(width) * scale).rounded()))
        let padding = panel.size * 0.9
        let below = max(panel.height, side == 0 ? 0 : side + 2 * padding)
        self.width = Int(total)
        self.height = min(Int(Overlay.longestSide), pictureHeight + Int(below.rounded(.up)))
        picture = PixelBox(x: (Int(total) - pictureWidth) / 2, y: 0, width: pictureWidth, height: pictureHeight)
        self.inset =
            side == 0
            ? nil : PixelBox(x: Int(total - side - padding), y: pictureHeight + Int(padding), width: Int(side), height: Int(side))
        self.panel = panel
    }
}

/// The looks of an overlay's lines: told apart by colour, and without colour by being solid or dashed.
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
