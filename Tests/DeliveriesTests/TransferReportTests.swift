import Testing

@testable import Deliveries

/// What `dcmsend` reports, as Debian's 3.6.7 writes it.
@Suite struct TransferReportTests {
    private func entry(_ status: String, instance: String = "2.25.1") -> String {
        """
        Number        : 1
        Filename      : /dev/fd/500
        SOP Instance  : \(instance)
        SOP Class     : 1.2.840.10008.5.1.4.1.1.7 = SecondaryCaptureImageStorage
        Original Xfer : 1.2.840.10008.1.2.1 = Little Endian Explicit
        Dataset Size  : 88824 bytes
        Association   : 1
        Pres. Context : 1
        Network Xfer  : 1.2.840.10008.1.2.1 = Little Endian Explicit
        DIMSE Status  : \(status)


        """
    }

    @Test(arguments: [
        ("0x0000 (Success)", true), ("0xb000 (Warning: CoercionOfDataElements)", true),
        ("0xb007 (Warning: DataSetDoesNotMatchSOPClass)", true), ("0xb006 (Warning: ElementsDiscarded)", true),
        ("0xa700 (Refused: OutOfResources)", false), ("0x0110 (Error: ProcessingFailure)", false), ("0x0122", false),
    ])
    func aStatusSaysWhetherTheArchiveHasIt(status: String, isStored: Bool) throws {
        let report = TransferReport(entry(status))
        let found = try #require(report.entries.first)
        #expect(report.entries.count == 1 && found.instance == "2.25.1")
        #expect(found.sopClass == "SecondaryCaptureImageStorage")
        #expect(found.isStored == isStored && !found.isUnacceptable)
        #expect(found.status == status.prefix(6))
    }

    @Test("What was not sent has no status, and counts as not stored")
    func notSent() throws {
        let unsent = try #require(TransferReport(entry("<not sent>")).entries.first)
        #expect(!unsent.isStored && unsent.status.isEmpty && !unsent.isUnacceptable)
        let refused = try #require(TransferReport(entry("<no acceptable presentation context>")).entries.first)
        #expect(!refused.isStored && refused.status.isEmpty && refused.isUnacceptable)
        #expect(TransferReport("").entries.isEmpty)
        #expect(TransferReport("SOP Instance : 2.25.1\nDIMSE Status : 0x0000\n").entries.isEmpty, "of no file that was sent")
    }

    @Test func everyObjectHasItsOwn() {
        let report = TransferReport(
            "Detailed Report\n\n" + entry("0x0000 (Success)") + entry("0xa700 (Refused: OutOfResources)", instance: "2.25.2")
                + "Status Summary\nNumber of SOP instances  : 2\n")
        #expect(report.entries.map(\.instance) == ["2.25.1", "2.25.2"])
        #expect(report.entries.map(\.isStored) == [true, false])
        #expect(report.entries.last?.words == "(Refused: OutOfResources)")
    }
}
