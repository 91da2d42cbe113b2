import Imaging
import Screening
import TestSupport
import Testing

@testable import DataSets

/// Masks in every encoding in which people have them.
struct MaskMeaningTests {
    /// Ellipses on black; every fourth is empty.
    private func polyps(_ count: Int = 8) -> [GreyImage] {
        (0..<count).map { index in
            var grey = GreyImage(width: 72, height: 56)
            guard index % 4 != 3 else { return grey }
            let mask = Ellipse(cx: 30 + Double(index), cy: 28, a: 16, b: 11, angle: Double(17 * index)).mask(
                width: 72, height: 56)
            for (place, pixel) in mask.pixels.enumerated() where pixel != 0 { grey.pixels[place] = 255 }
            return grey
        }
    }

    /// A disc with its cup.
    private func discs(_ count: Int = 6) -> [GreyImage] {
        (0..<count).map { index in
            var grey = GreyImage(width: 96, height: 96)
            let disc = Ellipse(cx: 45 + Double(index), cy: 48, a: 30, b: 26, angle: 90).mask(width: 96, height: 96)
            let cup = Ellipse(cx: 45 + Double(index), cy: 49, a: 17, b: 14, angle: 90).mask(width: 96, height: 96)
            for place in grey.pixels.indices {
                grey.pixels[place] = cup.pixels[place] != 0 ? 255 : disc.pixels[place] != 0 ? 128 : 0
            }
            return grey
        }
    }

    private static let black: [UInt8] = [0, 0, 0]

