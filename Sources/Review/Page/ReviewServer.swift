public import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Imaging
public import Ledger
public import Logging
internal import Mustache
internal import NIOCore
internal import Reading
public import Screening

/// A decision that a reader made on the page.
public struct PageDecision: Sendable {
    /// On which screening.
    public var arrival: ScreeningID
    /// Accept, reject or correct.
    public var verdict: Report.Decision.Verdict
    /// Who decided.
    public var reader: String
    /// Why.
    public var note: String?
    /// What was on the screen.
    public var seen: Seen
    /// PNG files of the original's size by structure.
    public var masks: [String: Data]
    /// Which eye it is, where that is corrected.
    public var eye: Eye?
    /// Whether the reader drew without having been shown what the models found.
    public var blind: Bool
}

/// The review page: a small web server for readers' browsers.
public struct ReviewServer: Sendable {
    private let catalogue: ReviewCatalogue
    private let decide: @Sendable (PageDecision) async throws -> DecisionRow
    private let log: Logger
    private let page: MustacheTemplate

    /// A server that is not running yet.
    ///
    /// - Parameter decide: has the service write a decision down.
    /// - Throws: `internal` where the page itself is broken.
    public init(
        _ catalogue: ReviewCatalogue, log: Logger, decide: @escaping @Sendable (PageDecision) async throws -> DecisionRow
    ) throws(PapillaError) {
        self.catalogue = catalogue
        self.decide = decide
        self.log = log
        do { page = try MustacheTemplate(string: String(decoding: PackageResources.page_mustache, as: UTF8.self)) } catch {
            throw PapillaError(.internal, "The page's template is broken", cause: error)
        }
    }

    /// Serves until the task is cancelled or a signal asks it to stop.
    ///
    /// - Parameters:
    ///   - readers: their names; each gets an address of their own, that lets one browser in.
    ///   - address: the name or number under which browsers reach it.
    ///   - port: 0 for any that is free.
    ///   - ready: told each reader's address once the page is there.
    /// - Throws: `system` where the port cannot be had.
    public func run(
        readers: [String], address: String = "127.0.0.1", port: Int = 0,
        ready: @escaping @Sendable (_ reader: String, _ address: String) -> Void
    ) async throws {
        let sessions = Sessions()
        let application = Application(
            router: router(SessionGate(sessions: sessions)),
            configuration: ApplicationConfiguration(address: .hostname(address, port: port)),
            onServerRunning: { channel in
                let here = "\(address):\(channel.localAddress?.port ?? port)"
                sessions.serve(as: [here, here.replacing("127.0.0.1", with: "localhost")])
                for reader in readers { ready(reader, "http://\(here)/?token=\(sessions.invite(reader))") }
            }, logger: log)
        do { try await application.runService() } catch is CancellationError { throw CancellationError() } catch {
            let (message, hint) = ("The page could not be served at \(address):\(port)", "Choose another --port or --address")
            guard let refused = error as? IOError else { throw PapillaError(.system, message, hint: hint, cause: error) }
            throw PapillaError.system(message, errno: refused.errnoCode, hint: hint)
        }
    }

    // MARK: - Routes

    func router(_ gate: SessionGate) -> Router<PageContext> {
        let router = Router(context: PageContext.self)
        router.middlewares.add(gate)
        router.get("/") { _, context in
            let codes = Attention.Code.allCases.map(\.rawValue).joined(separator: " ")
            let values = ["reader": context.reader ?? "", "version": Version.current, "codes": codes]
            return Self.answer(Array(page.render(values).utf8), "text/html; charset=utf-8")
        }
        for (name, bytes, type) in [
            ("page.css", PackageResources.page_css, "text/css"), ("page.js", PackageResources.page_js, "text/javascript"),
            ("viewer.js", PackageResources.viewer_js, "text/javascript"),
            ("visit.js", PackageResources.visit_js, "text/javascript"),
            ("words.js", PackageResources.words_js, "text/javascript"),
            ("drawing.js", PackageResources.drawing_js, "text/javascript"),
        ] {
            router.get(RouterPath(name)) { _, _ in Self.answer(bytes, type + "; charset=utf-8") }
        }
        router.get("api/work") { request, _ in try Self.json(await catalogue.work(Self.filter(request))) }
        router.get("api/visits/:id") { _, context in try Self.json(await catalogue.visit(Self.id(context))) }
        router.get("api/visits/:id/history.svg") { _, context in
            guard let drawing = try await catalogue.history(ofVisit: Self.id(context)) else {
                throw PapillaError(.notFound, "Nobody knows which eye this visit's photographs are of")
            }
            return Self.answer(Array(drawing.utf8), "image/svg+xml")
        }
        router.get("api/screenings") { request, _ in try Self.json(await catalogue.workList(Self.filter(request))) }
        router.get("api/screenings/:id") { _, context in try Self.json(await catalogue.detail(Self.id(context).description)) }
        router.get("api/screenings/:id/image") { _, context in
            Self.answer(try await catalogue.image(of: Self.id(context)), "image/jpeg")
        }
        router.get("api/screenings/:id/:version/overlay") { _, context in
            guard let version = context.parameters.get("version").flatMap({ Int($0) }) else {
                throw PapillaError(.badInput, "This is no version's number")
            }
            return Self.answer(try await catalogue.overlay(of: Self.id(context), version: version), "image/jpeg")
        }
        router.get("api/screenings/:id/history.svg") { _, context in
            guard let drawing = try await catalogue.history(of: Self.id(context)) else {
                throw PapillaError(.notFound, "Nobody knows whose image this is, or which eye")
            }
            return Self.answer(Array(drawing.utf8), "image/svg+xml")
        }
        router.get("api/screenings/:id/:version/:file") { _, context in
            let (name, version) = (context.parameters.get("file") ?? "", context.parameters.get("version").flatMap { Int($0) })
            guard let version, let type = StandardBundle.mediaType(of: name) else {
                throw PapillaError(.badInput, "Only pictures of a version are served: VERSION/overlay.jpg, for example")
            }
            let bytes = try await catalogue.file(name, of: Self.id(context), version: version)
            return Self.answer(bytes, type)
        }
        router.post("api/screenings/:id/decisions") { request, context in
            try Self.json(await decide(decision(request, context)))
        }
        return router
    }

