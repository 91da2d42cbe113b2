internal import Files
internal import Screening

extension ConfigurationReader {
    /// Reads the targets.
    ///
    /// - Parameter lines: of each folder's key; added to.
    func readDeliveries(_ node: ConfigurationNode, _ lines: inout [String: Int]) throws(PapillaError) -> [Configuration.Delivery]
    {
        let example = "{name: ehr, folder: /srv/ehr}"
        var deliveries: [Configuration.Delivery] = []
        for entry in try node.isNull ? [] : node.list("a list, such as [\(example)]") {
            let values = try entry.values(["name", "folder", "content", "archive", "without_identity", "give_up"])
            guard let name = values["name"], (values["folder"] == nil) != (values["archive"] == nil) else {
                throw entry.refuse(entry.found, expected: "a name and a folder or an archive, such as \(example)")
            }
            let word = "a name of 1 to 32 lower-case letters, digits and hyphens, another one for each target"
            let text = try name.text(word)
            guard text.wholeMatch(of: #/[a-z0-9][a-z0-9-]{0,31}/#) != nil, !deliveries.contains(where: { $0.name == text }) else {
                throw name.refuse(name.found, expected: word)
            }
            let destination: Configuration.Delivery.Destination
            if let folder = values["folder"] {
                let path = try folder.text("a path")
                guard !path.isEmpty else { throw folder.refuse("nothing", expected: "a path") }
                lines[folder.key] = folder.line
                destination = .folder(
                    AbsolutePath.of(path, in: AbsolutePath.parent(of: file)), try values["content"].map(readContent) ?? .report)
            } else if let archive = values["archive"] {
                if let content = values["content"] {
                    throw content.refuse(content.found, expected: "none: an archive is given objects")
                }
                destination = .archive(try readArchive(archive))
            } else {
                continue
            }
            var delivery = Configuration.Delivery(
                name: text, to: destination, withoutIdentity: try values["without_identity"]?.truth() ?? false)
            if let value = values["give_up"] {
                delivery.giveUp = value.isNull ? nil : try value.duration(in: .seconds(1) ... .seconds(365 * 86400))
            }
            deliveries.append(delivery)
        }
        return deliveries
    }

    private func readContent(_ node: ConfigurationNode) throws(PapillaError) -> Configuration.Delivery.Content {
        let expected = "one of \(Configuration.Delivery.Content.allCases.map(\.rawValue).joined(separator: ", "))"
        guard let content = Configuration.Delivery.Content(rawValue: try node.text(expected)) else {
            throw node.refuse(node.found, expected: expected)
        }
        return content
    }

    private func readArchive(_ node: ConfigurationNode) throws(PapillaError) -> Configuration.Delivery.Archive {
        let values = try node.values(["host", "port", "title", "calling", "ask"])
        guard let host = values["host"], let title = values["title"] else {
            throw node.refuse(
                node.found, expected: "a host and a title, such as {host: pacs.example.org, port: 11112, title: PACS}")
        }
        let name = try host.text("a host's name or address")
        // It becomes an argument of another program.
        guard name.wholeMatch(of: #/[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}/#) != nil else {
            throw host.refuse(host.found, expected: "a host's name or address")
        }
        return Configuration.Delivery.Archive(
            host: name, port: try values["port"]?.integer(in: 1...65535, "a port") ?? 104, title: try readTitle(title),
            calling: try values["calling"].map(readTitle) ?? "PAPILLA", asks: try values["ask"]?.truth() ?? false)
    }

    /// An application entity title (PS3.5, AE), of the characters that every archive takes.
    private func readTitle(_ node: ConfigurationNode) throws(PapillaError) -> String {
        let expected = "a title of 1 to 16 letters, digits, _, - and ."
        let title = try node.text(expected)
        guard title.wholeMatch(of: #/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,15}/#) != nil else {
            throw node.refuse(node.found, expected: expected)
        }
        return title
    }
}
