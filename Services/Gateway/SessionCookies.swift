import Crypto
import HTTP

/// The cookie of the pages and the CSRF tokens that go with it. Over TLS it is `__Host-` and
/// `Secure`.
struct SessionCookies: Sendable {
    let isSecure: Bool
    /// CSRF tokens are an HMAC of the cookie under this key, so that nothing more is stored.
    private let key: [UInt8]

    init(isSecure: Bool, key: [UInt8]) {
        self.isSecure = isSecure
        self.key = key
    }

    private var sessionName: String { isSecure ? "__Host-geartrain" : "geartrain" }
    /// Before the log-in there is no session; this one holds the log-in form to the browser that
    /// asked for it.
    private var visitorName: String { isSecure ? "__Host-geartrain-visitor" : "geartrain-visitor" }

    private var doneName: String { isSecure ? "__Host-geartrain-done" : "geartrain-done" }

    func secret(of request: Request) -> String? { value(sessionName, request) }
    func visitor(of request: Request) -> String? { value(visitorName, request) }

    /// What a form must carry that belongs to this cookie.
    func csrf(_ cookie: String) -> String {
        Base64.encodeURL(HMAC.sha256(Array(cookie.utf8), key: key))
    }

    func session(_ secret: String) -> String { cookie(sessionName, secret) }
    func visitor(_ value: String) -> String { cookie(visitorName, value) }
    var endOfSession: String { cookie(sessionName, "") + "; Max-Age=0" }

    /// What was just done, for the page after a redirect to say so; it lasts for that page only.
    func done(_ what: StaticString) -> String { cookie(doneName, "\(what)") + "; Max-Age=20" }
    func done(of request: Request) -> String? { value(doneName, request) }
    var endOfDone: String { cookie(doneName, "") + "; Max-Age=0" }

    private func cookie(_ name: String, _ value: String) -> String {
        "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
    }

    private func value(_ name: String, _ request: Request) -> String? {
        for header in request.headers.all("Cookie") {
            for pair in header.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else {
                    continue
                }
                let value = pair[pair.index(after: equals)...]
                return value.isEmpty ? nil : String(value)
            }
        }
        return nil
    }
}