    static let ofPolyps: [TestEncoding] = [
        .grey("0 and 255", depth: 8, [0, 0, 255]), .grey("0 and 1", depth: 8, [0, 0, 1]), .grey("one bit", depth: 1, [0, 0, 1]),
        .grey("0 and 1 in 16 bits", depth: 16, [0, 0, 1]), .grey("0 and 255 in 16 bits", depth: 16, [0, 0, 255]),
        .grey("0 and 65535", depth: 16, [0, 0, 65535]), .grey("0 and 1 in 4 bits", depth: 4, [0, 0, 1]),
        .grey("0 and 3 in 2 bits", depth: 2, [0, 0, 3]),
        .palette("a palette whose class 1 is dark", [black, [20, 0, 0]], [0, 0, 1]),
        .palette("a palette of grey class numbers", [black, [1, 1, 1]], [0, 0, 1]),
        .palette("a palette that begins with white", [[255, 255, 255], black], [1, 1, 0]),
        .palette("a palette that is all black", [black, black], [0, 0, 1]),
        .palette("a palette of opacities", [black, black], [0, 0, 1], alphas: [0, 255]),
        .samples("red on black", type: 2, [[0, 0, 0], [0, 0, 0], [255, 0, 0]]),
        .samples("dark blue on black", type: 2, [[0, 0, 0], [0, 0, 0], [0, 0, 90]]),
        .samples("white in three channels", type: 2, [[0, 0, 0], [0, 0, 0], [255, 255, 255]]),
        .samples("1 in three channels", type: 2, [[0, 0, 0], [0, 0, 0], [1, 1, 1]]),
        .samples("alpha alone", type: 6, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 255]]),
        .samples("white behind alpha", type: 6, [[255, 255, 255, 0], [255, 255, 255, 0], [255, 255, 255, 255]]),
        .samples("red, else transparent", type: 6, [[0, 0, 0, 0], [0, 0, 0, 0], [255, 0, 0, 255]]),
        .samples("grey behind alpha", type: 4, [[7, 0], [7, 0], [7, 255]]),
        .samples("an alpha of 0 that nothing uses", type: 6, [[0, 0, 0, 0], [0, 0, 0, 0], [255, 255, 255, 0]]),
        .samples("16 bits of colour", type: 2, depth: 16, [[0, 0, 0], [0, 0, 0], [65535, 0, 0]]),
    ]

    @Test("E1: polyps in every encoding are the same truth", arguments: ofPolyps)
    func polyps(encoding: TestEncoding) throws {
        let masks = polyps()
        let files = try DataSetFolder.masks(masks, encoding)
        let set = try DataSet(directory: files.path).surveyed(for: .polyp)
        let survey = try #require(set.survey)
        #expect(survey.masks == 8 && survey.empty == 2)
        for (item, mask) in zip(set.items, masks) { #expect(try set.mask(at: try #require(item.mask)) == mask) }
    }

    static let ofDiscs: [TestEncoding] = [
        .grey("0, 128 and 255", depth: 8, [0, 128, 255]), .grey("0, 1 and 2", depth: 8, [0, 1, 2]),
        .grey("0, 1 and 2 in 2 bits", depth: 2, [0, 1, 2]), .grey("0, 1 and 2 in 16 bits", depth: 16, [0, 1, 2]),
        .grey("0, 32768 and 65535", depth: 16, [0, 32768, 65535]), .grey("0, 128 and 255 in 16 bits", depth: 16, [0, 128, 255]),
        .palette("a palette of dark classes", [black, [30, 0, 0], [0, 30, 0]], [0, 1, 2]),
        .palette("a palette of greys", [black, [255, 255, 255], [128, 128, 128]], [0, 2, 1]),
        .palette("a palette of class numbers", [black, [1, 1, 1], [2, 2, 2]], [0, 1, 2]),
        .grey("REFUGE's own", depth: 8, [255, 128, 0]), .grey("the same in 16 bits", depth: 16, [65535, 32768, 0]),
        .samples("three channels of REFUGE's", type: 2, [[255, 255, 255], [128, 128, 128], [0, 0, 0]]),
    ]

    @Test("E1, E2: discs and cups in every encoding are the same truth", arguments: ofDiscs, [ModelTask.disc, .cup])
    func discs(encoding: TestEncoding, task: ModelTask) throws {
        let masks = discs()
        let files = try DataSetFolder.masks(masks, encoding)
        let set = try DataSet(directory: files.path).surveyed(for: task)
        #expect(set.hasCup && set.survey?.empty == 0 && set.survey?.whole == [])
        for (item, mask) in zip(set.items, masks) { #expect(try set.mask(at: try #require(item.mask)) == mask) }
        #expect(try set.modality() == .fundus)
    }

    @Test(
        "E1: JPEG's soft values belong to the nearest level",
        arguments: [
            TestEncoding.jpeg("grey", [black, black, [255, 255, 255]]),
            .jpeg("coarse", [black, black, [255, 255, 255]], quality: 40),
            .jpeg("red", [black, black, [255, 0, 0]]), .jpeg("green", [black, black, [0, 255, 0]]),
        ])
    func softPolyps(encoding: TestEncoding) throws {
        let masks = polyps()
        let files = try DataSetFolder.masks(masks, encoding)
        let set = try DataSet(directory: files.path).surveyed(for: .polyp)
        #expect(set.survey?.empty == 2)
        for (item, mask) in zip(set.items, masks) {
            let found = try set.mask(at: try #require(item.mask))
            let wrong = zip(found.pixels, mask.pixels).count { $0 != $1 }
            #expect(wrong < 60, "\(wrong) of 4032 pixels")
        }
    }

    @Test(
        "E1, E2: JPEG's soft values of disc and cup likewise",
        arguments: [
            TestEncoding.jpeg("ours", [black, [128, 128, 128], [255, 255, 255]]),
            .jpeg("REFUGE's", [[255, 255, 255], [128, 128, 128], black]),
        ])
    func softDiscs(encoding: TestEncoding) throws {
        let masks = discs()
        let files = try DataSetFolder.masks(masks, encoding)
        let set = try DataSet(directory: files.path).surveyed(for: .cup)
        for (item, mask) in zip(set.items, masks) {
            let found = try set.mask(at: try #require(item.mask))
            let wrong = zip(found.pixels, mask.pixels).count { $0 != $1 }
            #expect(wrong < 200, "\(wrong) of 9216 pixels")
        }
    }

    @Test("E1: softened edges in PNG belong to the nearest level")
    func antialiased() throws {
        let soft = TestEncoding("soft") { mask in
            let plane = Plane(width: mask.width, height: mask.height, values: mask.pixels.map { Float($0) })
            var grey = GreyImage(width: mask.width, height: mask.height)
            for y in 0..<mask.height {
                for x in 0..<mask.width {
                    var sum: Float = 0
                    for dy in -1...1 {
                        for dx in -1...1 {
                            let (u, v) = (min(max(x + dx, 0), mask.width - 1), min(max(y + dy, 0), mask.height - 1))
                            sum += plane.values[v * mask.width + u]
                        }
                    }
                    grey.pixels[y * mask.width + x] = UInt8(sum / 9)
                }
            }
            return RawPNG.file(mask.width, mask.height, type: 0, depth: 8, grey.pixels.map { [Int($0)] })
        }
        let files = try DataSetFolder.masks(polyps(), soft)
        let set = try DataSet(directory: files.path).surveyed(for: .polyp)
        #expect(set.survey?.empty == 2 && set.survey?.encoding.isSoft == true)
    }

    private func refusal(
        _ masks: [GreyImage], _ encoding: TestEncoding, _ task: ModelTask, stated: String? = nil
    ) throws -> PapillaError? {
        let files = try DataSetFolder.masks(masks, encoding)
        do {
            _ = try DataSet(directory: files.path, stated: try stated.map { try StatedMaskValues($0) }).surveyed(for: task)
            return nil
        } catch let error as PapillaError { return error }
    }

    @Test(
        "E1: values of unknown meaning are refused with file, values and what to say",
        arguments: [
            (TestEncoding.grey("0 and 7", depth: 8, [0, 0, 7]), "0 and 7"), (.grey("3 and 9", depth: 8, [3, 3, 9]), "3 and 9"),
            (.grey("0 and 2", depth: 8, [0, 0, 2]), "0 and 2"), (.grey("0, 1 and 255", depth: 8, [0, 1, 255]), "0 and 255"),
            (.samples("two colours", type: 2, [[255, 255, 0], [0, 0, 0], [255, 0, 0]]), "#ff0000"),
        ])
    func unknown(encoding: TestEncoding, words: String) throws {
        var masks = polyps()
        if encoding.testDescription == "0, 1 and 255" {
            masks[2].pixels[0] = 128
            let error = try #require(try refusal(masks, encoding, .polyp))
            #expect(error.place?.hasSuffix("masks/2.png") == true && error.message.contains("0, 1 and 255"), "\(error.detailed)")
        }
        let error = try #require(try refusal(masks, encoding, .polyp))
        #expect(error.code == .badInput && error.place?.contains("masks/") == true)
        #expect(error.message.contains(words) && error.hint?.contains("--mask-values") == true, "\(error.detailed)")
    }

    @Test("E1: one mask of another encoding among many is named")
    func odd() throws {
        let files = try DataSetFolder.masks(polyps(), .grey("0 and 255", depth: 8, [0, 0, 255]))
        try files.write(try TestEncoding.grey("0 and 1", depth: 8, [0, 0, 1]).encode(polyps()[1]), "masks/1.png")
        #expect {
            try DataSet(directory: files.path).surveyed(for: .polyp)
        } throws: {
            let error = $0 as? PapillaError
            return error?.place?.hasSuffix("masks/1.png") == true && error?.message.contains("0 and 1") == true
        }
    }

    @Test("E1: class numbers in JPEG and photographs are no masks")
    func noMasks() throws {
        let numbers = try #require(
            try refusal(polyps(), .jpeg("numbers", [Self.black, Self.black, [1, 1, 1]], quality: 100), .polyp))
        #expect(numbers.message.contains("not known"), "\(numbers.detailed)")
        let noise = TestEncoding("noise", "jpg") { mask in
            var generator = SeededGenerator(9)
            return try ImageEncoder.jpeg(
                Raster(
                    width: mask.width, height: mask.height,
                    pixels: (0..<mask.width * mask.height * 3).map { _ in UInt8(generator.next() & 255) }))
        }
        #expect(try refusal(polyps(), noise, .polyp)?.place?.contains("masks/") == true)
    }

    @Test("E2: masks the other way round are refused with a word on the other encodings")
    func inverted() throws {
        let error = try #require(try refusal(polyps(), .grey("inverted", depth: 8, [255, 255, 0]), .polyp))
        #expect(
            error.message.contains("other way round") && error.hint?.contains("0=polyp,255=outside") == true, "\(error.detailed)")
        #expect(
            try refusal(polyps(), .grey("inverted", depth: 8, [1, 1, 0]), .polyp)?.message.contains("other way round") == true)
        #expect(try refusal(polyps(), .grey("inverted", depth: 8, [255, 255, 0]), .polyp, stated: "255=outside,0=polyp") == nil)
        let swapped = try #require(try refusal(discs(), .grey("swapped", depth: 8, [0, 2, 1]), .cup))
        #expect(swapped.message.contains("around") && swapped.hint?.contains("2=disc,1=cup") == true, "\(swapped.detailed)")
    }

    @Test("E2: a single mask of nearly the whole picture is noted")
    func oneWhole() throws {
        var masks = polyps()
        masks[0].pixels = [UInt8](repeating: 255, count: masks[0].pixels.count)
        let files = try DataSetFolder.masks(masks, .grey("0 and 255", depth: 8, [0, 0, 255]))
        let survey = try #require(try DataSet(directory: files.path).surveyed(for: .polyp).survey)
        #expect(survey.whole.map { $0.hasSuffix("masks/0.png") } == [true])
        #expect(survey.notes.first?.contains("masks/0.png") == true)
    }

    @Test("E2: what a person says counts, for ranges and colours too")
    func stated() throws {
        let masks = polyps()
        for (encoding, text) in [
            (TestEncoding.grey("7 and 9", depth: 8, [7, 7, 9]), "7=outside,9=polyp"),
            (.grey("ranges", depth: 8, [3, 3, 200]), "0-99=outside, 100-255=polyp"),
            (
                .samples("white and red", type: 2, [[255, 255, 255], [255, 255, 255], [255, 0, 0]]), "255=outside,#FF0000=polyp"
            ),
        ] {
            let files = try DataSetFolder.masks(masks, encoding)
            let set = try DataSet(directory: files.path, stated: try StatedMaskValues(text)).surveyed(for: .polyp)
            for (item, mask) in zip(set.items, masks) { #expect(try set.mask(at: try #require(item.mask)) == mask) }
        }
        let missing = try #require(
            try refusal(masks, .grey("7 and 9", depth: 8, [7, 7, 9]), .polyp, stated: "7=outside,8=polyp"))
        #expect(missing.place?.contains("masks/") == true && missing.message.contains("value 9"))
        #expect(
            try refusal(masks, .grey("usual", depth: 8, [0, 0, 255]), .disc, stated: "0=outside,255=polyp")?.message.contains(
                "disc") == true)
        for text in [
            "", "0=outside", "0=outside,255=kidney", "0-9=outside,5=polyp", "x=outside,1=disc", "0=outside,1=disc,2=polyp", "1=0",
        ] {
            #expect(throws: PapillaError.self) { try StatedMaskValues(text) }
        }
    }

    @Test("E3: a cup without its disc, and discs that are all empty, are refused; empty frames are said to be")
    func withoutDisc() throws {
        let one = TestEncoding.grey("the cup alone", depth: 8, [0, 0, 255])
        let error = try #require(try refusal(discs(), one, .cup))
        #expect(error.message.contains("two: disc and cup"), "\(error.detailed)")
        #expect(try refusal(discs(), one, .cup, stated: "0=outside,255=cup")?.message.contains("without its disc") == true)
        #expect(try refusal(discs(), .grey("disc only", depth: 8, [0, 128, 128]), .cup) == nil)
        let nothing = [GreyImage](repeating: GreyImage(width: 40, height: 40), count: 3)
        #expect(try refusal(nothing, one, .disc)?.message.contains("all 3 are empty") == true)
        let files = try DataSetFolder.masks(nothing, one)
        let survey = try #require(try DataSet(directory: files.path).surveyed(for: .polyp).survey)
        #expect(survey.line.contains("all 3 are empty"))
    }

    @Test("E1: what was found is said in one line")
    func line() throws {
        let files = try DataSetFolder.masks(polyps(), .grey("0 and 1", depth: 8, [0, 0, 1]))
        let survey = try #require(try DataSet(directory: files.path).surveyed(for: .polyp).survey)
        #expect(survey.line == "masks: 0 outside, 1 polyp; 2 of 8 are empty")
        #expect(survey.values.map { "\($0.value) \($0.masks)" } == ["0 8", "1 6"])
    }

    @Test("E6: a mask that cannot be read is named")
    func damaged() throws {
        let files = try DataSetFolder.masks(polyps(), .grey("0 and 1", depth: 8, [0, 0, 1]))
        try files.write([1, 2, 3], "masks/5.png")
        #expect { try DataSet(directory: files.path).surveyed(for: .polyp) } throws: {
            ($0 as? PapillaError)?.place?.hasSuffix("masks/5.png") == true
        }
    }

    @Test(
        "Masks of 0 and 255 may be polyps or discs: a set whose labels say the other one is refused by file and line",
        arguments: [
            ("endoscopy", [ModelTask.polyp]), ("polyp", [.polyp]), ("Polyp", [.polyp]), ("fundus", [.disc]), ("disc", [.disc]),
            ("cup", [.disc]), ("", [.disc, .polyp]), ("empty", [.disc, .polyp]), ("1 polyp", [.disc, .polyp]),
            ("glaucoma", [.disc, .polyp]), ("neither", [.disc, .polyp]),
        ] as [(String, [ModelTask])])
    func labels(label: String, tasks: [ModelTask]) throws {
        let files = try DataSetFolder.masks(polyps(), .grey("0 and 255", depth: 8, [0, 0, 255]), label: label)
        let set = try DataSet(directory: files.path)
        for task in [ModelTask.disc, .polyp] {
            guard !tasks.contains(task) else {
                #expect(try set.surveyed(for: task).survey?.masks == 8)
                continue
            }
            #expect { try set.surveyed(for: task) } throws: { error in
                guard let error = error as? PapillaError else { return false }
                return error.place?.hasSuffix("/manifest.csv:2, column 'label'") == true
                    && error.message.contains("'\(label)'") && error.message.contains("task \(task.rawValue)")
            }
        }
        // The router is there to tell them apart.
        _ = try set.surveyed(for: .router)
    }

    @Test("What a set shows is known or refused")
    func modality() throws {
        let soft = TestEncoding.jpeg("soft", [Self.black, Self.black, [255, 255, 255]])
        let kept = try DataSetFolder.masks(polyps(), soft)
        #expect(try DataSet(directory: kept.path).modality() == .endoscopy)
        let numbers = try DataSetFolder.masks(polyps(), .grey("0 and 1", depth: 8, [0, 0, 1]))
        #expect(throws: PapillaError.self) { try DataSet(directory: numbers.path).modality() }
        #expect(try DataSet(directory: numbers.path, stated: try StatedMaskValues("0=outside,1=disc")).modality() == .fundus)
    }
}

