import DataSets
import Foundation
import Imaging
import Screening
import TestSupport
import Testing

@testable import Training

/// Against scipy's exact distance transform: Fixtures/make_targets.py.
struct TargetsTests {
    private struct Case: Decodable {
        let mask: [String]
        let contour: [String]
        let outside: [Float]
        let absolute: [Float]
        let signed: [Float]

        enum CodingKeys: String, CodingKey {
            case mask, contour
            case outside = "D1"
            case absolute = "D2"
            case signed = "D3"
        }

        var truth: Mask {
            Mask(width: mask[0].count, height: mask.count, pixels: mask.flatMap { $0.map { $0 == "#" ? 255 : 0 } })
        }
    }

    private static func cases() throws -> [Case] {
        let url = Checkout.top.appending(path: "Tests/TrainingTests/Fixtures/targets.json")
        return try JSONDecoder().decode([Case].self, from: try Data(contentsOf: url))
    }

    @Test func contourAndDistanceMapsAreScipys() throws {
        for example in try Self.cases() {
            for (map, expected) in [
                (DistanceMap.outside, example.outside), (.absolute, example.absolute), (.signed, example.signed),
            ] {
                let targets = Targets(mask: example.truth, distance: map)
                #expect(targets.mask == example.mask.flatMap { $0.map { $0 == "#" ? 1 : 0 } })
                #expect(targets.contour == example.contour.flatMap { $0.map { $0 == "#" ? 1 : 0 } })
                let worst = zip(targets.distance, expected).map { abs($0 - $1) }.max() ?? 1
                #expect(targets.distance.count == expected.count && worst < 2e-6)
            }
        }
    }

    @Test func anEmptyMaskIsFarFromEverything() {
        for map in DistanceMap.allCases {
            let targets = Targets(mask: Mask(width: 32, height: 32), distance: map)
            #expect(targets.distance.allSatisfy { $0 == 1 })
            #expect(targets.contour.allSatisfy { $0 == 0 })
        }
    }

    @Test func theContoursRadiusFollowsTheSide() {
        #expect(Targets.contourRadius(side: 256) == 5)
        #expect(Targets.contourRadius(side: 128) == 2.5)
        #expect(Targets.contourRadius(side: 32) == 1)
    }

    @Test func masksMeanWhatTheTaskSays() {
        let grey = GreyImage(width: 4, height: 1, pixels: [0, 100, 128, 255])
        #expect(Truth.mask(grey, for: .disc).pixels == [0, 255, 255, 255])
        #expect(Truth.mask(grey, for: .cup).pixels == [0, 0, 0, 255])
        #expect(Truth.mask(grey, for: .polyp).pixels == [0, 0, 255, 255])
    }
}
