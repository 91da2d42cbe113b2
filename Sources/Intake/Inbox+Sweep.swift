package import Files

extension Inbox {
    /// Looks at every entry below the inbox, and forgets what is not there any more.
    package func walk(_ root: Folder, now: Duration, onlyRemote: Bool) {
        var counted = Facts()
        var unreadable: Set<RelativePath?> = []
        if onlyRemote {
            for (path, seen) in folders where seen.isRemote {
                do {
                    try enter(try root.folder(path), path, now: now, isDeep: false, &counted, &unreadable)
                } catch { unreadable.insert(path) }
            }
        } else {
            do { try enter(root, nil, now: now, isDeep: true, &counted, &unreadable) } catch { unreadable.insert(nil) }
            folders = folders.filter { $0.value.sweep == sweeps || unreadable.contains($0.key) }
            watch?.keep(only: Set(folders.values.compactMap(\.watch)))
            counted.folders = folders.count
            counted.watched = folders.values.count { $0.watch != nil }
            counted.unreadable = unreadable.count
            take(counted)
            removeEmptied(root, now: now)
        }
        forgetMissing(onlyRemote: onlyRemote, unreadable)
    }

    /// Looks into a folder that appeared, and those below it.
    package func visit(_ folder: Folder, _ path: RelativePath, now: Duration) {
        var counted = Facts()
        var unreadable: Set<RelativePath?> = []
        // What cannot be read now is tried again by the next sweep.
        try? enter(folder, path, now: now, isDeep: true, &counted, &unreadable)
    }

    private func enter(
        _ folder: Folder, _ path: RelativePath?, now: Duration, isDeep: Bool, _ counted: inout Facts,
        _ unreadable: inout Set<RelativePath?>
    ) throws(FileError) {
        let watched = watch?.add(folder, path)
        // Unwatched folders are swept as often as those where inotify is silent.
        let isRemote = FileSystemKind(of: folder) == .remote || watched == nil
        var seen = folders[path] ?? FolderSeen(isRemote: isRemote, emptySince: nil, sweep: sweeps)
        seen.isRemote = isRemote
        seen.watch = watched
        seen.sweep = sweeps
        folders[path] = seen
        var isEmpty = true
        try folder.forEachName { (name) throws(FileError) in
            isEmpty = false
            let entry = RelativePath(path, name)
            guard !rules.ignore.ignores(entry) else {
                // The inbox's own marker is nobody's concern.
                if entry != RelativePath(InboxIdentity.markerName) { counted.ignored += 1 }
                return
            }
            guard let status = try folder.status(name) else { return }
            guard status.kind == .folder else {
                observe(entry, status, now: now, isClosed: false)
                return
            }
            guard isDeep else { return }
            guard entry.names.count <= InboxRules.depthLimit else {
                counted.tooDeep += 1
                return
            }
            do throws(FileError) {
                try enter(try folder.folder(name), entry, now: now, isDeep: true, &counted, &unreadable)
            } catch {
                if !error.isMissing { unreadable.insert(entry) }
            }
        }
        folders[path]?.emptySince = isEmpty ? seen.emptySince ?? now : nil
    }

    private func removeEmptied(_ root: Folder, now: Duration) {
        for (path, seen) in folders {
            guard let path, path != RelativePath(InboxRules.urgent), let since = seen.emptySince, now >= since + rules.keepEmpty
            else { continue }
            // Someone may have put a file into it just now: then it is not empty, and stays.
            if (try? root.folder(path.parent).removeEmpty(path.name)) == true { folders[path] = nil }
        }
    }

    private func forgetMissing(onlyRemote: Bool, _ unreadable: Set<RelativePath?>) {
        func isBelow(_ path: RelativePath) -> Bool {
            unreadable.contains(nil) || unreadable.contains { $0.map { path.names.starts(with: $0.names) } ?? true }
        }
        for (path, observation) in observations.all where observation.sweep != sweeps && !observation.isInHand {
            if onlyRemote, folders[path.parent]?.isRemote != true { continue }
            // What has a row stays: `next` finds out whether it vanished.
            if observation.id == nil, !isBelow(path) { observations[path] = nil }
        }
    }
}
