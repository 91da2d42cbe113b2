import Foundation
import Ledger
import LedgerSQL
import LedgerSQLite
import Screening
import TestSupport
import Testing

@testable import LedgerPostgreSQL

/// Ledgers that are opened by several services at once, in a database of their own.
struct Shared {
    let address: String

    init() throws {
        guard let server = PostgresServer.shared else { throw CancellationError() }
        address = try server.address(of: "stations_\(UInt64.random(in: .min ... .max))")
    }

    func open() throws -> LedgerStore { try LedgerStore(uri: address, mode: .create) }

    func station(_ name: String) async throws -> LedgerStore {
        let ledger = try open()
        try await ledger.enter(name, spool: "/spool/\(name)", lease: .seconds(3600))
        return ledger
    }

    /// Lets a station's lease run out.
    func silence(_ name: String) throws {
        try run("UPDATE station SET lease_until = clock_timestamp() WHERE name = '\(name)'")
    }

    /// Asks the database itself.
    func run(_ sql: String) throws {
        let session = try PostgresSession(address)
        try session.run("SET search_path TO papilla")
        try session.run(sql)
    }

    static func arrival(_ number: Int, path: String = "a.jpg") -> NewArrival {
        NewArrival(
            id: Clinic.id(number), path: path, name: path, isUrgent: false, received: Timestamp(milliseconds: 1_795_516_867_250),
            device: 1, inode: 2)
    }
}

private let isInstalled = PostgresServer.shared != nil

@Suite(.enabled(if: isInstalled, "PostgreSQL is not installed: Deploy/test does"))
struct StationTests {
    let shared: Shared

    init() throws { shared = try Shared() }

    private func isLost(_ body: () async throws -> Void) async -> Bool {
        await isRefused(as: .leaseLost(""), body)
    }

    private func isOutdated(_ body: () async throws -> Void) async -> Bool {
        await isRefused(as: .tablesChanged(""), body)
    }

