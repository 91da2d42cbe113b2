internal import Imaging
internal import Screening

/// Which eye a photograph shows.
enum EyeSide {
    /// The eye as the photograph tells it: with the macula near the middle, the disc lies on the nasal side, which is the right half of
    /// a right eye's photograph. Unknown where the disc is in the middle or far off the horizontal, and where no whole field is seen.
    static func seen(disc: Point, in field: FieldOfView) -> Eye {
        guard let circle = field.circle else { return .unknown }
        let x = (disc.x - circle.centre.x) / (2 * circle.radius)
        let y = (disc.y - circle.centre.y) / (2 * circle.radius)
        guard abs(x) >= 0.12, abs(y) <= abs(x) else { return .unknown }
        return x > 0 ? .right : .left
    }

    /// The eye that counts, and whether what was stated and what is seen disagree.
    static func decide(stated: Eye, seen: Eye) -> (eye: Eye, isConflict: Bool) {
        (stated == .unknown ? seen : stated, stated != .unknown && seen != .unknown && stated != seen)
    }
}
