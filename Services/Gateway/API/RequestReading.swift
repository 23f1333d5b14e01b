import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The query of a request: only names that the route knows, each once.
struct QueryReader {
    private let query: Query

    init(_ request: Request, _ allowed: [String]) throws {
        query = request.query
        var seen: Set<String> = []
        for (name, _) in query.items {
            guard allowed.contains(name) else {
                let hint =
                    allowed.isEmpty ? "it takes none" : "known: \(allowed.joined(separator: ", "))"
                throw Problem.invalidParameter(
                    "There is no parameter \(name.prefix(100)) here; \(hint).")
            }
            guard seen.insert(name).inserted else {
                throw Problem.invalidParameter("The parameter \(name) came twice.")
            }
        }
    }

    func text(_ name: String) -> String? { query[name] }

    func list(_ name: String) -> [String]? {
        query[name].map { $0.split(separator: ",").map(String.init) }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = query[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.invalidParameter(
                "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return value
    }

    func flag(_ name: String) throws -> Bool {
        switch query[name] {
        case nil, "false": false
        case "true": true
        default: throw Problem.invalidParameter("\(name) is true or false.")
        }
    }

    /// One of `words`.
    func word(_ name: String, of words: [String]) throws -> String? {
        guard let text = query[name] else { return nil }
        guard words.contains(text) else {
            throw Problem.invalidParameter("\(name) takes \(words.joined(separator: " or ")).")
        }
        return text
    }

    /// Page size and place.
    func limit() throws -> Int? { try integer("limit", in: 1...1000) }
}

extension Request {
    /// The body as JSON; 400 `malformed-json` where it is none.
    func json(limit: Int = 1 << 20) async throws -> JSONValue {
        let bytes = try await body.collect(limit: limit)
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
    }

    /// The body as bytes that are one JSON value and nothing else, so that they may stand inside a
    /// call.
    func jsonBytes(limit: Int) async throws -> JSONBytes {
        let bytes = try await body.collect(limit: limit)
        do {
            var reader = JSONReader(bytes)
            let value = try reader.readRaw()
            try reader.finish()
            return value
        } catch {
            throw Problem.malformedJSON(error)
        }
    }

    /// A number in the path; one beyond 64 bits names nothing.
    func id(_ name: String = "id") throws -> Int64 {
        guard let text = parameters[name], let id = Int64(text) else { throw Problem.notFound() }
        return id
    }

    /// `{model}` and another code of the path.
    func fullCode(_ name: String) throws -> FullCode {
        guard let model = parameters["model"], let code = parameters[name],
            FullCode.isCode(model), FullCode.isCode(code)
        else { throw Problem.notFound() }
        return FullCode(model: model, code: code)
    }

    /// `Idempotency-Key`, where the caller sent one.
    func idempotencyKey() throws -> String? {
        guard let given = headers["Idempotency-Key"] else { return nil }
        let isPlain = given.utf8.allSatisfy { (33...126).contains($0) }
        guard isPlain, (1...200).contains(given.utf8.count) else {
            throw Problem.invalidParameter(
                "Idempotency-Key takes 1 to 200 printable ASCII characters.")
        }
        return given
    }

    /// The context of what this request asks of other services. A POST passes its `Idempotency-Key`
    /// on, as the account's own.
    func context(_ caller: Caller, door: Door = .api) throws -> CallContext {
        var key: String?
        if method == .post, let given = try idempotencyKey() {
            key = "\(caller.principal.account):\(given)"
        }
        return CallContext(
            principal: caller.principal, door: door,
            cause: Cause(root: root, account: rootAccount(caller)), trace: trace,
            idempotencyKey: key)
    }

    /// Scripts that this causes act with all rights of the account, so that a token with less than
    /// those lends nobody its own.
    private func rootAccount(_ caller: Caller) -> String? {
        caller.principal.models == nil ? caller.identity?.principal.account : nil
    }

    /// One beginning each: an id that the caller chose may come with many requests, and what they
    /// cause must not look like one loop.
    private var root: String {
        let isOwn = method == .get || method == .head || headers["X-Request-Id"] == nil
        return isOwn
            ? "request:\(trace.requestID)"
            : "request:\(trace.requestID).\(SystemRandom().token(9))"
    }
}

extension Response {
    /// An owner's answer as it came.
    static func passed(_ json: JSONBytes, status: Int = 200, headers: Headers = [:]) -> Response {
        .json(json.bytes, status: status, headers: headers)
    }

    /// An owner's stream as it comes.
    static func passed(_ answer: ClientResponse, headers: Headers) -> Response {
        var all = headers
        for name in ["Content-Type", "Content-Disposition"] where all[name] == nil {
            if let value = answer.headers[name] { all[name] = value }
        }
        let body = answer.body
        return Response(
            status: answer.status, headers: all,
            body: .stream(length: body.length) { writer in
                for try await chunk in body { try await writer.write(chunk) }
            })
    }
}
