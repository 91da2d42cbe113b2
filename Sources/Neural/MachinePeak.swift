internal import Dispatch
internal import OneDNN
public import Screening

/// What this machine can do at best, measured: a large 1x1 convolution, which is nothing but multiply-accumulates.
public enum MachinePeak {
    /// Operations a second, in thousands of millions (two for each multiply-accumulate), on the engine's threads.
    @EngineActor public static func gigaoperations(_ precision: Precision) throws(PapillaError) -> Double {
        let (maps, side) = (512, 64)
        let call: Primitive
        if precision == .int8 {
            let convolution = QuantisedConvolution(
                kernels: [Int8](repeating: 1, count: maps * maps), scales: [Float](repeating: 0.001, count: maps),
                bias: [Float](repeating: 0, count: maps), side: 1, rectified: true)
            call = try convolution.forward(ByteTensor([1, maps, side, side]), to: ByteTensor([1, maps, side, side]))
        } else {
            let source = try Tensor([1, maps, side, side], .blocked)
            let calls = try Convolution(source, to: Tensor(like: source), kernel: 1).forward(
                weights: Tensor([maps, maps, 1, 1]), bias: nil, constant: true)
            guard let last = calls.last else { return 0 }
            call = last
        }
        var best = Double.infinity
        for _ in 0..<10 {
            let start = DispatchTime.now().uptimeNanoseconds
            try call.run()
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start))
        }
        return 2 * Double(maps * maps * side * side) / best
    }
}
