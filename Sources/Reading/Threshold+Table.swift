extension Threshold {
    // Routing.
    static let router = Threshold("router", 0.6, "probability", "a class less probable than this is out of domain, `uncertain`")
    static let outOfDomainNear = Threshold(
        "out_of_domain_near", 0.8, "probability", "a class less probable than this raises attention")

    // Segmentation.
    static let discSearch = Threshold(
        "disc_search", 0.3, "probability", "first look: pixels above it are candidates for the disc")
    static let ambiguousDisc = Threshold(
        "ambiguous_disc", 0.6, "ratio",
        "a second candidate with at least this share of the first one's summed probability makes the disc ambiguous")
    static let discCut = Threshold(
        "disc_cut", 0.15, "disc diameters", "a disc that touches the image's border over at least this length is cut")
    static let disc = Threshold("disc", 0.5, "probability", "pixels above it are disc")
    static let cup = Threshold("cup", 0.5, "probability", "pixels above it are cup")
    static let cupFaint = Threshold(
        "cup_faint", 0.2, "probability", "used for the cup where no pixel of the disc reaches `cup`; none above it: no cup")
    /// From which probability on pixels are a region's.
    public static let polyp = Threshold("polyp", 0.5, "probability", "pixels above it are polyp")
    /// From which confidence on a region is shown to a person, though it is not taken for a polyp.
    public static let polypBorderline = Threshold(
        "polyp_borderline", 0.3, "probability",
        "a region of this confidence that is not taken for a polyp raises attention; where a region's confidence is its mean probability, one "
            + "that reaches it, but not `polyp`")
    /// From which confidence on a region is taken for a polyp.
    public static let polypConfidence = Threshold(
        "polyp_confidence", 0, "confidence, learnt or the mean probability",
        "a region of lower confidence is not taken for a polyp, and may raise attention as borderline")
    /// From which size on.
    public static let polypArea = Threshold("polyp_area", 0.001, "share of the content", "smaller regions are left out")

    // Quality. The first of each pair makes an image ungradable, the second only usable.
    static let shortSide = Threshold("short_side", 96, "px", in: 1...100_000, "images with a shorter side are too small")
    static let dark = Threshold("exposure_dark", 0.045, "mean luma", "a darker field is ungradable")
    static let darkUsable = Threshold("exposure_dark_usable", 0.09, "mean luma", "a darker field is only usable")
    static let bright = Threshold("exposure_bright", 0.92, "mean luma", "a brighter field is ungradable")
    static let brightUsable = Threshold("exposure_bright_usable", 0.8, "mean luma", "a brighter field is only usable")
    static let clipped = Threshold(
        "exposure_clipped", 0.6, "share of the field", "more pixels without any detail in the lights: ungradable")
    static let clippedUsable = Threshold("exposure_clipped_usable", 0.25, "share of the field", "more of them: only usable")
    static let focus = Threshold("focus", 0.002, "ratio", in: 0...10, "finest detail over coarse detail; less is ungradable")
    static let focusUsable = Threshold("focus_usable", 0.008, "ratio", in: 0...10, "less is only usable")
    static let contrast = Threshold("contrast", 0.02, "luma", "5th to 95th percentile of the field's luma; less is ungradable")
    static let contrastUsable = Threshold("contrast_usable", 0.08, "luma", "less is only usable")
    static let fieldUsable = Threshold("field_usable", 160, "px", in: 0...100_000, "a field with a shorter side is only usable")

    // Attention.
    static let ratioHigh = Threshold("ratio_high", 0.65, "ratio", "vertical cup-to-disc ratio from which a person should look")
    static let ratioInterval = Threshold(
        "ratio_interval", 0.2, "probability",
        "by the errors on val, that the ratio is `ratio_high` or more: from it on attention is raised; models without measured errors raise it "
            + "where the interval crosses `ratio_high`")
    static let rimThin = Threshold("rim_thin", 0.05, "disc diameters", "a thinner rim raises attention")
    static let disagreementDisc = Threshold(
        "disagreement_disc", 0.15, "1 - Dice", "more between the disc network's heads raises attention")
    static let disagreementCup = Threshold(
        "disagreement_cup", 0.25, "1 - Dice", "more between the cup network's heads raises attention")
    static let disagreementPolyp = Threshold(
        "disagreement_polyp", 0.35, "1 - Dice", "more between the polyp network's heads raises attention")
    static let lowConfidenceDisc = Threshold(
        "low_confidence_disc", 0.8, "probability", "a lower mean inside the disc raises attention")
    static let lowConfidenceCup = Threshold(
        "low_confidence_cup", 0.7, "probability", "a lower mean inside the cup raises attention")
    static let lowConfidencePolyp = Threshold(
        "low_confidence_polyp", 0.7, "probability", "a lower mean inside a polyp raises attention")
    static let discShape = Threshold("disc_shape", 0.7, "minor over major axis", "a flatter disc raises attention")
    static let discOutline = Threshold(
        "disc_outline", 0.9, "Dice", "less overlap of the disc with its own ellipse raises attention as `disc_shape`")
    static let discSmall = Threshold(
        "disc_size_low", 0.06, "disc over field diameter", "a smaller disc raises attention as `disc_size`")
    static let discLarge = Threshold(
        "disc_size_high", 0.25, "disc over field diameter", "a larger disc raises attention as `disc_size`")
    static let cupOutsideDisc = Threshold(
        "cup_outside_disc", 0.05, "share of the cup", "more of the cup outside of the disc raises attention")
    static let polypCount = Threshold("polyp_count", 1, "polyps", in: 1...1_000_000, "this many raise attention as `polyp`")

    /// Families, of which each model has a member of its own: in its manifest the family's name will do.
    static let families = ["disagreement", "low_confidence"]

    /// Every threshold there is, in the order in which a reading meets them.
    public static let table = [
        shortSide, router, outOfDomainNear, dark, darkUsable, bright, brightUsable, clipped, clippedUsable, focus, focusUsable,
        contrast,
        contrastUsable, fieldUsable, discSearch, ambiguousDisc, discCut, disc, cup, cupFaint, polyp, polypBorderline,
        polypConfidence, polypArea,
        ratioHigh, ratioInterval,
        rimThin, disagreementDisc, disagreementCup, disagreementPolyp, lowConfidenceDisc, lowConfidenceCup, lowConfidencePolyp,
        discShape,
        discOutline, discSmall, discLarge, cupOutsideDisc, polypCount,
    ]
}
