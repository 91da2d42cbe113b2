internal import DataSets
internal import Imaging
internal import Phantoms
internal import Reading
internal import Screening

/// Decodes the images of data sets and keeps of each what training looks at: the same views as the service's, with room for augmentation.
struct Preparation: Sendable {
    /// What the network is trained for.
    let task: ModelTask
    /// The network's side, px.
    let side: Int
    /// Whether the network sees the disc unrolled.
    var isUnrolled = false

    /// Diameters of the disc on a side of the crop that the service takes around it.
    static let cropDiameters = 2.5
    /// The same in training, to be ready for a first look that is a little off.
    static let cropRange = 2.0...3.2
    /// A fundus picture whose disc takes more than this share of its short side is a crop already.
    static let cropShare = 0.25

    /// All subjects of a split of a set, in the manifest's order, on all cores.
    func subjects(_ set: DataSet, _ split: DataSet.Split) async throws -> [TrainingImage] {
        let set = try set.surveyed(for: task)
        let items = set.items(in: split)
        let modality = task == .router ? try set.modality() : nil
        return try await withThrowingTaskGroup(of: (Int, TrainingImage?).self) { group in
            var found = [TrainingImage?](repeating: nil, count: items.count)
            for (index, item) in items.enumerated() {
                group.addTask { (index, try subject(item, of: set, modality)) }
            }
            for try await (index, subject) in group { found[index] = subject }
            return found.compactMap(\.self)
        }
    }

    /// Phantoms as subjects: fundus for disc and cup, endoscopy for polyps, both in turn for the router.
    func phantoms(count: Int, seed: UInt64) async throws -> [TrainingImage] {
        try await withThrowingTaskGroup(of: (Int, TrainingImage?).self) { group in
            var found = [TrainingImage?](repeating: nil, count: count)
            for index in 0..<count {
                group.addTask {
                    let kind: Phantom.Kind =
                        switch task {
                        case .disc, .cup: .fundus
                        case .polyp: .endoscopy
                        case .router: index.isMultiple(of: 2) ? .fundus : .endoscopy
                        }
                    // Whole photographs and crops in turn, as the data sets have both.
                    let phantom = Phantom.make(kind, seed: seed, index: index, view: index.isMultiple(of: 4) ? .disc : .whole)
                    let looks = looks(phantom.raster, phantom.mask)
                    let label: Int32 = kind == .fundus ? 0 : 1
                    return (
                        index,
                        looks.isEmpty
                            ? nil : TrainingImage(set: "phantoms", id: "\(index)", looks: looks, background: nil, label: label)
                    )
                }
            }
            for try await (index, subject) in group { found[index] = subject }
            return found.compactMap(\.self)
        }
    }

    /// One item, decoded. Nil where it has nothing to teach: a picture without a disc cannot be cropped around it.
    private func subject(_ item: DataSet.Item, of set: DataSet, _ modality: Modality?) throws(PapillaError) -> TrainingImage? {
        let (image, mask) = try Self.decode(item, of: set, needsMask: task != .router)
        // As it is read: on black.
        let raster = FieldOfView(of: image.raster).onBlack(image.raster)
        let looks = looks(raster, mask)
        guard !looks.isEmpty else { return nil }
        return TrainingImage(
            set: set.name, id: item.id, looks: looks, background: background(raster, mask),
            label: task == .router ? try Self.routerClass(item, modality) : 0)
    }

    /// An item's image.
    static func decode(_ item: DataSet.Item) throws(PapillaError) -> DecodedImage {
        let bytes = try readFile(item.image)
        do { return try ImageDecoder.decode(bytes) } catch {
            throw PapillaError(
                .badInput, "an image of the data set cannot be used", place: item.image,
                hint: "Mend it, or take its row out of manifest.csv", cause: error)
        }
    }

    /// An item's image, and its mask where one is needed: of a surveyed set, as Papilla writes masks.
    static func decode(
        _ item: DataSet.Item, of set: DataSet, needsMask: Bool
    ) throws(PapillaError) -> (image: DecodedImage, mask: GreyImage?) {
        let image = try decode(item)
        guard needsMask else { return (image, nil) }
        guard let path = item.mask else {
            throw PapillaError(
                .badInput, "image '\(item.id)' has no mask", place: item.image, hint: "Name its mask in manifest.csv")
        }
        let mask = try set.mask(at: path)
        guard mask.width == image.raster.width, mask.height == image.raster.height else {
            throw PapillaError(
                .badInput,
                "a mask of \(mask.width) x \(mask.height) for an image of \(image.raster.width) x \(image.raster.height)",
                place: path,
                hint: "A mask has the size of its image")
        }
        return (image, mask)
    }

    /// The router's class of an item.
    private static func routerClass(_ item: DataSet.Item, _ modality: Modality?) throws(PapillaError) -> Int32 {
        switch try self.modality(item, in: modality) {
        case .fundus: 0
        case .endoscopy: 1
        case .neither: 2
        }
    }

    /// What an item shows: by its label, else what its set shows.
    static func modality(_ item: DataSet.Item, in set: Modality?) throws(PapillaError) -> Modality {
        guard let modality = Modality(rawValue: item.label) ?? set else {
            throw PapillaError(
                .badInput, "label '\(item.label)' of image '\(item.id)' means nothing to the router", place: item.image,
                hint: "Expected: fundus, endoscopy or neither, or a set with masks")
        }
        return modality
    }
}

/// Mean and deviation of red, green and blue, of 1: what the network's input is shifted and divided by, as the model's manifest says.
struct InputScale: Sendable, Equatable {
    let mean: [Float]
    let deviation: [Float]

    /// Interleaved colours of 0...255 to the network's planes.
    func planar(_ colours: [Float]) -> [Float] {
        let count = colours.count / 3
        var planes = [Float](repeating: 0, count: colours.count)
        for channel in 0..<3 {
            let (shift, factor) = (mean[channel], 1 / deviation[channel])
            for index in 0..<count { planes[channel * count + index] = (colours[3 * index + channel] / 255 - shift) * factor }
        }
        return planes
    }

    /// Measured on some subjects' first looks, rounded to three decimals so that a manifest holds them exactly.
    static func measured(_ subjects: [TrainingImage], side: Int) async -> InputScale {
        let sums = await withTaskGroup(of: (Int, [Double]).self) { group in
            var found = [[Double]](repeating: [], count: subjects.count)
            for (index, subject) in subjects.enumerated() {
                group.addTask {
                    let look = subject.looks[0]
                    let (colours, _) = Warp(look, side: side).apply(look, side: side)
                    var sums = [Double](repeating: 0, count: 6)
                    for index in colours.indices {
                        let value = Double(colours[index]) / 255
                        sums[index % 3] += value
                        sums[3 + index % 3] += value * value
                    }
                    return (index, sums)
                }
            }
            for await (index, sums) in group { found[index] = sums }
            return found
        }
        let pixels = Double(subjects.count * side * side)
        let total = sums.reduce([Double](repeating: 0, count: 6)) { zip($0, $1).map(+) }
        func rounded(_ value: Double) -> Float { Float((value * 1000).rounded() / 1000) }
        let mean = (0..<3).map { total[$0] / pixels }
        let deviation = (0..<3).map { max(0.05, (total[3 + $0] / pixels - mean[$0] * mean[$0]).squareRoot()) }
        return InputScale(mean: mean.map(rounded), deviation: deviation.map(rounded))
    }
}
