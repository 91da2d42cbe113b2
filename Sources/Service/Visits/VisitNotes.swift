internal import Screening
internal import Synchronization

/// Arrivals that have ended, or were decided on, since the visits were last looked at: whoever ends one waits for nobody.
final class VisitNotes: Sendable {
    private let ids = Mutex<[ScreeningID]>([])
    /// Sent where there is a note.
    let wakeSignal = WakeSignal()

    /// Notes an arrival.
    func add(_ id: ScreeningID) {
        ids.withLock { $0.append(id) }
        wakeSignal.send()
    }

    /// Takes all notes away.
    func take() -> [ScreeningID] {
        ids.withLock { ids in
            defer { ids = [] }
            return ids
        }
    }
}
