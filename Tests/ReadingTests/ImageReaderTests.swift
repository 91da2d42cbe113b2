import Imaging
import Neural
import Registry
import Screening
import Testing

@testable import Reading

/// The whole way of an image, from bytes to bundle, through real networks with hand-written weights.
struct ImageReaderTests {
    private let field = Ellipse.circle(450, 350, 330)
    private let disc = Ellipse(cx: 600, cy: 340, a: 62, b: 54, angle: 80)
    private let cup = Ellipse(cx: 603, cy: 342, a: 32, b: 30, angle: 0)

    /// Networks are made once for each router, because making them takes longer than running them.
    private actor Loaded {
        static let shared = Loaded()
        private var models: [String: Task<ReadingModels, any Error>] = [:]

        func models(_ modality: Modality, _ confidence: Float) async throws -> ReadingModels {
            let key = "\(modality) \(confidence)"
            let task =
                models[key]
                ?? Task {
                    try await ReadingModels(
                        router: BrightnessModels.router(modality, confidence: confidence),
                        disc: BrightnessModels.segmenter(.disc, threshold: 0.66),
                        cup: BrightnessModels.segmenter(.cup, threshold: 0.88),
                        polyp: BrightnessModels.segmenter(.polyp, threshold: 0.66))
                }
            models[key] = task
            return try await task.value
        }
    }

    private func reader(_ modality: Modality, confidence: Float = 10, _ thresholds: [String: Double] = [:]) async throws
        -> ImageReader
    {
        try ImageReader(
            models: try await Loaded.shared.models(modality, confidence), settings: ReadingSettings(thresholds: thresholds))
    }

    private func fundus() -> DecodedImage {
        DecodedImage(raster: Drawn.fundus(900, 700, field: field, disc: disc, cup: cup), format: .png)
    }

    private func frame(polyps: [Ellipse]) -> DecodedImage {
        let raster = Drawn.image(700, 500) { x, y in
            polyps.contains { $0.contains(Double(x) + 0.5, Double(y) + 0.5) } ? (240, 200, 190) : Drawn.retina(x, y)
        }
        return DecodedImage(raster: raster, format: .png)
    }

    @Test func fundusIsMeasured() async throws {
        let reading = try await reader(.fundus).read(fundus())
        #expect(reading.outcome == .measured && reading.reasons.isEmpty)
        let findings = try #require(reading.fundus)
        #expect(abs(findings.cdr!.vertical - cup.verticalDiameter / disc.verticalDiameter) < 0.03)
        #expect(abs(findings.disc.centre[0] - disc.cx) < 1.5 && abs(findings.disc.centre[1] - disc.cy) < 1.5)
        #expect(Set(reading.masks.keys) == ["disc", "cup", "disc-raw", "cup-raw"])
        #expect(reading.masks.values.allSatisfy { $0.width == 900 && $0.height == 700 })
        #expect(reading.eye == .right)
        #expect(reading.modelsUsed.map(\.task) == [.router, .disc, .cup])
        #expect(findings.disagreement.keys.sorted() == ["cup", "disc"] && findings.disagreement.values.allSatisfy { $0 < 0.02 })
        #expect(reading.thresholds.count == Threshold.table.count)
    }

    @Test func theSameImageGivesTheSameReading() async throws {
        let reader = try await reader(.fundus)
        let (first, second) = (try await reader.read(fundus()), try await reader.read(fundus()))
        #expect(first.fundus == second.fundus && first.masks == second.masks && first.attention == second.attention)
    }

    @Test func polypsAreMeasured() async throws {
        let polyp = Ellipse(cx: 300, cy: 220, a: 80, b: 60, angle: 15)
        let reading = try await reader(.endoscopy).read(frame(polyps: [polyp]))
        #expect(reading.outcome == .measured)
        let polyps = try #require(reading.endoscopy).polyps
        #expect(polyps.count == 1 && abs(polyps[0].area / polyp.area - 1) < 0.05)
        #expect(reading.attention.map(\.code).contains(.polyp))
        #expect(Overlap(try #require(reading.masks["polyp"]), polyp.mask(width: 700, height: 500)).dice > 0.97)
        let without = try await reader(.endoscopy).read(frame(polyps: []))
        #expect(without.outcome == .noFinding && without.masks["polyp"]?.area == 0 && without.endoscopy?.polyps.isEmpty == true)
    }

