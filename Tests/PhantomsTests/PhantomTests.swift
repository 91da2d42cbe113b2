import Imaging
import Phantoms
import Screening
import Testing

@Suite("Phantoms")
struct PhantomTests {
    @Test("are the same for the same seed and index, whatever was made before", arguments: Phantom.Kind.allCases)
    func determinism(kind: Phantom.Kind) {
        let first = Phantom.make(kind, seed: 4, index: 3, width: 160, height: 128)
        _ = Phantom.make(kind, seed: 9, index: 0, width: 96, height: 96)
        let again = Phantom.make(kind, seed: 4, index: 3, width: 160, height: 128)
        #expect(
            first.raster == again.raster && first.mask == again.mask && first.eye == again.eye && first.polyps == again.polyps)
        #expect(Phantom.make(kind, seed: 4, index: 4, width: 160, height: 128).raster != first.raster)
        #expect(Phantom.make(kind, seed: 5, index: 3, width: 160, height: 128).raster != first.raster)
    }

    @Test("have the size that was asked for")
    func sizes() {
        let usual = Phantom.make(.endoscopy, seed: 1, index: 0)
        #expect((usual.raster.width, usual.raster.height, usual.mask.width, usual.mask.height) == (720, 576, 720, 576))
        #expect(Phantom.defaultSize(of: .fundus) == (1024, 1024))
        #expect(Phantom.defaultSize(of: .fundus, view: .disc) == (512, 512))
        for kind in Phantom.Kind.allCases {
            for (width, height) in [(300, 200), (90, 256), (64, 64)] {
                let phantom = Phantom.make(kind, seed: 2, index: 1, width: width, height: height)
                #expect((phantom.raster.width, phantom.raster.height) == (width, height))
                #expect((phantom.mask.width, phantom.mask.height) == (width, height))
            }
            #expect(Phantom.make(kind, seed: 2, index: 1, width: 0, height: -5).raster.width == 64)
        }
    }

    @Test("say PHANTOM in the lower left corner", arguments: Phantom.Kind.allCases)
    func lettering(kind: Phantom.Kind) {
        for index in 0..<4 {
            let raster = Phantom.make(kind, seed: 6, index: index, width: 400, height: 400).raster
            func light(_ x: Int, _ y: Int) -> Int { Int(raster.pixels[3 * (y * 400 + x)]) }
            // The stem of the P, beside it, and its middle bar.
            for y in 390..<397 { #expect(light(3, y) > light(2, y) + 60) }
            #expect(light(5, 393) > 100 && light(5, 395) < 70)
        }
    }

    @Test("another camera changes the picture, not the truth", arguments: Phantom.Kind.allCases)
    func style(kind: Phantom.Kind) {
        let usual = Phantom.make(kind, seed: 3, index: 0, width: 200, height: 200)
        let other = Phantom.make(kind, seed: 3, index: 0, width: 200, height: 200, style: .other)
        #expect(usual.mask == other.mask)
        func blueness(_ raster: Raster) -> Double {
            let sums = raster.pixels.enumerated().reduce(into: [0.0, 0, 0]) { $0[$1.offset % 3] += Double($1.element) }
            return sums[2] / sums[0]
        }
        #expect(blueness(other.raster) > 1.2 * blueness(usual.raster))
    }
}

@Suite("Fundus phantoms")
struct FundusPhantomTests {
    @Test("have one disc with one cup in it, ratios from 0.2 to 0.85, disc sizes as in real fields")
    func truth() {
        var ratios: [Double] = []
        for index in 0..<24 {
            let phantom = Phantom.make(.fundus, seed: 8, index: index, width: 512, height: 512)
            #expect(Set(phantom.mask.pixels) == [0, 128, 255])
            let disc = phantom.mask.mask(atLeast: 128), cup = phantom.mask.mask(atLeast: 255)
            guard disc.components().count == 1, cup.components().count == 1 else {
                Issue.record("image \(index) has not one disc and one cup")
                continue
            }
            let (discBox, cupBox) = (disc.components()[0].box, cup.components()[0].box)
            ratios.append(Double(cupBox.height) / Double(discBox.height))
            #expect((0.12...0.21).contains(Double(discBox.height) / 497))
            // The rim goes all around: no cup pixel is at the disc's boundary.
            #expect(zip(disc.boundary().pixels, cup.pixels).allSatisfy { $0 == 0 || $1 == 0 })
        }
        #expect(ratios.allSatisfy { (0.17...0.89).contains($0) })
        #expect((ratios.min() ?? 1) < 0.4 && (ratios.max() ?? 0) > 0.62)
    }

