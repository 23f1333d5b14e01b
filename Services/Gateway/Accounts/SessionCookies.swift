import Crypto
import HTTP
import ServiceRuntime

/// The cookie of the pages and the CSRF tokens that go with it. Over TLS it is `__Host-` and
/// `Secure`.
struct SessionCookies: Sendable {
    let isSecure: Bool
    /// CSRF tokens are an HMAC of the cookie under this key, so that nothing more is stored.
    private let key: [UInt8]

    private let random: any RandomSource
    private static let saltBytes = 12

    init(isSecure: Bool, key: [UInt8], random: any RandomSource) {
        self.isSecure = isSecure
        self.key = key
        self.random = random
    }

    private var sessionName: String { isSecure ? "__Host-geartrain" : "geartrain" }
    /// Before the log-in there is no session; this one holds the log-in form to the browser that
    /// asked for it.
    private var visitorName: String { isSecure ? "__Host-geartrain-visitor" : "geartrain-visitor" }

    /// Kept when somebody logged in: the browser is then known to the account.
    private var deviceName: String { isSecure ? "__Host-geartrain-device" : "geartrain-device" }

    private var doneName: String { isSecure ? "__Host-geartrain-done" : "geartrain-done" }

    func secret(of request: Request) -> String? { value(sessionName, request) }
    func visitor(of request: Request) -> String? { value(visitorName, request) }

    func device(of request: Request) -> String? { value(deviceName, request) }

    /// The key of the form tokens of this cookie; it stays here.
    func csrf(_ cookie: String) -> [UInt8] { HMAC.sha256(Array(cookie.utf8), key: key) }

    /// What a form must carry: a salt and its HMAC, another one each time, so that a compressed
    /// page that also shows what somebody typed does not give it away piece by piece.
    func formToken(_ csrf: [UInt8]) -> String {
        let salt = random.bytes(SessionCookies.saltBytes)
        return Base64.encodeURL(salt + HMAC.sha256(salt, key: csrf))
    }

    static func isToken(_ token: String?, of csrf: [UInt8]) -> Bool {
        guard let bytes = token.flatMap(Base64.decodeURL), bytes.count > saltBytes else {
            return false
        }
        let mine = HMAC.sha256(Array(bytes.prefix(saltBytes)), key: csrf)
        return constantTimeEqual(Array(bytes.dropFirst(saltBytes)), mine)
    }

    func session(_ secret: String) -> String { cookie(sessionName, secret) }
    func visitor(_ value: String) -> String { cookie(visitorName, value) }
    func device(_ value: String) -> String { cookie(deviceName, value) + "; Max-Age=31536000" }
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
