internal import Logging
internal import Screening

extension Logger {
    /// Tells of an event. `message` names no patient and no file.
    func tell(
        _ event: Event, _ level: Logger.Level = .info, _ message: String, id: ScreeningID? = nil, _ fields: [String: String] = [:]
    ) {
        var metadata: Logger.Metadata = ["event": .string(event.rawValue)]
        if let id { metadata["id"] = .string(id.description) }
        for (key, value) in fields { metadata[key] = .string(value) }
        log(level: level, "\(message)", metadata: metadata)
    }
}