    private func isRefused(as refusal: PapillaError, _ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return false
        } catch { return (error as? PapillaError)?.message == refusal.message }
    }

    @Test("Each station has its own arrivals") func ownArrivals() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        try await a.receive(Shared.arrival(1))
        try await b.receive(Shared.arrival(2, path: "b.jpg"))
        #expect(try await a.pending().map(\.id) == [Clinic.id(1)])
        #expect(try await b.pending().map(\.id) == [Clinic.id(2)])
        #expect(try await a.arrivals().count == 2)
        let stations = try a.stations()
        #expect(stations.map(\.name) == ["a", "b"] && stations.allSatisfy { $0.lives && $0.arrivals == 1 })
        #expect(try await a.auditEntries().filter { $0.event == "received" }.map(\.actor) == ["service@a", "service@b"])
        #expect(try await a.verifyChain().isIntact)
    }

    @Test("A path of the inbox is one station's until what lay there is claimed") func reservations() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        #expect(try await a.reserve("x.jpg"))
        #expect(try await a.reserve("x.jpg"))
        #expect(try await !b.reserve("x.jpg"))
        try await a.release("x.jpg")
        #expect(try await b.reserve("x.jpg"))
        try await b.receive(Shared.arrival(1, path: "x.jpg"))
        #expect(try await !a.reserve("x.jpg"))
        try await b.claim(
            Clinic.id(1), Claim(spool: "\(Clinic.id(1))/x.jpg", sha256: nil, bytes: 3, sidecar: nil, sidecarDigest: nil))
        #expect(try await a.reserve("x.jpg"))
    }

    @Test("A station that was silent for too long changes nothing, until it enters again") func lostLease() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        try await a.receive(Shared.arrival(1))
        #expect(try await b.shutOut("a") == nil)
        try shared.silence("a")
        #expect(await isLost { try await a.receive(Shared.arrival(2)) })
        #expect(await isLost { _ = try await a.begin(Clinic.id(1)) })
        #expect(await isLost { try await a.renew(lease: .seconds(3600)) })
        #expect(await isLost { try await a.record("alarm", subject: "service", detail: ["x": 1]) })
        let row = try #require(try await b.shutOut("a"))
        #expect(row.spool == "/spool/a" && row.arrivals == 1)
        #expect(try await b.inherit(from: "a") == [Clinic.id(1)])
        #expect(try await b.pending().map(\.id) == [Clinic.id(1)])
        #expect(try await b.shutOut("a") == nil)
        try await a.enter("a", spool: "/spool/a", lease: .seconds(3600))
        #expect(try await a.pending().isEmpty)
        try await a.receive(Shared.arrival(2))
        #expect(try await a.pending().map(\.id) == [Clinic.id(2)])
        #expect(try await b.verifyChain().isIntact)
    }

    /// An arrival that waits for space is still to be fetched from the inbox: by who has it, and by nobody else.
    @Test("A path stays with an arrival that waits, also with another station") func waitingPaths() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        #expect(try await a.reserve("x.jpg"))
        try await a.receive(Shared.arrival(1, path: "x.jpg"))
        try await a.wait(Clinic.id(1), for: "space")
        try shared.silence("a")
        _ = try #require(try await b.shutOut("a"))
        #expect(try await b.inherit(from: "a") == [Clinic.id(1)])
        try await a.enter("a", spool: "/spool/a", lease: .seconds(3600))
        #expect(try await !a.reserve("x.jpg"))
        // Who took it over, too, must know of the arrival that the file is.
        #expect(try await !b.reserve("x.jpg"))
        #expect(try await b.reserve("x.jpg", for: Clinic.id(1)))
        // Nor without a reservation, which another file under that path may have ended.
        try shared.run("DELETE FROM reservation")
        #expect(try await !a.reserve("x.jpg"))
        try await b.claim(
            Clinic.id(1), Claim(spool: "\(Clinic.id(1))/x.jpg", sha256: nil, bytes: 3, sidecar: nil, sidecarDigest: nil))
        #expect(try await a.reserve("x.jpg"))
    }

    @Test("Who comes back before it was taken over has its arrivals again") func backInTime() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        try await a.receive(Shared.arrival(1))
        try shared.silence("a")
        _ = try #require(try await b.shutOut("a"))
        let again = try await shared.station("a")
        #expect(try await again.pending().map(\.id) == [Clinic.id(1)])
        #expect(try await b.inherit(from: "a") == [])
        #expect(await isLost { try await a.receive(Shared.arrival(2)) })
    }

    @Test("One name, one station: who starts later shuts out who started before; another machine is refused") func names()
        async throws
    {
        let a = try await shared.station("a")
        let again = try await shared.station("a")
        #expect(await isLost { try await a.receive(Shared.arrival(1)) })
        try await again.receive(Shared.arrival(1))
        let other = try shared.open()
        await #expect(throws: PapillaError.self) { try await other.enter("a", spool: "/elsewhere", lease: .seconds(3600)) }
        await #expect(throws: PapillaError.self) {
            try await other.enter("a'; DROP TABLE audit", spool: "/x", lease: .seconds(3600))
        }
    }

    @Test("What is done once is done by who entered first, then by the next") func keeper() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        #expect(try await a.isKeeper())
        #expect(try await !b.isKeeper())
        try await a.leave()
        #expect(try await b.isKeeper())
    }

    @Test("An older station refuses tables of a newer one, in the middle of its work and at its start") func newerTables()
        async throws
    {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        try await a.receive(Shared.arrival(1))
        try shared.run(
            "UPDATE schema_version SET version = version + 1; UPDATE station SET schema = schema + 1 WHERE name = 'b'")
        #expect(await isOutdated { try await a.receive(Shared.arrival(2)) })
        // Its lease runs out, and what is done once for all falls to another.
        #expect(await isOutdated { try await a.renew(lease: .seconds(3600)) })
        #expect(try await a.isKeeper())
        try shared.silence("a")
        #expect(await isLost { try await a.renew(lease: .seconds(3600)) })
        try await b.renew(lease: .seconds(3600))
        #expect(try await b.isKeeper())
        let refusal = #expect(throws: PapillaError.self) { _ = try LedgerStore(uri: shared.address, mode: .open) }
        #expect(refusal?.code == .refused && refusal?.message.contains("newer Papilla") == true)
        let reading = #expect(throws: PapillaError.self) { _ = try LedgerStore(uri: shared.address, mode: .readOnly) }
        #expect(reading?.code == .refused)
    }

    @Test("Tables of the schema before are brought to this one by the first who writes; an older station stops at them")
    func earlierTables()
        async throws
    {
        let a = try await shared.station("a")
        try await a.receive(Shared.arrival(1))
        try shared.run(
            """
            DROP INDEX screening_reused, arrival_expired, arrival_outcome;
            UPDATE schema_version SET version = 5; UPDATE station SET schema = 5
            """)
        try await a.receive(Shared.arrival(2, path: "b.jpg"))
        // Who only reads changes nothing.
        let reader = try LedgerStore(uri: shared.address, mode: .readOnly)
        #expect(try await reader.arrivals().count == 2)
        #expect(try await reader.auditEntries(AuditFilter(event: "migrated")).isEmpty)
        try await a.receive(Shared.arrival(3, path: "c.jpg"))
        let b = try await shared.station("b")
        #expect(try await b.auditEntries(AuditFilter(event: "migrated")).map(\.detail) == [#"{"schema":6}"#])
        #expect(await isOutdated { try await a.receive(Shared.arrival(4, path: "d.jpg")) })
        #expect(await isOutdated { try await a.renew(lease: .seconds(3600)) })
        _ = try await shared.station("c")
        #expect(try await b.auditEntries(AuditFilter(event: "migrated")).count == 1)
        #expect(try await b.verifyChain().isIntact)
        // Its indexes are there again, every one.
        try shared.run("DROP INDEX screening_reused, arrival_expired, arrival_outcome")
    }

    @Test("A correction that is under way is its station's") func corrections() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        let clinic = try await LedgerSubject.$current.withValue(LedgerSubject("shared") { _, _ in b }) { try await Clinic() }
        try await clinic.screen(Clinic.id(1))
        try await a.beginCorrection(
            NewDecision(Clinic.id(1), reader: "Anna", verdict: .correct, note: nil), version: 2, actor: "anna@1000")
        #expect(try await a.pendingCorrections().map(\.arrival) == [Clinic.id(1)])
        #expect(try await b.pendingCorrections().isEmpty)
        await #expect(throws: PapillaError.self) { try await b.beginForgetting(Clinic.id(1), actor: "anna@1000") }
        try shared.silence("a")
        _ = try #require(try await b.shutOut("a"))
        _ = try await b.inherit(from: "a")
        #expect(try await b.pendingCorrections().map(\.arrival) == [Clinic.id(1)])
        // What came from a backup is nobody's until somebody enters.
        try shared.run("DELETE FROM claim")
        #expect(try await b.pendingCorrections().isEmpty)
        let c = try await shared.station("c")
        #expect(try await c.pendingCorrections().map(\.arrival) == [Clinic.id(1)])
        try await c.abandonCorrection(of: Clinic.id(1))
        try await c.beginForgetting(Clinic.id(1), actor: "anna@1000")
        #expect(try await b.verifyChain().isIntact)
    }

    @Test("While a station gives a result to a target, no other forgets whose it is; once it is silent, it holds up nobody")
    func carrying() async throws {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        let clinic = try await LedgerSubject.$current.withValue(LedgerSubject("shared") { _, _ in b }) { try await Clinic() }
        let terms = [DeliveryTerms(target: "ehr", takesUnidentified: true)]
        for number in 1...3 { try await clinic.screen(Clinic.id(number), deliveries: terms) }
        let due = try await a.due(to: "ehr", limit: 10).map(\.number)
        #expect(try await a.beginDelivery(due[0])?.arrival == Clinic.id(1))
        let refusal = await #expect(throws: PapillaError.self) {
            try await b.beginForgetting(Clinic.id(1), actor: "anna@1000")
        }
        #expect(refusal?.code == .refused && refusal?.isRetryable == true && refusal?.message.contains("station a") == true)
        try await b.beginForgetting(Clinic.id(2), actor: "anna@1000")
        #expect(try await a.beginDelivery(due[1]) == nil)
        // It has it, or has it not: both end it.
        try await a.deliver(due[0])
        try await b.beginForgetting(Clinic.id(1), actor: "anna@1000")
        #expect(try await a.beginDelivery(due[2]) != nil)
        try await a.dropDelivery(of: Clinic.id(3))
        #expect(try await a.beginDelivery(due[2]) != nil)
        // What an earlier start of a station left counts no more.
        _ = try await shared.station("a")
        try await b.beginForgetting(Clinic.id(3), actor: "anna@1000")
        #expect(await isLost { try await a.deliver(due[2]) })
        #expect(try await b.verifyChain().isIntact)
    }

    @Test("What a station half forgot is its own to end, after a restart or of who takes over; then nobody has it in hand")
    func halfForgotten()
        async throws
    {
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        let clinic = try await LedgerSubject.$current.withValue(LedgerSubject("shared") { _, _ in b }) { try await Clinic() }
        for number in 1...2 { try await clinic.screen(Clinic.id(number)) }
        try await a.beginForgetting(Clinic.id(1), actor: "anna@1000")
        #expect(try await a.halfForgotten().map(\.id) == [Clinic.id(1)])
        #expect(try await b.halfForgotten().isEmpty)
        let again = try await shared.station("a")
        #expect(try await again.halfForgotten().map(\.actor) == ["anna@1000"])
        // Nothing else of it keeps who takes over from finding it, and nothing lets go of it but the end.
        try await again.abandonCorrection(of: Clinic.id(1))
        try shared.silence("a")
        _ = try #require(try await b.shutOut("a"))
        #expect(try await b.inherit(from: "a") == [Clinic.id(1)])
        #expect(try await b.halfForgotten().map(\.id) == [Clinic.id(1)])
        try await b.forget(Clinic.id(1), actor: "anna@1000")
        #expect(try await b.halfForgotten().isEmpty && b.stations().allSatisfy { $0.arrivals == 0 })
        // Begun once more by who was late: nothing is in hand for it.
        try await b.beginForgetting(Clinic.id(1), actor: "anna@1000")
        #expect(try b.stations().allSatisfy { $0.arrivals == 0 })
        // What came from a file is nobody's until somebody enters.
        try await b.beginForgetting(Clinic.id(2), actor: "anna@1000")
        try shared.run("DELETE FROM claim")
        let third = try await shared.station("c")
        #expect(try await third.halfForgotten().map(\.id) == [Clinic.id(2)])
        #expect(try await b.verifyChain().isIntact)
    }

    @Test("A connection that was cut is made anew") func cutConnections() async throws {
        let a = try await shared.station("a")
        try await a.receive(Shared.arrival(1))
        try shared.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        // Who wrote is told, and may try again; what is asked is asked again at once.
        for _ in 0..<2 where (try? await a.receive(Shared.arrival(2, path: "b.jpg"))) != nil { break }
        #expect(try await a.pending().map(\.id) == [Clinic.id(1), Clinic.id(2)])
        #expect(try await a.verifyChain().isIntact)
    }

    @Test("A statement that was prepared is planned for the values that it is asked with") func plans() throws {
        let mode = try shared.open().read { db -> String? in
            try db.rows(sql: "SELECT current_setting('plan_cache_mode') AS mode", arguments: [], limit: 1).first?["mode"]
        }
        #expect(mode == "force_custom_plan")
    }

    @Test("A change that was committed when the database went away for some seconds was made, and that is known")
    func cutCommits() async throws {
        let server = try #require(PostgresServer.shared)
        _ = try shared.open()
        let proxy = try CuttingProxy(before: server.folder, away: .seconds(4))
        let a = try LedgerStore(uri: shared.address.replacing("host=\(server.folder)", with: "host=\(proxy.folder)"), mode: .open)
        try await a.enter("a", spool: "/spool/a", lease: .seconds(3600))
        proxy.arm()
        try await a.receive(Shared.arrival(1))
        #expect(proxy.hasCut)
        #expect(try await a.pending().map(\.id) == [Clinic.id(1)])
        #expect(try await a.auditEntries(AuditFilter(event: "received")).count == 1)
        #expect(try await a.verifyChain().isIntact)
    }

    @Test(
        "The database itself refuses what must never happen",
        arguments: [
            "DELETE FROM audit", "TRUNCATE audit", "TRUNCATE arrival CASCADE", "DELETE FROM arrival",
            "UPDATE audit SET actor = 'nobody'", "UPDATE audit SET detail = NULL",
            "INSERT INTO audit (seq, at, actor, event, subject, detail_sha256, previous, hash) SELECT seq + 2, at, actor, event, subject, detail_sha256, hash, previous FROM audit ORDER BY seq DESC LIMIT 1",
        ]) func guards(_ sql: String) async throws
    {
        let a = try await shared.station("a")
        try await a.receive(Shared.arrival(1))
        #expect(throws: (any Error).self) { try shared.run(sql) }
        #expect(try await a.verifyChain().isIntact)
    }
}