    /// A message of the page's script.
    private struct Word: Decodable {
        var verdict: Report.Decision.Verdict
        var note: String?
        var seen: Seen
        var outlines: [String: DrawnOutline]?
        var eye: Eye?
    }

    private func decision(_ request: Request, _ context: PageContext) async throws -> PageDecision {
        let id = try Self.id(context)
        let body = try await request.body.collect(upTo: 32 << 20)
        let word: Word
        do { word = try CanonicalJSON.decode(Word.self, from: body.readableBytesView) } catch {
            throw PapillaError(.badInput, "This is no decision", cause: error)
        }
        // The page knows what it showed; a browser is not asked.
        let blind = try await catalogue.isBlind(id)
        guard !blind || word.verdict != .accept else {
            throw PapillaError(
                .badInput, "What was not shown cannot be accepted", place: "\(id)", hint: "Draw first, then save")
        }
        var masks: [String: Data] = [:]
        if let outlines = word.outlines, !outlines.isEmpty {
            let source = try await catalogue.detail(id.description).report.source
            guard let width = source.width, let height = source.height else {
                throw PapillaError(.badInput, "An image that could not be read cannot be drawn on")
            }
            for (name, outline) in outlines {
                masks[name] = Data(try ImageEncoder.png(outline.mask(width: width, height: height)))
            }
        }
        return PageDecision(
            arrival: id, verdict: word.verdict, reader: context.reader ?? "", note: word.note, seen: word.seen, masks: masks,
            eye: word.eye, blind: blind && word.verdict == .correct)
    }

    private static func id(_ context: PageContext) throws(PapillaError) -> ScreeningID {
        guard let id = context.parameters.get("id").flatMap({ ScreeningID($0) }) else {
            throw PapillaError(.badInput, "This is no ID of a screening", hint: "An ID looks like 20261124-k7q2m9xd")
        }
        return id
    }

    private static func filter(_ request: Request) throws(PapillaError) -> ReviewFilter {
        try filter(request.uri.queryParameters.map { (String($0.key), String($0.value)) })
    }

    /// The list's filter from what stands in the address: outcome, modality, attention, since, until, undecided, all, order.
    static func filter(_ words: [(String, String)]) throws(PapillaError) -> ReviewFilter {
        var filter = ReviewFilter()
        filter.arrivals.limit = 500
        func wrong(_ name: String, _ value: String) -> PapillaError { PapillaError(.badInput, "\(name) cannot be \(value)") }
        for (name, value) in words where !value.isEmpty {
            switch name {
            case "outcome":
                guard let outcome = Outcome(rawValue: value) else { throw wrong(name, value) }
                filter.arrivals.outcomes = (filter.arrivals.outcomes ?? []).union([outcome])
            case "modality":
                guard let modality = Modality(rawValue: value) else { throw wrong(name, value) }
                filter.modalities.insert(modality)
            case "attention":
                guard let code = Attention.Code(rawValue: value) else { throw wrong(name, value) }
                filter.attention.insert(code)
            case "since", "until":
                guard let moment = Moment(value) else { throw wrong(name, value) }
                if name == "since" { filter.arrivals.since = moment.start } else { filter.arrivals.until = moment.end }
            case "undecided": filter.undecidedOnly = value == "1"
            case "all": filter.includesQuiet = value == "1"
            case "order":
                guard let order = ReviewFilter.Order(rawValue: value) else { throw wrong(name, value) }
                filter.order = order
            default: throw PapillaError(.badInput, "The list has no filter \(name)")
            }
        }
        return filter
    }

    private static func json(_ value: some Encodable) throws -> Response {
        answer(Array(try CanonicalJSON.line(value).utf8), "application/json")
    }

    private static func answer(_ bytes: [UInt8], _ type: String) -> Response {
        Response(status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
