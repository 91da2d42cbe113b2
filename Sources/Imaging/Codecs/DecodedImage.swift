/// An image as read from a file, after its EXIF orientation.
public struct DecodedImage: Sendable, Equatable {
    /// The pixels.
    public var raster: Raster
    /// What the file was.
    public var format: ImageFormat
    /// Whether the image shows no colour: the three channels lie within 8 levels of each other in at least 99.5 % of the pixels.
    public var isGreyscale: Bool
    /// Whether the metadata say that the image is synthetic: a PNG text "Papilla" or a JPEG comment that begins with "PHANTOM".
    public var isPhantom: Bool
    /// What the file says its colours are, before they became sRGB: "sRGB", a profile's name, a gamma; nil where it says nothing.
    public var colourSpace: String?
    /// Why that could not be used, in half a sentence; nil where nothing is wrong. The colours were then taken for sRGB.
    public var colourProblem: String?
    /// Share of the pixels that a varying alpha hides by more than half, 0...1.
    public var hiddenShare = 0.0
    /// Whether the file's rows are columns of the raster: EXIF had them turned by a quarter.
    public var liesOnSide = false
    /// What the file itself says the picture is, article included, where that is neither a photograph nor a frame of a video; nil elsewhere.
    public var foreignKind: String?

    /// An image with what is known about it; `isGreyscale` is judged on the pixels.
    public init(raster: Raster, format: ImageFormat, isPhantom: Bool = false) {
        self.raster = raster
        self.format = format
        self.isPhantom = isPhantom
        isGreyscale = raster.isGreyscale
    }
}

extension Raster {
    /// Whether the image is green: nine in ten of its pixels that are not dark, of every fourth row, have more green than red.
    ///
    /// A red-free photograph is, where its one channel is shown in colour. Of 1,072 colour fundus photographs the greenest had 34 %.
    public var isGreen: Bool {
        var (bright, green) = (0, 0)
        pixels.withUnsafeBufferPointer { buffer in
            for start in stride(from: 0, to: buffer.count, by: max(1, 12 * width)) {
                for index in stride(from: start, to: start + 3 * width, by: 3) {
                    guard max(buffer[index], buffer[index + 1], buffer[index + 2]) > 40 else { continue }
                    bright += 1
                    if buffer[index + 1] > buffer[index] { green += 1 }
                }
            }
        }
        return bright > 0 && green * 10 > bright * 9
    }

    /// Whether the three channels lie within 8 levels of each other in at least 99.5 % of the pixels. An image without pixels is.
    var isGreyscale: Bool {
        // An image of colours shows it in its first few rows.
        let most = width * height / 200
        var coloured = 0
        return pixels.withUnsafeBufferPointer { buffer in
            for start in stride(from: 0, to: buffer.count, by: max(1, 3 * width)) {
                for index in stride(from: start, to: start + 3 * width, by: 3) {
                    let red = buffer[index]
                    let green = buffer[index + 1]
                    let blue = buffer[index + 2]
                    if max(red, green, blue) - min(red, green, blue) > 8 { coloured += 1 }
                }
                if coloured > most { return false }
            }
            return true
        }
    }
}