@Suite(.enabled(if: isInstalled, "PostgreSQL is not installed: Deploy/test does"))
struct CopyTests {
    /// Everything that a ledger can hold, there and back again.
    @Test("A ledger goes into PostgreSQL and back, row by row and hash by hash") func copies() async throws {
        let clinic = try await Clinic()
        try await clinic.work()
        let shared = try Shared()
        let ledgers = PostgreSQLLedgers()
        let there = try await ledgers.copy(clinic.ledger, to: shared.address, replacing: false) { _ in }
        let head = try await clinic.ledger.head()
        #expect(there.head == head.hash.description && there.entries == head.entries && there.rows > 50)
        let ledger = try shared.open()
        #expect(try await ledger.auditEntries() == clinic.ledger.auditEntries())
        #expect(try await ledger.verify(clinic.folders) == clinic.ledger.verify(clinic.folders))
        let file = clinic.root + "/back.sqlite"
        let back = try await ledgers.copy(ledger, to: file, replacing: false) { _ in }
        #expect(back.head == there.head && back.rows == there.rows)
        #expect(try SQLiteLedgers().verify(backup: file).head == there.head)
        // It goes on where it was: numbers follow those that are there.
        try await ledger.receive(Shared.arrival(77))
        #expect(try await ledger.verifyChain().isIntact)
    }

