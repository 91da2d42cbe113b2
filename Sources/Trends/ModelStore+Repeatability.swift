public import Registry

extension ModelStore {
    /// How far ratios of one eye, photographed twice, differ, by the name of a cup's network: of those whose manifest has the figure.
    public func repeatLimits(of images: [ExaminedImage]) -> [String: Double] {
        var limits: [String: Double] = [:]
        for name in Set(images.compactMap(\.models.cup)) {
            limits[name] = (try? manifest(name))?.calibration["repeat_limit"]
        }
        return limits
    }
}
