internal import Imaging
internal import Registry
internal import Screening

/// Runs a network on a view of the image in hand. The reader of a modality knows no more of networks than this.
typealias Looking = @Sendable (ModelTask, NetworkView) async throws -> NetworkAnswer

/// Reads a fundus photograph in two looks.
struct FundusReader: Sendable {
    let thresholds: Thresholds
    /// Whether there is a cup network; without one (when a disc network alone is evaluated) only the disc is segmented.
    let hasCup: Bool
    /// Whether the cup network sees the disc unrolled.
    var unrollsCup = false
    /// How far ratios were off on val; nil where that was not measured.
    var ratioErrors: RatioErrors?
    /// Whether the photograph tells the eye where none is stated: not where one was stated and not understood.
    var tellsEye = true
    let look: Looking

    /// The findings in a photograph.
    struct Result: Sendable {
        var reasons: [Reason] = []
        var measure: FundusMeasure?
        /// disc, cup, disc-raw, cup-raw: the original's size.
        var masks: [String: Mask] = [:]
        /// What the networks saw of disc and cup.
        var evidence: [String: NetworkEvidence] = [:]
        var eye = Eye.unknown
        var eyeConflict = false
        /// Disc over field diameter, where a whole field is seen.
        var discSize: Double?
    }

    /// A disc in the crop that it was measured in.
    private struct Sighting {
        var view: NetworkView
        var look: NetworkAnswer
        var probability: Plane
        var region: Region
    }

    /// - Parameter persists: go on after a finding that makes the photograph ungradable, for the masks' sake.
    func read(_ field: FieldOfView, width: Int, height: Int, eye: Eye, persists: Bool) async throws -> Result {
        var result = Result()
        result.eye = eye
        let whole = NetworkView(whole: field, side: 256)
        let first = try await look(.disc, whole)
        let wholeView = whole.resized(to: first.probability.width)
        let search = DiscSearch(
            probability: first.probability, view: wholeView, threshold: thresholds[.discSearch], core: thresholds[.disc])
        guard let candidate = search.candidates.first else {
            result.reasons.append(Reason(.noDisc, "No optic disc was found in the photograph."))
            return result
        }
        if search.rivalry >= thresholds[.ambiguousDisc] {
            let share = Int((100 * search.rivalry).rounded())
            result.reasons.append(
                Reason(
                    .ambiguousDisc,
                    "Two places look like an optic disc; the second speaks for itself \(share) % as strongly as the first."))
            guard persists else { return result }
        }
        guard let disc = try await evidence(candidate, wholeView, first, field, width: width, height: height) else {
            result.reasons.append(
                Reason(.noDisc, "What looked like an optic disc in the whole field was none when looked at closely."))
            return result
        }
        var cut = disc.region.pixelsOnBorder(width: width, height: height)
        // A round field ends where the camera's does; a picture with straight sides may have been cut out of one.
        if field.circle == nil {
            let margin = Int((2 * Double(max(width, height)) / FieldOfView.side).rounded(.up))
            cut += disc.region.pixels(along: field.box, margin: margin, width: width, height: height)
        }
        let border = Double(cut) / max(1, disc.region.diameter)
        if border >= thresholds[.discCut] {
            result.reasons.append(Reason(.discCut, "The optic disc is cut by the image's border."))
        }
        place(
            disc.region.ellipseMask, as: "disc", raw: disc.region.mask, disc.region.window, in: &result, width: width,
            height: height)
        result.evidence["disc"] = NetworkEvidence(disc.look, in: disc.view, threshold: thresholds[.disc])
        let seen = tellsEye ? EyeSide.seen(disc: disc.region.centre, in: field) : .unknown
        (result.eye, result.eyeConflict) = EyeSide.decide(stated: eye, seen: seen)
        result.discSize = field.circle.map { disc.region.diameter / (2 * $0.radius) }
        if hasCup, result.reasons.isEmpty || persists { try await measureCup(in: disc, &result, width: width, height: height) }
        return result
    }

