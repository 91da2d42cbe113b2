internal import Imaging
internal import Screening

extension MaskEncoding {
    /// The reason why the meaning of some masks is not known.
    struct Refusal: Error {
        let message: String
        /// Which mask shows it; nil where all do.
        var mask: Int?
        var hint: String?
    }

    /// What the masks of a set mean to a task, where it is one of the ways in which masks are published.
    /// - Parameters:
    ///   - task: disc, cup or polyp.
    ///   - alone: whether a mask holds one structure and no other, as a correction's does.
    static func known(_ tallies: [MaskTally], for task: ModelTask, alone: Bool = false) -> Result<MaskEncoding, Refusal> {
        if let place = tallies.firstIndex(where: \.isPhotograph) {
            return .failure(
                Refusal(message: "more than \(MaskTally.most) different values: a photograph, not a mask", mask: place))
        }
        let labels = Set(tallies.flatMap(\.counts.keys))
        if labels.isSubset(of: [Label(0)]) { return .success(canonical(for: task)) }
        var candidates = exact(for: task, alone: alone)
        candidates += soft(tallies, for: task, alone: alone)
        candidates += hues(tallies, for: task, alone: alone)
        for candidate in candidates where candidate.isWhole(in: labels) {
            guard tallies.allSatisfy(candidate.fits) else { continue }
            return candidate.turned(for: tallies).checked(tallies, for: task, alone: alone)
        }
        return .failure(unknown(tallies, candidates, for: task))
    }

    /// What a person stated, for masks that have no other values.
    static func stated(
        _ stated: StatedMaskValues, _ tallies: [MaskTally], for task: ModelTask, alone: Bool = false
    ) -> Result<MaskEncoding, Refusal> {
        let meanings = Set(stated.entries.map(\.meaning))
        let needed: Set<MaskClass> = task == .polyp ? [.polyp] : [.disc, .cup]
        guard !meanings.isDisjoint(with: needed) else {
            return .failure(
                Refusal(
                    message: "the mask values '\(stated.text)' name no \(task.rawValue)", hint: "Name it, or another data set"))
        }
        guard task != .cup || alone || meanings.contains(.disc) else {
            return .failure(Refusal(message: cupAlone, hint: "Name the disc's value as well, or masks that hold both"))
        }
        let levels = stated.entries.filter { $0.first == $0.last }.map { Level(label: $0.first, meaning: $0.meaning) }
        for (place, tally) in tallies.enumerated() {
            if tally.isPhotograph {
                return .failure(
                    Refusal(message: "more than \(MaskTally.most) different values: a photograph, not a mask", mask: place))
            }
            let open = tally.labels.filter { stated.meaning(of: $0) == nil }
            let isSoft = levels.count > 1 && (tally.format == .jpeg || tally.counts.count > softest)
            if let first = open.first, !isSoft {
                return .failure(
                    Refusal(
                        message: "value \(first) is not among the stated mask values '\(stated.text)'", mask: place,
                        hint: "Say what it means: \(first)=outside, or a structure"))
            }
        }
        let isOpen = tallies.contains { $0.counts.keys.contains { stated.meaning(of: $0) == nil } }
        return .success(MaskEncoding(levels, isSoft: isOpen, stated: stated))
    }

    /// As Papilla writes masks.
    static func canonical(for task: ModelTask) -> MaskEncoding {
        task == .polyp ? MaskEncoding([0: .outside, 255: .polyp]) : MaskEncoding([0: .outside, 128: .disc, 255: .cup])
    }

    private static let cupAlone = "the masks hold a cup without its disc: there is no ratio to hold against"
    /// So many values make a soft edge; fewer are names.
    private static let softest = 8

    // MARK: - Ways in which masks are published

    private static func exact(for task: ModelTask, alone: Bool) -> [MaskEncoding] {
        let only = task == .polyp ? MaskClass.polyp : alone ? MaskClass.only(for: task) : .disc
        var known = [255, 1, 65535].map { MaskEncoding([0: .outside, $0: only]) }
        guard task != .polyp else { return known }
        known.append(MaskEncoding([0: .outside, 128: only]))
        let threes: [(UInt16, UInt16)] = [(128, 255), (127, 255), (1, 2), (32768, 65535), (32767, 65535), (32896, 65535)]
        known += threes.map { MaskEncoding([0: .outside, $0: .disc, $1: .cup]) }
        return known
    }

