internal import Screening

/// Whose image it is, as far as a sidecar or a name says.
struct Identity: Sendable, Hashable {
    var patient: String?
    var study: String?
    var eye = Eye.unknown

    /// What this one leaves open is taken from `other`.
    func completed(by other: Identity) -> Identity {
        Identity(patient: patient ?? other.patient, study: study ?? other.study, eye: eye == .unknown ? other.eye : eye)
    }

    /// Reads an eye as people and devices write it: right, R, OD; left, L, OS. Nil for anything else.
    static func eye(_ text: String) -> Eye? {
        switch text.lowercased() {
        case "right", "r", "od", "re": .right
        case "left", "l", "os", "le": .left
        case "unknown", "": .unknown
        default: nil
        }
    }
}
