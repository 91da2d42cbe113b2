import Screening
import Testing

@testable import Retraining
@testable import Training

/// What frozen cases say against a candidate.
@Suite struct PromotionCheckTests {
    private func score(_ index: Int, patients: Int) -> ImageScore {
        var score = ImageScore(set: "cases", id: "\(index)", group: "\(index % patients)")
        score.dice = 0.5
        return score
    }

    /// The verdict on a candidate whose Dice differs by so much, frozen case by frozen case.
    private func verdict(_ differences: [Double], patients: Int) -> PromotionCheck.Verdict {
        let live = differences.indices.map { score($0, patients: patients) }
        let candidate = zip(live, differences).map { score, difference in
            var score = score
            score.dice = 0.5 + difference
            return score
        }
        return verdict(.disc, live, candidate)
    }

    private func verdict(_ task: ModelTask, _ live: [ImageScore], _ candidate: [ImageScore]) -> PromotionCheck.Verdict {
        var verdict = PromotionCheck.Verdict(task: task, candidate: "new", live: "old", frozen: live.count)
        verdict.compare(live, candidate)
        verdict.judge(accepted: 7)
        return verdict
    }

    @Test func theLowerEndMustBeAboveTheMargin() {
        let same = verdict([Double](repeating: 0, count: 20), patients: 20)
        #expect(same.refusals.isEmpty && same.decidedBy.isEmpty && same.liveDice == 0.5 && same.candidateDice == 0.5)
        #expect(verdict([Double](repeating: -0.009, count: 20), patients: 20).refusals.isEmpty)
        let worse = verdict([Double](repeating: -0.011, count: 20), patients: 20)
        #expect(worse.refusals.first?.contains("the lower end must be above -0.01") == true && worse.decidedBy == ["dice"])
        // Better on average, but by a few cases only.
        let uncertain = [Double](repeating: -0.1, count: 17) + [0.9, 0.9, 0.9]
        #expect(verdict(uncertain, patients: 20).refusals.first?.contains("difference 0.05 [-0.1, ") == true)
    }

