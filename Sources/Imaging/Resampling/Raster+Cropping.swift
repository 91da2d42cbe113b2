extension Raster {
    /// The pixels under a box, unchanged; black where the box reaches beyond the image. A negative side counts as 0.
    public func cropped(_ box: PixelBox) -> Raster {
        var result = Raster(width: max(0, box.width), height: max(0, box.height))
        let left = max(0, box.x)
        let right = min(width, box.x + box.width)
        guard left < right else { return result }
        for y in max(0, box.y)..<max(0, box.y, min(height, box.y + box.height)) {
            let source = (y * width + left) * 3
            let target = ((y - box.y) * result.width + left - box.x) * 3
            result.pixels.replaceSubrange(
                target..<target + (right - left) * 3, with: pixels[source..<source + (right - left) * 3])
        }
        return result
    }
}
