internal import Dicom
internal import Files
package import Screening

/// The checks between values: folders that do not overlap, one file system where a rename needs it, a socket that can be named.
package struct ConfigurationCheck {
    private let configuration: Configuration
    private let lines: [String: Int]
    private let file: String

    /// - Parameter lines: where each path stands; a default stands nowhere.
    package init(_ configuration: Configuration, lines: [String: Int], file: String) {
        self.configuration = configuration
        self.lines = lines
        self.file = file
    }

    package func run() throws(PapillaError) {
        try checkOverlaps()
        try checkFileSystem()
        try checkSocket()
        if configuration.deadline < max(configuration.settle.local, configuration.settle.remote) {
            throw PapillaError(
                .badConfiguration,
                "deadline: found \(Quantity.text(configuration.deadline)), expected at least settle, \(Quantity.text(max(configuration.settle.local, configuration.settle.remote)))",
                place: file, hint: "A file would be given up before it counts as whole")
        }
    }

    private func refuse(_ key: String, _ message: String, hint: String) -> PapillaError {
        let name = key.hasPrefix("deliveries[") ? key : "paths.\(key)"
        return PapillaError(
            .badConfiguration, "\(name): \(message)", place: lines[key].map { "\(file):\($0)" } ?? file, hint: hint)
    }

    private func checkOverlaps() throws(PapillaError) {
        let paths = configuration.paths
        let folders = [
            ("inbox", paths.inbox), ("outbox", paths.outbox), ("spool", paths.spool), ("archive", paths.archive),
            ("quarantine", paths.quarantine),
        ].map { (key: $0.0, path: AbsolutePath.resolved($0.1)) }
        for (index, folder) in folders.enumerated() {
            for other in folders[..<index] where AbsolutePath.overlap(folder.path, other.path) {
                throw refuse(
                    folder.key,
                    "found \(folder.path), which overlaps paths.\(other.key) (\(other.path)), expected a folder of its own",
                    hint: "No two of inbox, outbox, spool, archive and quarantine may lie in one another")
            }
        }
        let others =
            [("models", paths.models), ("socket", paths.socket)] + (paths.isShared ? [] : [("ledger", paths.ledger)])
            + (paths.metrics.map { [("metrics", $0)] } ?? [])
        for (key, path) in others {
            let path = AbsolutePath.resolved(path)
            for folder in folders where AbsolutePath.overlap(path, folder.path) {
                throw refuse(
                    key,
                    "found \(path), which lies in or above paths.\(folder.key) (\(folder.path)), expected a place outside of it",
                    hint: "What is in those folders is moved and removed by the service")
            }
        }
        try checkDeliveries(from: folders)
        try checkContents()
    }

    /// What a target is given must be in the bundles.
    private func checkContents() throws(PapillaError) {
        for (index, delivery) in configuration.deliveries.enumerated() {
            let lacking: String? =
                switch delivery.destination {
                case .folder(_, .hl7): configuration.hl7 ? nil : "hl7: true"
                case .folder(_, .fhir): configuration.fhir ? nil : "fhir: true"
                case .folder(_, .report): nil
                case .archive: configuration.objects.isEmpty ? "one of dicom.sr, seg, overlay and image: true" : nil
                }
            guard let lacking else { continue }
            throw refuse(
                "deliveries[\(index)]", "found a target of what bundles do not hold, expected \(lacking)",
                hint: "Turn on what it is to be given")
        }
    }

    /// Whoever reads a target may remove what is in it, and what is delivered must not be taken for what was dropped or published.
    private func checkDeliveries(from folders: [(key: String, path: String)]) throws(PapillaError) {
        var others = folders.map { (key: "paths.\($0.key)", path: $0.path) }
        if !configuration.paths.isShared { others.append(("paths.ledger", AbsolutePath.resolved(configuration.paths.ledger))) }
        others.append(("paths.models", AbsolutePath.resolved(configuration.paths.models)))
        for (index, delivery) in configuration.deliveries.enumerated() {
            guard let folder = delivery.folder else { continue }
            let key = "deliveries[\(index)].folder"
            let path = AbsolutePath.resolved(folder)
            for other in others where AbsolutePath.overlap(path, other.path) {
                throw refuse(
                    key, "found \(path), which overlaps \(other.key) (\(other.path)), expected a folder of its own",
                    hint: "Whoever reads a target's folder may remove what is in it")
            }
            others.append((key, path))
        }
    }

    private func checkFileSystem() throws(PapillaError) {
        let paths = configuration.paths
        guard let spool = try? NamedPath.status(AbsolutePath.nearestExisting(paths.spool)),
            let outbox = try? NamedPath.status(AbsolutePath.nearestExisting(paths.outbox))
        else {
            return
        }
        guard spool.device == outbox.device else {
            throw refuse(
                "spool", "found \(paths.spool) on another file system than paths.outbox (\(paths.outbox)), expected the same one",
                hint: "Put both on one disk, so that a rename between them is a single step")
        }
    }

    private func checkSocket() throws(PapillaError) {
        // Its folder may be called anything (see UnixSocket.address); the name itself has to fit into an address of 108 bytes.
        let name = configuration.paths.socket.pathNames().last ?? ""
        guard name.utf8.count <= 80 else {
            throw refuse(
                "socket", "found a name of \(name.utf8.count) bytes, expected at most 80",
                hint: "Linux allows no longer ones for sockets")
        }
    }
}
