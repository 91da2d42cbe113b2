import CKernels
import Testing

@_silgen_name("omp_set_num_threads") private func setThreads(_ count: Int32)
@_silgen_name("omp_get_max_threads") private func mostThreads() -> Int32

@Suite(.serialized) struct ThreadLimitTests {
    @Test("C9: more threads than sums have places for add up to the same")
    func manyThreads() {
        let before = mostThreads()
        defer { setThreads(before) }
        func loss(_ threads: Int32) -> Double {
            setThreads(threads)
            let pixels = 6000
            let logits = (0..<2 * pixels).map { Float($0 % 17) / 9 - 1 }
            var gradient = [Float](repeating: 0, count: 2 * pixels)
            let target = (0..<pixels).map { UInt8($0 % 3 == 0 ? 1 : 0) }
            var sums = [0.0, 0, 0]
            return nll_f32(logits, &gradient, pixels, 2, 0, target, 1, &sums) + sums.reduce(0, +)
        }
        let expected = loss(1)
        for threads in [2, 256, 257, 600] as [Int32] { #expect(abs(loss(threads) / expected - 1) < 1e-9, "\(threads) threads") }
        setThreads(600)
        #expect(kernels_threads() == 256)
    }
}
