internal import Glibc
internal import Imaging
internal import Screening

/// The ways in which a training sample may differ from the picture that it was drawn from. All of it follows from the generator that it is
/// given.
struct Augmentation: Sendable {
    /// Probability of each mirror.
    var mirror = 0.5
    /// Largest change of the aspect, as a factor.
    var stretch = 1.08
    /// Largest change of brightness, as a factor.
    var brightness = 1.25
    /// Largest change of contrast, as a factor.
    var contrast = 1.25
    /// Largest change of saturation, as a factor.
    var saturation = 1.25
    /// Largest exponent of the grey curve, and one over it.
    var gamma = 1.25
    /// Largest factor of a single channel.
    var gain = 1.1
    /// Probability of blur and its largest standard deviation, px.
    var blur = (probability: 0.15, sigma: 1.2)
    /// Probability of noise and its largest standard deviation, of 255.
    var noise = (probability: 0.2, sigma: 8.0)
    /// Largest logarithm of the light's fall along an axis, from the middle to the border.
    var light = 0.25
    /// Probability of white reflections.
    var highlights = 0.3
    /// Probability of black corners.
    var corners = 0.2
    /// Probability of compression.
    var compression = 0.2
    /// Probability of a part without a polyp instead of the whole frame.
    var background = 0.12
    /// Probability of another frame's colours.
    var transfer = 0.35
    /// Probability of narrow bands.
    var bands = 0.1
    /// Probability of a panel or a small picture.
    var panels = 0.12
    /// By how much the widest view is wider, and the narrowest narrower, than a look says.
    var reach = 1.35

    /// What a task's samples go through: the router must not lean on a camera's colours, so it sees stronger ones.
    /// - Parameter disturbances: what is done; the rest is left out.
    static func standard(_ task: ModelTask, _ disturbances: [Disturbance] = Disturbance.standard) -> Augmentation {
        var augmentation = Augmentation()
        if task == .router {
            augmentation.brightness = 1.8
            augmentation.contrast = 1.4
            augmentation.saturation = 2.5
            augmentation.gamma = 1.6
            augmentation.gain = 1.6
            augmentation.blur = (0.35, 3.0)
            augmentation.stretch = 1.15
        }
        for disturbance in Disturbance.allCases where !disturbances.contains(disturbance) { augmentation.remove(disturbance) }
        return augmentation
    }

    private mutating func remove(_ disturbance: Disturbance) {
        switch disturbance {
        case .colour: (brightness, contrast, saturation, gamma, gain) = (1, 1, 1, 1, 1)
        case .light: light = 0
        case .highlights: highlights = 0
        case .corners: corners = 0
        case .blur: blur.probability = 0
        case .noise: noise.probability = 0
        case .compression: compression = 0
        case .background: background = 0
        case .transfer: transfer = 0
        case .bands: bands = 0
        case .panels: panels = 0
        case .size: reach = 1
        }
    }

    /// A sample of a look: colours (S x S x 3, 0...255) and truth (S x S).
    /// - Parameter palette: another frame's colours, where there is one to take them from.
    func sample(
        _ look: TrainingView, side: Int, palette: Palette? = nil, _ random: inout SeededGenerator
    ) -> (colours: [Float], truth: Mask) {
        let zoom = look.zoom.lowerBound / reach...look.zoom.upperBound * reach
        let shift = look.shift * (reach > 1 ? 1.5 : 1)
        let view = look.side * exp(random.uniform(log(zoom.lowerBound)...log(zoom.upperBound)))
        let centre = Point(
            x: look.centre.x + random.uniform(-shift...shift) * look.side,
            y: look.centre.y + random.uniform(-shift...shift) * look.side)
        let warp = Warp(
            centre: centre, scale: view / Double(side), degrees: random.uniform(-look.rotation...look.rotation),
            stretch: exp(random.uniform(-log(stretch)...log(stretch))), mirrored: (random.chance(mirror), random.chance(mirror)))
        var (colours, truth) = warp.apply(look, side: side)
        if let palette { palette.lay(over: &colours, share: Float(random.uniform(0.4...1))) }
        if bands > 0, random.chance(bands) { Self.narrow(&colours, &random) }
        illuminate(&colours, side: side, &random)
        recolour(&colours, &random)
        reflect(&colours, side: side, &random)
        if random.chance(blur.probability) { Self.blur(&colours, side: side, sigma: random.uniform(0.3...blur.sigma)) }
        if random.chance(noise.probability) {
            let sigma = Float(random.uniform(1...noise.sigma))
            for index in colours.indices where colours[index] > 0 {
                colours[index] = min(max(colours[index] + sigma * random.nearlyNormal(), 0), 255)
            }
        }
        cutCorners(&colours, &truth, window: look.window, &random)
        if panels > 0, random.chance(panels) { Self.lay(panelOver: &colours, &truth, window: look.window, &random) }
        compress(&colours, side: side, &random)
        return (colours, truth)
    }

