package import Files
internal import Screening
internal import Settings

/// Whose turn it is.
extension Inbox {
    /// Later than any time that comes.
    package static let never = Duration.seconds(1 << 40)

    /// When the next sweep is due.
    package var nextSweepTime: Duration { min(nextSweep, nextRemoteSweep) }

    /// Whether nothing is left but what was given up for now, and sidecars beside it. A first sweep must have been made.
    package var isDrained: Bool {
        sweeps > 0 && unobserved == 0
            && observations.all.allSatisfy { !$0.value.isInHand && ($0.value.notBefore == Self.never || isBesideImage($0.key)) }
    }

    /// Whether a sidecar's image is here.
    private func isBesideImage(_ path: RelativePath) -> Bool { !observations.images(of: path).isEmpty }

    /// What lies beside an image; nil where not all of its folder was seen.
    private func beside(_ path: RelativePath) -> Beside? {
        guard unobserved == 0 else { return nil }
        let sidecars = observations.sidecars(of: path).filter { observations[$0]?.status.kind == .file }
        let others = sidecars.first.map { observations.images(of: $0).subtracting([path]) } ?? []
        return Beside(
            sidecars: sidecars.map(\.name), isShared: others.contains { observations[$0]?.status.kind == .file })
    }

    /// When something may be due or a sweep is, if nothing happens before.
    package func wake(now: Duration) -> Duration { min(nextSweepTime, max(now, turns.wake ?? nextSweepTime)) }

    /// Gives an entry its place in the order, after any change of it.
    package func schedule(_ path: RelativePath, now: Duration) {
        guard var observation = observations[path], !observation.isInHand else { return }
        observation.isReady = false
        let due = due(path, observation, now: now)
        observation.scheduled = due
        observations[path] = observation
        if due != Self.never { turns.wait(path, until: due) }
    }

    /// Lines up what is due now.
    private func ripen(now: Duration) {
        while let waiting = turns.ripe(now: now) {
            guard let observation = observations[waiting.path], observation.scheduled == waiting.due, !observation.isInHand else {
                continue
            }
            // A sidecar may have come, or grown, since.
            guard due(waiting.path, observation, now: now) <= now else {
                schedule(waiting.path, now: now)
                continue
            }
            observations[waiting.path]?.scheduled = nil
            observations[waiting.path]?.isReady = true
            let isSidecar = Sidecar.isSidecar(waiting.path.name) && observation.status.kind == .file
            turns.line(
                up: waiting.path, order: observation.order,
                in: isSidecar ? .sidecar : Self.isUrgent(waiting.path) ? .urgent : .other)
        }
    }

    package static func isUrgent(_ path: RelativePath) -> Bool { path.names.count > 1 && path.first == InboxRules.urgent }

