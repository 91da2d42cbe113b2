import Glibc
import Imaging
import Screening
import Testing

@testable import Reading

struct FundusReaderTests {
    private func read(
        disc: PaintedLook, cup: PaintedLook, width: Int, height: Int, eye: Eye = .unknown, circle: Bool = false,
        persists: Bool = false, unrolled: Bool = false,
        calls: Calls = Calls()
    ) async throws -> FundusReader.Result {
        let all = PixelBox(x: 0, y: 0, width: width, height: height)
        let raster = Raster(width: width, height: height, fill: (150, 80, 40))
        var field = FieldOfView(of: raster)
        if circle {
            let radius = Double(min(width, height)) / 2
            let drawn = Drawn.image(width, height) { x, y in
                hypot(Double(x) - Double(width) / 2, Double(y) - Double(height) / 2) < radius - 2 ? (150, 80, 40) : (0, 0, 0)
            }
            field = FieldOfView(of: drawn)
        } else {
            #expect(field.box == all)
        }
        let reader = FundusReader(
            thresholds: Thresholds(), hasCup: true, unrollsCup: unrolled,
            look: { task, view in
                await calls.add(task, view)
                return (task == .disc ? disc : cup).look(view)
            })
        return try await reader.read(field, width: width, height: height, eye: eye, persists: persists)
    }

    actor Calls {
        var list: [(task: ModelTask, view: NetworkView)] = []
        func add(_ task: ModelTask, _ view: NetworkView) { list.append((task, view)) }
    }

    /// Known ellipses give known ratios, whatever their sizes, angles and places, through both looks and back.
    @Test(arguments: 0..<24, [false, true])
    func knownEllipsesGiveKnownRatios(seed: Int, unrolled: Bool) async throws {
        func random(_ index: Int, _ low: Double, _ high: Double) -> Double {
            low + (high - low) * Drawn.noise(seed + 1, index * 7 + 3)
        }
        let (width, height) = (900 + seed * 40, 800 + seed * 25)
        let radius = random(1, 35, 70) * Double(width) / 1000
        let disc = Ellipse(
            cx: random(2, 0.3, 0.7) * Double(width), cy: random(3, 0.35, 0.65) * Double(height), a: radius,
            b: radius * random(4, 0.8, 1),
            angle: random(5, -89, 90))
        let scale = random(6, 0.35, 0.7)
        let cup = Ellipse(
            cx: disc.cx + random(7, -0.1, 0.1) * radius, cy: disc.cy + random(8, -0.1, 0.1) * radius, a: disc.a * scale,
            b: disc.b * scale * random(9, 0.85, 1), angle: random(10, -89, 90))
        let result = try await read(
            disc: PaintedLook(ellipses: [disc], softness: 1), cup: PaintedLook(ellipses: [cup], softness: 1), width: width,
            height: height, unrolled: unrolled)
        let findings = try #require(result.measure?.findings)
        #expect(result.reasons.isEmpty)
        #expect(abs(findings.cdr!.vertical - cup.verticalDiameter / disc.verticalDiameter) < 0.01)
        #expect(abs(findings.cdr!.horizontal - cup.horizontalDiameter / disc.horizontalDiameter) < 0.01)
        #expect(abs(findings.cdr!.area - cup.area / disc.area) < 0.015)
        #expect(abs(findings.disc.verticalDiameter - disc.verticalDiameter) < 1)
        #expect(abs(findings.disc.centre[0] - disc.cx) < 0.5 && abs(findings.disc.centre[1] - disc.cy) < 0.5)
        #expect(abs(findings.disc.area / disc.area - 1) < 0.02)
        let mask = try #require(result.masks["disc"])
        #expect(mask.width == width && mask.height == height && mask.area == Int(findings.disc.area))
        #expect(Overlap(mask, disc.mask(width: width, height: height)).dice > 0.985)
        #expect(findings.disc.meanProbability ?? 0 > 0.95)
    }

    @Test func secondLookIsTakenAtTheDisc() async throws {
        let disc = Ellipse.circle(700, 400, 60)
        let calls = Calls()
        _ = try await read(
            disc: PaintedLook(ellipses: [disc]), cup: PaintedLook(ellipses: [.circle(700, 400, 30)]), width: 1200, height: 900,
            calls: calls)
        let list = await calls.list
        #expect(list.map(\.task) == [.disc, .disc, .cup])
        let square = list[1].view.rectangle
        #expect(abs(square.width - 300) < 12 && abs(square.centre.x - 700) < 3 && abs(square.centre.y - 400) < 3)
        #expect(list[2].view == list[1].view)
    }

    @Test func cropsSkipTheFirstLook() async throws {
        // The disc spans half of the photograph: its own crop would stick out on every side.
        let calls = Calls()
        let result = try await read(
            disc: PaintedLook(ellipses: [.circle(210, 190, 100)]), cup: PaintedLook(ellipses: [.circle(215, 190, 55)]),
            width: 400, height: 400,
            calls: calls)
        #expect(await calls.list.map(\.task) == [.disc, .cup])
        #expect(abs(try #require(result.measure).findings.cdr!.vertical - 0.55) < 0.01)
    }

