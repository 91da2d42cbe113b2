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
        for row in 0..<planes.count / side {
            let (plane, y) = row.quotientAndRemainder(dividingBy: side)
            let target = (plane * side + (mirrorsRows ? side - 1 - y : y)) * side
            if mirrorsColumns {
                for x in 0..<side { result[target + side - 1 - x] = planes[row * side + x] }
            } else {
                result.replaceSubrange(target..<target + side, with: planes[row * side..<(row + 1) * side])
            }
        }
        return result
    }

    /// Runs a network on the first `count` mirror images of an input (planes of side x side) and averages what its heads answer.
    static func average(
        _ input: [Float], side: Int, count: Int, run: ([Float]) async throws -> [Architecture.Head: [Float]]
    ) async throws -> [Architecture.Head: [Float]] {
        var sums = try await run(input)
        for mirror in first(count).dropFirst() {
            for (head, answer) in try await run(mirror.apply(input, side: side)) {
                let back = mirror.apply(answer, side: side)
                for index in back.indices { sums[head]?[index] += back[index] }
            }
        }
        guard count > 1 else { return sums }
        return sums.mapValues { $0.map { $0 / Float(count) } }
    }
}
