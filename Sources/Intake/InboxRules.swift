package import Files
internal import Glibc
package import Settings

/// Rules by which the inbox is read, from the configuration.
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
        settle = configuration.settle
        rescan = configuration.rescan
        deadline = configuration.deadline
        keepEmpty = configuration.keepEmpty
        ignore = IgnoreRules(globs: configuration.ignore)
        self.isDraining = isDraining
    }

    package func settle(isRemote: Bool) -> Duration { isRemote ? settle.remote : settle.local }
}

/// Patterns of entries in the inbox that are nobody's images: half-copied files of other programs, thumbnails, recycle bins and other
/// belongings of Windows, macOS and storage devices, what the configuration names.
package struct IgnoreRules: Sendable, Hashable {
    /// Besides the built-in ones: globs of names, or of paths in the inbox where they hold a slash.
    package let globs: [String]

    /// Programs that have not finished yet, editors' copies, and streams that Synology keeps beside a file.
    private static let suffixes = [
        ".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~", "@synoeastream", "@synoresource",
    ]

    /// Locks of Microsoft Office, earlier versions that a share shows.
    private static let prefixes = ["~$", "@gmt-", "network recycle bin"]

    private static let names: Set<String> = [
        // Windows
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "recycler", "recycled", "recycle.bin",
        "recycle bin", "system volume information", "dfsrprivate", "$extend", "msocache", "config.msi", "pagefile.sys",
        "swapfile.sys", "hiberfil.sys", "autorun.inf", "found.000", "found.001", "found.002",
        // macOS
        "icon\r", "__macosx", "network trash folder", "temporary items", "desktop db", "desktop df", "desktop folder", "trash",
        "thevolumesettingsfolder", "thefindbycontentfolder", "desktopservicesstore", "desktopservices",
        // Synology
        "@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@appstore", "@database", "@synologydrive", "@s2s",
        // QNAP
        "@recycle", "@recently-snapshot", "@__thumb", "@qsync", "@transcode", "qsync_recycle",
        // Buffalo, NetApp and others; Linux
        "trashbox", "~snapshot", "_recycle_", "recycle$", "lost+found", "aquota.user", "aquota.group",
    ]

    /// What a stream beside a Windows or macOS file is called where a share or a copy made a file of it: `a.jpg:Zone.Identifier`.
    private static let streams = [
        "zone.identifier", "$data", "smartscreen", "encryptable", "favicon", "ms-properties", "afp_afpinfo", "afp_resource",
        "afp_deskinfo", "afp_idindex", "summaryinformation", "documentsummaryinformation",
    ]

    /// The colon, as itself and as Samba's and cifs' stand-ins for it.
    private static let colons = [":", "\u{F022}", "\u{F03A}"]

    package init(globs: [String] = []) { self.globs = globs }

    /// Whether an entry, file or folder, is left alone.
    package func ignores(_ path: RelativePath) -> Bool {
        let name = path.name
        if name.bytes.first == UInt8(ascii: ".") || Self.suffixes.contains(where: name.hasSuffix) { return true }
        let lower = String(decoding: name.bytes.map(FileName.lower), as: UTF8.self)
        if Self.names.contains(lower) || Self.prefixes.contains(where: lower.hasPrefix) || Self.isStream(lower) { return true }
        return globs.contains { glob in
            glob.contains("/")
                ? Self.matches(glob, path.names.map(\.bytes).joined(separator: [UInt8(ascii: "/")]))
                : Self.matches(glob, name.bytes)
        }
    }

    private static func isStream(_ name: String) -> Bool {
        if name.hasSuffix(".zone.identifier") { return true }
        return colons.contains { colon in
            streams.contains { name.hasSuffix(colon + $0) } || name.contains(colon + "com.apple.")
                || name.contains(colon + "com.dropbox.") || name.contains(colon + "zone.identifier")
        }
    }

    private static func matches(_ glob: String, _ bytes: some Sequence<UInt8>) -> Bool {
        fnmatch(glob, bytes.map { CChar(bitPattern: $0) } + [0], 0) == 0
    }
}