    /// The entry whose turn it is; it is in hand until `left`, `postpone` or `conclude` is called.
    package func next(now: Duration) -> Candidate? {
        guard let root else { return nil }
        while let path = choose(now: now) {
            observations[path]?.isReady = false
            guard var observation = observations[path] else { return nil }
            // Once more, since a remote file's changes are not told.
            let status: FileStatus?
            do { status = try root.folder(path.parent).status(path.name) } catch {
                if error.isMissing {
                    status = nil
                } else {
                    postpone(path, id: observation.id, until: now + Backoff.wait(1), now: now)
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
                schedule(path, now: now)
                continue
            }
            // A sidecar is an arrival of its own only where no image that it could belong to is here, or may be.
            if Sidecar.isSidecar(path.name), status.kind == .file, unobserved > 0 || isBesideImage(path) {
                postpone(path, id: observation.id, until: now + max(.seconds(1), rules.settle.local), now: now)
                continue
            }
            let beside = beside(path)
            let isHeldOpen = status.kind == .file && isHeldOpen([path.name] + (beside?.sidecars.prefix(1) ?? []), in: path.parent)
            if isHeldOpen, !observation.isOverdue(rules, now: now) {
                left(path, id: observation.id, now: now)
                continue
            }
            observation.isInHand = true
            observation.isReady = false
            observations[path] = observation
            let candidate = Candidate(
                path: path, status: status, id: observation.id, received: observation.received,
                isLast: observation.isLast(rules, now: now), beside: beside, isHeldOpen: isHeldOpen)
            urgentRun = candidate.isUrgent ? urgentRun + 1 : 0
            return candidate
        }
        return nil
    }

    /// A pending arrival whose file is gone. Where its folder is on another device than the file was, a mount is missing, not the file.
    private func vanished(_ path: RelativePath, _ observation: Observation, now: Duration) -> Candidate? {
        guard let root, let parent = nearest(path.parent, in: root), holds(parent, observation.status, in: root) else {
            postpone(path, id: observation.id, until: now + Backoff.wait(5), now: now)
            return nil
        }
        observations[path]?.isInHand = true
        return Candidate(path: path, status: nil, id: observation.id, received: observation.received, isLast: true)
    }

    /// Whether a folder is on the device where a file was. Each machine has a number of its own for a device of the network, and with each
    /// mount another: of a file that was seen elsewhere, the inbox's own device will do, which is known by its marker.
    private func holds(_ folder: Folder, _ status: FileStatus, in root: Folder) -> Bool {
        guard let device = try? folder.status().device else { return false }
        if device == status.device { return true }
        guard status.isRemembered, isShared || FileSystemKind(of: root) == .remote else { return false }
        return (try? root.status().device) == device
    }

    private func nearest(_ path: RelativePath?, in root: Folder) -> Folder? {
        var folder = root
        for name in path?.names ?? [] {
            do { folder = try folder.folder(name) } catch  where error.isMissing { return folder } catch { return nil }
        }
        return folder
    }

    /// Urgent ones first, but not more than four of them in a row while another waits; sidecars when nothing else is due.
    private func choose(now: Duration) -> RelativePath? {
        ripen(now: now)
        let (urgent, other) = (first(of: .urgent), first(of: .other))
        let queue: Turns.Queue
        if other != nil, urgentRun >= InboxRules.urgentRun || urgent == nil {
            queue = .other
        } else if urgent != nil {
            queue = .urgent
        } else {
            queue = .sidecar
        }
        guard let path = first(of: queue) else { return nil }
        turns.removeFirst(of: queue)
        return path
    }

    /// The first of a queue whose place in it still counts.
    private func first(of queue: Turns.Queue) -> RelativePath? {
        while let path = turns.first(of: queue) {
            if observations[path]?.isReady == true { return path }
            turns.removeFirst(of: queue)
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
        // Someone writes to it: the end of that is told, and the deadline is for writers that never end.
        if watch?.isWriting(path) == true { return max(observation.notBefore, observation.lastChange + rules.deadline) }
        let sidecar = observations.sidecars(of: path).first.flatMap { observations[$0] }
        let isWhole = sidecar?.isWhole(rules, now: now)
        let due = observation.due(rules, sidecarIsWhole: isWhole ?? false)
        guard let sidecar else { return due }
        let settle = rules.settle(isRemote: observation.isRemote)
        // A whole pair is waited with for a moment: another image of the same sidecar may be on its way.
        return max(due, sidecar.lastChange + (isWhole == true ? settle / 4 : settle))
    }

    /// Whether someone has one of these files open for writing, as far as the system tells: by what inotify said, else by the kernel's
    /// leases, where it lets us ask.
    private func isHeldOpen(_ names: [FileName], in parent: RelativePath?) -> Bool {
        if names.contains(where: { watch?.isWriting(RelativePath(parent, $0)) == true }) { return true }
        guard let folder = try? root?.folder(parent), FileSystemKind(of: folder) == .local else { return false }
        return names.contains { (try? OpenFile.open($0, in: folder).hasWriter()) == true }
    }
}