    @Test func tooFewCasesOrPatientsAreRefused() {
        let few = verdict([Double](repeating: 0.5, count: 19), patients: 19)
        #expect(
            few.refusals == [
                "19 frozen cases were drawn by a reader; 20 are needed (7 more were only accepted: their truth is a model's own)"
            ])
        let alone = verdict([Double](repeating: 0.5, count: 20), patients: 1)
        #expect(alone.refusals.count == 1 && alone.refusals.first?.contains("of one patient") == true)
        #expect(few.decidedBy == ["frozen"] && alone.decidedBy == ["frozen"])
    }

    /// 24 frames of one polyp each, and 8 empty ones, with the frames in which the polyp is missed or a region drawn too much.
    private func frames(missing: Range<Int> = 0..<0, extra: Range<Int> = 0..<0) -> [ImageScore] {
        (0..<32).map { index in
            var score = score(index, patients: 32)
            score.isEmpty = index >= 24
            score.polyps = score.isEmpty ? [] : [0.02]
            if !score.isEmpty, !missing.contains(index) {
                score.regions.append(FoundRegion(confidence: 0.9, area: 9, overlap: 9, polyp: 0))
            }
            if extra.contains(index) { score.regions.append(FoundRegion(confidence: 0.9, area: 9, overlap: 0, polyp: nil)) }
            score.isFoundEmpty = score.regions.isEmpty
            return score
        }
    }

    @Test func aPolypModelThatFindsFewerIsRefusedThoughItsDiceIsTheSame() throws {
        let worse = verdict(.polyp, frames(), frames(missing: 3..<6))
        #expect(worse.decidedBy == ["sensitivity"])
        let beginning = "share of polyps found on 32 frozen cases 0.875 against 1.0, difference -0.125 ["
        #expect(worse.refusals.first?.hasPrefix(beginning) == true)
        #expect(worse.refusals.first?.hasSuffix("]; the lower end must be above -0.05") == true)
        #expect(worse.compared.map(\.figure) == ["dice", "sensitivity", "false_regions", "false_positive_share"])
        #expect(worse.compared.map(\.refuses) == [false, true, false, false])
        #expect(worse.figures["live_sensitivity"] == 1 && worse.figures["candidate_sensitivity"] == 0.875)
        #expect(try #require(worse.figures["sensitivity_low"]) < -0.05)
        // The other way round it finds more.
        #expect(verdict(.polyp, frames(missing: 3..<6), frames()).refusals.isEmpty)
        #expect(verdict(.polyp, frames(missing: 3..<6), frames(missing: 3..<6)).refusals.isEmpty)
    }

    @Test func aPolypModelThatDrawsMoreWhereThereIsNothingIsRefused() {
        let beside = verdict(.polyp, frames(), frames(extra: 3..<6))
        #expect(beside.decidedBy == ["false_regions"])
        #expect(beside.refusals.first?.hasSuffix("]; the upper end must be below 0.05") == true)
        let empty = verdict(.polyp, frames(), frames(extra: 24..<27))
        #expect(empty.decidedBy == ["false_regions", "false_positive_share"])
        #expect(
            empty.refusals.last?.hasPrefix("share of empty frames with a region on 32 frozen cases 0.375 against 0.0") == true)
        #expect(verdict(.polyp, frames(extra: 20..<27), frames()).refusals.isEmpty)
        // One empty frame is of one patient, and says nothing by itself.
        let one = verdict(.polyp, Array(frames().prefix(25)), Array(frames().prefix(25)))
        #expect(one.refusals.isEmpty && one.compared.last?.figure == "false_positive_share")
        #expect(one.compared.last?.difference == nil && one.compared.last?.refuses == false)
    }

    /// 24 eyes with a drawn ratio of 0.5, read so far off; nil for those of which none was read.
    private func eyes(_ error: (Int) -> Double?) -> [ImageScore] {
        (0..<24).map { index in
            var score = score(index, patients: 24)
            score.drawnRatio = 0.5
            score.readRatio = error(index).map { 0.5 + $0 }
            return score
        }
    }

    @Test func aCupModelWhoseRatioIsFurtherOffIsRefused() {
        let worse = verdict(.cup, eyes { _ in 0.04 }, eyes { _ in -0.06 })
        #expect(worse.decidedBy == ["cdr_vertical_mae"])
        #expect(worse.refusals.first?.hasPrefix("error of the vertical ratio on 24 frozen cases 0.06 against 0.04, ") == true)
        #expect(worse.refusals.first?.hasSuffix("; the upper end must be below 0.01") == true)
        #expect(verdict(.cup, eyes { _ in 0.06 }, eyes { _ in -0.04 }).refusals.isEmpty)
        // Nor may it leave more eyes without one.
        #expect(verdict(.cup, eyes { _ in 0.04 }, eyes { $0 < 4 ? nil : 0.04 }).decidedBy == ["cdr_unread"])
        // For the disc no ratio is read.
        #expect(verdict(.disc, eyes { _ in 0.04 }, eyes { _ in -0.06 }).compared.map(\.figure) == ["dice"])
    }

    @Test func modelsAreJudgedByWhatBothHave() throws {
        // A ratio that only one of them read has nothing to be held against.
        let some = verdict(.cup, eyes { $0 < 12 ? 0.04 : nil }, eyes { $0 < 12 ? 0.04 : 0.3 })
        #expect(some.refusals.isEmpty && some.compared.first { $0.figure == "cdr_vertical_mae" }?.difference?.count == 12)
        #expect(verdict(.cup, eyes { _ in nil }, eyes { _ in 0.3 }).compared.map(\.figure) == ["dice", "cdr_unread"])
        // Programs read each figure with what decided.
        let json = try CanonicalJSON.document(verdict(.cup, eyes { _ in 0.04 }, eyes { _ in 0.2 }))
        for part in ["\"decided_by\"", "\"cdr_vertical_mae\"", "\"figures\"", "\"refuses\"", "\"live_dice\""] {
            #expect(json.contains(part), "\(part)")
        }
    }
}