    @Test("the disc is brighter than what is around it, the cup brighter than the rim")
    func contrast() {
        for index in 0..<12 {
            let phantom = Phantom.make(.fundus, seed: 21, index: index, width: 512, height: 512)
            let disc = phantom.mask.mask(atLeast: 128), cup = phantom.mask.mask(atLeast: 255)
            let near = disc.dilated(radius: 20), beside = disc.dilated(radius: 6)
            func green(_ isMeant: (Int) -> Bool) -> Double {
                let chosen = disc.pixels.indices.filter(isMeant)
                return chosen.reduce(0) { $0 + Double(phantom.raster.pixels[3 * $1 + 1]) } / Double(max(1, chosen.count))
            }
            let rim = green { disc.pixels[$0] != 0 && cup.pixels[$0] == 0 }
            #expect(green { cup.pixels[$0] != 0 } > 1.05 * rim)
            #expect(rim > 1.05 * green { near.pixels[$0] != 0 && beside.pixels[$0] == 0 })
        }
    }

    @Test("the field is round on black, sometimes cut above and below")
    func field() {
        var cut = 0
        for index in 0..<20 {
            let raster = Phantom.make(.fundus, seed: 5, index: index, width: 300, height: 300).raster
            func light(_ x: Int, _ y: Int) -> Int { (0..<3).reduce(0) { $0 + Int(raster.pixels[3 * (y * 300 + x) + $1]) } }
            #expect(light(5, 5) < 20 && light(294, 5) < 20 && light(294, 294) < 20)
            #expect(light(150, 150) > 40)
            if light(150, 9) < 20 { cut += 1 }
        }
        #expect((2...14).contains(cut))
    }

    @Test("left and right eyes both occur, and the disc lies on the nasal side")
    func eyes() {
        var counts: [Eye: Int] = [:]
        for index in 0..<24 {
            let phantom = Phantom.make(.fundus, seed: 13, index: index, width: 200, height: 200)
            counts[phantom.eye, default: 0] += 1
            let x = phantom.mask.mask(atLeast: 128).components().first?.centroid.x ?? 100
            // Nasal is to the right in a right eye's photograph; a tenth of the field is left for disc-centred ones.
            #expect(phantom.eye == .right ? x > 85 : x < 115)
        }
        #expect((counts[.right] ?? 0) >= 5 && (counts[.left] ?? 0) >= 5 && counts[.unknown] == nil)
    }

    @Test("crops hold the whole disc, 2.1 to 2.8 of its diameters wide")
    func crops() {
        for index in 0..<12 {
            let phantom = Phantom.make(.fundus, seed: 2, index: index, width: 256, height: 256, view: .disc)
            let boxes = phantom.mask.mask(atLeast: 128).components().map(\.box)
            #expect(boxes.count == 1)
            for box in boxes {
                #expect((0.33...0.52).contains(Double(box.height) / 256))
                #expect(abs(Double(box.x) + Double(box.width) / 2 - 128) < 12)
            }
        }
    }
}

@Suite("Endoscopy phantoms")
struct EndoscopyPhantomTests {
    @Test("one of any three in a row has no polyp, and masks agree")
    func polyps() {
        var counts: [Int] = []
        for index in 0..<30 {
            let phantom = Phantom.make(.endoscopy, seed: 17, index: index, width: 240, height: 192)
            #expect(Set(phantom.mask.pixels).isSubset(of: [0, 255]))
            #expect(phantom.hasPolyp == phantom.mask.pixels.contains(255))
            #expect(phantom.mask.mask(atLeast: 255).components().count == phantom.polyps)
            #expect(phantom.eye == .unknown)
            for component in phantom.mask.mask(atLeast: 255).components() {
                #expect((0.005...0.4).contains(Double(component.area) / (240 * 192)))
            }
            counts.append(phantom.polyps)
        }
        for start in 0..<28 { #expect(counts[start..<start + 3].filter { $0 == 0 }.count == 1) }
        #expect(counts.contains(2))
    }

    @Test("polyps lie within the content, whose corners are cut")
    func content() {
        for index in 0..<12 {
            let phantom = Phantom.make(.endoscopy, seed: 3, index: index, width: 240, height: 192)
            func light(_ index: Int) -> Int { (0..<3).reduce(0) { $0 + Int(phantom.raster.pixels[3 * index + $1]) } }
            #expect(light(0) < 70 && light(239) < 70)
            let inside = phantom.mask.pixels.indices.filter { phantom.mask.pixels[$0] != 0 }
            let dark = inside.filter { light($0) < 60 }
            #expect(dark.count * 20 <= inside.count)
        }
    }
}