    @Test("Nothing is copied over a ledger, unless it is kept") func keeps() async throws {
        let (clinic, shared) = (try await Clinic(), try Shared())
        try await clinic.screen(Clinic.id(1))
        let before = try shared.open()
        let identity = try await before.identity()
        let ledgers = PostgreSQLLedgers()
        await #expect(throws: PapillaError.self) {
            _ = try await ledgers.copy(clinic.ledger, to: shared.address, replacing: false) { _ in }
        }
        #expect(try await before.identity() == identity)
        let result = try await ledgers.copy(clinic.ledger, to: shared.address, replacing: true) { _ in }
        #expect(result.before?.hasPrefix("papilla_before_") == true)
        #expect(try await shared.open().identity() == clinic.ledger.identity())
    }

    @Test("A copy that does not verify is not there, and what was there before is") func refusesCopies() async throws {
        let (clinic, shared) = (try await Clinic(), try Shared())
        try await clinic.screen(Clinic.id(1))
        let store = try #require(clinic.ledger as? LedgerStore)
        try await store.write { db in _ = try db.execute(sql: "UPDATE arrival SET name = 'other.jpg'", arguments: []) }
        let ledgers = PostgreSQLLedgers()
        func refusal(replacing: Bool) async -> PapillaError? {
            await #expect(throws: PapillaError.self) {
                _ = try await ledgers.copy(clinic.ledger, to: shared.address, replacing: replacing) { _ in }
            }
        }
        #expect(await refusal(replacing: false)?.code == .damaged)
        #expect(throws: PapillaError.self) { _ = try LedgerStore(uri: shared.address, mode: .open) }
        let before = try await shared.open().identity()
        #expect(await refusal(replacing: true)?.code == .damaged)
        #expect(try await LedgerStore(uri: shared.address, mode: .open).identity() == before)
    }

    @Test("A backup of a PostgreSQL ledger is a file that verifies") func backups() async throws {
        let shared = try Shared()
        let ledger = try await shared.station("a")
        try await ledger.receive(Shared.arrival(1))
        let folder = try TemporaryFolder("backup")
        let backup = try ledger.backUp(to: folder.path + "/backup.sqlite")
        #expect(try await backup.head == ledger.head().hash.description && backup.arrivals == 1)
    }

    @Test("A backup knows the stations and their spools; what it is restored into has them again, silent")
    func stationsInBackups() async throws {
        let shared = try Shared()
        let (a, b) = (try await shared.station("a"), try await shared.station("b"))
        try await b.receive(Shared.arrival(1))
        let folder = try TemporaryFolder("backup")
        let file = folder.path + "/backup.sqlite"
        _ = try a.backUp(to: file)
        let backup = try LedgerStore(path: file, mode: .readOnly)
        #expect(try backup.stations().map(\.spool) == ["/spool/a", "/spool/b"])
        #expect(try await backup.verifyChain().isIntact)
        let other = try Shared()
        _ = try await PostgreSQLLedgers().copy(backup, to: other.address, replacing: false) { _ in }
        let restored = try await other.station("c")
        let stations = try restored.stations()
        #expect(stations.map(\.name) == ["a", "b", "c"] && stations.map(\.lives) == [false, false, true])
        #expect(stations.map(\.epoch) == [1, 1, 1] && stations.prefix(2).map(\.spool) == ["/spool/a", "/spool/b"])
        #expect(try await restored.pending().map(\.id) == [Clinic.id(1)])
        #expect(try await restored.verifyChain().isIntact)
        // And back into a file.
        _ = try await SQLiteLedgers().copy(restored, to: folder.path + "/back.sqlite", replacing: false) { _ in }
        #expect(try LedgerStore(path: folder.path + "/back.sqlite", mode: .readOnly).stations().map(\.name) == ["a", "b", "c"])
    }
}

