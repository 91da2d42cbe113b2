internal import Glibc
internal import Screening

/// The content items of structured reports (PS3.3, C.17.3), as data sets.
enum ContentItem {
    /// How an item belongs to the one that it stands in.
    enum Relation: String {
        case contains = "CONTAINS"
        case modifier = "HAS CONCEPT MOD"
        case context = "HAS OBS CONTEXT"
        case selectedFrom = "SELECTED FROM"
    }

    /// A region of an image, in its pixels: 0, 0 is the corner of the first one.
    enum Region {
        /// Closed: the last point is the first.
        case polyline([[Double]])
        /// The ends of the long axis, then of the short one.
        case ellipse([[Double]])

        /// The report counts angles with y upwards, DICOM has it downwards.
        init(_ ellipse: Ellipse) {
            let angle = -ellipse.angle * .pi / 180
            let (along, across) = (cos(angle), sin(angle))
            self = .ellipse([
                [ellipse.cx - ellipse.a * along, ellipse.cy - ellipse.a * across],
                [ellipse.cx + ellipse.a * along, ellipse.cy + ellipse.a * across],
                [ellipse.cx + ellipse.b * across, ellipse.cy - ellipse.b * along],
                [ellipse.cx - ellipse.b * across, ellipse.cy + ellipse.b * along],
            ])
        }

        init(contour: [[Double]]) { self = .polyline(contour + contour.prefix(1)) }
    }

    static func container(_ name: CodedConcept, template: String? = nil, _ children: [DataSet]) -> DataSet {
        var item = item(.contains, "CONTAINER", name, children)
        item.set(.continuity, "SEPARATE")
        if let template { item.set(.template, [Self.template(template)]) }
        return item
    }

    static func code(
        _ relation: Relation, _ name: CodedConcept, _ value: CodedConcept, _ children: [DataSet] = []
    ) -> DataSet {
        var item = item(relation, "CODE", name, children)
        item.set(.codedValue, value)
        return item
    }

    static func text(_ relation: Relation, _ name: CodedConcept, _ value: String) -> DataSet {
        var item = item(relation, "TEXT", name)
        item.set(.textValue, value)
        return item
    }

    static func person(_ relation: Relation, _ name: CodedConcept, _ value: String) -> DataSet {
        var item = item(relation, "PNAME", name)
        item.set(.personName, value)
        return item
    }

    static func identifier(_ relation: Relation, _ name: CodedConcept, _ value: String) -> DataSet {
        var item = item(relation, "UIDREF", name)
        item.set(.identifierValue, value)
        return item
    }

    static func image(_ relation: Relation, _ reference: DataSet, as name: CodedConcept? = nil) -> DataSet {
        var item = item(relation, "IMAGE", name)
        item.set(.referencedObjects, [reference])
        return item
    }

    /// A figure: as a decimal string, and in binary where that has lost something.
    static func number(_ name: CodedConcept, _ value: Double, _ unit: CodedConcept) -> DataSet {
        var measured = DataSet()
        measured.set(.numericValue, value)
        if Double(DecimalString.text(value)) != value { measured.set(.floatingValue, value) }
        measured.set(.measurementUnits, unit)
        var item = item(.contains, "NUM", name)
        item.set(.measuredValues, [measured])
        return item
    }

    static func region(_ region: Region, of reference: DataSet) -> DataSet {
        var item = item(.contains, "SCOORD", .imageRegion, [image(.selectedFrom, reference)])
        let (type, points) =
            switch region {
            case .polyline(let points): ("POLYLINE", points)
            case .ellipse(let points): ("ELLIPSE", points)
            }
        item.set(.graphicType, type)
        item.set(.graphicData, points.flatMap { $0 })
        return item
    }

    static func template(_ identifier: String) -> DataSet {
        var item = DataSet()
        item.set(.mappingResource, "DCMR")
        item.set(.templateIdentifier, identifier)
        return item
    }

    private static func item(
        _ relation: Relation, _ type: String, _ name: CodedConcept?, _ children: [DataSet] = []
    ) -> DataSet {
        var item = DataSet()
        item.set(.relationship, relation.rawValue)
        item.set(.valueType, type)
        if let name { item.set(.conceptName, name) }
        if !children.isEmpty { item.set(.content, children) }
        return item
    }
}
