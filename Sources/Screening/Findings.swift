/// An ellipse in pixels of the original. The angle is that of the major axis: degrees, counter-clockwise from +x as seen, in (-90, 90].
public struct Ellipse: Sendable, Codable, Hashable {
    /// Centre, px.
    public var cx: Double
    /// Centre, px.
    public var cy: Double
    /// Semi-major axis, px.
    public var a: Double
    /// Semi-minor axis, px.
    public var b: Double
    /// Degrees, counter-clockwise from +x as seen.
    public var angle: Double

    /// An ellipse from its five numbers.
    public init(cx: Double, cy: Double, a: Double, b: Double, angle: Double) {
        self.cx = cx
        self.cy = cy
        self.a = a
        self.b = b
        self.angle = angle
    }
}

/// The measures of a disc or a cup, in pixels of the original.
public struct Structure: Sendable, Codable, Hashable {
    /// px².
    public var area: Double
    /// [x, y] of the centroid, px.
    public var centre: [Double]
    /// The direct least-squares ellipse that replaced the network's mask.
    public var ellipse: Ellipse
    /// Extent of the ellipse along the image's y axis, px.
    public var verticalDiameter: Double
    /// Extent of the ellipse along the image's x axis, px.
    public var horizontalDiameter: Double
    /// Mean probability inside, 0...1; null where a reader drew it.
    @Nullable public var meanProbability: Double?
    /// The mask's file in the bundle, after the ellipse.
    public var mask: String
    /// The mask's file in the bundle, before the ellipse.
    public var rawMask: String

    /// All measures of a structure.
    public init(
        area: Double, centre: [Double], ellipse: Ellipse, verticalDiameter: Double, horizontalDiameter: Double,
        meanProbability: Double?,
        mask: String, rawMask: String
    ) {
        self.area = area
        self.centre = centre
        self.ellipse = ellipse
        self.verticalDiameter = verticalDiameter
        self.horizontalDiameter = horizontalDiameter
        self.meanProbability = meanProbability
        self.mask = mask
        self.rawMask = rawMask
    }

    enum CodingKeys: String, CodingKey {
        case area, centre, ellipse, mask
        case verticalDiameter = "vertical_diameter"
        case horizontalDiameter = "horizontal_diameter"
        case meanProbability = "mean_probability"
        case rawMask = "raw_mask"
    }
}

/// Cup over disc.
public struct CupToDiscRatio: Sendable, Codable, Hashable {
    /// Of the vertical diameters: the one clinics use.
    public var vertical: Double
    /// Of the horizontal diameters.
    public var horizontal: Double
    /// Of the areas.
    public var area: Double
    /// 95 % interval of the vertical ratio, [low, high], from the networks' own uncertainty; empty where a reader drew disc or cup.
    public var interval: [Double]

    /// The three ratios and the interval of the first.
    public init(vertical: Double, horizontal: Double, area: Double, interval: [Double]) {
        self.vertical = vertical
        self.horizontal = horizontal
        self.area = area
        self.interval = interval
    }
}

/// The neuroretinal rim: width over disc diameter, along 72 rays from the disc's centre, from +x counter-clockwise as seen in steps of 5°.
public struct Rim: Sendable, Codable, Hashable {
    /// 72 values, disc diameters.
    public var widths: [Double]
    /// The smallest of them.
    public var minimum: Double
    /// Its angle, degrees.
    public var minimumAngle: Double
    /// Mean of the lower quadrant.
    public var inferior: Double
    /// Mean of the upper quadrant.
    public var superior: Double
    /// Mean of the nasal quadrant, where the eye is known.
    @Nullable public var nasal: Double?
    /// Mean of the temporal quadrant, where the eye is known.
    @Nullable public var temporal: Double?
    /// Inferior ≥ superior ≥ nasal ≥ temporal; null where the eye is unknown.
    @Nullable public var isnt: Bool?

    /// All measures of a rim.
    public init(
        widths: [Double], minimum: Double, minimumAngle: Double, inferior: Double, superior: Double, nasal: Double?,
        temporal: Double?, isnt: Bool?
    ) {
        self.widths = widths
        self.minimum = minimum
        self.minimumAngle = minimumAngle
        self.inferior = inferior
        self.superior = superior
        self.nasal = nasal
        self.temporal = temporal
        self.isnt = isnt
    }

