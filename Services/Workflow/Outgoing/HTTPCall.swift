import Contracts
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What a definition wants to be sent, with its expressions evaluated and its secrets in their
/// places.
struct HTTPCall: Sendable {
    /// Members of a definition, in the order of its page.
    static let members = [
        "method", "url", "headers", "query", "body", "form", "sign", "expect", "timeout",
        "redirects", "integration",
    ]
    /// The most bytes of an answer.
    static let answerLimit = 4 << 20

    private(set) var request: OutgoingRequest
    /// The statuses that are success, and no others; nil is all of 2xx.
    let expected: [Int64]?
    private let secrets: Secrets
    private let place: SecretPlace

    /// Throws a problem that no repetition mends.
    init(
        _ content: JSONValue, of place: SecretPlace, secrets: Secrets, as context: CallContext,
        at time: Timestamp
    ) throws {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(content, at: "", problems: problems)
        request = OutgoingRequest(
            method: (reader.string("method") ?? "GET").uppercased(),
            url: reader.string("url", required: true) ?? "",
            followsRedirects: reader.boolean("redirects", default: true),
            timeout: reader.duration("timeout"), responseLimit: HTTPCall.answerLimit)
        expected = HTTPCall.statuses(reader)
        self.secrets = secrets
        self.place = place
        let headers = reader.nested("headers")
        let query = reader.nested("query")
        let (body, form) = (reader.given("body"), reader.nested("form"))
        let sign = reader.string("sign")
        for member in ["integration", "expect"] { reader.ignore(member) }
        reader.finish()
        if let first = problems.items.first {
            throw Problem.outgoingRefused("\(first.pointer.dropFirst()): \(first.detail)")
        }
        try setURL(query)
        try setHeaders(headers)
        if let form { try setForm(form) } else if let body { setBody(body) }
        setContext(context)
        if let sign { try self.sign(sign, context, time) }
    }

    private static func statuses(_ reader: ObjectReader) -> [Int64]? {
        reader.given("expect")?.array?.compactMap(\.integer)
    }

    // MARK: Parts

    /// In an address a secret stands as a whole, or behind the host, where it is encoded.
    private mutating func setURL(_ query: ObjectReader?) throws {
        var url = request.url
        let place = place["url"]
        if let name = SecretName.named(by: url), place.names.names.contains(name),
            let value = secrets.values[name]
        {
            url = value
        } else {
            let host = url.firstRange(of: "://").map { start in
                url[start.upperBound...].prefix { !"/?#".contains($0) }
            }
            guard host.map({ secrets.filled(String($0), at: place) == nil }) ?? true else {
                throw Problem.outgoingRefused("url: a secret stands behind the host, or for all")
            }
            url = secrets.filled(url, at: place, encoded: Percent.encode) ?? url
        }
        var pairs: [String] = []
        for (name, value) in query?.object.members ?? [] {
            let place = self.place["query"][name]
            let isList = value.array != nil
            let values = value.array ?? [value]
            for (index, value) in values.enumerated() where !value.isNull {
                let text = try HTTPCall.text(value, of: "query.\(name)")
                let filled = secrets.filled(text, at: isList ? place[index] : place)
                pairs.append(
                    Percent.encode(name) + "=" + Percent.encode(filled ?? text))
            }
        }
        if !pairs.isEmpty {
            let base = url.prefix { $0 != "#" }
            url = base + (base.contains("?") ? "&" : "?") + pairs.joined(separator: "&")
        }
        request.url = url
    }

    private mutating func setHeaders(_ headers: ObjectReader?) throws {
        for (name, value) in headers?.object.members ?? [] where !value.isNull {
            let text = try HTTPCall.text(value, of: "headers.\(name)")
            let filled = secrets.filled(text, at: place["headers"][name])
            request.headers.append(.init(name, filled ?? text, isSecret: filled != nil))
        }
    }

    private mutating func setForm(_ form: ObjectReader) throws {
        var pairs: [String] = []
        for (name, value) in form.object.members where !value.isNull {
            let text = try HTTPCall.text(value, of: "form.\(name)")
            let filled = secrets.filled(text, at: place["form"][name])
            request.isBodySecret = request.isBodySecret || filled != nil
            pairs.append(
                Percent.encode(name) + "=" + Percent.encode(filled ?? text))
        }
        request.body = Array(pairs.joined(separator: "&").utf8)
        setType("application/x-www-form-urlencoded")
    }

    /// A text goes as it is, anything else as JSON.
    private mutating func setBody(_ body: JSONValue) {
        let (filled, hasSecret) = secrets.filled(body, at: place["body"])
        request.isBodySecret = hasSecret
        if let text = filled.string {
            request.body = Array(text.utf8)
            setType("text/plain; charset=utf-8")
        } else {
            request.body = filled.bytes
            setType("application/json")
        }
    }

    private mutating func setType(_ type: String) {
        add("Content-Type", type)
    }

    /// Unless the definition has it.
    private mutating func add(_ name: String, _ value: String) {
        let lower = name.lowercased()
        guard !request.headers.contains(where: { $0.name.lowercased() == lower }) else { return }
        request.headers.append(.init(name, value))
    }

    private mutating func setContext(_ context: CallContext) {
        if let wait = context.timeout { request.timeout = min(request.timeout ?? wait, wait) }
        add("User-Agent", "Geartrain")
        if let key = context.idempotencyKey { add("Idempotency-Key", key) }
        add("traceparent", TraceContext.outgoing(context))
    }

    /// A signed call goes to whom it is signed for, and nowhere else.
    private mutating func sign(
        _ text: String, _ context: CallContext, _ time: Timestamp
    ) throws {
        guard let name = SecretName.named(by: text), let secret = secrets.values[name] else {
            throw Problem.outgoingRefused("sign: write secret: and the secret's name")
        }
        guard let id = context.idempotencyKey else {
            throw Problem.outgoingRefused("sign: this call has no key to be known by")
        }
        let headers = try WebhookSignature.headers(
            id: id, at: time, body: request.body, secret: secret)
        request.headers += headers.map { .init($0.0, $0.1, isSecret: true) }
        request.followsRedirects = false
    }

    private static func text(_ value: JSONValue, of place: String) throws -> String {
        switch value {
        case .string(let text): return text
        case .number, .boolean: return value.text
        default: throw Problem.outgoingRefused("\(place) is neither a text nor a number")
        }
    }
}
