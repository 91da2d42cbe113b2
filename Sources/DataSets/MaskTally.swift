public import Imaging
public import Screening

/// The class that a pixel of a mask belongs to.
public enum MaskClass: String, Sendable, CaseIterable {
    /// To nothing that is looked for.
    case outside
    /// To the optic disc, beside the cup.
    case disc
    /// To the cup, and so to the disc.
    case cup
    /// To a polyp.
    case polyp

    /// The value that stands for it in a mask as Papilla writes it: 0 outside, 128 disc, 255 cup or polyp.
    var canonical: UInt8 {
        switch self {
        case .outside: 0
        case .disc: 128
        case .cup, .polyp: 255
        }
    }

    /// What the only structure of a mask is to a task.
    static func only(for task: ModelTask) -> MaskClass {
        switch task {
        case .disc, .router: .disc
        case .cup: .cup
        case .polyp: .polyp
        }
    }
}

/// A canonical mask's answer to a task.
public enum Truth {
    /// Disc: everything above 0. Cup: 255. Polyp: everything above 127. The router has no mask.
    public static func mask(_ grey: GreyImage, for task: ModelTask) -> Mask {
        switch task {
        case .disc, .router: grey.mask(atLeast: 1)
        case .cup: grey.mask(atLeast: 255)
        case .polyp: grey.mask(atLeast: 128)
        }
    }
}

/// The labels of one mask's file: how often each, where, and which of them lie on its sides.
struct MaskTally: Sendable {
    /// More different labels than any mask has, soft ones in colour included.
    static let most = 8192

    let width: Int
    let height: Int
    let format: ImageFormat
    /// Where colours stand in the file's palette.
    let places: [Label: Int]
    /// What the file's alpha is for.
    let alpha: LabelImage.Alpha
    /// Pixels by label. Empty for a file with more than `most`.
    let counts: [Label: Int]
    /// Pixels of the outermost rows and columns by label.
    let border: [Label: Int]
    /// Labels of the top row, the bottom row, the left and the right column.
    let sides: [Set<Label>]
    /// The box around each label, where there are few.
    let boxes: [Label: PixelBox]

    init(_ image: LabelImage) {
        width = image.width
        height = image.height
        format = image.format
        places = image.places
        alpha = image.alpha
        counts = Self.counts(image.pixels)
        let (width, height) = (width, height)
        let lines: [[Label]] = [
            Array(image.pixels.prefix(width)), Array(image.pixels.suffix(width)),
            (0..<height).map { image.pixels[$0 * width] }, (0..<height).map { image.pixels[$0 * width + width - 1] },
        ]
        sides = lines.map { Set($0) }
        border = lines.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 }
        boxes = counts.count <= 4 ? Self.boxes(image) : [:]
    }

    /// The mask where, as in others of its set, alpha counts: what hides all has nothing inside.
    func hidden() -> MaskTally {
        let nothing = [Label](repeating: Label(0), count: area)
        return alpha == .hidesAll ? MaskTally(LabelImage(width: width, height: height, pixels: nothing, format: format)) : self
    }

    /// Whether the file has more different labels than any mask.
    var isPhotograph: Bool { counts.isEmpty && area > 0 }

    /// The label that most of the border has.
    var outermost: Label? { border.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }

    /// All pixels.
    var area: Int { width * height }

    /// Labels in order.
    var labels: [Label] { counts.keys.sorted() }

    private static func counts(_ pixels: [Label]) -> [Label: Int] {
        var counts: [Label: Int] = [:]
        // Runs, since neighbours are mostly alike.
        var (last, length) = (Label(0), 0)
        for label in pixels {
            if label != last {
                if length > 0 { counts[last, default: 0] += length }
                if counts.count > most { return [:] }
                last = label
                length = 0
            }
            length += 1
        }
        if length > 0 { counts[last, default: 0] += length }
        return counts
    }

    private static func boxes(_ image: LabelImage) -> [Label: PixelBox] {
        var reach: [Label: (left: Int, top: Int, right: Int, bottom: Int)] = [:]
        for y in 0..<image.height {
            var x = 0
            while x < image.width {
                let label = image.pixels[y * image.width + x]
                var end = x
                while end + 1 < image.width, image.pixels[y * image.width + end + 1] == label { end += 1 }
                let old = reach[label] ?? (x, y, end, y)
                reach[label] = (min(old.left, x), min(old.top, y), max(old.right, end), max(old.bottom, y))
                x = end + 1
            }
        }
        return reach.mapValues {
            PixelBox(x: $0.left, y: $0.top, width: $0.right - $0.left + 1, height: $0.bottom - $0.top + 1)
        }
    }
}
