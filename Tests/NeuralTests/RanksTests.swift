import CMPI
import Foundation
import OneDNN
import Screening
import TestSupport
import Testing

@testable import Neural

/// What ranks do together, by the real mpirun: the tests' own program runs in every rank, and there the tests below that need one.
@Suite(.serialized) struct RanksTests {
    @Test(
        "mpirun starts the tests of a rank, and all of them hold in every rank",
        .enabled(if: OpenMPI.mpirun != nil && !OpenMPI.isRank, "\(OpenMPI.missing)"), arguments: [2, 3])
    func together(count: Int) throws {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let result = try OpenMPI.run(
            count, ["--testing-library", "swift-testing", "--filter", "RankTests"], program: tests)
        #expect(result.status == 0, "\(result.output.suffix(3000))\(result.errors.suffix(3000))")
        #expect(
            (result.output + result.errors).ranges(of: "Test run with 4 tests").count == count, "\(result.errors.suffix(3000))")
    }

    @Test("Without mpirun there are no ranks, and Open MPI is not opened", .enabled(if: !OpenMPI.isRank))
    @EngineActor func alone() throws {
        #expect(try Ranks.start() == nil)
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        #expect(!maps.contains("libmpi"))
    }
}

/// In one of the processes that mpirun has started: each makes everybody's values, and so knows what must come out.
@Suite("In a rank", .serialized, .enabled(if: OpenMPI.isRank, "only under mpirun")) @EngineActor struct RankTests {
    /// MPI is started once a process.
    private static let started = Result {
        // A rank that ends without parting from the others counts as failed.
        atexit { papilla_mpi_stop() }
        return try Ranks.start()
    }
    private let ranks: Ranks

    init() throws { ranks = try #require(try Self.started.get()) }

    private func values(of rank: Int, _ count: Int) -> [Float] {
        var samples = Samples(seed: UInt64(100 + rank))
        return samples.values(count)
    }

    // Fewer values than ranks, as many, some more; and so many that they go in parts.
    @Test(arguments: [1, 2, 3, 16, 1000, 1_000_003]) func sums(count: Int) throws {
        let tensor = try Tensor([count])
        try tensor.load(values(of: ranks.rank, count))
        try ranks.sum(tensor)
        var expected = values(of: 0, count)
        for rank in 1..<ranks.count { expected = zip(expected, values(of: rank, count)).map { $0 + $1 } }
        // The same bits: in the order of the ranks, not nearly.
        #expect(try tensor.values() == expected)
    }

    @Test func gatheredInOrder() throws {
        #expect(ranks.gathered([ranks.rank, -ranks.rank]) == (0..<ranks.count).flatMap { [$0, -$0] })
        #expect(ranks.gathered([ranks.rank == 1]) == (0..<ranks.count).map { $0 == 1 })
        try ranks.agree(on: "word", Digest(of: "one".utf8))
        #expect {
            try ranks.agree(on: "word", Digest(of: (ranks.rank == 1 ? "another" : "one").utf8))
        } throws: { ($0 as? PapillaError)?.message == "rank 1 has another word than rank 0" }
    }

    /// The batch is one of all ranks: the network in training must not notice that it is shared.
    @Test(arguments: [("1enc-1dec-conv-md", 4), ("1enc-2dec-mc", 4), ("1enc-classes", 4), ("lite0-1dec-conv-mdp", 32)])
    func gradients(_ network: (name: String, width: Int)) throws {
        let architecture = try Architecture(named: network.name)
        let (side, images) = (64, 2 * ranks.count)
        let options = Learner.Options(
            architecture: network.name, width: network.width, side: side, batch: images, normalisation: .batch, softDice: 0.5)
        let weights = Samples.weights(architecture, width: network.width, seed: 3)
        let batch = Samples.batch(images: images, side: side, seed: 4)
        let whole = try Learner(options, weights: weights, seed: 0, foreground: 0.5)
        let shared = try Learner(options, weights: weights, seed: 0, foreground: 0.5, ranks: ranks)
        let expected = try whole.step(batch, rate: 0)
        let found = try shared.step(share(of: batch, images: images, side: side), rate: 0)
        #expect(abs(found.total - expected.total) < 1e-6 * max(1, abs(expected.total)))
        // Adam's first moment after the first step is a tenth of the gradient.
        let (one, other) = (try moments(whole), try moments(shared))
        #expect(relativeDistance(other, from: one.map(Double.init)) < 1e-5)
        let own = ranks.gathered(other)
        #expect(own == (0..<ranks.count).flatMap { _ in other }, "every rank has the same bits")
    }

    @Test func aBatchThatCannotBeShared() throws {
        let architecture = try Architecture(named: "1enc-1dec-m")
        #expect { try Learner.check(architecture, width: 4, side: 32, batch: ranks.count + 1, ranks: ranks) } throws: {
            ($0 as? PapillaError)?.message.contains("cannot be shared evenly") == true
        }
    }

    private func moments(_ learner: Learner) throws -> [Float] {
        try learner.state().tensors.filter { $0.key.hasSuffix(".first") }.sorted { $0.key < $1.key }.flatMap(\.value.values)
    }

    private func share(of batch: TrainingBatch, images: Int, side: Int) -> TrainingBatch {
        let places = ranks.share(of: images)
        func part<Value>(_ values: [Value]) -> [Value] {
            let size = values.count / images
            return Array(values[places.lowerBound * size..<places.upperBound * size])
        }
        return TrainingBatch(
            input: part(batch.input), mask: part(batch.mask), contour: part(batch.contour), distance: part(batch.distance),
            classes: part(batch.classes))
    }
}
