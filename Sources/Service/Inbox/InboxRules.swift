internal import Files

/// How the inbox is read: what the configuration says of it.
struct InboxRules: Sendable {
    var settle = Configuration().settle
    var rescan = Configuration().rescan
    var deadline = Configuration().deadline
    var keepEmpty = Configuration().keepEmpty
    var ignore = IgnoreRules()
    /// `serve --drain`: no deadline is waited for.
    var isDraining = false

    /// Folders further down are not walked.
    static let depthLimit = 32
    /// The folder that is served first.
    static let urgent = FileName(ours: "urgent")
    /// Urgent files in a row while another one waits.
    static let urgentRun = 4
    /// Entries that are held in memory; what lies beyond is found when half of them are done. Urgent ones may be twice as many.
    var observationLimit = 20_000

    init() {}

    init(_ configuration: Configuration, isDraining: Bool) {
        (settle, rescan, deadline) = (configuration.settle, configuration.rescan, configuration.deadline)
        (keepEmpty, ignore) = (configuration.keepEmpty, IgnoreRules(globs: configuration.ignore))
        self.isDraining = isDraining
    }

    func settle(isRemote: Bool) -> Duration { isRemote ? settle.remote : settle.local }
}
