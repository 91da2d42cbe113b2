/// The way in which the camera was held for the image that it stored (EXIF 2.3, tag 0x0112).
struct ImageOrientation {
    /// 1 to 8; 1 is as seen.
    let value: Int

    /// Whether columns and rows change places.
    var isTransposed: Bool { value >= 5 }

    /// Turns stored pixels (height x width x channels) to what a person should see: width and height change places for 5 to 8.
    func upright<Sample>(_ pixels: [Sample], width: Int, height: Int, channels: Int) -> [Sample] {
        guard (2...8).contains(value) else { return pixels }
        // Where the pixel that is seen at (0, 0) is stored, and how far the store moves for one step right and one step down.
        let right: Int
        let down: Int
        var origin = 0
        let (lastColumn, lastRow) = ((width - 1) * channels, (height - 1) * width * channels)
        switch value {
        case 2: (origin, right, down) = (lastColumn, -channels, width * channels)
        case 3: (origin, right, down) = (lastRow + lastColumn, -channels, -width * channels)
        case 4: (origin, right, down) = (lastRow, channels, -width * channels)
        case 5: (origin, right, down) = (0, width * channels, channels)
        case 6: (origin, right, down) = (lastRow, -width * channels, channels)
        case 7: (origin, right, down) = (lastRow + lastColumn, -width * channels, -channels)
        default: (origin, right, down) = (lastColumn, width * channels, -channels)
        }
        let seenWidth = isTransposed ? height : width
        let seenHeight = isTransposed ? width : height
        return [Sample](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                var index = 0
                for y in 0..<seenHeight {
                    var place = origin + y * down
                    for _ in 0..<seenWidth {
                        for channel in 0..<channels { target.initializeElement(at: index + channel, to: source[place + channel]) }
                        index += channels
                        place += right
                    }
                }
            }
            count = pixels.count
        }
    }
}

extension Raster {
    /// The same with columns for rows.
    public var transposed: Raster {
        Raster(
            width: height, height: width,
            pixels: ImageOrientation(value: 5).upright(pixels, width: width, height: height, channels: 3))
    }
}

extension Mask {
    /// The same with columns for rows.
    public var transposed: Mask {
        var turned = Mask(width: height, height: width)
        turned.pixels = ImageOrientation(value: 5).upright(pixels, width: width, height: height, channels: 1)
        return turned
    }
}