    /// 0 and 255, or 0, 128 and 255, with all that JPEG or a softened edge puts between.
    private static func soft(_ tallies: [MaskTally], for task: ModelTask, alone: Bool) -> [MaskEncoding] {
        let labels = Set(tallies.flatMap(\.counts.keys))
        guard labels.allSatisfy({ $0.grey.map { $0 <= 255 } ?? false }), tallies.contains(where: \.isSoft) else { return [] }
        let only = task == .polyp ? MaskClass.polyp : alone ? MaskClass.only(for: task) : .disc
        let two = MaskEncoding(
            [.init(label: Label(0), meaning: .outside), .init(label: Label(255), meaning: only)], isSoft: true)
        guard task != .polyp else { return [two] }
        func mass(_ values: ClosedRange<Int>) -> Int {
            tallies.reduce(0) { sum, tally in
                sum + tally.counts.reduce(0) { values.contains($1.key.grey ?? 0) ? $0 + $1.value : $0 }
            }
        }
        // An edge from 0 to 255 has as much at 128 as to either side of it.
        guard mass(112...144) > 2 * (mass(64...96) + mass(160...192)) else { return [two] }
        return [MaskEncoding(canonical(for: task).levels, isSoft: true)]
    }

    /// One colour on black, or the first colours of one palette.
    private static func hues(_ tallies: [MaskTally], for task: ModelTask, alone: Bool) -> [MaskEncoding] {
        var colours: [Label: Int] = [:]
        for tally in tallies {
            for (label, count) in tally.counts where label.grey == nil { colours[label, default: 0] += count }
        }
        guard let most = colours.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return [] }
        let only = task == .polyp ? MaskClass.polyp : alone ? MaskClass.only(for: task) : .disc
        let outside = Level(label: Label(0), meaning: .outside)
        let one = [outside, Level(label: most, meaning: only)]
        var known = [MaskEncoding(one)]
        if tallies.contains(where: \.isSoft) { known.append(MaskEncoding(one, isSoft: true)) }
        let places = Set(
            tallies.flatMap { tally in tally.counts.keys.compactMap { label in tally.places[label].map { Place(label, $0) } } })
        if task != .polyp, Set(places.map(\.label)).count == places.count, places.contains(Place(Label(0), 0)),
            let first = places.first(where: { $0.place == 1 }), let second = places.first(where: { $0.place == 2 })
        {
            known.append(
                MaskEncoding([outside, Level(label: first.label, meaning: .disc), Level(label: second.label, meaning: .cup)]))
        }
        return known
    }

    private struct Place: Hashable {
        let label: Label
        let place: Int
        init(_ label: Label, _ place: Int) {
            self.label = label
            self.place = place
        }
    }

    // MARK: - Whether they are what some masks have

    /// Whether, of three exact levels, the middle one is there: cups without any rim are something else.
    private func isWhole(in labels: Set<Label>) -> Bool {
        isSoft || levels.count < 3 || labels.contains(levels[1].label)
    }

    private func fits(_ tally: MaskTally) -> Bool {
        if tally.counts.keys.allSatisfy({ $0 == Label(0) }) { return true }
        let top = levels[levels.count - 1].label
        // Class numbers do not survive JPEG: what is left of them lies between noise.
        let areNumbers = top.grey.map { $0 <= 2 } ?? false
        if areNumbers, tally.format == .jpeg { return false }
        if tally.counts.keys.allSatisfy({ label in levels.contains { $0.label == label } }) { return true }
        guard isSoft, tally.isSoft else { return false }
        // A black picture comes back from a coarse JPEG as one very dark grey.
        if tally.format == .jpeg, tally.counts.count == 1, let grey = tally.counts.first?.key.grey, grey <= 4 { return true }
        var near = 0
        var between = 0
        var astray = 0
        for (label, count) in tally.counts {
            let place = place(of: label, on: top)
            if place.isAstray { astray += count }
            // Nearest levels by shares of the top one: 0, 50 and 100.
            let off = levels.map {
                abs($0.label == top ? 100 - place.share : $0.label == Label(0) ? place.share : 50 - place.share)
            }
            if off.min() ?? 0 > 13 { between += count } else if place.share > 37 { near += count }
        }
        return near > 0 && between <= max(tally.area / 50, near / 2) && astray <= tally.area / 100
    }

    /// How far a label lies on the way from black to the top level, in hundredths, and whether it lies off that way.
    private func place(of label: Label, on top: Label) -> (share: Int, isAstray: Bool) {
        let (a, b) = (label.channels, top.channels)
        let length = b.red * b.red + b.green * b.green + b.blue * b.blue
        let along = a.red * b.red + a.green * b.green + a.blue * b.blue
        let share = min(100, 100 * along / max(1, length))
        let nearest = (b.red * share / 100, b.green * share / 100, b.blue * share / 100)
        let off = max(abs(a.red - nearest.0), abs(a.green - nearest.1), abs(a.blue - nearest.2))
        return (share, off > 60)
    }

    /// The same three levels from the inside out (REFUGE's: 0 cup, 128 rim, 255 outside) where most borders have the last one.
    private func turned(for tallies: [MaskTally]) -> MaskEncoding {
        guard levels.count == 3, let top = levels[2].label.grey, top >= 255 else { return self }
        let borders = tallies.filter { $0.counts.count > 1 }.compactMap { $0.outermost.flatMap(nearest) }
        guard 2 * borders.count(where: { $0.meaning == .cup }) > borders.count else { return self }
        let turned = zip(levels, levels.reversed()).map { Level(label: $0.label, meaning: $1.meaning) }
        return MaskEncoding(turned, isSoft: isSoft)
    }

    private func nearest(_ label: Label) -> Level? {
        levels.min { Self.distance($0.label, label) < Self.distance($1.label, label) }
    }

    /// What a task cannot do with masks whose values are known.
    private func checked(_ tallies: [MaskTally], for task: ModelTask, alone: Bool) -> Result<MaskEncoding, Refusal> {
        if task == .cup, !alone, levels.count == 2, levels[1].label != Label(128) {
            let value = levels[1].label
            return .failure(
                Refusal(
                    message: "the masks hold one structure (\(value)), and the cup needs two: disc and cup",
                    hint: "Name masks that hold both, or say that it is the disc: --mask-values 0=outside,\(value)=disc"))
        }
        guard levels.count == 3, !isSoft else { return .success(self) }
        // The rim is around the cup; where it is the other way, the numbers are.
        let pairs = tallies.compactMap { tally -> (rim: PixelBox, cup: PixelBox)? in
            guard let rim = tally.boxes[levels[1].label], let cup = levels.first(where: { $0.meaning == .cup }),
                let inner = tally.boxes[cup.label]
            else { return nil }
            return (rim, inner)
        }
        let swapped = pairs.count { $0.cup != $0.rim && $0.cup.holds($0.rim) }
        guard 2 * swapped > pairs.count else { return .success(self) }
        let (rim, cup) = (levels[1].label, levels.first { $0.meaning == .cup }?.label ?? levels[2].label)
        return .failure(
            Refusal(
                message: "in most masks value \(cup) lies around value \(rim): what would be the cup is around the rim",
                hint: "Say what the values mean: --mask-values 0=outside,\(cup)=disc,\(rim)=cup"))
    }

    private static func unknown(_ tallies: [MaskTally], _ candidates: [MaskEncoding], for task: ModelTask) -> Refusal {
        let drawn = tallies.filter { $0.labels != [Label(0)] }
        let counts = candidates.map { candidate in (candidate, drawn.count(where: candidate.fits)) }
        let structure = task == .polyp ? "polyp" : "disc"
        func example(_ labels: [Label]) -> String {
            let named = labels.prefix(4).map { $0 == Label(0) ? "\($0)=outside" : "\($0)=\(structure)" }
            return "Say what the values mean, for instance: --mask-values " + named.joined(separator: ",")
        }
        if let (best, count) = counts.max(by: { $0.1 < $1.1 }), 2 * count > drawn.count,
            let odd = tallies.firstIndex(where: { !best.fits($0) })
        {
            return Refusal(
                message:
                    "values \(words(tallies[odd].labels)), where \(count) other masks have \(words(best.levels.map(\.label)))",
                mask: odd, hint: "Mend the file, or say what the values mean: --mask-values")
        }
        let labels = Set(tallies.flatMap(\.counts.keys)).sorted()
        let place = tallies.indices.max { tallies[$0].counts.count < tallies[$1].counts.count }
        return Refusal(message: "values \(words(labels)): what they mean is not known", mask: place, hint: example(labels))
    }

    /// `0, 7 and 9`, or how many there are.
    static func words(_ labels: [Label]) -> String {
        let texts = labels.prefix(6).map { "\($0)" }
        if labels.count > 6 { return texts.joined(separator: ", ") + ", ... (\(labels.count) different ones)" }
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "none" }
        return texts.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension MaskTally {
    /// Whether the values between the levels may be an edge's: JPEG, or more of them than anyone names.
    var isSoft: Bool { format == .jpeg || counts.count >= 8 }
}

extension PixelBox {
    /// Whether another box lies in this one.
    func holds(_ other: PixelBox) -> Bool {
        x <= other.x && y <= other.y && x + width >= other.x + other.width && y + height >= other.y + other.height
    }
}
