import HTTP
import JSON
import ServiceRuntime

/// A client of the gateway (or of any service's port) over a real connection.
public struct APIClient: Sendable {
    public let port: Int
    /// Sent as a bearer token.
    public var token: String?
    /// Sent as it is.
    public var cookie: String?
    public var timeout = Duration.seconds(30)
    private let http: HTTPClient

    public init(port: Int, token: String? = nil) {
        self.port = port
        self.token = token
        http = HTTPClient(host: "127.0.0.1", port: port, runtime: TestRuntime.make())
    }

    /// A whole answer.
    public struct Answer: Sendable, CustomStringConvertible {
        public let status: Int
        public let headers: Headers
        public let bytes: [UInt8]
        public var text: String { String(decoding: bytes, as: UTF8.self) }
        public var json: JSONValue {
            get throws { try JSONValue(parsing: bytes) }
        }
        public var description: String { "\(status) \(text.prefix(2000))" }
    }

    /// The answer was not the one that the test needs.
    public struct Unexpected: Error, CustomStringConvertible {
        public let request: String
        public let answer: Answer
        public var description: String { "\(request): \(answer)" }
    }

    /// Any request; `body` is sent as `type`.
    public func send(
        _ method: HTTP.Method, _ target: String, body: [UInt8]? = nil,
        type: String = "application/json", headers: Headers = [:]
    ) async throws -> Answer {
        var all = headers
        if let token, all["Authorization"] == nil { all["Authorization"] = "Bearer \(token)" }
        if let cookie { all["Cookie"] = cookie }
        if body != nil, all["Content-Type"] == nil { all["Content-Type"] = type }
        let response = try await http.send(
            ClientRequest(
                method: method, target: target, headers: all,
                body: body.map { RequestBody($0) } ?? .empty, timeout: timeout))
        let bytes = try await response.body.collect(limit: 64 << 20)
        return Answer(status: response.status, headers: response.headers, bytes: bytes)
    }

    /// Puts a file that is made while it is sent, under the version that was seen; answers the
    /// status.
    public func put(
        _ target: String, _ body: RequestBody, version: Int64
    ) async throws -> Int {
        var headers: Headers = ["If-Match": "\"\(version)\"", "Content-Type": "text/plain"]
        if let token { headers["Authorization"] = "Bearer \(token)" }
        let response = try await http.send(
            ClientRequest(
                method: .put, target: target, headers: headers, body: body, timeout: timeout))
        _ = try await response.body.collect(limit: 64 << 20)
        return response.status
    }

    /// A request whose answer must have `status`.
    @discardableResult
    public func expect(
        _ status: Int, _ method: HTTP.Method, _ target: String, json: JSONValue? = nil,
        headers: Headers = [:]
    ) async throws -> Answer {
        let answer = try await send(method, target, body: json?.bytes, headers: headers)
        guard answer.status == status else {
            throw Unexpected(request: "\(method.rawValue) \(target)", answer: answer)
        }
        return answer
    }

    /// `GET` that must answer 200, as JSON.
    public func get(_ target: String) async throws -> JSONValue {
        try await expect(200, .get, target).json
    }

    /// `POST` that must answer `status`, as JSON.
    @discardableResult
    public func post(
        _ target: String, _ json: JSONValue, status: Int = 201, headers: Headers = [:]
    ) async throws -> JSONValue {
        try await expect(status, .post, target, json: json, headers: headers).json
    }

    /// A request that must be refused as problem+json with this status and code; answers the
    /// problem.
    @discardableResult
    public func expectProblem(
        _ status: Int, _ code: String, _ method: HTTP.Method, _ target: String,
        json: JSONValue? = nil, headers: Headers = [:]
    ) async throws -> JSONValue {
        let answer = try await expect(status, method, target, json: json, headers: headers)
        let problem = try answer.json
        guard answer.headers["Content-Type"]?.hasPrefix("application/problem+json") == true,
            problem["type"]?.string == "/problems/\(code)"
        else { throw Unexpected(request: "\(method.rawValue) \(target)", answer: answer) }
        return problem
    }

    /// A client with the token of a new session.
    public func loggedIn(_ account: String, _ password: String) async throws -> APIClient {
        let session = try await post(
            "/api/sessions", ["account": .string(account), "password": .string(password)])
        var client = self
        client.token = session["token"]?.string
        return client
    }

    /// Whether `/readyz` answers 200.
    public func isReady() async -> Bool {
        (try? await send(.get, "/readyz").status) == 200
    }
}
