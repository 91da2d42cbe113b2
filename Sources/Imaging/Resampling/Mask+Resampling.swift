extension Mask {
    /// The mask under `rectangle`, sampled to width x height pixels; empty outside.
    ///
    /// Each output pixel takes the pixel that its centre falls into.
    public func resampledNearest(from rectangle: Rectangle, width: Int, height: Int) -> Mask {
        var result = Mask(width: width, height: height)
        let columns = nearest(length: self.width, origin: rectangle.x, extent: rectangle.width, outputs: width)
        let rows = nearest(length: self.height, origin: rectangle.y, extent: rectangle.height, outputs: height)
        pixels.withUnsafeBufferPointer { source in
            result.pixels.withUnsafeMutableBufferPointer { target in
                for (y, row) in rows.enumerated() where row >= 0 {
                    for (x, column) in columns.enumerated() where column >= 0 {
                        target[y * width + x] = source[row * self.width + column]
                    }
                }
            }
        }
        return result
    }

    /// For each output pixel along an axis the input pixel under its centre, or -1 outside.
    private func nearest(length: Int, origin: Double, extent: Double, outputs: Int) -> [Int] {
        (0..<outputs).map { output in
            let place = (origin + (Double(output) + 0.5) * extent / Double(outputs)).rounded(.down)
            return place >= 0 && place < Double(length) ? Int(place) : -1
        }
    }
}
