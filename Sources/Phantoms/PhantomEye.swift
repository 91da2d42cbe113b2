internal import Glibc
public import Screening

/// A patient's eye over the years: the same disc, vessels and colours each time that it is photographed, with a cup that stays or widens.
///
/// The same seed, patient, eye and progression always give the same eye, and the same photograph of it the same pixels.
public struct PhantomEye: Sendable {
    /// Right or left.
    public let eye: Eye
    /// What the vertical ratio grows by, a year; 0 for an eye that stays.
    public let yearly: Double
    /// The vertical ratio at the beginning: such that it can grow for `years` years.
    public let start: Double

    private let scene: FundusScene
    private let tissue: SeededGenerator
    private let seed: UInt64

    /// An eye.
    ///
    /// - Parameters:
    ///   - patient: counted from 1.
    ///   - eye: right or left; what is unknown is taken as right.
    ///   - yearly: what its ratio grows by, a year.
    ///   - years: for how long it must be able to.
    public init(seed: UInt64, patient: Int, eye: Eye, yearly: Double, years: Double) {
        let own = SeededGenerator(seed, UInt64(truncatingIfNeeded: patient), eye == .left ? 1 : 0)
        var random = own
        self.eye = eye == .left ? .left : .right
        self.yearly = yearly
        let drawn = FundusScene(&random, side: self.eye)
        let room = FundusScene.widest - max(0, yearly * years)
        start = max(0.15, min(drawn.ratio, room))
        scene = drawn
        tissue = random.split()
        self.seed = random.next()
    }

    /// Its vertical ratio after some years; 0.9 at the most.
    public func ratio(after years: Double) -> Double { min(max(start + yearly * years, 0.1), FundusScene.widest) }

    /// A photograph after some years: another pose, light, camera setting and focus each time. Of some twenty, one is badly out of focus.
    ///
    /// - Parameter number: tells photographs of the eye apart.
    public func photograph(
        after years: Double, number: Int, width: Int? = nil, height: Int? = nil, view: Phantom.View = .whole
    ) -> Phantom {
        let size = Phantom.defaultSize(of: .fundus, view: view)
        let (width, height) = (max(64, width ?? size.width), max(64, height ?? size.height))
        var random = SeededGenerator(seed, UInt64(truncatingIfNeeded: number))
        let posed = scene.widened(to: ratio(after: years)).photographedAnew(&random)
        let style = PhantomStyle(anew: &random)
        var painter = FundusPainter(
            posed, framing: posed.framing(width: width, height: height, view: view), random: random.split(), tissue: tissue)
        painter.paint()
        return Phantom.finished(
            .fundus, painter.painting, painter.mask, eye: eye, style: style, random: random.split())
    }
}

extension PhantomStyle {
    /// A camera as it is set for one photograph.
    init(anew random: inout SeededGenerator) {
        func gain() -> Float { Float(exp(0.05 * min(max(random.normal(), -2), 2))) }
        let gains = SIMD3(gain(), gain(), gain())
        let isOutOfFocus = random.chance(0.05)
        let sharp = 0.9 * exp(0.35 * min(max(random.normal(), -2), 2)), blurred = random.uniform(3.5...8)
        self.init(gains: gains, blur: isOutOfFocus ? blurred : sharp, noise: random.uniform(1.5...3.5))
    }
}
