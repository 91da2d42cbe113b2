internal import CMPI
internal import Glibc
internal import OneDNN
public import Screening

/// The processes that mpirun has started for one training. Each has the same network and takes its share of every batch; what they do together
/// is done in their order, so that every one of them ends with the same bits, and so does the next run with as many.
///
/// Everything happens on the engine's thread.
public struct Ranks: Sendable, Hashable {
    /// Which of them this process is, from 0.
    public let rank: Int
    /// How many there are, two or more.
    public let count: Int

    /// The places of a batch that this process takes: as many as every other one.
    public func share(of batch: Int) -> Range<Int> { rank * (batch / count)..<(rank + 1) * (batch / count) }

    /// Meets the others.
    /// - Returns: nil where there are none: without mpirun, or with `mpirun -n 1`. Open MPI is then not looked for.
    /// - Throws: `.notFound` where mpirun is there and the library is not.
    @EngineActor public static func start() throws(PapillaError) -> Ranks? {
        // What Open MPI's mpirun tells each process.
        guard let text = getenv("OMPI_COMM_WORLD_SIZE"), let expected = Int(String(cString: text)), expected > 1 else {
            return nil
        }
        var (rank, count) = (Int32(0), Int32(0))
        if let missing = papilla_mpi_start(&rank, &count) {
            throw PapillaError(
                .notFound, "mpirun started \(expected) processes, but \(String(cString: missing)) of Open MPI is not there",
                hint: "Install Open MPI 4 or 5 on every machine (Debian: libopenmpi3), or run it without mpirun")
        }
        return Ranks(rank: Int(rank), count: Int(count))
    }

    /// Parts from the others; once is enough.
    @EngineActor public func finish() { papilla_mpi_stop() }

    /// Ends this process and all others: after an error that they need not have.
    public static func abort(status: Int32) -> Never { papilla_mpi_abort(status) }

    /// What every rank gives, as many values each, in their order: the same on all.
    @EngineActor public func gathered<Value: BitwiseCopyable>(_ values: [Value]) -> [Value] { gather(values) }

    /// Refuses to go on where the ranks differ in something that they must have in common.
    /// - Parameter name: what that is, for a person.
    @EngineActor public func agree(on name: String, _ value: Digest) throws(PapillaError) {
        let (first, second) = value.leading
        let all = gather([first, second])
        guard let other = (0..<count).first(where: { all[2 * $0] != all[0] || all[2 * $0 + 1] != all[1] }) else { return }
        throw PapillaError(
            .refused, "rank \(other) has another \(name) than rank 0",
            hint: "Start the same program with the same options and data on machines with the same kind of processor")
    }

    /// The same for code of the engine.
    func gather<Value: BitwiseCopyable>(_ values: [Value]) -> [Value] {
        let size = values.count * MemoryLayout<Value>.stride
        return [Value](unsafeUninitializedCapacity: values.count * count) { buffer, filled in
            papilla_mpi_gather(values, buffer.baseAddress, Int32(size))
            filled = values.count * count
        }
    }

    /// The ranks' values added up in their order.
    func sum(_ values: [Double]) -> [Double] {
        let all = gather(values)
        return values.indices.map { index in (0..<count).reduce(0) { $0 + all[$1 * values.count + index] } }
    }

    /// Makes a tensor the sum of the ranks' ones, in place.
    func sum(_ tensor: Tensor) throws(PapillaError) {
        guard papilla_mpi_sum(tensor.pointer, tensor.count) == 0 else {
            throw PapillaError(
                .system, "There is no memory for the sum of the ranks' gradients", hint: "Start fewer ranks on a machine")
        }
    }
}
