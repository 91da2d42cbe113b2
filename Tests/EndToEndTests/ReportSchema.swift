import Foundation
import Testing

/// The JSON Schema of `report.json`, and who holds reports against it.
enum ReportSchema {
    /// Python with jsonschema: what Deploy/test installs.
    static let python = ProcessInfo.processInfo.environment["PAPILLA_JSONSCHEMA"]
    private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    static let path = top.appending(path: "Deploy/manual/schema/report.json").path

    /// What does not agree of the reports of a folder, of a file, or of JSON lines, and how many there are.
    static func look(at place: URL) throws -> Program.Result {
        let check = top.appending(path: "Tests/Schema/check.py").path
        return try Program.run([check, path, place.path], program: try #require(python))
    }

    /// Expects all of them to agree. Nothing where there is no jsonschema.
    static func check(_ place: URL) {
        guard python != nil, FileManager.default.fileExists(atPath: place.path) else { return }
        do {
            let result = try look(at: place)
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        } catch { Issue.record(error) }
    }
}
