import Testing

@testable import Ledger
@testable import Screening

/// Values that need no database: keys, cells, moments.
@Suite struct ValueTests {
    @Test func theKeysAreTheDocumentedOnes() throws {
        #expect(
            try CanonicalJSON.line(Statement(received: 1, pending: 1))
                == #"{"delivered":0,"failed":0,"measured":0,"no_finding":0,"out_of_domain":0,"pending":1,"received":1,"undelivered":0,"unexplained":0,"ungradable":0,"withheld":0}"#
        )
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