    @Test func otherImagesAreOutOfDomain() async throws {
        let neither = try await reader(.neither).read(fundus())
        #expect(neither.outcome == .outOfDomain && neither.reasons.map(\.code) == [.neither])
        #expect(neither.quality == nil && neither.masks.isEmpty && neither.modelsUsed.map(\.task) == [.router])
        let unsure = try await reader(.fundus, confidence: 0.5).read(fundus())
        #expect(unsure.reasons.map(\.code) == [.uncertain])
        var grey = fundus()
        grey.isGreyscale = true
        #expect(try await reader(.fundus).read(grey).reasons.map(\.code) == [.greyscale])
    }

    @Test("C2: a picture that lost rows is ungradable, whatever is left to be seen", arguments: [0.1, 0.5, 0.85])
    func lostRows(share: Double) async throws {
        let polyp = Ellipse(cx: 300, cy: 400, a: 80, b: 60, angle: 15)
        var lost = frame(polyps: [polyp])
        let start = Int(500 * (1 - share)) * 700 * 3
        for index in start..<lost.raster.pixels.count { lost.raster.pixels[index] = 128 }
        let reading = try await reader(.endoscopy).read(lost)
        #expect(reading.outcome == .ungradable && reading.reasons.first?.code == .incomplete)
        #expect(reading.quality?.grade == .ungradable && reading.endoscopy == nil && reading.masks.isEmpty)
        // In an evaluation, what can be measured is measured all the same.
        #expect(try await reader(.endoscopy).read(lost, as: .endoscopy).endoscopy != nil)
    }

