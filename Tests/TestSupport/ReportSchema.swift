package import Foundation
internal import Testing

/// The JSON Schemas of `report.json`, `visit.json` and lists of archives, and who holds reports against them.
package enum ReportSchema {
    /// Python with jsonschema: what Deploy/test installs.
    package static let python = ProcessInfo.processInfo.environment["PAPILLA_JSONSCHEMA"]
    package static let path = Checkout.path("Deploy/manual/schema/report.json")
    package static let ofVisits = Checkout.path("Deploy/manual/schema/visit.json")
    package static let ofWork = Checkout.path("Deploy/manual/schema/work.json")
    package static let ofLists = Checkout.path("Deploy/manual/schema/screened.json")

    /// What does not agree of the reports of a folder, of a file, or of JSON lines, and how many there are.
    package static func look(at place: URL, schema: String = path) throws -> Program.Result {
        let check = Checkout.path("Tests/Schema/check.py")
        return try Program.run([check, schema, place.path], program: try #require(python))
    }

    /// Expects all of them to agree. Nothing where there is no jsonschema.
    package static func check(_ place: URL, schema: String = path) {
        guard python != nil, FileManager.default.fileExists(atPath: place.path) else { return }
        do {
            let result = try look(at: place, schema: schema)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        } catch { Issue.record(error) }
    }
}
