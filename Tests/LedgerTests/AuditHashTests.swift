import Screening
import Testing

@testable import Ledger

/// The hash of an audit entry.
@Suite struct AuditHashTests {
    /// From Python: `sha256(b"".join(b"%d:%b," % (len(f.encode()), f.encode()) for f in fields))`.
    @Test func theHashIsTheDocumentedOne() {
        let hash = AuditEntry.hash(
            previous: AuditEntry.genesisPrevious, seq: 1, at: "2026-11-24T10:41:07.250Z", actor: "service", event: "received",
            subject: "20261124-k7q2m9xd", detailDigest: Digest(of: #"{"name":"Auge – rechts.jpg"}"#.utf8).description,
            rule: 1, binding: nil)
        #expect(hash.description == "c60100a6f1a70644a9233e297fc38a37c32b04db6cc7730a566777418a0cd6ef")
        let other = AuditEntry.hash(
            previous: AuditEntry.genesisPrevious, seq: 12, at: "2026-11-24T10:41:07.250Z", actor: "jörg@1000", event: "a",
            subject: "bc",
            detailDigest: Digest(of: "{}".utf8).description, rule: 1, binding: nil)
        #expect(other.description == "4895f1b479fce1b1a79e210d157b27922bf4111606218d49722bf297936ccbd8")
        let bound = AuditEntry.hash(
            previous: AuditEntry.genesisPrevious, seq: 1, at: "2026-11-24T10:41:07.250Z", actor: "service", event: "received",
            subject: "20261124-k7q2m9xd", detailDigest: Digest(of: #"{"name":"Auge – rechts.jpg"}"#.utf8).description,
            rule: 2, binding: #"{"arrival 20261124-k7q2m9xd":{}}"#)
        #expect(bound.description == "d34319b5691b806967da2bb15f49c394f74ff542d0239f63ef54c7b1b3b90aca")
    }

    @Test func noTwoListsOfFieldsShareTheirBytes() {
        func hash(_ event: String, _ subject: String) -> Digest {
            AuditEntry.hash(
                previous: "", seq: 1, at: "", actor: "", event: event, subject: subject, detailDigest: "", rule: 2, binding: nil)
        }
        #expect(hash("ab", "c") != hash("a", "bc"))
        #expect(hash("a", "1:b,") != hash("a,1:b", ""))
    }
}
