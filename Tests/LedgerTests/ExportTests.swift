import Testing

@testable import Ledger
@testable import Screening

/// Rows for spreadsheets and programs.
@Suite struct ExportTests {
    let clinic: Clinic
    init() throws { clinic = try Clinic() }

    private func rows(_ filter: ArrivalFilter = ArrivalFilter()) throws -> [ExportRow] {
        var rows: [ExportRow] = []
        try clinic.ledger.export(filter) { rows.append($0) }
        return rows
    }

    @Test func aFundusRow() async throws {
        try await clinic.receive(Clinic.id(1), name: "eye, left.jpg")
        try await clinic.claim(Clinic.id(1), patient: "P\"7\"", study: "=1+1")
        _ = try await clinic.ledger.begin(Clinic.id(1))
        try await clinic.finish(Clinic.id(1)) { $0.source.eye = .left }
        let line = CommaSeparated.line(try #require(try rows().first).cells)
        #expect(
            line == """
                20261124-00000001,2026-11-24T10:41:07.250Z,"eye, left.jpg","P""7\""",'=1+1,left,measured,,fundus,good,0.7,0.62,0.78,0.6,0.42,\
                0.08,,,,ratio_high,router-20261124-1 disc-20261124-1 cup-20261124-1,1,,,2026-11-24/eye.20261124-00000001,,,,,,\r\n
                """)
    }

    @Test func everyColumnHasItsCell() async throws {
        for (number, outcome) in Outcome.allCases.enumerated() { try await clinic.screen(Clinic.id(number), outcome) }
        for row in try rows() { #expect(row.cells.count == ExportRow.columns.count) }
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
        let rows = try rows()
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
        #expect(try rows().map(\.outcome) == Outcome.allCases.reversed())
        #expect(try rows(ArrivalFilter(outcomes: [.failed])).map(\.reason) == ["corrupt"])
        #expect(try rows(ArrivalFilter(since: Timestamp(milliseconds: 1_795_600_000_000))).count == 1)
    }

    @Test func jsonLinesHaveEveryKey() async throws {
        try await clinic.screen(Clinic.id(1), .failed)
        let line = try CanonicalJSON.line(try #require(try rows().first))
        for column in ExportRow.columns { #expect(line.contains("\"\(column)\":"), "\(column)") }
        #expect(line.contains(#""vcdr":null"#))
    }

    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("a\r\nb", "\"a\r\nb\""),
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+49 30", "'+49 30"), ("-", "'-"), ("-x", "'-x"),
        ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
        ("a\"\u{301}", "\"a\"\"\u{301}\""),
        ("\t=1", "'\t=1"), ("\r=1", "\"'\r=1\""), ("-12.5", "-12.5"), ("+3", "+3"), ("-1e-05", "-1e-05"), ("-inf", "'-inf"),
        ("-0x10", "'-0x10"),
    ]) func fields(_ text: String, _ expected: String) {
        #expect(CommaSeparated.field(text) == expected)
    }

    @Test(
        "D3: a formula behind blanks, ends of lines or what cannot be seen is text",
        arguments: ["", "\n", "\t", "\r", "\r\n", " ", "\u{A0}", "\u{FEFF}", "\u{200B}", "\u{B}", "\0", "\u{3000}", " \n \t"],
        ["=1+1", "+x", "-x", "@SUM(A1)", "\u{FF1D}1+1"])
    func hiddenFormulas(_ blank: String, _ formula: String) {
        let field = CommaSeparated.field(blank + formula)
        #expect(field.hasPrefix("'") || field.hasPrefix("\"'"))
        #expect(CommaSeparated.field("\nplain").hasPrefix("\"'"))
        #expect(CommaSeparated.field(" plain") == " plain")
        // What keeps it from being run can be taken away again.
        let text = blank + formula
        #expect(CommaSeparated.unguarded(field.hasPrefix("\"") ? "'" + text : field) == text)
    }

    @Test("What is no formula is left as it is, and what begins like a guarded one is guarded once more")
    func guards() {
        for text in ["", "'", "'plain", "'-1", "-1", "don't", "'=1", "''=1", "'\u{200D}=1", "\u{200D}=1", "'\u{301}=1"] {
            #expect(CommaSeparated.unguarded(CommaSeparated.field(text)) == text, "\(text)")
        }
    }

    @Test func moments() {
        let day = Moment("2026-11-24")
        #expect(day?.start.description == "2026-11-24T00:00:00.000Z")
        #expect(day?.end.description == "2026-11-25T00:00:00.000Z")
        #expect(Moment("2026-11-24T10:00:00Z")?.end.description == "2026-11-24T10:00:00.000Z")
        for text in ["", "2026-02-30", "24.11.2026", "2026-11-24 10:00"] { #expect(Moment(text) == nil, "\(text)") }
    }
}
