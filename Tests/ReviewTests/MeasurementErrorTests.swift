import Registry
import Screening
import Testing

@testable import Review

@Suite("Measurement error")
struct MeasurementErrorTests {
    @Test("Without a model's figures, what two readers differ by counts")
    func fallback() throws {
        let engine = Report.Engine(version: "0", isa: "none", threads: 1, batch: 1)
        let id = try #require(ScreeningID("20261124-k7q2m9xd"))
        let source = Report.Source(name: "a", path: "a", sha256: nil, bytes: 0, received: .now)
        let report = Report(id: id, source: source, outcome: .measured, engine: engine)
        #expect(MeasurementError(of: report, ModelStore(directory: "/nowhere")) == .betweenReaders)
    }
}
