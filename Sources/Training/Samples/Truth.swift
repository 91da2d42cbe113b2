public import Imaging
public import Screening

/// What a data set's mask says to a task.
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
