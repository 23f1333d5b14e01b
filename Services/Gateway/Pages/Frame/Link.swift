import HTTP
import ServiceRuntime

/// An address of one of our own pages: path and query.
struct Link: Sendable, Equatable {
    let text: String

    static let home = Link()
    static let login = Link("login")
    static let logout = Link("logout")
    static let password = Link("password")
    static let forgotten = Link("forgotten")

    /// `Link("m", model, class, query: [("filter", text)])`; a nil or empty value is left out.
    init(_ segments: String..., query: [(name: String, value: String?)] = []) {
        var text = ""
        for segment in segments { text += "/" + Percent.encode(segment) }
        if text.isEmpty { text = "/" }
        var separator = "?"
        for (name, value) in query {
            guard let value, !value.isEmpty else { continue }
            text += separator + Percent.encode(name) + "=" + Percent.encode(value)
            separator = "&"
        }
        self.text = text
    }

    /// A `returnUrl` that came from outside: only a path of ours, whatever a browser makes of it.
    init?(own text: String?) {
        guard let text, text.utf8.count <= 2000, text.hasPrefix("/"),
            text.utf8.dropFirst().first != UInt8(ascii: "/"),
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\\") })
        else { return nil }
        self.text = text
    }

    /// Path and query of a request as they came, to be asked again.
    init?(of request: Request) {
        let query = request.query.items.map { (name: $0.name, value: $0.value as String?) }
        let path = Link(own: request.rawPath)
        guard let path else { return nil }
        text = path.text + Link(query: query).text.dropFirst()
    }
}
