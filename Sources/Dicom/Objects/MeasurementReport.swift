internal import Screening

/// The measurements of a frame as a Comprehensive SR by template 1500, each group with its region (1410) or of the whole image (1501). What
/// was not measured says why.
struct MeasurementReport {
    private let frame: ObjectFrame
    private let part: FramePart
    private let segmentation: ObjectReference?
    private let reference: ObjectReference

    /// - Parameter segmentation: made with it.
    init(_ frame: ObjectFrame, _ part: FramePart, segmentation: ObjectReference?) {
        self.frame = frame
        self.part = part
        self.segmentation = segmentation
        reference = frame.reference(.report, .comprehensiveReport, frame: part.number)
    }

    func file() -> [UInt8] {
        var data = frame.begin(
            reference, .report, modality: "SR", description: "Papilla measurements (research use only)", frame: part.number)
        if part.fundus?.cup != nil { data.set(.codeSchemes, [ObjectFrame.ownScheme]) }
        data.set(.valueType, "CONTAINER")
        data.set(.conceptName, .measurementReport)
        data.set(.continuity, "SEPARATE")
        data.set(.template, [ContentItem.template("1500")])
        let groups = groups
        data.set(
            .content,
            context + [
                // What was done, only the order knows.
                ContentItem.code(.modifier, .procedureReported, .imagingProcedure),
                ContentItem.container(
                    .imageLibrary,
                    [ContentItem.container(.imageLibraryGroup, [ContentItem.image(.contains, image)])]),
            ] + (groups.isEmpty ? [] : [ContentItem.container(.imagingMeasurements, groups)])
                + [
                    ContentItem.container(
                        .qualitativeEvaluations, sentences.map { ContentItem.text(.contains, .comment, $0) })
                ])
        describeDocument(&data)
        return data.file(.explicitLittleEndian)
    }

    /// What the frame's ratio is held against; nil for a frame that does not decide.
    private var prior: PriorRatio? { part.number == frame.report.decidingFrame ? frame.report.prior : nil }

    private var image: DataSet { frame.source.reference(frame: part.number) }

    // MARK: - Who says it

    private var context: [DataSet] {
        var items = [
            ContentItem.code(.modifier, .language, .english),
            ContentItem.code(.context, .observerType, .device),
            ContentItem.identifier(.context, .deviceUID, UID.device),
            ContentItem.text(.context, .deviceName, "Papilla"),
            ContentItem.text(.context, .deviceManufacturer, "Papilla"),
            ContentItem.text(.context, .deviceModel, "Papilla \(frame.report.engine.version)"),
        ]
        if let reader = frame.reader, !frame.report.drawn.isEmpty {
            items.append(ContentItem.code(.context, .observerType, .person))
            items.append(ContentItem.person(.context, .personObserverName, reader))
        }
        return items
    }

    /// The document's own state: what networks found is preliminary; what a reader drew is verified by the reader.
    private func describeDocument(_ data: inout DataSet) {
        data.set(.completion, "COMPLETE")
        data.setEmpty(.performedProcedures)
        data.setEmpty(.referencedPerformedSteps)
        if let decision = frame.report.decision, decision.verdict != .reject, let reader = frame.reader {
            let moment = frame.moment
            var observer = DataSet()
            observer.set(.verifyingName, reader)
            observer.set(.verifyingOrganisation, "Unknown")
            observer.set(.verificationTime, moment.date + moment.time)
            observer.setEmpty(.verifyingCode)
            data.set(.verifyingObservers, [observer])
            data.set(.verification, "VERIFIED")
            data.set(.preliminary, "FINAL")
        } else {
            data.set(.verification, "UNVERIFIED")
            data.set(.preliminary, "PRELIMINARY")
        }
        if frame.report.version > 1 {
            let former = frame.reference(
                .report, .comprehensiveReport, frame: part.number, version: frame.report.version - 1)
            data.set(.predecessors, [Self.study(frame.source.study, [former.series: [former.dataSet]])])
        }
        var series = [frame.source.series: [frame.source.reference()]]
        if let segmentation { series[segmentation.series, default: []].append(segmentation.dataSet) }
        data.set(.evidence, [Self.study(frame.source.study, series)])
    }

    /// Objects of a study by their series.
    private static func study(_ study: String, _ series: [String: [DataSet]]) -> DataSet {
        var item = DataSet()
        item.set(
            .referencedSeries,
            series.sorted { $0.key < $1.key }.map { uid, objects in
                var item = DataSet()
                item.set(.referencedObjects, objects)
                item.set(.seriesInstance, uid)
                return item
            })
        item.set(.studyInstance, study)
        return item
    }