    @Test("C1: a photograph on white is measured as on black")
    func onWhite() async throws {
        let black = fundus()
        var white = black
        for y in 0..<700 {
            for x in 0..<900 where !field.contains(Double(x) + 0.5, Double(y) + 0.5) {
                for channel in 0..<3 { white.raster.pixels[3 * (y * 900 + x) + channel] = UInt8(250 + (x * 7 + y * 3) % 6) }
            }
        }
        let reader = try await reader(.fundus)
        let (first, second) = (try await reader.read(black), try await reader.read(white))
        #expect(second.outcome == .measured)
        let (a, b) = (try #require(first.fundus), try #require(second.fundus))
        #expect(abs(a.cdr!.vertical - b.cdr!.vertical) < 0.005 && abs(a.disc.area / b.disc.area - 1) < 0.01)
        #expect(first.eye == second.eye && first.quality?.grade == second.quality?.grade)
    }

    @Test(
        "C3: a network whose answer is no number ends the reading with an error", arguments: [Float.infinity, -.infinity, .nan])
    func answerThatIsNone(value: Float) async throws {
        await #expect(throws: PapillaError.self) { _ = try await reader(.fundus, confidence: value).read(fundus()) }
    }

    @Test("C3: too few or too many values, or values that are none, are refused")
    func answersAreChecked() throws {
        let manifest = try BrightnessModels.segmenter(.polyp, threshold: 0.5).manifest
        let pixels = manifest.side * manifest.side
        let sound: [Architecture.Head: [Float]] = [
            .mask: [Float](repeating: 0, count: 2 * pixels), .distance: [Float](repeating: 0, count: pixels),
        ]
        #expect(try Answer.checked(sound, of: manifest) == sound)
        func refuses(_ change: (inout [Architecture.Head: [Float]]) -> Void) {
            var logits = sound
            change(&logits)
            let error = #expect(throws: PapillaError.self) { try Answer.checked(logits, of: manifest) }
            #expect(error?.code == .internal)
        }
        refuses { $0[.mask] = nil }
        refuses { $0[.mask] = [] }
        refuses { $0[.mask]?.removeLast() }
        refuses { $0[.distance]?.append(0) }
        for value in [Float.nan, .infinity, -.infinity] {
            refuses { $0[.mask]?[pixels + 7] = value }
            refuses { $0[.distance]?[pixels - 1] = value }
        }
    }

    @Test func smallImagesAreNotRouted() async throws {
        let image = DecodedImage(raster: Raster(width: 1, height: 1, fill: (255, 0, 0)), format: .png)
        let reading = try await reader(.neither).read(image)
        #expect(reading.outcome == .ungradable && reading.reasons.map(\.code) == [.tooSmall] && reading.modality == nil)
        let edge = DecodedImage(raster: Drawn.image(96, 120) { x, y in Drawn.retina(x, y) }, format: .png)
        #expect(try await reader(.endoscopy).read(edge).outcome == .noFinding)
        let below = DecodedImage(raster: Drawn.image(95, 120) { x, y in Drawn.retina(x, y) }, format: .png)
        #expect(try await reader(.endoscopy).read(below).reasons.map(\.code) == [.tooSmall])
    }

    @Test func poorQualityStopsAReadingButNotAnEvaluation() async throws {
        let image = fundus()
        let strict = try await reader(.fundus, ["exposure_bright": 0.1])
        let reading = try await strict.read(image)
        #expect(reading.outcome == .ungradable && reading.reasons.map(\.code) == [.tooBright])
        #expect(reading.quality?.grade == .ungradable && reading.masks.isEmpty && reading.fundus == nil)
        let evaluated = try await strict.read(image, as: .fundus)
        #expect(evaluated.reasons.map(\.code) == [.tooBright] && evaluated.fundus != nil && evaluated.masks["cup"] != nil)
    }

    @Test func evaluationNeedsOnlyTheModelsOfItsTask() async throws {
        let reader = try ImageReader(models: try await ReadingModels(disc: BrightnessModels.segmenter(.disc, threshold: 0.66)))
        let reading = try await reader.read(fundus(), as: .fundus)
        #expect(Overlap(try #require(reading.masks["disc"]), disc.mask(width: 900, height: 700)).dice > 0.97)
        #expect(reading.masks["cup"] == nil && reading.fundus == nil)
        await #expect(throws: PapillaError.self) { try await reader.read(frame(polyps: []), as: .endoscopy) }
        await #expect(throws: PapillaError.self) { try await reader.read(fundus()) }
    }

    @Test func manifestsAndSettingsSetThresholds() async throws {
        let models = try await ReadingModels(
            polyp: BrightnessModels.segmenter(.polyp, threshold: 0.66, thresholds: ["polyp": 0.9, "disagreement": 0.01]))
        #expect(models.thresholds[.polyp] == 0.9 && models.thresholds[.disagreementPolyp] == 0.01)
        let plain = try await ReadingModels(polyp: BrightnessModels.segmenter(.polyp, threshold: 0.66))
        #expect(models.key != plain.key)
        let reader = try ImageReader(models: models, settings: ReadingSettings(thresholds: ["polyp": 0.7]))
        #expect(reader.thresholds[.polyp] == 0.7)
        #expect(try ImageReader(models: models).key != reader.key)
        #expect(throws: PapillaError.self) {
            try ImageReader(models: plain, settings: ReadingSettings(thresholds: ["nonsense": 1]))
        }
        await #expect(throws: PapillaError.self) {
            try await ReadingModels(polyp: BrightnessModels.segmenter(.polyp, threshold: 0.66, thresholds: ["nonsense": 0.5]))
        }
    }

    @Test("B1: where an eye was stated and not understood, the photograph tells none")
    func unclearEye() async throws {
        let bytes = try ImageEncoder.png(fundus().raster)
        func screened(_ eye: Examination.Side) async throws -> Report {
            var identification = Identification()
            identification.examination.eye = eye
            if eye.isUnclear { identification.attention = [Attention(.sidecar, "The eye is not known.")] }
            return try await reader(.fundus).screen(
                bytes, id: try BundleTests.id(), source: try BundleTests.source(), identification: identification
            ).report
        }
        let told = try await screened(.init())
        #expect(told.source.eye == .right && told.examination.eye == .init(.right, from: .photograph))
        #expect(told.fundus?.rim?.nasal != nil)
        let unclear = try await screened(.init(.unknown, from: .sidecar))
        #expect(unclear.source.eye == .unknown && unclear.examination.eye == .init(.unknown, from: .sidecar))
        #expect(unclear.fundus?.rim?.nasal == nil && unclear.attention.first?.code == .sidecar)
        #expect(!unclear.attention.map(\.code).contains(.eyeConflict))
    }

    @Test func screeningMakesACompleteBundle() async throws {
        let bytes = try ImageEncoder.png(fundus().raster)
        var source = try BundleTests.source("eye left.png")
        source.eye = .left
        var identification = Identification()
        identification.examination.eye = .init(.left, from: .sidecar)
        let bundle = try await reader(.fundus).screen(
            bytes, id: try BundleTests.id(), source: source, identification: identification, waited: 7)
        #expect(bundle.files.map(\.name) == ["overlay.jpg", "disc.png", "cup.png", "disc-raw.png", "cup-raw.png", "report.json"])
        let report = bundle.report
        #expect(
            report.outcome == .measured && report.source.format == "png" && report.source.width == 900
                && report.source.height == 700)
        #expect(report.source.sha256 == Digest(of: bytes) && report.source.bytes == bytes.count && report.source.eye == .left)
        #expect(report.attention.map(\.code).contains(.eyeConflict))
        #expect(report.timing.wait == 7 && report.timing.publish == 0 && report.timing.infer > 0)
        #expect(report.fundus?.disc.mask == "disc.png" && report.fundus?.cup?.rawMask == "cup-raw.png")
        let mask = try ImageDecoder.decodeMask(try #require(bundle.files.first { $0.name == "disc.png" }).bytes)
        #expect(mask.width == 900 && Set(mask.pixels) == [0, 255])
        #expect(Double(mask.pixels.count { $0 == 255 }) == report.fundus?.disc.area)
        let overlay = try ImageDecoder.decode(try #require(bundle.files.first).bytes)
        #expect(max(overlay.raster.width, overlay.raster.height) <= 1600)
        #expect(bundle.folder == "eye_left.20261124-k7q2m9xd")
    }

    @Test(arguments: [
        ([], Reason.Code.empty), (Array("hello, this is text".utf8), .notAnImage),
        ([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0, 0, 0, 0], .unsupportedFormat),
    ])
    func contentThatIsNoImageGivesAFailedBundle(bytes: [UInt8], code: Reason.Code) async throws {
        let bundle = try await reader(.fundus).screen(bytes, id: try BundleTests.id(), source: try BundleTests.source())
        #expect(bundle.report.outcome == .failed && bundle.report.reasons.map(\.code) == [code])
        #expect(bundle.files.map(\.name) == ["report.json"])
        #expect(bundle.report.source.bytes == bytes.count)
    }

    @Test func halfAFileIsTruncated() async throws {
        let bytes = try ImageEncoder.jpeg(fundus().raster)
        let bundle = try await reader(.fundus).screen(
            Array(bytes[..<(bytes.count / 2)]), id: try BundleTests.id(), source: try BundleTests.source())
        #expect(bundle.report.reasons.map(\.code) == [.truncated])
    }

    @Test func outOfDomainGetsAnOverlayToo() async throws {
        let bytes = try ImageEncoder.jpeg(frame(polyps: []).raster, comment: "PHANTOM: test")
        let bundle = try await reader(.neither).screen(bytes, id: try BundleTests.id(), source: try BundleTests.source())
        #expect(bundle.files.map(\.name) == ["overlay.jpg", "report.json"])
        #expect(try ImageDecoder.decode(try #require(bundle.files.first).bytes).isPhantom)
    }
}
