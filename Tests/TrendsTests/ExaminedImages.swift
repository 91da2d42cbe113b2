import Screening
import Testing

@testable import Trends

/// Images as a ledger would have them.
enum Sample {
    /// An ID of its own for every number.
    static func id(_ number: Int) -> ScreeningID {
        let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")
        var (rest, text) = (number, "")
        for _ in 0..<8 {
            text = String(digits[rest % 32]) + text
            rest /= 32
        }
        guard let id = ScreeningID("20261124-" + text) else { preconditionFailure("no ID: \(text)") }
        return id
    }

    static func time(_ text: String) -> Timestamp {
        guard let time = Timestamp(text) else { preconditionFailure("no time: \(text)") }
        return time
    }

    /// A measured photograph that was taken at a time and arrived on 24 November 2026, or later by `number` seconds.
    static func photograph(
        _ number: Int, _ eye: Eye = .right, taken: String?, ratio: Double = 0.5, half: Double? = 0.08, cup: String = "cup-1",
        study: String? = nil, device: String? = nil
    ) -> ExaminedImage {
        let received = Timestamp(milliseconds: time("2026-11-24T10:00:00Z").milliseconds + Int64(number) * 1000)
        var image = ExaminedImage(id: id(number), received: received, eye: eye, outcome: .measured)
        image.taken = taken.flatMap { ExaminationTime($0) }
        image.sha256 = Digest(of: Array("\(number)".utf8))
        image.modality = .fundus
        image.quality = .good
        image.focus = 4
        image.disagreement = 0.05
        image.ratio = .init(ratio, interval: half.map { [ratio - $0, ratio + $0] })
        image.models = .init(disc: "disc-1", cup: cup)
        image.study = study
        image.device = device
        image.bundle = "2026-11-24/eye.\(image.id)"
        return image
    }

    static let subject = Subject(identifier: "P-1", issuer: "A")

    static func history(_ images: [ExaminedImage], _ repeatability: Repeatability = Repeatability(ofModels: ["cup-1": 0.04]))
        -> History
    {
        History(of: subject, VisitGroup.all(of: images), repeatability: repeatability)
    }
}
