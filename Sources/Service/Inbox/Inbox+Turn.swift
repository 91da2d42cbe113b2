internal import Screening

/// Whose turn it is.
extension Inbox {
    /// Later than any time that comes.
    static let never = Duration.seconds(1 << 40)

    /// When the next sweep is due.
    var nextSweepTime: Duration { min(nextSweep, nextRemoteSweep) }

    /// Whether nothing is left but what was given up for now, and sidecars beside it. A first sweep must have been made.
    var isDrained: Bool {
        sweeps > 0
            && observations.allSatisfy { !$0.value.isInHand && ($0.value.notBefore == Self.never || isBesideImage($0.key)) }
    }

    /// Whether a sidecar's image is here.
    private func isBesideImage(_ path: RelativePath) -> Bool {
        Sidecar.isSidecar(path.name)
            && observations.keys.contains { $0.parent == path.parent && Sidecar.belongs(path.name, to: $0.name) }
    }

    /// When something may be due or a sweep is, if nothing happens before.
    func wake(now: Duration) -> Duration {
        var wake = nextSweepTime
        for (path, observation) in observations where !observation.isInHand { wake = min(wake, due(path, observation, now: now)) }
        return wake
    }

    /// The entry whose turn it is; it is in hand until `left`, `postpone` or `conclude` is called.
    func next(now: Duration) -> Candidate? {
        guard let root else { return nil }
        while let path = choose(now: now) {
            guard var observation = observations[path] else { return nil }
            // Once more, since a remote file's changes are not told.
            let status: FileStatus?
            do { status = try root.folder(path.parent).status(path.name) } catch {
                if error.isMissing {
                    status = nil
                } else {
                    observations[path]?.postpone(until: now + Backoff.wait(1))
                    continue
                }
            }
            guard let status else {
                if observation.id == nil {
                    observations[path] = nil
                } else if let gone = vanished(path, observation, now: now) {
                    return gone
                }
                continue
            }
            guard status.isUnchanged(since: observation.status) else {
                observations[path]?.see(status, now: now, isClosed: false)
                continue
            }
            observation.isInHand = true
            observations[path] = observation
            let candidate = Candidate(
                path: path, status: status, id: observation.id, received: observation.received,
                isLast: observation.isLast(rules, now: now))
            urgentRun = candidate.isUrgent ? urgentRun + 1 : 0
            return candidate
        }
        return nil
    }

    /// A pending arrival whose file is gone. Where its folder is on another device than the file was, a mount is missing, not the file.
    private func vanished(_ path: RelativePath, _ observation: Observation, now: Duration) -> Candidate? {
        guard let root, let parent = nearest(path.parent, in: root), (try? parent.status().device) == observation.status.device
        else {
            observations[path]?.postpone(until: now + Backoff.wait(5))
            return nil
        }
        observations[path]?.isInHand = true
        return Candidate(path: path, status: nil, id: observation.id, received: observation.received, isLast: true)
    }

    private func nearest(_ path: RelativePath?, in root: Folder) -> Folder? {
        var folder = root
        for name in path?.names ?? [] {
            do { folder = try folder.folder(name) } catch  where error.isMissing { return folder } catch { return nil }
        }
        return folder
    }

    private func choose(now: Duration) -> RelativePath? {
        var best: [Bool: (path: RelativePath, order: Int)] = [:]
        var sidecars: [(path: RelativePath, order: Int)] = []
        for (path, observation) in observations where !observation.isInHand && due(path, observation, now: now) <= now {
            if Sidecar.isSidecar(path.name), observation.status.kind == .file {
                sidecars.append((path, observation.order))
                continue
            }
            let isUrgent = path.names.count > 1 && path.first == InboxRules.urgent
            if let other = best[isUrgent], other.order < observation.order { continue }
            best[isUrgent] = (path, observation.order)
        }
        if let other = best[false], urgentRun >= InboxRules.urgentRun || best[true] == nil { return other.path }
        if let urgent = best[true] { return urgent.path }
        // A sidecar is an arrival of its own only where no image that it could belong to is here.
        for sidecar in sidecars.sorted(by: { $0.order < $1.order }) {
            guard isBesideImage(sidecar.path) else { return sidecar.path }
            observations[sidecar.path]?.postpone(until: now + max(.seconds(1), rules.settle.local))
        }
        return nil
    }

    private func due(_ path: RelativePath, _ observation: Observation, now: Duration) -> Duration {
        guard observation.status.kind == .file else { return observation.due(rules, sidecarIsWhole: true) }
        if Sidecar.isSidecar(path.name) {
            return rules.isDraining
                ? observation.due(rules, sidecarIsWhole: true)
                : max(observation.notBefore, observation.lastChange + rules.deadline)
        }
        let sidecar = Sidecar.names(for: path.name).lazy.compactMap { self.observations[RelativePath(path.parent, $0)] }.first
        let isWhole = sidecar?.isWhole(rules, now: now)
        let due = observation.due(rules, sidecarIsWhole: isWhole ?? false)
        guard let sidecar, isWhole == false else { return due }
        return max(due, sidecar.lastChange + rules.settle(isRemote: observation.isRemote))
    }
}
