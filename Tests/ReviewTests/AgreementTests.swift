import Testing

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
}