    @Test func largeDiscWithSurroundingsIsLookedAtTwice() async throws {
        // A quarter of the field, but its crop lies well inside.
        let calls = Calls()
        let result = try await read(
            disc: PaintedLook(ellipses: [.circle(500, 500, 125)]), cup: PaintedLook(ellipses: [.circle(500, 500, 50)]),
            width: 1000, height: 1000,
            calls: calls)
        #expect(await calls.list.count == 3)
        #expect(abs(try #require(result.measure).findings.cdr!.vertical - 0.4) < 0.01)
    }

    @Test func aPoorFirstLookIsAimedAgain() async throws {
        // The first look sees a speck of the disc; the second finds the disc cut by its crop and aims once more.
        let calls = Calls()
        let disc = PaintedLook(ellipses: [.circle(600, 500, 90)])
        let speck = PaintedLook(ellipses: [.circle(570, 500, 25)])
        let field = FieldOfView(of: Raster(width: 1200, height: 1000, fill: (150, 80, 40)))
        let reader = FundusReader(
            thresholds: Thresholds(), hasCup: true,
            look: { task, view in
                await calls.add(task, view)
                if task == .cup { return PaintedLook(ellipses: [.circle(600, 500, 45)]).look(view) }
                return (view.rectangle.width > 1000 ? speck : disc).look(view)
            })
        let result = try await reader.read(field, width: 1200, height: 1000, eye: .unknown, persists: false)
        #expect(await calls.list.map(\.task) == [.disc, .disc, .disc, .cup])
        #expect(abs(try #require(result.measure).findings.disc.verticalDiameter - 180) < 8)
    }

    @Test func nothingFoundIsNoDisc() async throws {
        let result = try await read(disc: PaintedLook(ellipses: []), cup: PaintedLook(ellipses: []), width: 800, height: 600)
        #expect(result.reasons.map(\.code) == [.noDisc])
        #expect(result.masks.isEmpty && result.measure == nil)
    }

