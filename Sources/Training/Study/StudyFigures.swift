internal import Glibc
internal import Imaging
internal import Neural
internal import Screening

/// One picture of a study's report.
struct StudyFigure: Sendable {
    /// Its file's name, without extension.
    let name: String
    let title: String
    let caption: String
    let png: [UInt8]
}

/// Draws a study's figures with the weights of its first seed: the paper's figures 3 to 8.
public struct StudyFigures: Sendable {
    /// The subject of the figures.
    public enum Source: String, Sendable, CaseIterable {
        /// Images of the test split. They may be patients': such a report is not for publication as it is.
        case data
        /// Synthetic images.
        case phantoms
        /// There are no figures.
        case none
    }

    /// An image that is shown.
    private struct Shown {
        let label: String
        let colours: [Float]
        let raster: Raster
        let truth: Mask
    }

    let task: ModelTask
    let options: StudyOptions
    let folder: StudyFolder
    let judge: StudyJudge
    private static let percentiles = [10, 50, 90]
    /// Images that the likeness of feature maps is measured on.
    private static let likenessImages = 8

    /// The figures of a task.
    func drawn(_ source: Source) async throws -> [StudyFigure] {
        guard source != .none else { return [] }
        let subjects = try await chosen(source)
        let shown = subjects.map { label, subject in
            // The last look is the closest one.
            let look = subject.looks[subject.looks.count - 1]
            let (colours, truth) = Warp(look, side: options.side).apply(look, side: options.side)
            let raster = Raster(
                width: options.side, height: options.side, pixels: colours.map { UInt8(min(max($0, 0), 255).rounded()) })
            return Shown(label: label, colours: colours, raster: raster, truth: truth)
        }
        var found: [StudyNetwork: [[Architecture.Head: [Float]]]] = [:]
        for network in StudyNetwork.all { found[network] = try await run(network, shown.map(\.colours)) }
        return [try contours(shown, found), try heads(shown, found), try maps(shown, found), try await features(shown)]
    }

    private func chosen(_ source: Source) async throws -> [(String, TrainingImage)] {
        if source == .phantoms {
            let preparation = Preparation(task: task, side: options.side)
            // Crops of the disc stand at every fourth place, and endoscopy phantoms without a polyp among the first ones.
            let phantoms = try await preparation.phantoms(count: 12, seed: 20_190_708)
            let telling = phantoms.filter { subject in subject.looks.contains { ($0.truth?.area ?? 0) > 0 } }
            return telling.prefix(3).enumerated().map { ("phantom \($0 + 1)", $1) }
        }
        let best = StudyRun(task: task, network: .tableThree(.signed), seed: 1)
        let images = try folder.scores(of: best)?.images.sorted { $0.dice < $1.dice } ?? []
        guard !images.isEmpty else { return [] }
        return Self.percentiles.compactMap { percentile in
            let image = images[(images.count - 1) * percentile / 100]
            return judge.subjects.first { $0.set == image.set && $0.id == image.id }.map {
                ("\(percentile) %: Dice \(StudyClaims.number(image.dice))", $0)
            }
        }
    }

    private func weights(_ network: StudyNetwork) throws -> (weights: Weights, input: InputScale) {
        let run = StudyRun(task: task, network: network, seed: 1)
        guard let scores = try folder.scores(of: run) else {
            throw PapillaError(.internal, "a figure was asked for before its run was finished", place: run.name)
        }
        let weights = try RunFolder(folder.folder(of: run), resume: true).best()
        return (weights, InputScale(mean: scores.inputMean, deviation: scores.inputDeviation))
    }

    private func run(_ network: StudyNetwork, _ images: [[Float]]) async throws -> [[Architecture.Head: [Float]]] {
        let (weights, input) = try weights(network)
        let engine = try await StudyEngine(weights, network, width: options.width, side: options.side)
        var found: [[Architecture.Head: [Float]]] = []
        for image in images { found.append(try await engine.run(input.planar(image))) }
        return found
    }

    private typealias Found = [StudyNetwork: [[Architecture.Head: [Float]]]]

    private func contours(_ shown: [Shown], _ found: Found) throws -> StudyFigure {
        let rows = shown.enumerated().map { index, image in
            let tiles = StudyNetwork.tableOne.map { network in
                FigureSheet.Tile(image.raster, truth: image.truth, found: found[network].map { judge.found($0[index]) })
            }
            return (label: image.label, tiles: tiles)
        }
        let sheet = FigureSheet(columns: StudyNetwork.tableOne.map { StudyClaims.name($0.architecture) }, rows: rows)
        return StudyFigure(
            name: "\(task.rawValue)-contours", title: "\(task.rawValue): the five networks",
            caption: "Contours of the truth (red) and of what was found (yellow), as in the paper's figures 4 to 7.",
            png: try sheet.png())
    }

