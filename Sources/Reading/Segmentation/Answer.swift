internal import Neural
internal import Registry
internal import Screening

/// A network's answer, before anything is made of it.
enum Answer {
    /// The answer, if it is one: from every head as many values as its maps have, all of them finite.
    ///
    /// - Throws: `internal` naming the model and the head. Without this a value that is none would compare as «below the threshold», and a
    ///   network that broke down would report that there is nothing to find.
    static func checked(_ logits: [Architecture.Head: [Float]], of manifest: ModelManifest) throws(PapillaError) -> [Architecture
        .Head: [Float]]
    {
        let main: Architecture.Head = manifest.task == .router ? .classes : .mask
        let hint = "Check the model with `papilla doctor`, or go back: `papilla models rollback \(manifest.task.rawValue)`"
        for head in Set(logits.keys).union([main]) {
            let (count, needed) = (logits[head]?.count ?? 0, values(of: head, side: manifest.side))
            guard count == needed else {
                throw PapillaError(
                    .internal,
                    "The \(manifest.task.rawValue) network's head \(head.rawValue) gave \(count) values, \(needed) were expected",
                    place: manifest.name, hint: hint)
            }
            guard logits[head]?.allSatisfy(\.isFinite) == true else {
                throw PapillaError(
                    .internal,
                    "The \(manifest.task.rawValue) network's head \(head.rawValue) gave a value that is no number, or infinite",
                    place: manifest.name, hint: hint)
            }
        }
        return logits
    }

    /// How many values a head gives of one image.
    private static func values(of head: Architecture.Head, side: Int) -> Int {
        switch head {
        case .mask, .contour, .distance: head.maps * side * side
        case .cells: (side / 32) * (side / 32)
        case .classes, .frame: head.maps
        }
    }
}