    /// The second look: the disc at full resolution, in a crop of 2.5 diameters or, where the photograph is such a crop already, in all of it.
    private func evidence(
        _ candidate: DiscSearch.Candidate, _ whole: NetworkView, _ first: NetworkAnswer, _ field: FieldOfView, width: Int,
        height: Int
    ) async throws -> Sighting? {
        let crop = NetworkView(
            disc: candidate.centre, diameter: candidate.diameter, width: width, height: height, side: whole.side)
        // A disc of a sixth of the field or more is either a large one, with its surroundings still around it, or the photograph is a
        // crop: then the square sticks out, and the whole photograph is the better second look.
        if candidate.diameter * 6 > field.diameter, crop.insideShare < 0.9 { return sighting(in: whole, first) }
        guard let second = sighting(in: crop, try await look(.disc, crop)) else { return nil }
        // The first look sees a disc coarsely; where it was off by more than the networks are trained for (the disc filling 1/3.2 to 1/2 of
        // the square), aim once more with what the second look saw.
        let share = second.region.diameter / second.view.rectangle.width
        let isCutByWindow = second.region.touchesWindow && crop.insideShare > 0.999
        guard share < 0.3 || share > 0.52 || isCutByWindow else { return second }
        let again = NetworkView(
            disc: second.region.centre, diameter: second.region.diameter, width: width, height: height, side: crop.side)
        return sighting(in: again, try await look(.disc, again)) ?? second
    }

    private func sighting(in view: NetworkView, _ look: NetworkAnswer) -> Sighting? {
        let view = view.resized(to: look.probability.width)
        let window = view.coverage
        guard window.width > 0, window.height > 0 else { return nil }
        let probability = view.carryBack(look.probability, over: window)
        guard let region = Region(probability: probability, window: window, threshold: thresholds[.disc]) else { return nil }
        return Sighting(view: view, look: look, probability: probability, region: region)
    }

    private func measureCup(in disc: Sighting, _ result: inout Result, width: Int, height: Int) async throws {
        let seen =
            unrollsCup
            ? NetworkView(
                unrolledDisc: disc.region.centre, diameter: disc.region.diameter, width: width, height: height,
                side: disc.view.side)
            : disc.view
        let cupLook = try await look(.cup, seen)
        let view = seen.resized(to: cupLook.probability.width)
        result.evidence["cup"] = NetworkEvidence(cupLook, in: view, threshold: self.thresholds[.cup])
        let window = disc.region.window
        let probability = view.carryBack(cupLook.probability, over: window)
        let inside = disc.region.ellipseMask
        // An excavation that is hard to see stays below the usual threshold; measured at the lower one it raises `low_confidence`.
        let thresholds = [self.thresholds[.cup], self.thresholds[.cupFaint]]
        var found: (region: Region, threshold: Double)?
        for threshold in thresholds where found == nil {
            found = Region(probability: probability, window: window, threshold: threshold, inside: inside).map { ($0, threshold) }
        }
        var disagreement: [String: Double] = [:]
        disagreement["disc"] = disc.look.disagreement(threshold: self.thresholds[.disc])
        guard let (cup, threshold) = found, cup.ellipseMask.intersection(inside).area > 0 else {
            // A disc without a cup is a healthy one, or one whose cup was not seen: the disc's measures stand.
            result.measure = FundusMeasure(
                cuplessDisc: disc.region, probability: disc.probability, disagreement: disagreement)
            return
        }
        disagreement["cup"] = cupLook.disagreement(threshold: threshold)
        let measure = FundusMeasure(
            disc: disc.region, cup: cup, discProbability: disc.probability, cupProbability: probability, eye: result.eye,
            disagreement: disagreement, ratioErrors: ratioErrors)
        place(measure.cupMask, as: "cup", raw: cup.mask, window, in: &result, width: width, height: height)
        result.measure = measure
    }

    private func place(
        _ mask: Mask, as name: String, raw: Mask, _ window: PixelBox, in result: inout Result, width: Int, height: Int
    ) {
        result.masks[name] = mask.placed(at: window, width: width, height: height)
        result.masks[name + "-raw"] = raw.placed(at: window, width: width, height: height)
    }
}
