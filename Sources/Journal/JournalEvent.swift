package import Logging
package import Screening

/// Kinds of journal entry, each under an identifier that never changes: `journalctl MESSAGE_ID=...` finds them all.
package enum JournalEvent: String, Sendable, CaseIterable {
    /// The service begins; models are not loaded yet.
    case started
    /// It takes files.
    case ready
    /// It was told to stop.
    case stopping
    /// It has stopped.
    case stopped
    /// Configuration and models were read again.
    case reloaded
    /// They were not: the old ones stay.
    case reloadRefused = "reload_refused"
    /// An arrival ended with a bundle.
    case finished
    /// An arrival must wait.
    case waiting
    /// Arrivals of an earlier run are carried on.
    case recovered
    /// Something needs a person.
    case alarm
    /// It no longer does.
    case alarmOver = "alarm_over"
    /// inotify lost events; the inbox is swept.
    case overflow
    /// A reading took too long and was given up.
    case timedOut = "timed_out"
    /// The audit's head, to be held against it later.
    case auditHead = "audit_head"
    /// The day's statement.
    case statement
    /// Something was asked for through the socket.
    case control
    /// Results were carried to a target.
    case delivered
    /// A visit was put together and published.
    case visited
    /// Originals were kept long enough and are removed.
    case expired
    /// Every original and every published file was read and held against its digest.
    case verified
    /// Something that should not happen and is not about one arrival.
    case trouble

    /// 128 bits as systemd wants them; drawn once, and never changed.
    package var messageID: String {
        switch self {
        case .started: "9a1f7c1e0d5e4b0f8a3c5b1d62e0f7a1"
        case .ready: "1c5d0e2b7f3a4e6d9b8c0a4f13d2e6b7"
        case .stopping: "e2b6a9d40c1f4875b3d7f05c8a91e3d4"
        case .stopped: "57d0c3f18e9b4a26a1c4e8b07f62d953"
        case .reloaded: "b84e1f6a3c0d4972805bd3a7e41c9f26"
        case .reloadRefused: "3f92c7b05ad84e11963e0b8d7c5f2a48"
        case .finished: "d1a8043b6e7f4c25b90c62f5e38d7a10"
        case .waiting: "68c5e0f9127b4d3aaf41d09b3e86c725"
        case .recovered: "a4d71b8f3e054c69927ce6f0b5183da2"
        case .alarm: "f06b3d9ce8214a7fb5d2709ac4e1835d"
        case .alarmOver: "2e85fa17c6b94d038f1a5bd0e73c9642"
        case .overflow: "c913e6a2f40d4b5885e7d16c02baf394"
        case .timedOut: "7b20d58f9ac1437e8d64f3e0a1b5c982"
        case .auditHead: "059ec2b74d3f4a81b6e80f7d9c15a3e6"
        case .statement: "8d4f10a6b3e74c92a05cf8e21d7b6930"
        case .control: "b37c9e51f0824d6a94fb2e8d05a7c163"
        case .delivered: "d2f7a61c84e94b05a9130c7be5f86a42"
        case .visited: "5b0d8e7a2f964c31b7d4e09c6a13f825"
        case .expired: "61c8f2d07b5a4e39a4d3c0917fe2b86a"
        case .verified: "8f8c70e951c66401950238ef1c888a7a"
        case .trouble: "4ea6d80b1c9f4357be03a2f7650cd81b"
        }
    }
}

extension Logger {
    /// Tells of an event. `message` names no patient and no file.
    package func tell(
        _ event: JournalEvent, _ level: Logger.Level = .info, _ message: String, id: ScreeningID? = nil,
        _ fields: [String: String] = [:]
    ) {
        var metadata: Logger.Metadata = ["event": .string(event.rawValue)]
        if let id { metadata["id"] = .string(id.description) }
        for (key, value) in fields { metadata[key] = .string(value) }
        log(level: level, "\(message)", metadata: metadata)
    }
}