/// Masks that readers hand in with a correction.
struct DrawnMaskTests {
    private let disc = Ellipse(cx: 40, cy: 40, a: 20, b: 16, angle: 0).mask(width: 96, height: 80)

    private func grey(_ depth: Int, _ outside: Int, _ inside: Int) -> [UInt8] {
        RawPNG.file(96, 80, type: 0, depth: depth, disc.pixels.map { [$0 == 0 ? outside : inside] })
    }

    @Test("E4: a correction's mask is read by the rule of data sets", arguments: [ModelTask.disc, .cup, .polyp])
    func encodings(task: ModelTask) throws {
        for bytes in [grey(8, 0, 255), grey(8, 0, 1), grey(1, 0, 1), grey(16, 0, 1), grey(16, 0, 65535)] {
            #expect(try DrawnMask.read(bytes, of: task) == disc)
        }
        #expect(try DrawnMask.read(grey(8, 0, 128), of: .disc) == disc)
        #expect(try DrawnMask.read(grey(8, 4, 9), of: task, stated: try StatedMaskValues("4=outside,9=\(task.rawValue)")) == disc)
        let empty = RawPNG.file(96, 80, type: 0, depth: 8, disc.pixels.map { _ in [0] })
        #expect(try DrawnMask.read(empty, of: task).area == 0)
    }

