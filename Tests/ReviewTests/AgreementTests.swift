import Screening
import Testing

@testable import Ledger
@testable import Review

@Suite("Agreement")
struct AgreementTests {
    @Test("Differences are summed up as Bland and Altman do")
    func differences() throws {
        #expect(Agreement.Differences([]) == nil)
        let one = try #require(Agreement.Differences([0.1]))
        #expect(one.count == 1 && one.bias == 0.1 && one.deviation == nil && one.limits == nil)
        let four = try #require(Agreement.Differences([0.1, -0.1, 0.3, 0.1]))
        let deviation = try #require(four.deviation)
        #expect(abs(four.bias - 0.1) < 1e-12 && abs(deviation - (0.08 / 3).squareRoot()) < 1e-12)
        let limits = try #require(four.limits)
        #expect(abs(limits[0] - (0.1 - 1.96 * deviation)) < 1e-12 && abs(limits[1] - (0.1 + 1.96 * deviation)) < 1e-12)
    }

    private func compared(
        _ verdict: Judgement.Verdict, blind: Bool, dice: [ModelTask: Double] = [:], unfound: Set<ModelTask> = []
    ) throws -> Agreement.Compared {
        Agreement.Compared(
            judgement: Judgement(
                id: try #require(ScreeningID("20261124-k7q2m9xd")), verdict: verdict, attention: [], models: [:], blind: blind,
                shown: nil, kept: nil, shownDigest: Digest(of: []), keptDigest: Digest(of: []), shownRatio: nil, keptRatio: nil),
            dice: dice, unfound: unfound)
    }

    @Test("C6: what was drawn blind was never shown, and counts neither for nor against acceptance")
    func blind() throws {
        let shown = try [compared(.accepted, blind: false), compared(.rejected, blind: false)]
        let drawn = try [
            compared(.corrected, blind: true, dice: [.polyp: 0.5]), compared(.corrected, blind: true, dice: [.polyp: 1]),
            compared(.corrected, blind: true, unfound: [.polyp]),
        ]
        let all = Agreement.Figures(shown + drawn)
        #expect((all.decided, all.accepted, all.corrected, all.rejected, all.blind) == (5, 1, 3, 1, 3))
        #expect(all.acceptance == 0.5 && Agreement.Figures(drawn).acceptance == nil && Agreement.Figures([]).acceptance == nil)
        #expect(all.dice["polyp"] == .init(count: 2, mean: 0.75) && all.unfound == ["polyp": 1])
    }
}
