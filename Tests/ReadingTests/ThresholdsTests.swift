import Imaging
import Screening
import Testing

@testable import Reading

struct ThresholdsTests {
    @Test func tableIsSound() {
        #expect(Set(Threshold.table.map(\.name)).count == Threshold.table.count)
        for threshold in Threshold.table {
            #expect(threshold.range.contains(threshold.standard), "\(threshold.name)")
            #expect(!threshold.meaning.isEmpty && !threshold.unit.isEmpty)
        }
    }

    @Test func familiesNameOneMemberInAManifestAndAllInSettings() throws {
        var thresholds = Thresholds()
        try thresholds.override(["disagreement": 0.5], for: .cup)
        #expect(thresholds[.disagreementCup] == 0.5 && thresholds[.disagreementDisc] == Threshold.disagreementDisc.standard)
        try thresholds.override(["disagreement": 0.4])
        #expect(thresholds[.disagreementCup] == 0.4 && thresholds[.disagreementPolyp] == 0.4)
    }

    @Test func unknownNamesAndBadValuesAreRefused() {
        let unknown = #expect(throws: PapillaError.self) { try ReadingSettings(thresholds: ["ratio_hihg": 0.5]).check() }
        #expect(unknown?.message.contains("ratio_hihg") == true && unknown?.hint?.contains("ratio_high") == true)
        #expect(throws: PapillaError.self) { try ReadingSettings(thresholds: ["ratio_high": 1.5]).check() }
        #expect(throws: PapillaError.self) { try ReadingSettings(thresholds: ["ratio_high": .nan]).check() }
        #expect(throws: Never.self) { try ReadingSettings(thresholds: ["ratio_high": 0.7]).check() }
    }

    @Test func settingsKeyFollowsEverySetting() throws {
        let keys = [
            ReadingSettings(), ReadingSettings(thresholds: ["ratio_high": 0.7]),
            ReadingSettings(thresholds: ["ratio_high": 0.71]),
            ReadingSettings(limits: ImageLimits(maximumPixels: 7)),
        ].map(\.key)
        #expect(Set(keys).count == 4)
        let settings = ReadingSettings(thresholds: ["polyp": 0.4, "cup": 0.5], limits: ImageLimits(maximumBytes: 5))
        let copy = try CanonicalJSON.decode(ReadingSettings.self, from: CanonicalJSON.line(settings).utf8)
        #expect(copy == settings && copy.key == settings.key)
    }
}