    /// Brightness, contrast, grey curve and channel gains by one table for each channel, then saturation. Black stays black.
    private func recolour(_ colours: inout [Float], _ random: inout SeededGenerator) {
        func factor(_ largest: Double) -> Double { exp(random.uniform(-log(largest)...log(largest))) }
        let light = factor(brightness)
        let spread = factor(contrast)
        let curve = factor(gamma)
        let colour = Float(factor(saturation))
        let steps = 1024
        let tables = (0..<3).map { _ in
            let gain = light * factor(self.gain)
            return (0...steps).map { step in
                let value = pow(Double(step) / Double(steps), curve) * gain
                // Contrast turns about a middle grey, and fades towards black so that padding keeps its value.
                let turned = value + (spread - 1) * (value - 0.4) * min(1, value / 0.1)
                return Float(min(max(turned, 0), 1) * 255)
            }
        }
        let toStep = Float(steps) / 255
        colours.withUnsafeMutableBufferPointer { colours in
            for index in stride(from: 0, to: colours.count, by: 3) {
                let red = tables[0][Int(min(max(colours[index], 0), 255) * toStep + 0.5)]
                let green = tables[1][Int(min(max(colours[index + 1], 0), 255) * toStep + 0.5)]
                let blue = tables[2][Int(min(max(colours[index + 2], 0), 255) * toStep + 0.5)]
                let grey = 0.299 * red + 0.587 * green + 0.114 * blue
                colours[index] = min(max((red - grey) * colour + grey, 0), 255)
                colours[index + 1] = min(max((green - grey) * colour + grey, 0), 255)
                colours[index + 2] = min(max((blue - grey) * colour + grey, 0), 255)
            }
        }
    }

    /// Gaussian blur, rows then columns; the border pixel stands for what lies outside.
    private static func blur(_ colours: inout [Float], side: Int, sigma: Double) {
        let reach = Int((2.5 * sigma).rounded(.up))
        var kernel = (-reach...reach).map { Float(exp(-0.5 * Double($0 * $0) / (sigma * sigma))) }
        let sum = kernel.reduce(0, +)
        for index in kernel.indices { kernel[index] /= sum }
        for step in [3, 3 * side] {
            let other = step == 3 ? 3 * side : 3
            var line = [Float](repeating: 0, count: side)
            for start in 0..<side {
                for channel in 0..<3 {
                    let base = start * other + channel
                    for index in 0..<side { line[index] = colours[base + index * step] }
                    for index in 0..<side {
                        var value: Float = 0
                        for tap in -reach...reach { value += kernel[tap + reach] * line[min(max(index + tap, 0), side - 1)] }
                        colours[base + index * step] = value
                    }
                }
            }
        }
    }
}

/// One way in which a training sample may differ from the picture that it was drawn from, beside its geometry. Each can be chosen, to see
/// what it is worth.
public enum Disturbance: String, Sendable, Codable, CaseIterable {
    /// Brightness, contrast, grey curve, channel gains and saturation: other cameras.
    case colour
    /// Light that falls off to a side or to the border.
    case light
    /// White reflections on wet mucosa.
    case highlights
    /// The black corners of another endoscope.
    case corners
    /// Defocus.
    case blur
    /// The sensor's.
    case noise
    /// JPEG at a low quality.
    case compression
    /// Parts of a frame beside its polyp, as frames without any.
    case background
    /// The colours of a frame of another data set: another hospital's light.
    case transfer
    /// Narrow bands of light, as for looking at vessels: brown and cyan for red.
    case bands
    /// Panels beside the picture and small pictures in it.
    case panels
    /// Nearer and farther, and farther from the middle.
    case size

    /// What the shipped models were trained with. The others wait for a measurement of what they are worth.
    public static let standard: [Disturbance] = [.colour, .blur, .noise]

    /// The tasks that it is for.
    var tasks: [ModelTask] {
        switch self {
        case .highlights, .corners, .background, .transfer, .bands, .panels, .size: [.polyp]
        case .colour, .light, .blur, .noise, .compression: ModelTask.allCases
        }
    }
}

extension SeededGenerator {
    /// Uniform in 0..<count, without bias (Lemire, "Fast random integer generation in an interval", 2019).
    mutating func below(_ count: Int) -> Int {
        let bound = UInt64(count)
        let threshold = (0 &- bound) % bound
        while true {
            let (high, low) = next().multipliedFullWidth(by: bound)
            if low >= threshold { return Int(high) }
        }
    }

    /// Mean 0, deviation 1, nearly normal: four uniform values of 16 bits, added up. Quick enough for every pixel of an image.
    mutating func nearlyNormal() -> Float {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
        return (Float(sum) / 65535 - 2) * 1.732_050_8
    }

    /// 0..<count in random order (Fisher and Yates).
    mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, below(last + 1)) }
        return order
    }

    /// One of 0..<count, each as often as its weight says; all alike where there is no weight for each.
    mutating func weighted(_ weights: [Double], of count: Int) -> Int {
        let sum = weights.reduce(0, +)
        guard weights.count == count, sum > 0 else { return below(count) }
        var left = uniform() * sum
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return count - 1
    }
}
