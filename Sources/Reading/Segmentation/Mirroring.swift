internal import Neural

/// The mirror images that a network is shown of one view, whose answers are averaged: twice or four times the work for a calmer outline.
enum Mirroring: CaseIterable {
    case none, across, down, both

    /// The mirror images for a manifest's number of views: 1, 2 (left and right exchanged) or 4.
    static func first(_ count: Int) -> ArraySlice<Mirroring> { allCases.prefix(count) }

    private var mirrorsColumns: Bool { self == .across || self == .both }
    private var mirrorsRows: Bool { self == .down || self == .both }

    /// Planes of side x side, one after the other, mirrored. Mirrored twice they are as before.
    func apply(_ planes: [Float], side: Int) -> [Float] {
        guard self != .none else { return planes }
        var result = planes
        planes.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                for row in 0..<source.count / side {
                    let (plane, y) = row.quotientAndRemainder(dividingBy: side)
                    let (from, to) = (row * side, (plane * side + (mirrorsRows ? side - 1 - y : y)) * side)
                    for x in 0..<side { target[mirrorsColumns ? to + side - 1 - x : to + x] = source[from + x] }
                }
            }
        }
        return result
    }

    /// Runs a network on the first `count` mirror images of an input (planes of side x side) and averages what its heads answer.
    /// - Parameter first: the answer to the input as it is, where that is known.
    static func average(
        _ input: [Float], side: Int, count: Int, first: [Architecture.Head: [Float]]? = nil,
        run: ([Float]) async throws -> [Architecture.Head: [Float]]
    ) async throws -> [Architecture.Head: [Float]] {
        var sums = if let first { first } else { try await run(input) }
        for mirror in Self.first(count).dropFirst() {
            for (head, answer) in try await run(mirror.apply(input, side: side)) {
                guard var sum = sums.removeValue(forKey: head) else { continue }
                let back = head == .frame ? answer : mirror.apply(answer, side: head == .cells ? side / 32 : side)
                for index in sum.indices { sum[index] += back[index] }
                sums[head] = sum
            }
        }
        guard count > 1 else { return sums }
        return sums.mapValues { $0.map { $0 / Float(count) } }
    }
}
