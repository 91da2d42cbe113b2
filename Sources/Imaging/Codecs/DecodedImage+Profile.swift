internal import CImageCodecs

extension DecodedImage {
    /// Converts the pixels to sRGB from the colours of an ICC profile that came beside them. One that cannot be used is stated, and the
    /// colours are taken for sRGB.
    package mutating func convert(from profile: [UInt8]) {
        var details = papilla_image_details()
        let (width, height) = (raster.width, raster.height)
        raster.pixels.withUnsafeMutableBufferPointer { pixels in
            papilla_convert_colours(profile, profile.count, pixels.baseAddress, width, height, &details)
        }
        colourSpace = codecText(details.colour_space)
        colourProblem = codecText(details.colour_problem)
        isGreyscale = raster.isGreyscale
    }
}
