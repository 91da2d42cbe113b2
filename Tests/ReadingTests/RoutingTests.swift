import Screening
import Testing

@testable import Reading

struct RoutingTests {
    private func routing(
        _ fundus: Double, _ endoscopy: Double, _ neither: Double, grey: Bool = false, green: Bool = false, composite: Bool = false
    ) -> Routing {
        Routing(
            probabilities: ["fundus": fundus, "endoscopy": endoscopy, "neither": neither], isGreyscale: grey,
            isGreen: green, isComposite: composite,
            thresholds: Thresholds())
    }

    @Test func confidentClassesAreRead() {
        #expect(routing(0.9, 0.06, 0.04).reason == nil)
        #expect(routing(0.1, 0.88, 0.02).finding.value == .endoscopy)
        #expect(routing(0.6, 0.4, 0).reason == nil)
        #expect(routing(0.6.nextDown, 0.4, 0).reason?.code == .uncertain)
    }

    @Test func neitherSpeaksBeforeGreyscale() {
        #expect(routing(0.02, 0.03, 0.95, grey: true).reason?.code == .neither)
        #expect(routing(0.3, 0.2, 0.5, grey: true).reason?.code == .greyscale)
        #expect(routing(0.98, 0.01, 0.01, grey: true).reason?.code == .greyscale)
        #expect(routing(0.3, 0.2, 0.5).reason?.code == .uncertain)
    }

    // Endoscopes have a green light of their own, which is no reason not to look for polyps.
    @Test func aGreenFundusIsRedFree() {
        #expect(routing(0.98, 0.01, 0.01, green: true).reason?.code == .greyscale)
        #expect(routing(0.01, 0.98, 0.01, green: true).reason == nil)
        #expect(routing(0, 0, 1, green: true).reason?.code == .neither)
    }

    @Test func severalPicturesAreComposite() {
        #expect(routing(0.98, 0.01, 0.01, composite: true).reason?.code == .composite)
        #expect(routing(0, 0, 1, composite: true).reason?.code == .neither)
    }

    @Test func temperatureFlattensProbabilities() throws {
        func probability(_ temperature: Double) throws -> Double {
            let routing = Routing(
                logits: [4, 0, 0], temperature: temperature, isGreyscale: false, isGreen: false, isComposite: false,
                thresholds: Thresholds())
            #expect(abs(routing.finding.probabilities.values.reduce(0, +) - 1) < 1e-12)
            return try #require(routing.finding.probabilities["fundus"])
        }
        #expect(abs(try probability(1) - 0.96466) < 1e-4)
        #expect(abs(try probability(2) - 0.78699) < 1e-4)
    }

    @Test func hugeLogitsAreStillNumbers() {
        let routing = Routing(
            logits: [900, -900, 0], temperature: 1, isGreyscale: false, isGreen: false, isComposite: false,
            thresholds: Thresholds())
        #expect(routing.finding.probabilities["fundus"] == 1)
    }
}
