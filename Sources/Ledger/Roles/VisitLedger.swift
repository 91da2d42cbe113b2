public import Screening

/// What visits and histories need of a ledger: a subject's images, and the visits that were published.
public protocol VisitLedger: Sendable {
    /// The newest version of each of a subject's images that have ended, in order of arrival. What is forgotten is none, nor what came again,
    /// byte for byte, as another subject's: then the site has corrected whose it is.
    func examined(of subject: Subject) async throws(PapillaError) -> [ExaminedRow]

    /// The newest version of each of these images that has ended and is not forgotten, in order of arrival.
    func examined(_ ids: [ScreeningID]) async throws(PapillaError) -> [ExaminedRow]

    /// The subjects of a number: one for each issuer that gave it.
    func subjects(numbered identifier: String) async throws(PapillaError) -> [Subject]

    /// Every arrival of a subject that is not forgotten, ended or not, in order of arrival.
    func arrivals(of subject: Subject) async throws(PapillaError) -> [ScreeningID]

    /// Subjects whose visits are to be looked at, who waits longest first: something of theirs has ended, was decided, read again or
    /// forgotten, or went to another subject.
    ///
    /// - Parameter time: only those of whom nothing came after it, or what came last was said to be the last of its visit; nil: all.
    func dueSubjects(settledBy time: Timestamp?) async throws(PapillaError) -> [DueSubject]

    /// Writes down that a subject's visits are published as they are now: it is due no more, unless something happened meanwhile.
    func looked(at due: DueSubject) async throws(PapillaError)

    /// When this ledger began to know visits: images that came before make none by themselves.
    func visitsBegin() async throws(PapillaError) -> Timestamp

    /// The newest version of each of a subject's visits.
    func visits(of subject: Subject) async throws(PapillaError) -> [VisitRow]

    /// The newest version of each visit that a filter lets through, what most needs a person first.
    func visits(_ filter: VisitFilter) async throws(PapillaError) -> [VisitRow]

    /// Every version of a visit, the first one first.
    func versions(ofVisit id: ScreeningID) async throws(PapillaError) -> [VisitRow]

    /// Every version of every visit, to be held against the folders.
    func allVisits() async throws(PapillaError) -> [VisitRow]

    /// IDs of visits that were forgotten: they are not used again.
    func forgottenVisits() async throws(PapillaError) -> Set<ScreeningID>

    /// Repeats of the latest visits that had any, two thousand at most.
    func repeats() async throws(PapillaError) -> [VisitRow.Repeats]

    /// Publishes a version and writes it down, with its audit entry.
    ///
    /// - Parameter publish: puts its folder into the outbox: in the transaction that writes it down, so that no other station publishes or
    ///   forgets it meanwhile.
    /// - Throws: `refused` where that version is there already, or the one before it is not, and where an image that is or was in it is
    ///   forgotten or being forgotten: nothing is published then; what `publish` throws.
    func record(_ visit: VisitRow, _ publish: @Sendable () throws(PapillaError) -> Void) async throws(PapillaError)

    /// Forgets whose a visit was. Remove its folders first. Calling it again does nothing.
    ///
    /// - Parameter actor: `user@uid` who asked for it.
    func forgetVisit(_ id: ScreeningID, actor: String) async throws(PapillaError)
}

extension VisitLedger {
    /// Writes a version down that is in the outbox already.
    package func record(_ visit: VisitRow) async throws(PapillaError) {
        try await record(visit) { () throws(PapillaError) in }
    }
}
