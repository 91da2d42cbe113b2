internal import CKernels
internal import Dispatch
internal import Foundation
internal import OneDNN
public import Screening
internal import Synchronization

/// The one thread that runs networks. oneDNN's OpenMP gives every thread that calls it a pool of its own, so all calls are made from here.
@globalActor
public actor EngineActor {
    /// The one instance.
    public static let shared = EngineActor()
    private let thread = EngineThread()

    /// Runs the actor's jobs on the engine's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Runs `body` on the engine's thread.
    public static func run<Value: Sendable>(_ body: @EngineActor @Sendable () throws -> Value) async rethrows -> Value {
        try await body()
    }
}

/// Facts of the engine that stand in every report.
public enum EngineInfo {
    private static let chosen = Atomic<Int>(0)

    /// Sets the number of threads; 0: all cores. Has effect only before the engine's first use.
    public static func setThreads(_ threads: Int) { chosen.store(threads, ordering: .relaxed) }

    /// Threads that a network runs on.
    public static var threads: Int {
        let chosen = chosen.load(ordering: .relaxed)
        return chosen > 0 ? chosen : Int(kernels_threads())
    }

    /// OpenMP counts for each of its callers: to be called on the engine's thread.
    fileprivate static func applyThreads() { kernels_set_threads(Int32(clamping: chosen.load(ordering: .relaxed))) }

    /// Why the engine cannot run on this CPU, which is named; nil where it can.
    public static var refusal: PapillaError? {
        guard let missing = kernels_missing().map({ String(cString: $0) }) else { return nil }
        var name = [CChar](repeating: 0, count: 49)
        kernels_processor(&name)
        let words = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
        let model = words.isEmpty ? "unknown" : words.joined(separator: " ")
        return PapillaError(
            .system, "This CPU (\(model)) lacks \(missing); the engine needs x86-64-v3",
            hint: "Run it on a CPU of 2013 or later: Intel Haswell, AMD Excavator or newer")
    }

    /// The instruction set that oneDNN uses on this CPU: `avx2`, `avx512_core_vnni`, ...
    public static var isa: String { Processor.instructionSet }

    /// Whether the CPU has VNNI, which makes int8 faster than fp32.
    public static var hasFastIntegers: Bool { Processor.hasFastIntegers }

    /// Whether the CPU has AMX, which makes bf16 faster than fp32.
    public static var hasFastHalves: Bool { Processor.hasFastHalves }
}

/// A serial executor that is one thread, made at the first job.
private final class EngineThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStarted = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            defer { state.isStarted = true }
            return !state.isStarted
        }
        if isFirst {
            let thread = Thread { self.loop() }
            thread.name = "engine"
            thread.stackSize = 16 << 20
            thread.start()
        }
        wake.signal()
    }

    private func loop() {
        EngineInfo.applyThreads()
        while true {
            wake.wait()
            let job = state.withLock { $0.jobs.removeFirst() }
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}

/// This machine's best, measured: a large 1x1 convolution, which is nothing but multiply-accumulates.
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
