internal import Foundation
internal import Neural
internal import Screening

extension Ranks {
    /// Runs a training on this process alone or, under mpirun, on all ranks: an error of one ends the others, which would wait for it.
    /// - Returns: what `body` returns; nil on every rank but the first, which alone prints and goes on.
    static func together<Value>(_ body: (Ranks?) async throws -> Value) async throws -> Value? {
        guard let ranks = try await start() else { return try await body(nil) }
        do {
            let value = try await body(ranks)
            await ranks.finish()
            return ranks.rank == 0 ? value : nil
        } catch {
            // What all of them meet with, the first one says for all.
            if ranks.rank > 0 { try? await Task.sleep(for: .seconds(2)) }
            let ours = error as? PapillaError ?? PapillaError(foreign: error)
            FileHandle.standardError.write(Data("papilla: rank \(ranks.rank) of \(ranks.count): \(ours.detailed)\n".utf8))
            abort(status: ours.exitStatus)
        }
    }
}