@Suite struct AddressTests {
    @Test func passwordsAreNotShown() {
        #expect(
            PostgreSQLLedgers.withoutPassword("postgresql://papilla:secret@db.example/papilla?sslmode=require")
                == "postgresql://papilla@db.example/papilla?sslmode=require")
        for address in [
            "postgresql:///papilla?password=secret&host=/x", "postgresql://h/papilla?host=/x&sslpassword=secret",
            "postgresql://h/papilla?sslmode=require&password=secret", "postgresql://papilla:what?secret@h/papilla",
            "postgresql://papilla:a/secret@h/papilla", "postgresql://papilla:a@secret@h/papilla", "postgres://:secret@h/papilla",
        ] {
            #expect(!PostgreSQLLedgers.withoutPassword(address).contains("secret"), "\(address)")
        }
        for address in ["postgresql://h:5432/papilla?sslmode=require", "postgresql://[::1]:5432/papilla?user=a@b"] {
            #expect(PostgreSQLLedgers.withoutPassword(address) == address)
        }
    }

    @Test(
        "An address that is malformed is the configuration's fault, and is not quoted", .enabled(if: isInstalled),
        arguments: ["postgresql://papilla:100%GEHEIM@h/papilla", "postgresql://papilla:GEHEIM@h/papilla?nothing=1"])
    func malformed(_ address: String) {
        let error = #expect(throws: PapillaError.self) { _ = try LedgerStore(uri: address, mode: .open) }
        #expect(error?.code == .badConfiguration && error?.isRetryable == false)
        #expect(error?.detailed.contains("GEHEIM") == false)
    }

    @Test("A server that lets nobody in is not away") func refusedByTheServer() throws {
        let server = try #require(PostgresServer.shared)
        let address = try server.address(of: "papilla").replacing("/papilla?", with: "/nosuch?")
        let error = #expect(throws: PapillaError.self) { _ = try LedgerStore(uri: address, mode: .open) }
        #expect(error?.message.contains("does not let this user in") == true, "\(address): \(String(describing: error))")
    }

    @Test func questionMarksInQuotesStay() {
        #expect(
            PostgresSession.numbered("SELECT '?' || ? WHERE a = ? AND b = '?'") == "SELECT '?' || $1 WHERE a = $2 AND b = '?'")
    }
}
