internal import Files
package import Ledger
package import Screening

extension Spool {
    /// What a spool that was moved away from under a silent station is called: `SPOOL.left-EPOCH`.
    package static let mark = ".left-"

    /// The spools of other stations, and every one that was moved away, this station's own among them.
    package static func places(of stations: [StationRow], but own: String) -> [String] {
        var places = stations.map(\.spool).filter { $0 != own }
        for spool in Set(stations.map(\.spool)) {
            let (folder, name) = (AbsolutePath.parent(of: spool), spool.pathNames().last ?? "")
            for found in (try? NamedPath.names(in: folder)) ?? [] where found.hasPrefix(name + mark) {
                places.append("\(folder)/\(found)")
            }
        }
        return places
    }

    /// Makes sure that an arrival whose file was taken out of the inbox, and is not here, is not in a spool that is not there just now.
    ///
    /// - Throws: `notFound`, to be tried again, where its folder is in no spool at all, and other stations have one.
    package func checkOthers(for id: ScreeningID) throws {
        let others = others()
        guard isShared || !others.isEmpty, try root.status(name(of: id)) == nil else { return }
        let missing = others.filter { (try? Folder.open($0)) == nil }
        throw PapillaError(
            .notFound,
            missing.isEmpty
                ? "The file was taken out of the inbox, and its folder is in none of the stations' spools"
                : "The file was taken out of the inbox, and a station's spool is not there: \(missing.joined(separator: ", "))",
            place: "\(root.path)/\(id)",
            hint: "Put the spool back; where it is lost for good, make an empty folder here: the arrival ends as failed then",
            isRetryable: true)
    }
}
