import Foundation
import Imaging
import Ledger
import Screening
import TestSupport
import Testing
import Trends

@testable import Review

/// The page over HTTP: who is let in, what is served, what becomes of a decision.
@Suite("The review page")
struct PageTests {
    private let site: PageSite
    init() async throws { site = try await PageSite() }

    @Test("Every outcome, reason and attention has words of its own: no code is shown as it is")
    func codeWords() throws {
        let path = Checkout.path("Sources/Review/Page/Assets/words.js")
        let script = try String(contentsOfFile: path, encoding: .utf8)
        func words(_ table: String) throws -> Set<String> {
            let start = try #require(script.range(of: "const \(table) = {")).upperBound
            let end = try #require(script[start...].range(of: "};")).lowerBound
            return Set(script[start..<end].matches(of: #/([a-z_]+): "[^"]+"/#).map { String($0.output.1) })
        }
        #expect(try words("outcomes") == Set(Outcome.allCases.map(\.rawValue)))
        #expect(try words("causes") == Set(Reason.Code.allCases.map(\.rawValue)))
        #expect(try words("attentions").isSuperset(of: Attention.Code.allCases.map(\.rawValue)))
        #expect(!script.contains("replaceAll(\"_\""))
    }

    @Test("A13: an address lets one browser in, once; the cookie is this port's, strict, and no script can read it")
    func token() async throws {
        #expect(try await site.ask("GET", "/").status == 401)
        #expect(try await site.ask("GET", "/?token=wrong").status == 403)
        let first = try await site.ask("GET", "/?token=\(site.token)")
        #expect(first.status == 303 && first.headers["location"] == "/")
        let cookie = try #require(first.headers["set-cookie"])
        // A13: browsers tell no ports apart, so the name does.
        #expect(cookie.hasPrefix("papilla-session-\(site.port)="))
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(site.token))
        #expect(try await site.ask("GET", "/?token=\(site.token)").status == 403)
        #expect(try await site.ask("GET", "/", ["Cookie": "papilla-session-\(site.port)=\(site.token)"]).status == 401)
        let page = try await site.ask("GET", "/", ["Cookie": String(cookie.split(separator: ";")[0])])
        #expect(page.status == 200 && page.text.contains("Anna") && page.text.contains(Version.current))
    }

    @Test("Everything says what browsers may do with it, and nothing comes from elsewhere")
    func headers() async throws {
        let cookie = try await site.enter()
        for path in [
            "/", "/page.js", "/viewer.js", "/visit.js", "/words.js", "/drawing.js", "/page.css", "/api/screenings", "/api/work",
            "/nothing",
            "/api/screenings/x", "/api/visits/x",
        ] {
            for headers in [cookie, [:]] {
                let answer = try await site.ask("GET", path, headers)
                #expect(answer.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true, "\(path)")
                #expect(answer.headers["cache-control"] == "no-store" && answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["x-frame-options"] == "DENY")
                if headers.isEmpty { #expect(answer.status == 401, "\(path)") }
                #expect(!answer.text.contains("http://") && !answer.text.contains("https://"), "\(path)")
            }
        }
        #expect(try await site.ask("GET", "/nothing", cookie).status == 404)
    }

    @Test("Another site, another origin, another name and a request without origin are refused")
    func strangers() async throws {
        let id = try await site.screen(1)
        let cookie = try await site.enter()
        let path = "/api/screenings/\(id)/decisions"
        let body = #"{"verdict":"accept","seen":{"version":1,"decisions":0}}"#
        let own = cookie.merging(site.origin) { $1 }
        for (strange, status) in [
            (["Origin": "http://evil.example"], 403), (["Origin": "http://127.0.0.1:1"], 403), (["Origin": "null"], 403),
            (["Sec-Fetch-Site": "cross-site"], 403), (["Sec-Fetch-Site": "same-site"], 403),
            (["Host": "evil.example:\(site.port)"], 421), (["Host": "127.0.0.1:1"], 421),
            (["Cookie": "papilla-session-\(site.port)=0"], 401),
            (["Cookie": ""], 401),
        ] {
            #expect(try await site.ask("POST", path, own.merging(strange) { $1 }, body: body).status == status, "\(strange)")
        }
        #expect(try await site.ask("POST", path, cookie, body: body).status == 403, "no origin")
        #expect(
            try await site.ask("GET", "/api/screenings/\(id)/image", cookie.merging(["Sec-Fetch-Site": "cross-site"]) { $1 })
                .status == 403)
        #expect(site.decided.isEmpty)
        #expect(try await site.ask("POST", path, own, body: body).status == 200)
        #expect(site.decided.map(\.reader) == ["Anna"])
    }

    @Test("An ID that is none, a version that is none, and a path out of the folders are refused")
    func places() async throws {
        let id = try await site.screen(1)
        let cookie = try await site.enter()
        try Data("secret".utf8).write(to: URL(fileURLWithPath: site.root + "/secret.jpg"))
        for path in [
            "/api/screenings/x", "/api/screenings/20261124-zzzzzzzz", "/api/screenings/..", "/api/screenings/\(id)/1/report.json",
            "/api/screenings/\(id)/1/..%2F..%2F..%2Fsecret.jpg", "/api/screenings/\(id)/1/../../secret.jpg",
            "/api/screenings/\(id)/1/%2e%2e/secret.jpg", "/api/screenings/\(id)/2/overlay.jpg",
            "/api/screenings/\(id)/x/overlay.jpg",
            "/api/screenings/\(id)/1/disc.png", "/../secret.jpg", "/api/screenings?outcome=none", "/api/screenings?since=today",
            "/api/screenings?path=/etc",
        ] {
            let answer = try await site.ask("GET", path, cookie)
            #expect((400..<500).contains(answer.status), "\(path): \(answer.status)")
            #expect(!answer.text.contains("secret"))
        }
        #expect(try await site.ask("GET", "/api/screenings/\(id)/1/overlay.jpg", cookie).text == "drawn")
        // A link in the archive leads nowhere.
        let original = "\(site.root)/archive/2026-11-24/\(id)/eye.png"
        try FileManager.default.removeItem(atPath: original)
        try FileManager.default.createSymbolicLink(atPath: original, withDestinationPath: site.root + "/secret.jpg")
        #expect(try await site.ask("GET", "/api/screenings/\(id)/image", cookie).status >= 400)
        #expect(throws: PapillaError.self) { try ArchiveFile.read("../secret.jpg", in: site.root + "/archive") }
        #expect(throws: PapillaError.self) { try ArchiveFile.read("../\u{301}/secret.jpg", in: site.root + "/archive") }
        #expect(throws: PapillaError.self) { try ArchiveFile.read("/etc/passwd", in: site.root + "/archive") }
    }

    @Test("The list, a screening with its earlier results, and its image")
    func reading() async throws {
        try await site.screen(1, patient: "7") { $0.fundus?.cdr?.vertical = 0.62 }
        let id = try await site.screen(2, patient: "7", received: Timestamp(milliseconds: 1_795_616_867_250))
        try await site.screen(3) { $0.attention = [] }
        let cookie = try await site.enter()
        func list(_ query: String) async throws -> [String] {
            let rows = try CanonicalJSON.decode(
                [WorkRow].self, from: try await site.ask("GET", "/api/screenings?" + query, cookie).body)
            return rows.map { String($0.id.suffix.last ?? " ") }
        }
        #expect(try await list("") == ["2", "1"])
        #expect(try await list("all=1").count == 3)
        #expect(try await list("attention=polyp") == [])
        #expect(try await list("outcome=measured&until=2026-11-24&undecided=1") == ["1"])
        let answer = try await site.ask("GET", "/api/screenings/\(id)", cookie)
        let detail = try CanonicalJSON.decode(ReviewDetail.self, from: answer.body)
        #expect(detail.seen == Seen(version: 1, decisions: 0) && detail.versions.count == 1)
        let earlier = try #require(detail.earlier.first)
        #expect(abs(try #require(earlier.change) - 0.08) < 1e-9 && earlier.isWithinError == true)
        #expect(detail.measurementError == .betweenReaders && earlier.error == .betweenReaders)
        // C5: a ratio that was rejected has changed since nothing, and nothing has changed since it.
        _ = try await site.ledger.decide(
            try NewDecision(id, reader: "Ben", verdict: .reject, note: "not the disc"), actor: "b@2")
        let rejected = try await site.requestHandler.detail("\(id)")
        #expect(rejected.earlier.map(\.vcdr) == [0.62] && rejected.earlier.first?.change == nil)
        let image = try await site.ask("GET", "/api/screenings/\(id)/image", cookie)
        let decoded = try ImageDecoder.decode(image.body)
        #expect(image.headers["content-type"] == "image/jpeg" && decoded.raster.width == 120 && decoded.raster.height == 90)
    }

    @Test("The work list has a line a visit, what most needs a person first, and one for each image that stands in none")
    func work() async throws {
        let left = try await site.screen(1, patient: "7")
        let repeated = try await site.screen(2, patient: "7") {
            $0.fundus?.cdr = .init(vertical: 0.5, horizontal: 0.5, area: 0.2, interval: [0.1, 0.9])
        }
        let quiet = try await site.screen(3, patient: "8") { $0.attention = [] }
        let waiting = try await site.screen(4, patient: "9") { $0.attention = [Attention(.qualityUsable, "Usable.")] }
        let nobodys = try await site.screen(5)
        let first = try await site.visit(1, of: "7", [left, repeated], weight: 15, attention: [.ratioHigh, .change])
        let second = try await site.visit(2, of: "8", [quiet], weight: 0, worst: nil, attention: [])
        let cookie = try await site.enter()
        func list(_ query: String = "") async throws -> [WorkLine] {
            try CanonicalJSON.decode([WorkLine].self, from: try await site.ask("GET", "/api/work?" + query, cookie).body)
        }
        func ids(_ query: String = "") async throws -> [String] { try await list(query).map(\.id) }
        #expect(try await ids() == [first, nobodys, waiting].map(\.description))
        #expect(try await ids("all=1") == [first, nobodys, waiting, second].map(\.description))
        #expect(try await ids("attention=change") == ["\(first)"])
        #expect(try await ids("modality=endoscopy&all=1") == [])
        #expect(try await ids("until=2026-11-23&all=1") == [])
        #expect(try await site.ask("GET", "/api/work?outcome=measured", cookie).status == 400)
        let line = try #require(try await list().first?.visit)
        #expect(line.subject.identifier == "7" && line.images == 2 && line.counting == 1 && line.undecided == 1)
        #expect(line.eyes.map(\.ratio?.value) == [0.7] && line.eyes.map(\.photographs) == [2] && line.worst == .left)
        #expect(line.attention == [.ratioHigh, .change])

        // The photograph that counts is what a reader decides on: a repeat changes nothing, and where it is rejected the repeat counts.
        func decide(_ id: ScreeningID, _ verdict: Report.Decision.Verdict) async throws {
            _ = try await site.ledger.decide(try NewDecision(id, reader: "Ben", verdict: verdict, note: "so"), actor: "b@2")
        }
        try await decide(left, .reject)
        #expect(try await list("undecided=1").first?.visit?.eyes.map(\.ratio?.value) == [0.5])
        try await decide(repeated, .accept)
        #expect(try await ids("undecided=1") == [nobodys, waiting].map(\.description))
        try await decide(nobodys, .accept)
        #expect(try await ids("undecided=1") == ["\(waiting)"])
        #expect(try await list().first?.visit?.rejected == 1)
    }

    @Test("A visit shows what counts with what a decision on it refers to, as its images are now")
    func visit() async throws {
        let left = try await site.screen(1, patient: "7")
        let right = try await site.screen(2, patient: "7") { report in
            report.source.eye = .right
            report.attention = []
        }
        let id = try await site.visit(1, of: "7", [left, right])
        let cookie = try await site.enter()
        func shown() async throws -> VisitDetail {
            try CanonicalJSON.decode(VisitDetail.self, from: try await site.ask("GET", "/api/visits/\(id)", cookie).body)
        }
        let before = try await shown()
        #expect(before.visit.eyes.map(\.eye) == [.right, .left] && before.counting.map(\.id) == [right, left])
        #expect(before.counting.map(\.seen) == Array(repeating: Seen(version: 1, decisions: 0), count: 2) && before.blind.isEmpty)
        _ = try await site.ledger.decide(try NewDecision(left, reader: "Ben", verdict: .accept, note: nil), actor: "b@2")
        let after = try await shown()
        #expect(after.line.undecided == 1 && after.counting.map(\.seen.decisions) == [0, 1])
        // What came late is there before the visit's next version is published.
        try await site.screen(3, patient: "7")
        #expect(try await shown().line.images == 3)
        let drawing = try await site.ask("GET", "/api/visits/\(id)/history.svg", cookie)
        #expect(drawing.status == 200 && drawing.text.contains("Right eye") && drawing.text.contains("Left eye"))
        #expect(try await site.ask("GET", "/api/visits/20261124-zzzzzzzz", cookie).status == 404)
        #expect(try await site.ask("GET", "/api/visits/\(id)").status == 401)
    }

    @Test("What later models have read again nobody has decided on, and the former decision says of which version it is")
    func rereadVisit() async throws {
        let screening = try await site.screen(1, patient: "7")
        let id = try await site.visit(1, of: "7", [screening])
        let cookie = try await site.enter()
        _ = try await site.ledger.decide(try NewDecision(screening, reader: "Ben", verdict: .accept, note: nil), actor: "b@2")
        func shown() async throws -> VisitDetail {
            let answer = try await site.ask("GET", "/api/visits/\(id)", cookie)
            #expect(answer.status == 200, "\(answer.text)")
            return try CanonicalJSON.decode(VisitDetail.self, from: answer.body)
        }
        #expect(try await shown().line.undecided == 0)
        try await site.reread(screening)
        let visit = try await shown()
        #expect(visit.line.undecided == 1 && visit.counting.map(\.seen) == [Seen(version: 2, decisions: 1)])
        let detail = try await site.requestHandler.detail("\(screening)")
        #expect(detail.decisions.map(\.version) == [1] && detail.decisions.map { $0.isAbout(detail.report.version) } == [false])
        #expect(try await site.requestHandler.workList(ReviewFilter()).map(\.decision) == [nil])
        _ = try await site.ledger.decide(
            try NewDecision(screening, reader: "Ben", verdict: .accept, note: nil, seen: detail.seen), actor: "b@2")
        #expect(try await shown().line.undecided == 0)
        #expect(try await site.requestHandler.detail("\(screening)").decisions.map { $0.isAbout(2) } == [false, true])
    }

    @Test("C6: of what is to be drawn blind a visit says only that it is there, and its place in the list tells nothing")
    func blindVisit() async throws {
        let site = try await PageSite(blindShare: 1)
        let hidden = try await site.screen(1, patient: "7")
        let unfit = try await site.screen(2, patient: "7") {
            $0.fundus = nil
            $0.attention = [Attention(.qualityUsable, "Usable.")]
            $0.outcome = .ungradable
            $0.reasons = [Reason(.tooDark, "Dark.")]
        }
        let quiet = try await site.screen(3, patient: "8") { $0.attention = [] }
        let first = try await site.visit(1, of: "7", [hidden, unfit], weight: 15, attention: [.ratioHigh, .change])
        let second = try await site.visit(2, of: "8", [quiet], weight: 0, worst: nil, attention: [])
        let cookie = try await site.enter()
        let secrets = ["0.7", "ratio_high", "change\"", "no_finding", "measured"]
        for path in ["/api/work", "/api/work?undecided=1&all=1", "/api/visits/\(first)", "/api/visits/\(second)"] {
            let answer = try await site.ask("GET", path, cookie)
            #expect(answer.status == 200)
            for secret in secrets { #expect(!answer.text.contains(secret), "\(path): \(secret)") }
        }
        let lines = try CanonicalJSON.decode([WorkLine].self, from: try await site.ask("GET", "/api/work", cookie).body)
        #expect(Set(lines.map(\.id)) == ["\(first)", "\(second)"] && lines.compactMap(\.visit?.blind) == [1, 1])
        // Only the other photograph, which everyone may see, calls for a person.
        #expect(lines.flatMap { $0.visit?.attention ?? [] } == [.qualityUsable])
        let narrowed = try await site.ask("GET", "/api/work?attention=ratio_high", cookie)
        #expect(narrowed.text == "[]")
        #expect(try await site.ask("GET", "/api/visits/\(second)/history.svg", cookie).status == 404)
        // Drawn by one reader: shown to all.
        _ = try await site.ledger.decide(try NewDecision(hidden, reader: "Ben", verdict: .accept, note: nil), actor: "b@2")
        let after = try CanonicalJSON.decode(
            VisitDetail.self, from: try await site.ask("GET", "/api/visits/\(first)", cookie).body)
        #expect(after.blind.isEmpty && after.visit.eyes.first?.counts?.image.id == hidden)
    }

    @Test("The eyes' history is drawn of a subject that is known, and of nothing that is to be drawn blind")
    func history() async throws {
        try await site.screen(1, patient: "7") { $0.fundus?.cdr?.vertical = 0.62 }
        let id = try await site.screen(2, patient: "7", received: Timestamp(milliseconds: 1_795_716_867_250))
        let nobodys = try await site.screen(3)
        let cookie = try await site.enter()
        let drawing = try await site.ask("GET", "/api/screenings/\(id)/history.svg", cookie)
        #expect(drawing.status == 200 && drawing.headers["content-type"] == "image/svg+xml")
        #expect(drawing.text.hasPrefix("<svg") && drawing.text.components(separatedBy: "class=\"read\"").count == 1 + 2)
        #expect(drawing.text.contains("Left eye") && !drawing.text.contains("<script"))
        #expect(try await site.ask("GET", "/api/screenings/\(nobodys)/history.svg", cookie).status == 404)
        #expect(try await site.ask("GET", "/api/screenings/\(id)/history.svg").status == 401)
        let blind = try await PageSite(blindShare: 1)
        let hidden = try await blind.screen(1, patient: "7")
        let refused = try await blind.ask("GET", "/api/screenings/\(hidden)/history.svg", try await blind.enter())
        #expect((400..<500).contains(refused.status) && !refused.text.contains("<svg"))
    }

    @Test("C6: what is to be drawn blind shows nothing of what was found, whatever is asked for, until a reader has drawn")
    func blind() async throws {
        let site = try await PageSite(blindShare: 1)
        let secrets = ["0.7", "0.62", "ratio_high", "High", "drawn", "disc.png", "no_finding", "polyp.png"]
        let fundus = try await site.screen(1, patient: "7") { $0.fundus?.cdr?.vertical = 0.62 }
        let later = try await site.screen(2, patient: "7", received: Timestamp(milliseconds: 1_795_616_867_250))
        let frame = try await site.screen(3) {
            $0.fundus = nil
            $0.attention = []
            $0.outcome = .noFinding
            $0.modality = .init(value: .endoscopy, probabilities: ["endoscopy": 1])
            $0.endoscopy = EndoscopyFindings(polyps: [], polypAreaFraction: 0, disagreement: 0, mask: "polyp.png")
        }
        let unfit = try await site.screen(4) {
            $0.fundus = nil
            $0.attention = [Attention(.qualityUsable, "Not good.")]
            $0.outcome = .ungradable
            $0.reasons = [Reason(.tooDark, "Dark.")]
        }
        let cookie = try await site.enter()
        let own = cookie.merging(site.origin) { $1 }
        func send(_ id: ScreeningID, _ verdict: String, _ outlines: String = "null", decisions: Int = 0) async throws
            -> PageSite.Answer
        {
            let word =
                #"{"verdict":"\#(verdict)","note":"why","seen":{"version":1,"decisions":\#(decisions)},"outlines":\#(outlines)}"#
            return try await site.ask("POST", "/api/screenings/\(id)/decisions", own, body: word)
        }
        for id in [fundus, later, frame] {
            for path in [
                "/api/screenings", "/api/screenings?all=1&order=newest", "/api/screenings/\(id)",
                "/api/screenings/\(id)/1/overlay.jpg",
            ] {
                let answer = try await site.ask("GET", path, cookie)
                for secret in secrets {
                    #expect(!answer.text.contains(secret) || (secret == "drawn" && answer.status == 409), "\(path): \(secret)")
                }
            }
            #expect(try await site.ask("GET", "/api/screenings/\(id)/image", cookie).status == 200)
            #expect(try await site.ask("GET", "/api/screenings/\(id)/1/overlay.jpg", cookie).status == 409)
            #expect(try await send(id, "accept").status == 400)
        }
        // Two images of which something else was found look the same.
        func shown(_ id: ScreeningID) async throws -> ReviewDetail {
            try CanonicalJSON.decode(ReviewDetail.self, from: try await site.ask("GET", "/api/screenings/\(id)", cookie).body)
        }
        let (first, third) = (try await shown(fundus), try await shown(frame))
        #expect(first.blind && third.blind && first.report.outcome == third.report.outcome && first.earlier.isEmpty)
        #expect(first.report.files.isEmpty && first.report.models == third.report.models)
        #expect(try await !shown(unfit).blind)
        for query in ["outcome=measured", "outcome=no_finding", "attention=ratio_high"] {
            let list = try await site.ask("GET", "/api/screenings?all=1&\(query)", cookie)
            for id in [fundus, later, frame] { #expect(list.status == 200 && !list.text.contains("\(id)"), "\(query)") }
        }
        #expect(site.decided.isEmpty)
        // Drawn: the decision says so, and everything is there.
        #expect(try await send(later, "correct", #"{"cup":{"runs":[0,9]},"disc":{"runs":[0,99]}}"#).status == 200)
        #expect(site.decided.map(\.blind) == [true])
        let after = try await shown(later)
        #expect(!after.blind && after.report.fundus?.cdr?.vertical == 0.7)
        // The earlier photograph is still to be drawn: its ratio does not stand beside the later one.
        #expect(after.earlier.isEmpty)
        #expect(try await site.ask("GET", "/api/screenings/\(later)/1/overlay.jpg", cookie).text == "drawn")
        // From now on it was seen.
        #expect(try await send(later, "correct", #"{"cup":{"runs":[0,9]}}"#, decisions: 1).status == 200)
        #expect(site.decided.map(\.blind) == [true, false])
        // What is not fit to be drawn is rejected, and nothing is claimed to be drawn.
        #expect(try await send(fundus, "reject").status == 200)
        #expect(site.decided.last?.blind == false && site.decided.last?.verdict == .reject)
    }

    @Test("A7: a changed original, mask or report is not shown, and the answer names the screening")
    func changedFiles() async throws {
        let id = try await site.screen(1)
        let cookie = try await site.enter()
        let bundle = try await #require(try site.ledger.versions(of: id).first?.bundle)
        for (file, path) in [
            ("archive/2026-11-24/\(id)/eye.png", "/api/screenings/\(id)/image"),
            ("outbox/\(bundle)/overlay.jpg", "/api/screenings/\(id)/1/overlay.jpg"),
            ("outbox/\(bundle)/report.json", "/api/screenings/\(id)"),
        ] {
            let url = URL(fileURLWithPath: "\(site.root)/\(file)")
            let before = try Data(contentsOf: url)
            #expect(try await site.ask("GET", path, cookie).status == 200)
            let other = try Data(ImageEncoder.png(Raster(width: 120, height: 90, fill: (9, 9, 9))))
            for bytes in [other, before + [10], before.dropLast(2)] {
                try bytes.write(to: url)
                let answer = try await site.ask("GET", path, cookie)
                #expect(answer.status == 500 && answer.text.contains("not the"), "\(file): \(answer.text)")
                if file.hasPrefix("archive") { #expect(answer.text.contains("\(id)") && !answer.text.contains("eye.png")) }
            }
            try before.write(to: url)
        }
    }

    @Test("Which eye it is goes to the service as a correction without masks; an eye that is none is refused")
    func eye() async throws {
        let id = try await site.screen(1)
        let headers = try await site.enter().merging(site.origin) { $1 }
        func send(_ eye: String) async throws -> Int {
            let word = #"{"verdict":"correct","seen":{"version":1,"decisions":0},"eye":"\#(eye)"}"#
            return try await site.ask("POST", "/api/screenings/\(id)/decisions", headers, body: word).status
        }
        #expect(try await send("both") == 400 && site.decided.isEmpty)
        #expect(try await send("right") == 200)
        let decided = try #require(site.decided.first)
        #expect(decided.verdict == .correct && decided.eye == .right && decided.masks.isEmpty && !decided.blind)
    }

    @Test("What is drawn becomes masks of the original's size; the second reader is told")
    func drawing() async throws {
        let id = try await site.screen(1)
        let headers = try await site.enter().merging(site.origin) { $1 }
        let path = "/api/screenings/\(id)/decisions"
        func send(_ outlines: String, decisions: Int = 0) async throws -> PageSite.Answer {
            let word = #"{"verdict":"correct","seen":{"version":1,"decisions":\#(decisions)},"outlines":\#(outlines)}"#
            return try await site.ask("POST", path, headers, body: word)
        }
        for bad in [
            #"{"cup":{"runs":[0]}}"#, #"{"cup":{"runs":[10790,11]}}"#, #"{"cup":{"runs":[5,2,6,1]}}"#,
            #"{"cup":{"runs":[-1,2]}}"#,
            #"{"cup":{"runs":[0,9223372036854775807]}}"#, #"{"cup":{}}"#,
            #"{"cup":{"ellipse":{"cx":1,"cy":1,"a":-3,"b":1,"angle":0}}}"#, "17",
        ] {
            #expect(try await send(bad).status == 400, "\(bad)")
        }
        #expect(site.decided.isEmpty)
        let drawn = #"{"cup":{"ellipse":{"cx":60,"cy":45,"a":12,"b":9,"angle":90}},"disc":{"runs":[0,3,120,2,10799,1]}}"#
        #expect(try await send(drawn).status == 200)
        let masks = try #require(site.decided.first?.masks)
        let cup = try ImageDecoder.decodeMask(Array(try #require(masks["cup"]))).mask(atLeast: 128)
        #expect(cup == Ellipse(cx: 60, cy: 45, a: 12, b: 9, angle: 90).mask(width: 120, height: 90))
        let disc = try ImageDecoder.decodeMask(Array(try #require(masks["disc"]))).mask(atLeast: 128)
        #expect(disc.area == 6 && disc[2, 0] && disc[1, 1] && disc[119, 89])
        let late = try await send(drawn)
        #expect(late.status == 409 && late.text.contains("Anna decided at"))
        #expect(try await send(drawn, decisions: 1).status == 200)
    }
}
