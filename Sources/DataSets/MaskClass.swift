public import Imaging
public import Screening

/// What a pixel of a mask belongs to.
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

/// What a canonical mask says to a task.
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
