internal import Screening

/// What our folders hold, by ID. Take it before reading the rows: a row is always written before its file moves, so that a file
/// without a row in a later reading of the ledger has none.
struct FolderCensus {
    /// The folders of originals and of what lies with them, in spool, archive and quarantine: absolute paths.
    private(set) var folders: [ScreeningID: [String]] = [:]
    /// Published bundles, relative to the outbox.
    private(set) var bundles: [ScreeningID: [String]] = [:]
    /// Published visits, relative to the outbox: folders that are named as such and hold a visit.json. A photograph may be called visit.jpg.
    private(set) var visits: [String] = []
    /// What lies where only our folders should, without an ID in its name: absolute paths.
    private(set) var unknown: [String] = []

    init(_ places: Folders) throws(PapillaError) {
        for spool in [places.spool] + places.otherSpools { try countOriginals(in: spool) }
        for place in [places.archive, places.quarantine] {
            for day in try Self.days(in: place) { try countOriginals(in: place + "/" + day) }
        }
        for day in try Self.days(in: places.outbox) {
            for entry in try FolderListing.entries(of: places.outbox + "/" + day)
            where !entry.name.hasPrefix(".") {
                let place = places.outbox + "/" + day + "/" + entry.name
                if entry.isFolder, entry.name.hasPrefix("visit."), try FolderListing.status(of: place + "/visit.json") != nil {
                    visits.append(day + "/" + entry.name)
                } else if entry.isFolder, let id = Self.id(ofBundle: entry.name) {
                    bundles[id, default: []].append(day + "/" + entry.name)
                } else {
                    unknown.append(place)
                }
            }
        }
    }

    /// Every ID that a folder of ours bears.
    var ids: Set<ScreeningID> { Set(folders.keys).union(bundles.keys) }

    /// Whether an original lies in one of an ID's folders: the file of that name, or any that does not merely accompany one.
    func holdsOriginal(of id: ScreeningID, named name: String?, sidecar: String?) throws(PapillaError) -> Bool {
        let companions: Set<String?> = ["reason.json", "papilla-reason.json", sidecar]
        for folder in folders[id] ?? [] {
            for entry in try FolderListing.entries(of: folder) where entry.name == name || !companions.contains(entry.name) {
                return true
            }
        }
        return false
    }

    /// Whether anything at all lies under an ID: a published bundle, or any file.
    func holdsAnything(of id: ScreeningID) throws(PapillaError) -> Bool {
        if bundles[id] != nil { return true }
        for folder in folders[id] ?? [] where try !FolderListing.entries(of: folder).isEmpty { return true }
        return false
    }

    /// `20261124-k7q2m9xd` of `STEM.20261124-k7q2m9xd` and `STEM.20261124-k7q2m9xd.v2`.
    static func id(ofBundle name: String) -> ScreeningID? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if let last = parts.last, last.first == "v", Int(last.dropFirst()) != nil { parts.removeLast() }
        return parts.count > 1 ? parts.last.flatMap { ScreeningID(String($0)) } : nil
    }

    private mutating func countOriginals(in place: String) throws(PapillaError) {
        for entry in try FolderListing.entries(of: place) where !entry.name.hasPrefix(".") {
            if entry.isFolder, let id = ScreeningID(entry.name) {
                folders[id, default: []].append(place + "/" + entry.name)
            } else {
                unknown.append(place + "/" + entry.name)
            }
        }
    }

    /// The folders named for a day: what else lies in archive, quarantine or outbox (statements, a README) is not counted.
    private static func days(in place: String) throws(PapillaError) -> [String] {
        try FolderListing.entries(of: place).filter { $0.isFolder && Timestamp(startOf: $0.name) != nil }.map(\.name)
    }
}