    @Test("C4: a disc without a cup is measured, without a ratio")
    func discWithoutCup() async throws {
        let disc = PaintedLook(ellipses: [.circle(400, 300, 40)])
        let result = try await read(disc: disc, cup: PaintedLook(ellipses: []), width: 800, height: 600)
        #expect(result.reasons.isEmpty)
        let findings = try #require(result.measure?.findings)
        #expect(abs(findings.disc.verticalDiameter - 80) < 1.5 && findings.disc.meanProbability ?? 0 > 0.9)
        #expect(
            findings.cup == nil && findings.cdr == nil && findings.rim == nil && findings.disagreement.keys.sorted() == ["disc"])
        #expect(result.masks["disc"] != nil && result.masks["cup"] == nil)
        let attention = AttentionRules(thresholds: Thresholds()).fundus(result)
        #expect(attention.map(\.code).contains(.cupNotSeen))
        #expect(!attention.map(\.code).contains(.ratioHigh))
    }

    @Test func faintCupIsMeasuredAtTheLowerThreshold() async throws {
        let cup = PaintedLook(ellipses: [.circle(400, 300, 20)], softness: 1, peak: 0.4)
        let result = try await read(disc: PaintedLook(ellipses: [.circle(400, 300, 40)]), cup: cup, width: 800, height: 600)
        let findings = try #require(result.measure?.findings)
        #expect(abs(findings.cdr!.vertical - 0.5) < 0.03)
        #expect(findings.cup!.meanProbability ?? 1 < 0.45)
        #expect(findings.cdr!.interval[1] - findings.cdr!.interval[0] > 0.3)
    }

    @Test func discAtTheBorderIsCut() async throws {
        let disc = PaintedLook(ellipses: [.circle(10, 300, 50)])
        let cup = PaintedLook(ellipses: [.circle(10, 300, 20)])
        let result = try await read(disc: disc, cup: cup, width: 800, height: 600)
        #expect(result.reasons.map(\.code) == [.discCut])
        #expect(result.measure == nil)
        let persistent = try await read(disc: disc, cup: cup, width: 800, height: 600, persists: true)
        #expect(persistent.reasons.map(\.code) == [.discCut])
        #expect(persistent.measure != nil && persistent.masks["cup"] != nil)
    }

    /// A picture with white around it: the disc ends where the picture does, far inside the file.
    @Test func aDiscOnTheEdgeOfAPictureInsideTheFileIsCut() throws {
        let picture = PixelBox(x: 40, y: 30, width: 120, height: 100)
        func region(cx: Double) throws -> Region {
            let ellipse = Ellipse.circle(cx, 80, 15)
            var plane = Plane(width: 200, height: 160, fill: 0)
            let mask = ellipse.mask(width: 200, height: 160)
            for y in 30..<130 { for x in 40..<160 where mask[x, y] { plane.values[y * 200 + x] = 1 } }
            return try #require(
                Region(probability: plane, window: PixelBox(x: 0, y: 0, width: 200, height: 160), threshold: 0.5))
        }
        let cut = try region(cx: 42)
        #expect(cut.pixelsOnBorder(width: 200, height: 160) == 0)
        #expect(cut.pixels(along: picture, margin: 2, width: 200, height: 160) > 20)
        #expect(try region(cx: 100).pixels(along: picture, margin: 2, width: 200, height: 160) == 0)
        // A picture that fills the file has its edges on the border.
        #expect(cut.pixels(along: PixelBox(x: 0, y: 0, width: 200, height: 160), margin: 2, width: 200, height: 160) == 0)
    }

    @Test func twoDiscsAreAmbiguous() async throws {
        let two = PaintedLook(ellipses: [.circle(200, 300, 45), .circle(600, 300, 42)])
        let result = try await read(disc: two, cup: PaintedLook(ellipses: [.circle(200, 300, 20)]), width: 800, height: 600)
        #expect(result.reasons.map(\.code) == [.ambiguousDisc])
        let small = PaintedLook(ellipses: [.circle(200, 300, 45), .circle(600, 300, 20)])
        #expect(
            try await read(disc: small, cup: PaintedLook(ellipses: [.circle(200, 300, 20)]), width: 800, height: 600).reasons
                .isEmpty)
    }

    @Test func cupIsClippedToTheDisc() async throws {
        let disc = PaintedLook(ellipses: [.circle(400, 300, 50)], softness: 1)
        let cup = PaintedLook(ellipses: [.circle(430, 300, 40)], softness: 1)
        let result = try await read(disc: disc, cup: cup, width: 800, height: 600)
        let measure = try #require(result.measure)
        let (cupMask, discMask) = (try #require(result.masks["cup"]), try #require(result.masks["disc"]))
        #expect(cupMask.intersection(discMask) == cupMask)
        #expect(try #require(result.masks["cup-raw"]).area > cupMask.area)
        // From the cup's left edge at 390 to the disc's right edge at 450.
        #expect(abs(measure.findings.cup!.horizontalDiameter - 60) < 1.5)
        #expect(measure.cupOutsideShare > 0.15)
        #expect(measure.findings.rim!.minimum == 0)
    }

    @Test(arguments: [(0.3, Eye.left), (0.7, Eye.right), (0.52, Eye.unknown)])
    func eyeIsSeenInWholeFields(place: Double, eye: Eye) async throws {
        let x = 900 * place
        let look = (PaintedLook(ellipses: [.circle(x, 450, 50)]), PaintedLook(ellipses: [.circle(x, 450, 20)]))
        #expect(try await read(disc: look.0, cup: look.1, width: 900, height: 900, circle: true).eye == eye)
        #expect(try await read(disc: look.0, cup: look.1, width: 900, height: 900, circle: false).eye == .unknown)
        let stated = try await read(disc: look.0, cup: look.1, width: 900, height: 900, eye: .right, circle: true)
        #expect(stated.eye == .right && stated.eyeConflict == (eye == .left))
    }

    @Test func fragmentsOfOneDiscAreNotRivals() {
        let view = NetworkView(around: PixelBox(x: 0, y: 0, width: 512, height: 512), side: 256)
        let halves = PaintedLook(ellipses: [.circle(240, 256, 20), .circle(285, 256, 20)], softness: 0.5).look(view).probability
        let search = DiscSearch(probability: halves, view: view, threshold: 0.3, core: 0.5)
        #expect(search.candidates.count == 2)
        #expect(search.rivalry > 0.9)
        let closer = PaintedLook(ellipses: [.circle(240, 256, 30), .circle(282, 256, 8)], softness: 0.5).look(view).probability
        #expect(DiscSearch(probability: closer, view: view, threshold: 0.3, core: 0.5).rivalry == 0)
    }

    @Test func candidatesAreAsLargeAsTheirCertainPart() throws {
        let view = NetworkView(around: PixelBox(x: 0, y: 0, width: 512, height: 512), side: 256)
        let soft = PaintedLook(ellipses: [.circle(240, 256, 40)], softness: 20).look(view).probability
        let candidate = try #require(DiscSearch(probability: soft, view: view, threshold: 0.3, core: 0.5).candidates.first)
        #expect(abs(candidate.diameter - 80) < 4 && abs(candidate.centre.x - 240) < 2)
        let faint = PaintedLook(ellipses: [.circle(240, 256, 40)], softness: 1, peak: 0.4).look(view).probability
        #expect(
            abs(
                try #require(DiscSearch(probability: faint, view: view, threshold: 0.3, core: 0.5).candidates.first).diameter - 80
            ) < 4)
    }
}
