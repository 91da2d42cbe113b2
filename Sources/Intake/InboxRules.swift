package import Files
package import Settings

/// How the inbox is read: what the configuration says of it.
package struct InboxRules: Sendable {
    package var settle = Configuration().settle
    package var rescan = Configuration().rescan
    package var deadline = Configuration().deadline
    package var keepEmpty = Configuration().keepEmpty
    package var ignore = IgnoreRules()
    /// `serve --drain`: no deadline is waited for.
    package var isDraining = false

    /// Folders further down are not walked.
    package static let depthLimit = 32
    /// The folder that is served first.
    package static let urgent = FileName(ours: "urgent")
    /// Urgent files in a row while another one waits.
    package static let urgentRun = 4
    /// Entries that are held in memory; what lies beyond is found when half of them are done. Urgent ones may be twice as many.
    package var observationLimit = 20_000

    package init() {}

    package init(_ configuration: Configuration, isDraining: Bool) {
        (settle, rescan, deadline) = (configuration.settle, configuration.rescan, configuration.deadline)
        (keepEmpty, ignore) = (configuration.keepEmpty, IgnoreRules(globs: configuration.ignore))
        self.isDraining = isDraining
    }

    package func settle(isRemote: Bool) -> Duration { isRemote ? settle.remote : settle.local }
}
