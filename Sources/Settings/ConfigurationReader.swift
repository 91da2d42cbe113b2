internal import Dicom
internal import Files
internal import Glibc
internal import Imaging
internal import Reading
internal import Registry
package import Screening
internal import Yams

/// From the text of `papilla.yaml` to a configuration that has been checked.
package struct ConfigurationReader {
    package let file: String
    private static let keys = [
        "paths", "station", "settle", "rescan", "deadline", "image_deadline", "keep_empty", "visit_settle", "ignore",
        "name_pattern",
        "disk_floor", "alarms",
        "retention", "limits",
        "thresholds", "readers", "dicom", "hl7", "fhir", "deliveries", "threads", "precision", "blind_share",
    ]
    private static let pathKeys = ["inbox", "outbox", "spool", "archive", "quarantine", "ledger", "models", "socket", "metrics"]
    private static let precisions = PrecisionChoice.allCases.map(\.rawValue)
    private static let sizeLimit = 1 << 20

    package func read() throws(PapillaError) -> Configuration { try read(try text()) }

    /// Reads and checks a text as the content of `file`.
    package func read(_ text: String) throws(PapillaError) -> Configuration {
        var configuration = Configuration()
        configuration.file = file
        guard let root = try root(of: text) else {
            try ConfigurationCheck(configuration, lines: [:], file: file).run()
            return configuration
        }
        let values = try root.values(Self.keys)
        var lines: [String: Int] = [:]
        if let node = values["paths"] { lines = try readPaths(node, &configuration.paths) }
        configuration.paths = absolute(configuration.paths)
        if let node = values["station"] { configuration.station = try readStation(node) }
        if let node = values["settle"] { try readPair(node, .milliseconds(0) ... .seconds(3600), &configuration.settle) }
        if let node = values["rescan"] { try readPair(node, .milliseconds(100) ... .seconds(86400), &configuration.rescan) }
        if let node = values["deadline"] {
            configuration.deadline = try node.duration(in: .milliseconds(100) ... .seconds(7 * 86400))
        }
        if let node = values["image_deadline"] {
            configuration.imageDeadline = try node.duration(in: .seconds(1) ... .seconds(3600))
        }
        if let node = values["visit_settle"] {
            configuration.visitSettle = try node.duration(in: .seconds(0) ... .seconds(7 * 86400))
        }
        if let node = values["keep_empty"] {
            configuration.keepEmpty = try node.duration(in: .seconds(0) ... .seconds(365 * 86400))
        }
        if let node = values["ignore"] { configuration.ignore = try readGlobs(node) }
        if let node = values["name_pattern"] { configuration.namePattern = try readPattern(node) }
        if let node = values["disk_floor"] { try readFloor(node, &configuration.diskFloor) }
        if let node = values["alarms"] { try readAlarms(node, &configuration.alarms) }
        if let node = values["retention"] { try readRetention(node, &configuration.retention) }
        if let node = values["limits"] { try readLimits(node, &configuration) }
        if let node = values["thresholds"] { configuration.thresholds = try readThresholds(node) }
        if let node = values["blind_share"] { configuration.blindShare = try node.share(atMost: 100) }
        if let node = values["readers"] { configuration.readers = try readReaders(node) }
        if let node = values["dicom"] { try readDicom(node, &configuration) }
        if let node = values["hl7"] { configuration.hl7 = try node.truth() }
        if let node = values["fhir"] { configuration.fhir = try node.truth() }
        if let node = values["deliveries"] { configuration.deliveries = try readDeliveries(node, &lines) }
        if let node = values["threads"] { configuration.threads = try node.integer(in: 0...1024, "0: one for each core") }
        if let node = values["precision"] {
            let known = "one of \(Self.precisions.joined(separator: ", "))"
            guard let precision = PrecisionChoice(rawValue: try node.text(known)) else {
                throw node.refuse(node.found, expected: known)
            }
            configuration.precision = precision
        }
        try ConfigurationCheck(configuration, lines: lines, file: file).run()
        return configuration
    }

    /// What a broken file still says of where things are: its `paths` where they can be read, the usual ones otherwise.
    package func readPathsAlone() -> Configuration.Paths {
        var paths = Configuration.Paths()
        if let members = try? root(of: text())?.members(), let node = members.first(where: { $0.key == "paths" }) {
            var stated = paths
            if (try? readPaths(node, &stated)) != nil { paths = stated }
        }
        return absolute(paths)
    }

    private func text() throws(PapillaError) -> String {
        do {
            let folder = try Folder.open(AbsolutePath.parent(of: AbsolutePath.resolved(file)))
            let name = FileName(ours: AbsolutePath.resolved(file).pathNames().last ?? "")
            guard let bytes = try folder.read(name, limit: Self.sizeLimit) else {
                throw FileError("the configuration could not be read", place: file, number: ENOENT)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw PapillaError(.badConfiguration, "Found bytes that are not UTF-8, expected text", place: file)
            }
            return text
        } catch let error as PapillaError {
            throw error
        } catch {
            throw PapillaError(
                .badConfiguration, "The configuration could not be read", place: file,
                hint: "Give the file with --config; Config/papilla.yaml is one to start from", cause: PapillaError(any: error))
        }
    }

    private func root(of text: String) throws(PapillaError) -> ConfigurationNode? {
        do {
            guard let node = try Yams.compose(yaml: text) else { return nil }
            return ConfigurationNode(node: node, key: "", line: node.mark?.line ?? 1, file: file)
        } catch let error as YamlError {
            throw Self.refusal(of: error, file: file)
        } catch { throw PapillaError(.badConfiguration, "The file is not YAML", place: file, cause: error) }
    }

    private static func refusal(of error: YamlError, file: String) -> PapillaError {
        switch error {
        case .duplicatedKeysInMapping(let duplicates, let context):
            return PapillaError(
                .badConfiguration, "\(duplicates.first ?? "a key"): found twice, expected once",
                place: "\(file):\(context.mark.line)",
                hint: "Keep one of them: nobody can tell which is meant")
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            return PapillaError(
                .badConfiguration, "This is not YAML: \(problem)", place: "\(file):\(mark.line)",
                hint: "Keys are followed by a colon and a space, and indented by spaces")
        default: return PapillaError(.badConfiguration, "The file is not YAML", place: file, cause: error)
        }
    }

    private func readPaths(_ node: ConfigurationNode, _ paths: inout Configuration.Paths) throws(PapillaError) -> [String:
        Int]
    {
        let values = try node.values(Self.pathKeys)
        let places: [(String, WritableKeyPath<Configuration.Paths, String>)] = [
            ("inbox", \.inbox), ("outbox", \.outbox), ("spool", \.spool), ("archive", \.archive), ("quarantine", \.quarantine),
            ("ledger", \.ledger), ("models", \.models), ("socket", \.socket),
        ]
        for (name, place) in places {
            guard let value = values[name] else { continue }
            paths[keyPath: place] = try value.text("a path")
            if paths[keyPath: place].isEmpty { throw value.refuse("nothing", expected: "a path") }
        }
        if let value = values["metrics"] { paths.metrics = try value.optionalText("a path, or nothing") }
        return values.mapValues(\.line)
    }

    private func absolute(_ paths: Configuration.Paths) -> Configuration.Paths {
        let folder = AbsolutePath.parent(of: file)
        func of(_ path: String) -> String { AbsolutePath.of(path, in: folder) }
        return Configuration.Paths(
            inbox: of(paths.inbox), outbox: of(paths.outbox), spool: of(paths.spool), archive: of(paths.archive),
            quarantine: of(paths.quarantine), ledger: paths.isShared ? paths.ledger : of(paths.ledger), models: of(paths.models),
            socket: of(paths.socket),
            metrics: paths.metrics.map(of))
    }

    private func readStation(_ node: ConfigurationNode) throws(PapillaError) -> String? {
        let expected = "a name of letters, digits, dots and hyphens, at most 63, or nothing"
        guard let name = try node.optionalText(expected) else { return nil }
        guard !name.isEmpty, name.utf8.count <= 63, name.unicodeScalars.allSatisfy({ Self.nameCharacters.contains($0) }) else {
            throw node.refuse(node.found, expected: expected)
        }
        return name
    }

    private static let nameCharacters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-".unicodeScalars)

    private func readPair(
        _ node: ConfigurationNode, _ range: ClosedRange<Duration>, _ pair: inout Configuration.LocalAndRemote
    ) throws(PapillaError) {
        let values = try node.values(["local", "remote"])
        if let value = values["local"] { pair.local = try value.duration(in: range) }
        if let value = values["remote"] { pair.remote = try value.duration(in: range) }
    }

    private func readGlobs(_ node: ConfigurationNode) throws(PapillaError) -> [String] {
        if node.isNull { return [] }
        var globs: [String] = []
        for value in try node.list() {
            let glob = try value.text("a glob, such as *.bak")
            guard !glob.isEmpty, glob != "*" else {
                throw value.refuse(value.found, expected: "a glob that leaves something to read")
            }
            globs.append(glob)
        }
        return globs
    }

    private func readPattern(_ node: ConfigurationNode) throws(PapillaError) -> String? {
        guard let text = try node.optionalText("a regular expression, or nothing") else { return nil }
        do { _ = try NamePattern(text) } catch { throw node.refuse(node.found, expected: error.message, hint: error.hint) }
        return text
    }

    private func readFloor(_ node: ConfigurationNode, _ floor: inout Configuration.DiskFloor) throws(PapillaError) {
        let values = try node.values(["space", "share"])
        if let value = values["space"] { floor.space = try value.bytes(in: 0...1 << 50) }
        if let value = values["share"] { floor.share = try value.share() }
    }

    private func readAlarms(_ node: ConfigurationNode, _ alarms: inout Configuration.Alarms) throws(PapillaError) {
        let values = try node.values(["oldest", "silence"])
        let range = Duration.seconds(1) ... .seconds(365 * 86400)
        if let value = values["oldest"] { alarms.oldest = value.isNull ? nil : try value.duration(in: range) }
        if let value = values["silence"] { alarms.silence = value.isNull ? nil : try value.duration(in: range) }
    }

    private func readRetention(_ node: ConfigurationNode, _ retention: inout Configuration.Retention) throws(PapillaError) {
        let values = try node.values(["archive", "quarantine"])
        func rule(_ node: ConfigurationNode) throws(PapillaError) -> Configuration.Retention.Rule {
            let values = try node.values(["age", "size"])
            var rule = Configuration.Retention.Rule()
            if let value = values["age"], !value.isNull {
                rule.age = try value.duration(in: .seconds(3600) ... .seconds(36500 * 86400))
            }
            if let value = values["size"], !value.isNull { rule.size = try value.bytes(in: 0...1 << 50) }
            return rule
        }
        if let value = values["archive"] { retention.archive = try rule(value) }
        if let value = values["quarantine"] { retention.quarantine = try rule(value) }
    }

    private func readLimits(_ node: ConfigurationNode, _ configuration: inout Configuration) throws(PapillaError) {
        let values = try node.values(["bytes", "pixels"])
        if let value = values["bytes"] { configuration.limits.maximumBytes = try value.bytes(in: 1024...1 << 34) }
        if let value = values["pixels"] {
            configuration.limits.maximumPixels = try value.integer(in: 1...1_000_000_000, "pixels")
        }
    }

    private func readReaders(_ node: ConfigurationNode) throws(PapillaError) -> [String: String] {
        var readers: [String: String] = [:]
        for member in try node.members() {
            let expected = "a reader's name of 1 to 80 characters"
            let name = try member.text(expected)
            guard (1...80).contains(name.count), !name.allSatisfy(\.isWhitespace) else {
                throw member.refuse(member.found, expected: expected)
            }
            readers[String(member.key.dropFirst(node.key.count + 1))] = name
        }
        return readers
    }

    private func readDicom(_ node: ConfigurationNode, _ configuration: inout Configuration) throws(PapillaError) {
        let values = try node.values(["frames", "sr", "seg", "overlay", "image"])
        if let frames = values["frames"] {
            configuration.frames = try frames.integer(in: 1...1000, "frames of a file that are read")
        }
        configuration.objects = ObjectChoice(
            report: try values["sr"]?.truth() ?? false, segmentation: try values["seg"]?.truth() ?? false,
            overlay: try values["overlay"]?.truth() ?? false, image: try values["image"]?.truth() ?? false)
    }

    private func readThresholds(_ node: ConfigurationNode) throws(PapillaError) -> [String: Double] {
        var result: [String: Double] = [:]
        for (name, value) in try node.isNull ? [:] : node.values(Thresholds.names.sorted()) {
            result[name] = try value.number("a number")
            do { try ReadingSettings(thresholds: [name: result[name] ?? 0]).check() } catch {
                throw PapillaError(
                    .badConfiguration, "\(value.key): \(error.message)", place: "\(file):\(value.line)", hint: error.hint)
            }
        }
        return result
    }

    package init(file: String) {
        self.file = file
    }
}
