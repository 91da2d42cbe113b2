import Imaging
import Screening
import Testing

@testable import Reading

struct RatioIntervalTests {
    private let window = PixelBox(x: 0, y: 0, width: 300, height: 300)

    private func probability(_ ellipse: Ellipse, softness: Double) -> Plane {
        let view = NetworkView(around: window, side: 300)
        return PaintedLook(ellipses: [ellipse], softness: softness).look(view).probability
    }

    /// A border whose place has a standard deviation of s moves the diameter by 2 s: 0.84 and 0.16 are one deviation off (0.9945).
    @Test(arguments: [2.0, 5.0, 9.0])
    func deviationIsThatOfTheBorder(softness: Double) {
        let deviation = RatioInterval.deviation(of: probability(.circle(150, 150, 80), softness: softness), window: window)
        #expect(abs(deviation / (2 * softness * 0.9945) - 1) < 0.05)
    }

    @Test func variancesOfDiscAndCupAdd() {
        let deviation = RatioInterval.deviation(disc: 100, discDeviation: 0, cup: 50, cupDeviation: 5)
        let interval = RatioInterval.interval(0.5, deviation: deviation)
        #expect(abs(interval[0] - (0.5 - 1.96 * 0.05)) < 1e-9 && abs(interval[1] - (0.5 + 1.96 * 0.05)) < 1e-9)
        let both = RatioInterval.deviation(disc: 100, discDeviation: 10, cup: 50, cupDeviation: 5)
        #expect(abs(both - 2.0.squareRoot() * deviation) < 1e-9)
    }

    @Test func staysWithinZeroAndOne() {
        #expect(RatioInterval.interval(0.9, deviation: 0.67) == [0, 1])
        #expect(RatioInterval.interval(0.5, deviation: 0) == [0.5, 0.5])
    }

    @Test func structureThatVanishesAboveIsWide() {
        let faint = PaintedLook(ellipses: [.circle(150, 150, 40)], softness: 1, peak: 0.5).look(
            NetworkView(around: window, side: 300))
        #expect(RatioInterval.deviation(of: faint.probability, window: window) > 35)
    }
}
