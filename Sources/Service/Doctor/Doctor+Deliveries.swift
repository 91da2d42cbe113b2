internal import Custody
internal import Deliveries
internal import Dicom
internal import Files
internal import Ledger
internal import Screening
internal import Settings

extension Doctor {
    /// Every target that the configuration names, and every one that it does not name and that something is still due to.
    func deliveries() async -> [Check] {
        let ledger = try? await configuration.paths.openLedger()
        let identity = try? await ledger?.identity()
        let counts = (try? await ledger?.deliveryCounts(givingUp: configuration.givenUp(at: .now))) ?? []
        var checks: [Check] = []
        for delivery in configuration.deliveries {
            let count = counts.first { $0.target == delivery.name }
            var due = count?.oldestDue.map { "; \(count?.due ?? 0) due, the oldest since \($0)" } ?? ""
            if let givenUp = count?.givenUp, givenUp > 0 { due += ", \(givenUp) given up" }
            var check =
                switch delivery.destination {
                case .folder(let path, _): folder(delivery.name, path, identity, isUsed: (count?.delivered ?? 0) > 0)
                case .archive(let archive): await self.archive(delivery.name, archive)
                }
            check.found += due
            checks.append(check)
        }
        checks += counts.filter { count in count.due > 0 && !configuration.deliveries.contains { $0.name == count.target } }.map {
            Check(
                "delivery, \($0.target)", ok: false, "\($0.due) due, and the configuration does not name it any more",
                advice: "Name it in deliveries until papilla deliveries lists nothing")
        }
        return checks
    }

    /// What objects refer to is among them; nil where there is nothing to say.
    func objects() -> Check? {
        let choice = configuration.objects
        guard choice.report || choice.segmentation, !choice.image else { return nil }
        return Check(
            "DICOM objects", ok: true, "those of JPEG and PNG files refer to an image that is not made",
            advice:
                "Set dicom.image to true unless every image comes as DICOM: an archive is told of an image that it does not have")
    }

    private func folder(_ target: String, _ path: String, _ identity: String?, isUsed: Bool) -> Check {
        let name = "delivery, \(target)"
        let folder: Folder
        do throws(FileError) { folder = try NamedPath.usableFolder(path) } catch {
            return Check(name, ok: false, Self.refusal(error, path), advice: Self.advice(error))
        }
        if isUsed, let identity, (try? FolderMark.isOurs(folder, identity)) != true {
            return Check(
                name, ok: false, "\(path) is not the folder that was used before",
                advice: "Mount the disk that belongs there; if this folder is meant, make the empty file \(FolderMark.name) in it"
            )
        }
        return Check(name, ok: true, path)
    }

    /// Asks the archive whether it is there (C-ECHO).
    private func archive(_ target: String, _ archive: Configuration.Delivery.Archive) async -> Check {
        let (name, peer) = ("delivery, \(target)", "\(archive.title) at \(archive.host), port \(archive.port)")
        do {
            try await ArchiveTarget(name: target, archive).echo()
            return Check(name, ok: true, "\(peer) answers")
        } catch {
            let error = PapillaError(any: error)
            return Check(
                name, ok: false, "\(peer): \(error.explained)",
                advice: error.hint ?? "Look at host, port and title, and whether the archive knows \(archive.calling)")
        }
    }
}
