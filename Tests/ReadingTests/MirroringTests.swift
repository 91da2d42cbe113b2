import Neural
import Testing

@testable import Reading

struct MirroringTests {
    private let planes: [Float] = (0..<18).map(Float.init)

    @Test func mirrorsEveryPlane() {
        #expect(Mirroring.none.apply(planes, side: 3) == planes)
        #expect(Mirroring.across.apply(planes, side: 3)[..<6] == [2, 1, 0, 5, 4, 3])
        #expect(Mirroring.down.apply(planes, side: 3)[9...] == [15, 16, 17, 12, 13, 14, 9, 10, 11])
        #expect(Mirroring.both.apply(planes, side: 3)[..<9] == [8, 7, 6, 5, 4, 3, 2, 1, 0])
        for mirror in Mirroring.allCases { #expect(mirror.apply(mirror.apply(planes, side: 3), side: 3) == planes) }
    }

    /// A network that sees every pixel for itself answers the same, however it is mirrored.
    @Test(arguments: [1, 2, 4]) func theAnswersAreMirroredBack(_ count: Int) async throws {
        var runs = 0
        let answer = try await Mirroring.average(planes, side: 3, count: count) { input in
            runs += 1
            return [.mask: input.map { 2 * $0 }]
        }
        #expect(runs == count && answer == [.mask: planes.map { 2 * $0 }])
    }

    /// One that looks at the place alone is averaged over the places.
    @Test func answersAreAveraged() async throws {
        let answer = try await Mirroring.average([0, 0, 0, 0], side: 2, count: 2) { _ in [.mask: [1, 2, 3, 4]] }
        #expect(answer == [.mask: [1.5, 1.5, 3.5, 3.5]])
    }
}