    // MARK: - What is measured

    private var groups: [DataSet] {
        var groups: [DataSet] = []
        if let fundus = part.fundus {
            var ratios: [DataSet] = []
            if let ratio = fundus.cdr {
                ratios = [
                    ContentItem.number(.verticalCupToDiscRatio, ratio.vertical, .ratio),
                    ContentItem.number(.horizontalCupToDiscRatio, ratio.horizontal, .ratio),
                    ContentItem.number(.cupToDiscAreaRatio, ratio.area, .ratio),
                ]
                if let prior {
                    ratios.append(ContentItem.number(.priorVerticalRatio, prior.value, .ratio))
                    ratios.append(ContentItem.number(.verticalRatioChange, prior.difference, .ratio))
                }
            }
            groups.append(
                group(
                    "disc", .disc, .opticNerveHead, site: .opticNerveHead, region: .init(fundus.disc.ellipse),
                    ratios + area(fundus.disc.area, .discArea)))
            if let cup = fundus.cup {
                groups.append(
                    group(
                        "cup", .cup, .opticCup, site: .opticNerveHead, region: .init(cup.ellipse), area(cup.area, .cupArea)))
            }
        }
        if let endoscopy = part.endoscopy {
            let count = ContentItem.number(.numberOfFindings, Double(endoscopy.polyps.count), .findings)
            groups.append(group("frame", .polyp, .polyp, [count]))
            for (index, polyp) in endoscopy.polyps.enumerated() {
                var figures = area(polyp.area)
                if let confidence = polyp.confidence {
                    figures.append(ContentItem.number(.probability, confidence * 100, .percent))
                }
                groups.append(
                    group("polyp \(index + 1)", .polyp, .polyp, region: .init(contour: polyp.contour), figures))
            }
        }
        return groups
    }

    /// A count of pixels; and an area where the file states a scale.
    private func area(_ pixels: Double, _ concept: CodedConcept? = nil) -> [DataSet] {
        var items = [ContentItem.number(.numberOfPixels, pixels, .pixels)]
        if let concept, let scale = frame.source.pixelArea {
            items.append(ContentItem.number(concept, pixels * scale, .squareMillimetre))
        }
        return items
    }

    private func group(
        _ name: String, _ task: ModelTask, _ finding: CodedConcept, site: CodedConcept? = nil,
        region: ContentItem.Region? = nil, _ figures: [DataSet]
    ) -> DataSet {
        let tracking = frame.names.uid("track/\(name)", frame: part.number, version: 1)
        var items = [
            ContentItem.text(.context, .trackingIdentifier, name),
            ContentItem.identifier(.context, .trackingUID, tracking),
            ContentItem.code(.contains, .finding, finding),
        ]
        if let site {
            let side: CodedConcept? =
                switch frame.source.eye {
                case .right: .right
                case .left: .left
                case .unknown: nil
                }
            items.append(
                ContentItem.code(
                    .modifier, .findingSite, site, side.map { [ContentItem.code(.modifier, .laterality, $0)] } ?? []))
        }
        if let algorithm = frame.algorithm(task) {
            items.append(ContentItem.text(.modifier, .algorithmName, algorithm.name))
            items.append(ContentItem.text(.modifier, .algorithmVersion, algorithm.version))
        }
        if let region {
            items.append(ContentItem.region(region, of: image))
        } else {
            items.append(ContentItem.image(.contains, image, as: .sourceOfMeasurement))
        }
        return ContentItem.container(.measurementGroup, template: region == nil ? "1501" : "1410", items + figures)
    }

    // MARK: - What is said

    /// For a person: how it ended and why, what to look at, and what this is not.
    private var sentences: [String] {
        var sentences = ["Outcome: \(part.outcome.rawValue.replacing("_", with: " "))."]
        sentences += part.reasons.map(\.detail)
        if let interval = part.fundus?.cdr?.interval, interval.count == 2 {
            sentences.append(
                "95 % interval of the vertical cup to disc ratio: \(Self.hundredths(interval[0])) to \(Self.hundredths(interval[1]))."
            )
        }
        if let prior { sentences.append(prior.sentence) }
        sentences += part.attention.map(\.detail)
        return sentences + [frame.report.notice]
    }

    private static func hundredths(_ value: Double) -> String {
        let rounded = Int((value * 100).rounded())
        return "\(rounded / 100).\(rounded % 100 < 10 ? "0" : "")\(rounded % 100)"
    }
}
