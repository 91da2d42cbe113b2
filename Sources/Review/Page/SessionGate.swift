internal import HTTPTypes
internal import Hummingbird
internal import Screening

/// A request's context: its reader.
struct PageContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who reads; nil before the gate.
    var reader: String?

    init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }
}

/// Stands before everything: lets in only this page's own requests, of browsers that were let in, and tells browsers to keep it so.
struct SessionGate: RouterMiddleware {
    typealias Context = PageContext
    /// Browsers keep cookies by host, not by port: two pages of one machine each need a name of their own.
    static func cookie(at authority: String) -> String { "papilla-session-\(authority.split(separator: ":").last ?? "")" }

    let sessions: Sessions

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response
    {
        var response: Response
        do { response = try await admit(request, context, next) } catch {
            response = Self.response(error)
        }
        for (name, value) in Self.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private func admit(_ request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response) async throws
        -> Response
    {
        guard let authority = request.head.authority, sessions.isHere(authority) else {
            throw PageError(.misdirectedRequest, "This page is not served under that name")
        }
        // Browsers say where a request comes from; other programs need the session all the same.
        let site = HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] }
        if let site, site != "same-origin", site != "none" {
            throw PageError(
                .forbidden, "The request comes from another site. Type or paste the address instead of following a link")
        }
        if let origin = request.headers[.origin], origin != "http://\(authority)" {
            throw PageError(.forbidden, "The request comes from another origin")
        }
        if request.method != .get, request.headers[.origin] == nil {
            throw PageError(.forbidden, "A request that changes something names its origin")
        }
        if request.method == .get, request.uri.path == "/", let token = request.uri.queryParameters["token"] {
            return try enter(String(token), at: authority)
        }
        guard let session = request.cookies[Self.cookie(at: authority)]?.value, let reader = sessions.reader(of: session) else {
            throw PageError(
                .unauthorized, "Open the address that papilla review serve printed: it lets one browser in, once")
        }
        var context = context
        context.reader = reader
        return try await next(request, context)
    }

    /// The token leaves the address bar, its history and every later request.
    private func enter(_ token: String, at authority: String) throws -> Response {
        guard let session = sessions.open(token) else {
            throw PageError(
                .forbidden, "This address is wrong or was used before. Start papilla review serve again for a new one")
        }
        var response = Response.redirect(to: "/")
        response.setCookie(Cookie(name: Self.cookie(at: authority), value: session, path: "/", httpOnly: true, sameSite: .strict))
        return response
    }

    /// Nothing from elsewhere is loaded, nothing is kept, nobody frames it.
    private static let headers = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; "
                + "base-uri 'none'; frame-ancestors 'none'"
        ),
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ("X-Frame-Options", "DENY"),
    ]

    private struct Words: Encodable {
        var code: String
        var message: String
        var hint: String?
    }

    /// An error as the page's script reads it.
    private static func response(_ error: any Error) -> Response {
        let (status, words): (HTTPResponse.Status, Words) =
            switch error {
            case let error as PageError: (error.status, Words(code: "refused", message: error.message))
            case let error as PapillaError:
                (status(error.code), Words(code: error.code.rawValue, message: error.explained, hint: error.hint))
            case let error as HTTPError: (error.status, Words(code: "refused", message: error.status.reasonPhrase))
            default: (.internalServerError, Words(code: "internal", message: "Something went wrong"))
            }
        let body = (try? CanonicalJSON.line(["error": words])) ?? ""
        return Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    private static func status(_ code: PapillaError.Code) -> HTTPResponse.Status {
        switch code {
        case .badInput: .badRequest
        case .notFound: .notFound
        case .refused: .conflict
        default: .internalServerError
        }
    }
}

/// The page's refusal of a request.
struct PageError: Error {
    let status: HTTPResponse.Status
    let message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }
}
