internal import Glibc
package import Screening

/// Where files are on their way from the inbox to archive, quarantine and outbox. Absolute paths, from the configuration.
public struct Folders: Sendable, Hashable {
    /// Where files are dropped.
    public var inbox: String
    /// Where bundles are published: `OUTBOX/DATE/STEM.ID`.
    public var outbox: String
    /// Claimed files: `SPOOL/ID/NAME`.
    public var spool: String
    /// The same of other stations.
    public var otherSpools: [String] = []
    /// Originals of what was read: `ARCHIVE/DATE/ID/NAME`.
    public var archive: String
    /// Originals of what failed: `QUARANTINE/DATE/ID/NAME`, with `reason.json`.
    public var quarantine: String

    /// The five folders.
    public init(inbox: String, outbox: String, spool: String, archive: String, quarantine: String) {
        (self.inbox, self.outbox, self.spool, self.archive, self.quarantine) = (inbox, outbox, spool, archive, quarantine)
    }

    /// The place of an original as the ledger names it: `archive/…` or `quarantine/…`.
    package func place(ofOriginal original: String) -> String {
        for (name, folder) in [("archive/", archive), ("quarantine/", quarantine)] where original.hasPrefix(name) {
            return folder + "/" + original.dropFirst(name.count)
        }
        return original
    }
}

/// What lies in a folder, and what lies at a path; never through a symbolic link.
package enum FolderListing {
    package struct Entry {
        package var name: String
        package var isFolder: Bool
    }

    /// The entries of a folder, sorted, without `.` and `..`; none where there is no such folder.
    package static func entries(of path: String) throws(PapillaError) -> [Entry] {
        guard let folder = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw .system(
                "A folder could not be listed", errno: errno, place: path,
                hint: "Only members of the group papilla may look into its folders")
        }
        defer { closedir(folder) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                if errno != 0 { throw .system("A folder could not be listed", errno: errno, place: path) }
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var isFolder = entry.pointee.d_type == UInt8(DT_DIR)
            if entry.pointee.d_type == UInt8(DT_UNKNOWN) { isFolder = try status(of: path + "/" + name)?.isFolder ?? false }
            entries.append(Entry(name: name, isFolder: isFolder))
        }
        return entries.sorted { $0.name < $1.name }
    }

    package struct Status {
        package var isFolder: Bool
        package var isFile: Bool
        package var bytes: Int
        package var device: UInt64
    }

    /// What lies at a path, nil for nothing.
    package static func status(of path: String) throws(PapillaError) -> Status? { try status(of: Array(path.utf8)) }

    /// What lies at a path whose bytes need not be UTF-8, nil for nothing.
    package static func status(of path: [UInt8]) throws(PapillaError) -> Status? {
        var status = stat()
        guard lstat(path.map { CChar(bitPattern: $0) } + [0], &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .system(
                "A file could not be looked at", errno: errno, place: String(decoding: path, as: UTF8.self),
                hint: "Only members of the group papilla may look into its folders")
        }
        let kind = status.st_mode & S_IFMT
        return Status(
            isFolder: kind == S_IFDIR, isFile: kind == S_IFREG, bytes: Int(status.st_size), device: UInt64(status.st_dev))
    }
}
