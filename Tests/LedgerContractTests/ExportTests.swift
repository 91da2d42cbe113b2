import Foundation
import Ledger
import Screening
import TestSupport
import Testing

/// Rows for spreadsheets and programs.
@Suite(.onEveryDatabase) struct ExportTests {
    let clinic: Clinic
    init() async throws { clinic = try await Clinic() }

    private func rows(_ filter: ArrivalFilter = ArrivalFilter()) async throws -> [ExportRow] {
        var rows: [ExportRow] = []
        try await clinic.ledger.export(filter) { rows.append($0) }
        return rows
    }

    @Test func aFundusRow() async throws {
        try await clinic.receive(Clinic.id(1), name: "eye, left.jpg")
        try await clinic.claim(Clinic.id(1), patient: "P\"7\"", study: "=1+1")
        _ = try await clinic.ledger.begin(Clinic.id(1))
        try await clinic.finish(Clinic.id(1)) { $0.source.eye = .left }
        let line = CommaSeparated.line(try #require(try await rows().first).cells)
        #expect(
            line == """
                20261124-00000001,2026-11-24T10:41:07.250Z,"eye, left.jpg","P""7\""",'=1+1,left,measured,,fundus,good,0.7,0.62,0.78,0.6,0.42,\
                0.08,,,,ratio_high,router-20261124-1 disc-20261124-1 cup-20261124-1,1,,,2026-11-24/eye.20261124-00000001,,,,,,\r\n
                """)
    }

    @Test func everyColumnHasItsCell() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() { try await clinic.screen(Clinic.id(number), outcome) }
        for row in try await rows() { #expect(row.cells.count == ExportRow.columns.count) }
        #expect(
            ExportRow.columns.joined(separator: ",")
                == "id,received,file,subject,study,eye,outcome,reason,modality,quality,vcdr,vcdr_low,vcdr_high,hcdr,area_ratio,rim_minimum,"
                + "polyps,polyp_area_fraction,max_confidence,attention,models,version,decision,reader,bundle,issuer,accession,taken,device,operator,blind"
        )
    }

    @Test func anEndoscopyRow() async throws {
        func polyp(_ confidence: Double) -> Polyp {
            Polyp(box: [0, 0, 2, 2], area: 4, areaFraction: 0.01, centroid: [1, 1], confidence: confidence, contour: [])
        }
        try await clinic.screen(Clinic.id(1)) {
            $0.fundus = nil
            $0.endoscopy = EndoscopyFindings(
                polyps: [polyp(0.7), polyp(0.9)], polypAreaFraction: 0.02, disagreement: 0, mask: "polyp.png")
            $0.attention = [Attention(.polyp, "A polyp"), Attention(.disagreement, "Heads disagree")]
        }
        try await clinic.screen(Clinic.id(2), .noFinding)
        let rows = try await rows()
        #expect(rows[0].polyps == 2 && rows[0].maxConfidence == 0.9 && rows[0].polypAreaFraction == 0.02 && rows[0].vcdr == nil)
        #expect(rows[0].attention == ["polyp", "disagreement"])
        #expect(rows[1].polyps == 0 && rows[1].maxConfidence == nil && rows[1].reason == nil)
    }

    @Test func filtersAndOrder() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() {
            try await clinic.receive(
                Clinic.id(number), received: Timestamp(milliseconds: 1_795_600_000_000 - Int64(number) * 86_400_000))
            try await clinic.claim(Clinic.id(number))
            _ = try await clinic.ledger.begin(Clinic.id(number))
            try await clinic.finish(Clinic.id(number), outcome)
        }
        try await clinic.receive(Clinic.id(9))
        #expect(try await rows().map(\.outcome) == Outcome.allCases.reversed())
        #expect(try await rows(ArrivalFilter(outcomes: [.failed])).map(\.reason) == ["corrupt"])
        #expect(try await rows(ArrivalFilter(since: Timestamp(milliseconds: 1_795_600_000_000))).count == 1)
    }

    @Test func jsonLinesHaveEveryKey() async throws {
        try await clinic.screen(Clinic.id(1), .failed)
        let line = try CanonicalJSON.line(try #require(try await rows().first))
        for column in ExportRow.columns { #expect(line.contains("\"\(column)\":"), "\(column)") }
        #expect(line.contains(#""vcdr":null"#))
    }
}
