internal import Imaging
internal import Screening

extension Correction {
    /// Refuses an eye where there is nothing to correct.
    static func check(_ eye: Examination.Side, of report: Report) throws(PapillaError) {
        guard report.modality?.value == .fundus, report.outcome != .outOfDomain else {
            throw PapillaError(.badInput, "Only a fundus photograph is of an eye")
        }
        guard report.frames == nil else {
            throw PapillaError(
                .badInput, "The eye of a file of several frames is not corrected here",
                hint: "Send it again with a sidecar that says which eye it is")
        }
        let isDoubtful = report.attention.contains { $0.code == .eyeConflict }
        guard eye.value != report.examination.eye.value || isDoubtful else {
            throw PapillaError(
                .badInput, "It is said to be that eye already (\(eye.value.rawValue))",
                hint: "Accept the screening, if it is right as it is")
        }
    }

    /// The next version's bundle where only the eye is another: outlines, figures and networks stay.
    func bundleOfOtherEye(
        _ decision: Report.Decision, supersedes: String, writers: [any BundleWriter], original: [UInt8]
    ) async throws(PapillaError) -> Bundle {
        let former = earlier.report
        var reading = ImageReading(former.outcome)
        reading.reasons = former.reasons
        reading.modality = former.modality
        reading.quality = former.quality
        reading.thresholds = former.thresholds
        reading.modelsUsed = former.models
        reading.eye = stated.value
        reading.corrected = Self.tasks.filter(former.drawn.contains)
        reading.attention = former.attention.filter { $0.code != .eyeConflict }
        reading.fundus = former.fundus
        if let fundus = former.fundus, let cup = fundus.cup, fundus.rim != nil {
            let rim = Rim(disc: fundus.disc.ellipse, cup: cup.ellipse, eye: stated.value)
            reading.fundus?.rim?.nasal = rim.nasal
            reading.fundus?.rim?.temporal = rim.temporal
            reading.fundus?.rim?.isnt = rim.isnt
        }
        for name in ["disc", "cup", "disc-raw", "cup-raw"] {
            guard let file = earlier.files.first(where: { $0.name == "\(name).png" }) else { continue }
            do { reading.masks[name] = try ImageDecoder.decodeMask(file.bytes).mask(atLeast: 128) } catch {
                throw PapillaError(.damaged, "The earlier version's \(name) mask cannot be read", place: "\(former.id)")
            }
        }
        let report = await nextReport(of: reading, decision, supersedes: supersedes)
        var draft = BundleDraft(report: report, pictures: .drawn(of: reading, image)) { () throws(PapillaError) in original }
        try await draft.write(by: writers)
        return try Bundle(report: report, files: draft.files)
    }
}
