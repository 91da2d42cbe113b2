import Screening
import Testing

@Suite struct ShardTests {
    @Test(arguments: ["0/4", "5/4", "-1/4", "1/0", "1/", "/4", "1", "", "1/4/2", "a/b", "1/100001"])
    func whatIsNoShare(text: String) { #expect(Shard(text) == nil) }

    @Test(arguments: [1, 2, 7, 64]) func everyPieceOfWorkIsInOneShare(count: Int) throws {
        let shards = try (1...count).map { try #require(Shard("\($0)/\(count)")) }
        var sizes = [Int](repeating: 0, count: count)
        for piece in 0..<4096 {
            #expect(shards.count { $0.holds(piece) } == 1)
            let digest = Digest(of: "\(piece)".utf8)
            let owners = shards.indices.filter { shards[$0].holds(digest) }
            #expect(owners.count == 1)
            for owner in owners { sizes[owner] += 1 }
        }
        // Digests are as good as drawn: no share is twice its part, or half of it.
        #expect(sizes.allSatisfy { (2048 / count...8192 / count).contains($0) }, "\(sizes)")
        #expect(shards.map(\.description) == (1...count).map { "\($0)/\(count)" })
    }

    @Test func leadingBits() throws {
        let digest = try #require(Digest("0123456789abcdeffedcba9876543210" + String(repeating: "5", count: 32)))
        #expect(digest.leading == (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210))
    }
}
