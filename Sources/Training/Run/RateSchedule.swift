#if canImport(Glibc)
    import Glibc
#endif

/// The learning rate of each step.
struct RateSchedule: Sendable {
    /// The highest rate.
    let peak: Float
    /// Steps of the whole run.
    let steps: Int
    /// How it goes.
    let schedule: TrainingOptions.Schedule

    /// Steps until the peak: a twentieth of the run, at most 200.
    var warmUp: Int { min(200, max(1, steps / 20)) }

    /// The rate of a step, counted from 0.
    func rate(_ step: Int) -> Float {
        guard schedule == .cosine else { return peak }
        if step < warmUp { return peak * Float(step + 1) / Float(warmUp) }
        let share = Double(step - warmUp) / Double(max(1, steps - warmUp))
        return peak * Float(0.5 * (1 + cos(.pi * min(1, share))))
    }
}