    @Test("E4: a mask of disc and cup serves for both")
    func both() throws {
        let cup = Ellipse(cx: 40, cy: 40, a: 8, b: 7, angle: 0).mask(width: 96, height: 80)
        let values = zip(disc.pixels, cup.pixels).map { disc, cup in [cup != 0 ? 255 : disc != 0 ? 128 : 0] }
        let file = RawPNG.file(96, 80, type: 0, depth: 8, values)
        #expect(try DrawnMask.read(file, of: .disc) == disc)
        #expect(try DrawnMask.read(file, of: .cup) == cup)
    }

    @Test("A8, E4: photographs, inverted masks and masks of nearly everything are refused with words")
    func refused() throws {
        var generator = SeededGenerator(3)
        let noise = Raster(width: 96, height: 80, pixels: (0..<96 * 80 * 3).map { _ in UInt8(60 + generator.next() % 120) })
        let files: [([UInt8], String)] = [
            (try ImageEncoder.jpeg(noise), "not understood"), (try ImageEncoder.png(noise), "not understood"),
            (grey(8, 255, 0), "covers"), (grey(8, 1, 0), "covers"), (grey(8, 255, 255), "covers"), (grey(8, 0, 7), "0 and 7"),
            ([1, 2, 3, 4], "cannot be read"),
        ]
        for task in [ModelTask.disc, .cup, .polyp] {
            for (bytes, words) in files {
                #expect { try DrawnMask.read(bytes, of: task) } throws: {
                    guard let error = $0 as? PapillaError else { return false }
                    return error.code == .badInput && error.message.contains(words) && error.hint != nil
                }
            }
        }
        // Who says so may still not draw everything.
        #expect(throws: PapillaError.self) {
            try DrawnMask.read(grey(8, 0, 255), of: .polyp, stated: try StatedMaskValues("255=outside,0=polyp"))
        }
    }
}
