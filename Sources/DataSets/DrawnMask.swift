public import Imaging
public import Screening

/// A reader's mask of one structure, by the rule that holds for the masks of data sets.
public enum DrawnMask {
    /// Reads a mask. Its size is for the caller to compare.
    /// - Parameters:
    ///   - task: which structure it is of: disc, cup or polyp. A mask that holds disc and cup serves for both.
    ///   - stated: what its values mean, where a person said so.
    /// - Throws: `.badInput` for what is no mask, has values of unknown meaning, or covers nearly the whole picture.
    public static func read(
        _ bytes: [UInt8], of task: ModelTask, stated: StatedMaskValues? = nil, limits: ImageLimits = .init()
    ) throws(PapillaError) -> Mask {
        let name = "The \(task.rawValue) mask"
        let image: LabelImage
        do { image = try ImageDecoder.decodeLabels(bytes, limits: limits) } catch {
            throw PapillaError(
                .badInput, "\(name) cannot be read: \(error.reason.detail)", hint: "A PNG of the original's size was expected")
        }
        let tally = MaskTally(image)
        let found: Result<MaskEncoding, MaskEncoding.Refusal> =
            if let stated { MaskEncoding.stated(stated, [tally], for: task, alone: true) } else {
                MaskEncoding.known([tally], for: task, alone: true)
            }
        let encoding: MaskEncoding
        switch found {
        case .success(let known): encoding = known
        case .failure(let refusal):
            throw PapillaError(
                .badInput, "\(name) is not understood: \(refusal.message)",
                hint: refusal.hint ?? "Draw on black, in white: 0 outside, 255 inside")
        }
        guard case .success(let grey) = encoding.canonical(image) else {
            throw PapillaError(.badInput, "\(name) has values of unknown meaning")
        }
        let mask = encoding.has(.disc) || encoding.has(.polyp) ? Truth.mask(grey, for: task) : grey.mask(atLeast: 255)
        try refuseWhole(mask, name)
        return mask
    }

    /// Refuses a mask that covers nearly the whole picture, or has nearly all of its border inside: it is the other way round.
    private static func refuseWhole(_ mask: Mask, _ name: String) throws(PapillaError) {
        let (area, all) = (mask.area, mask.width * mask.height)
        var (border, inside) = (0, 0)
        for y in 0..<mask.height {
            for x in 0..<mask.width where x == 0 || y == 0 || x == mask.width - 1 || y == mask.height - 1 {
                border += 1
                if mask[x, y] { inside += 1 }
            }
        }
        let isWhole = Double(area) > MaskSurvey.nearlyAll * Double(all)
        guard isWhole || Double(inside) > MaskSurvey.nearlyAll * Double(border) else { return }
        throw PapillaError(
            .badInput,
            "\(name) covers \(area) of \(all) pixels\(isWhole ? "" : " and nearly all of the border"): nothing that is drawn so is a "
                + "structure",
            hint: "Look whether inside and outside have changed places: 0 is outside, 255 inside")
    }
}
