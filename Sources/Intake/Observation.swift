package import Files
package import Screening

/// Our observations of one entry of the inbox. Ages are by our own observation on a monotonic clock: a foreign clock's times are only ever
/// compared with themselves.
package struct Observation {
    /// What the file system said last.
    package private(set) var status: FileStatus
    /// When it was first seen, on the wall clock and on the monotonic one.
    package let received: Timestamp
    package let firstSeen: Duration
    /// Breaks ties: the order in which entries were seen.
    package let order: Int
    /// When it last changed.
    package private(set) var lastChange: Duration
    /// Closed after writing or moved in since it last changed.
    package private(set) var isClosed: Bool
    /// On a file system where others write behind inotify's back.
    package var isRemote: Bool
    /// Its row in the ledger, where there is one already.
    package var id: ScreeningID?
    /// Looks at it since it last changed that found it not complete.
    package private(set) var tries = 0
    /// Not looked at again before.
    package private(set) var notBefore: Duration
    /// Taken, and neither left nor gone yet.
    package var isInHand = false
    /// When its turn is to be looked at; entries of `Turns` with another time are out of date. Nil once it is ready, or in hand.
    package var scheduled: Duration?
    /// Its time has come and it waits for its turn.
    package var isReady = false
    /// The last sweep that saw it.
    package var sweep: Int

    package init(_ status: FileStatus, received: Timestamp, now: Duration, order: Int, isClosed: Bool, isRemote: Bool, sweep: Int)
    {
        self.status = status
        self.received = received
        self.order = order
        self.isClosed = isClosed
        self.isRemote = isRemote
        firstSeen = now
        lastChange = now
        notBefore = now
        self.sweep = sweep
    }

    /// Takes note of what the file system says now.
    package mutating func see(_ status: FileStatus, now: Duration, isClosed: Bool) {
        if !status.isUnchanged(since: self.status) {
            self.status = status
            lastChange = now
            self.isClosed = isClosed
            tries = 0
            notBefore = now
        } else if isClosed {
            self.isClosed = true
            notBefore = now
        }
    }

    /// Found not complete: looked at again after 2, 4, 8 ... s, at the latest when `deadline` is over.
    package mutating func leave(now: Duration, deadline: Duration) {
        tries += 1
        isInHand = false
        notBefore = min(now + Backoff.wait(tries), max(now + .seconds(2), lastChange + deadline))
    }

    /// Not possible now for another reason: looked at again after `wait`.
    package mutating func postpone(until time: Duration) {
        isInHand = false
        notBefore = time
    }

    /// When it can be looked at, unless it changes before.
    ///
    /// - Parameter sidecarIsWhole: there is nothing to wait for beside it.
    package func due(_ rules: InboxRules, sidecarIsWhole: Bool) -> Duration {
        guard status.kind == .file else { return notBefore }
        let settled = lastChange + rules.settle(isRemote: isRemote)
        if status.size == 0, !rules.isDraining { return max(notBefore, lastChange + rules.deadline) }
        return max(notBefore, isClosed && sidecarIsWhole ? lastChange : settled)
    }

    /// Whether it counts as whole by itself.
    package func isWhole(_ rules: InboxRules, now: Duration) -> Bool {
        isClosed || now >= lastChange + rules.settle(isRemote: isRemote)
    }

    /// Whether there is no more waiting: it is judged as it is.
    package func isLast(_ rules: InboxRules, now: Duration) -> Bool { rules.isDraining || isOverdue(rules, now: now) }

    /// Whether the deadline after its last change is over.
    package func isOverdue(_ rules: InboxRules, now: Duration) -> Bool { now >= lastChange + rules.deadline }
}