    private func heads(_ shown: [Shown], _ found: Found) throws -> StudyFigure {
        let (contour, distance) = (StudyNetwork.tableOne[3], StudyNetwork.tableOne[4])
        let rows = shown.enumerated().map { index, image in
            let targets = Targets(mask: image.truth, distance: .signed)
            let (mc, md) = (found[contour]?[index] ?? [:], found[distance]?[index] ?? [:])
            let tiles: [FigureSheet.Tile] = [
                .init(image.raster, truth: image.truth), .init(image.truth), .init(judge.found(md)),
                .init(plane(targets.contour.map { Float($0) })), .init(plane(softmax(mc[.contour] ?? []))),
                .init(plane(targets.distance)), .init(plane(sigmoid(md[.distance] ?? []))),
            ]
            return (label: image.label, tiles: tiles)
        }
        let columns = ["image", "mask", "found", "contour", "found (MC)", "distance D3", "found (MD)"]
        return StudyFigure(
            name: "\(task.rawValue)-heads", title: "\(task.rawValue): mask, contour and distance map",
            caption: "Each target beside what the one-decoder networks make of it.",
            png: try FigureSheet(columns: columns, rows: rows).png())
    }

    private func maps(_ shown: [Shown], _ found: Found) throws -> StudyFigure {
        let rows = shown.enumerated().map { index, image in
            let tiles = DistanceMap.allCases.flatMap { map -> [FigureSheet.Tile] in
                let logits = found[.tableThree(map)]?[index] ?? [:]
                return [
                    FigureSheet.Tile(image.raster, truth: image.truth, found: judge.found(logits)),
                    .init(plane(Targets(mask: image.truth, distance: map).distance)),
                    .init(plane(sigmoid(logits[.distance] ?? []))),
                ]
            }
            return (label: image.label, tiles: tiles)
        }
        let columns = DistanceMap.allCases.flatMap { ["\($0.rawValue)", "\($0.rawValue) truth", "\($0.rawValue) found"] }
        return StudyFigure(
            name: "\(task.rawValue)-maps", title: "\(task.rawValue): D1, D2 and D3 side by side",
            caption: "Contours of the truth (red) and of what was found (yellow), and the maps that the distance head learnt.",
            png: try FigureSheet(columns: columns, rows: rows).png())
    }

    private func features(_ shown: [Shown]) async throws -> StudyFigure {
        let network = StudyNetwork.tableThree(.signed)
        let (weights, input) = try weights(network)
        var images = judge.subjects.prefix(Self.likenessImages).map { subject in
            let look = subject.looks[subject.looks.count - 1]
            let (colours, truth) = Warp(look, side: options.side).apply(look, side: options.side)
            return (input: input.planar(colours), truth: truth)
        }
        // The image in the middle is the one that is shown.
        if !shown.isEmpty {
            let middle = shown[shown.count / 2]
            images.append((input: input.planar(middle.colours), truth: middle.truth))
        }
        let maps = try await FeatureMaps(weights, network, width: options.width, side: options.side, images: images)
        let (mask, contour) = (maps.closest(\.mask), maps.closest(\.contour))
        func short(_ value: Double) -> String { StudyClaims.number(value).dropLast(2).description }
        let tiles = maps.planes.enumerated().map { index, plane in
            let likeness = maps.likeness[index]
            let frame = index == mask?.map ? FigureSheet.red : index == contour?.map ? FigureSheet.yellow : nil
            return FigureSheet.Tile(
                plane, caption: "\(index)  mask \(short(likeness.mask))  contour \(short(likeness.contour))", frame: frame)
        }
        let rows = stride(from: 0, to: tiles.count, by: 8).map {
            (label: "", tiles: Array(tiles[$0..<min(tiles.count, $0 + 8)]))
        }
        func words(_ what: String, _ found: (map: Int, correlation: Double)?) -> String {
            found.map {
                "map \($0.map) resembles the \(what) most\($0.correlation < 0 ? ", as its negative" : "") (correlation \(short($0.correlation)))"
            }
                ?? "no map resembles the \(what)"
        }
        return StudyFigure(
            name: "\(task.rawValue)-features", title: "\(task.rawValue): the last \(options.width) feature maps",
            caption: """
                The maps that the heads of 1Enc 1Dec + Conv MD look at, each scaled to its own range, as in the paper's figures 3 and 8. Over \
                \(images.count) images, \(words("mask", mask)) (red frame), and \(words("contour", contour)) (yellow frame).
                """,
            png: try FigureSheet(columns: [], rows: rows).png())
    }

    private func plane(_ values: [Float]) -> Plane {
        let count = options.side * options.side
        return values.count == count
            ? Plane(width: options.side, height: options.side, values: values)
            : Plane(width: options.side, height: options.side, fill: 0)
    }

    private func sigmoid(_ logits: [Float]) -> [Float] { logits.map { 1 / (1 + expf(-$0)) } }

    /// The second map's share of two.
    private func softmax(_ logits: [Float]) -> [Float] {
        let count = logits.count / 2
        return (0..<count).map { 1 / (1 + expf(logits[$0] - logits[count + $0])) }
    }
}