    enum CodingKeys: String, CodingKey {
        case widths, minimum, inferior, superior, nasal, temporal, isnt
        case minimumAngle = "minimum_angle"
    }
}

/// The measurements of a fundus photograph.
public struct FundusFindings: Sendable, Codable, Hashable {
    /// The optic disc.
    public var disc: Structure
    /// The cup, clipped to the disc; null where none was seen in the disc.
    @Nullable public var cup: Structure?
    /// Cup over disc; null without a cup.
    @Nullable public var cdr: CupToDiscRatio?
    /// The rim between them; null without a cup.
    @Nullable public var rim: Rim?
    /// 1 − Dice between the mask head's region and the auxiliary head's, in the crop that was measured: disc, cup.
    public var disagreement: [String: Double]

    /// All findings of a fundus photograph.
    public init(disc: Structure, cup: Structure?, cdr: CupToDiscRatio?, rim: Rim?, disagreement: [String: Double]) {
        self.disc = disc
        self.cup = cup
        self.cdr = cdr
        self.rim = rim
        self.disagreement = disagreement
    }
}

/// One polyp, in pixels of the original.
public struct Polyp: Sendable, Codable, Hashable {
    /// [x, y, width, height].
    public var box: [Int]
    /// px².
    public var area: Double
    /// Of the content's area, 0...1.
    public var areaFraction: Double
    /// [x, y].
    public var centroid: [Double]
    /// How sure the model is, 0...1: learnt from val where its manifest says so, else the component's mean probability; null where a reader
    /// drew it.
    @Nullable public var confidence: Double?
    /// Closed polygon of at most 200 points [x, y].
    public var contour: [[Double]]

    /// All measures of a polyp.
    public init(box: [Int], area: Double, areaFraction: Double, centroid: [Double], confidence: Double?, contour: [[Double]]) {
        self.box = box
        self.area = area
        self.areaFraction = areaFraction
        self.centroid = centroid
        self.confidence = confidence
        self.contour = contour
    }

    enum CodingKeys: String, CodingKey {
        case box, area, centroid, confidence, contour
        case areaFraction = "area_fraction"
    }
}

/// The measurements of an endoscopy frame.
public struct EndoscopyFindings: Sendable, Codable, Hashable {
    /// Largest first; empty where none reached the threshold.
    public var polyps: [Polyp]
    /// Of the content's area, 0...1.
    public var polypAreaFraction: Double
    /// 1 − Dice between the mask head's region and the auxiliary head's, at network resolution; null where the network has no such head.
    @Nullable public var disagreement: Double?
    /// The mask's file in the bundle.
    public var mask: String

    /// All findings of an endoscopy frame.
    public init(polyps: [Polyp], polypAreaFraction: Double, disagreement: Double?, mask: String) {
        self.polyps = polyps
        self.polypAreaFraction = polypAreaFraction
        self.disagreement = disagreement
        self.mask = mask
    }

    enum CodingKeys: String, CodingKey {
        case polyps, disagreement, mask
        case polypAreaFraction = "polyp_area_fraction"
    }
}

/// The quality of the image.
public struct Quality: Sendable, Codable, Hashable {
    /// The three grades.
    public enum Grade: String, Sendable, Codable { case good, usable, ungradable }

    /// One check with the figures behind it.
    public struct Check: Sendable, Codable, Hashable {
        /// What was measured.
        public var value: Double
        /// What it was held against.
        public var threshold: Double
        /// Whether it passed.
        public var pass: Bool

        /// A check with its figures.
        public init(value: Double, threshold: Double, pass: Bool) {
            self.value = value
            self.threshold = threshold
            self.pass = pass
        }
    }

    /// Good, usable or ungradable.
    public var grade: Grade
    /// exposure, focus, contrast, field.
    public var checks: [String: Check]

    /// A grade and its checks.
    public init(grade: Grade, checks: [String: Check]) {
        self.grade = grade
        self.checks = checks
    }
}
