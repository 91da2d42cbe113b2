internal import Neural
internal import Screening
internal import Synchronization

/// What networks answered to views of some images, so that the same images can be read again under other thresholds or another temperature
/// without running the networks again. It holds as much as it is given: for an evaluation, not for a service.
public final class LookMemory: Sendable {
    /// One view of one image.
    struct Key: Hashable, Sendable {
        let image: String
        let task: ModelTask
        let view: NetworkView
    }

    private let answers = Mutex<[Key: [Architecture.Head: [Float]]]>([:])

    /// An empty memory. It belongs to one set of weights.
    public init() {}

    /// What was answered before, or what `run` answers now.
    func answer(_ key: Key, run: () async throws -> [Architecture.Head: [Float]]) async throws -> [Architecture.Head: [Float]] {
        if let known = answers.withLock({ $0[key] }) { return known }
        let answer = try await run()
        answers.withLock { $0[key] = answer }
        return answer
    }
}
