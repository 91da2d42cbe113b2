import Imaging
import Screening
import Testing

@testable import Reading

struct QualityTests {
    private func grading(_ raster: Raster) -> QualityGrading {
        QualityGrading(QualityMeasure(raster, in: FieldOfView(of: raster)), Thresholds())
    }

    private func reasons(_ raster: Raster) -> [Reason.Code] { grading(raster).reasons.map(\.code) }

    /// Mucosa with edges of all sizes, its brightness scaled and shifted.
    private func picture(_ gain: Double = 1, _ shift: Double = 0, width: Int = 400, height: Int = 300) -> Raster {
        Drawn.image(width, height) { x, y in
            let (red, green, blue) = Drawn.retina(x, y)
            func level(_ value: Int) -> Int { Int(Double(value) * gain + shift) }
            return (level(red), level(green), level(blue))
        }
    }

    @Test func aGoodPictureIsGood() {
        let grading = grading(picture())
        #expect(grading.quality.grade == .good && grading.reasons.isEmpty)
        #expect(Set(grading.quality.checks.keys) == ["exposure", "focus", "contrast", "field"])
        #expect(grading.quality.checks.values.allSatisfy { $0.pass })
    }

    @Test func darkAndBright() {
        #expect(reasons(picture(0.08)).contains(.tooDark))
        #expect(reasons(picture(0.1, 225)).contains(.tooBright))
        #expect(reasons(picture(3, 100)) == [.tooBright])
        #expect(grading(picture(0.08)).quality.checks["exposure"]?.pass == false)
    }

    @Test func lowContrast() {
        #expect(reasons(picture(0.01, 120)) == [.lowContrast])
    }

    @Test func blurIsOutOfFocus() {
        let folds = Drawn.image(400, 300) { x, y in
            let level = Int(140 * Drawn.noise(x / 50, y / 50)) + Int(20 * Drawn.noise(x / 4, y / 4))
            return (60 + level, 30 + level, 20 + level)
        }
        #expect(reasons(folds.blurred(by: 8)) == [.outOfFocus])
        #expect(reasons(folds.blurred(by: 1)).isEmpty)
    }

    @Test func smallFieldIsTooSmall() {
        let raster = Drawn.image(400, 300) { x, y in abs(x - 200) < 45 && abs(y - 150) < 45 ? Drawn.retina(x, y) : (0, 0, 0) }
        #expect(reasons(raster).contains(.tooSmall))
    }

    @Test func onePixelIsMeasuredWithoutHarm() {
        #expect(reasons(Raster(width: 1, height: 1, fill: (200, 100, 50))).contains(.tooSmall))
    }

    /// The exact limits: a value on the threshold passes, one beyond it does not.
    @Test(arguments: [
        ("contrast", Threshold.contrast, Threshold.contrastUsable, Reason.Code.lowContrast),
        ("focus", Threshold.focus, Threshold.focusUsable, Reason.Code.outOfFocus),
        ("exposure", Threshold.dark, Threshold.darkUsable, Reason.Code.tooDark),
    ])
    func gradesChangeExactlyAtTheThresholds(name: String, limit: Threshold, usable: Threshold, code: Reason.Code) {
        func grading(_ value: Double) -> QualityGrading {
            var measure = QualityMeasure.fine
            switch name {
            case "contrast": measure.contrast = value
            case "focus": measure.focus = value
            default: measure.brightness = value
            }
            return QualityGrading(measure, Thresholds())
        }
        #expect(grading(usable.standard).quality.grade == .good)
        let below = grading(usable.standard.nextDown)
        #expect(below.quality.grade == .usable && below.reasons.isEmpty)
        #expect(
            below.quality.checks[name] == Quality.Check(value: usable.standard.nextDown, threshold: usable.standard, pass: false))
        #expect(grading(limit.standard).quality.grade == .usable)
        let ungradable = grading(limit.standard.nextDown)
        #expect(ungradable.quality.grade == .ungradable && ungradable.reasons.map(\.code) == [code])
        #expect(ungradable.quality.checks[name]?.threshold == limit.standard)
    }

    @Test func tooBrightIsStatedOnceThoughTwoChecksFail() {
        var measure = QualityMeasure.fine
        measure.brightness = 0.99
        measure.clippedShare = 0.99
        #expect(QualityGrading(measure, Thresholds()).reasons.map(\.code) == [.tooBright])
    }
}

extension QualityMeasure {
    /// Figures that pass every check.
    static let fine: QualityMeasure = {
        let raster = Raster(width: 200, height: 200, fill: (128, 128, 128))
        var measure = QualityMeasure(raster, in: FieldOfView(of: raster))
        measure.brightness = 0.4
        measure.clippedShare = 0
        measure.focus = 0.2
        measure.contrast = 0.5
        return measure
    }()
}

extension Raster {
    /// Means over squares of 2 r + 1 pixels, twice: nearly a Gaussian.
    func blurred(by radius: Int) -> Raster {
        var levels = pixels.map(Double.init)
        for _ in 0..<2 {
            levels = Self.blurred(levels, count: width, stride: 3, lines: height, lineStride: 3 * width, radius)
            levels = Self.blurred(levels, count: height, stride: 3 * width, lines: width, lineStride: 3, radius)
        }
        return Raster(width: width, height: height, pixels: levels.map { UInt8($0.rounded()) })
    }

    private static func blurred(_ levels: [Double], count: Int, stride: Int, lines: Int, lineStride: Int, _ radius: Int)
        -> [Double]
    {
        var result = levels
        for line in 0..<lines {
            for channel in 0..<3 {
                let first = line * lineStride + channel
                for place in 0..<count {
                    let sum = (place - radius...place + radius).reduce(0.0) {
                        $0 + levels[first + min(max($1, 0), count - 1) * stride]
                    }
                    result[first + place * stride] = sum / Double(2 * radius + 1)
                }
            }
        }
        return result
    }
}
