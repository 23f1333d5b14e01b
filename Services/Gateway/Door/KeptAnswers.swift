import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The answers of the POSTs that the gateway serves itself, by `Idempotency-Key`, so that a request
/// that is sent again does nothing and is answered the same. What another service does is kept
/// there, in the transaction of its effect.
///
/// The row stands before the work begins: where the process ends in between, nobody can say whether
/// it was done, and the key is answered so (409) rather than doing it twice. Keys, requests and
/// answers are in the database as keyed hashes and sealed, under keys that need `RPC_KEY` and the
/// caller's own key, so that neither a password nor a new token can be read from it.
struct KeptAnswers: Sendable {
    static let life = Duration.seconds(24 * 3600)
    /// Rows removed at a time.
    static let expiryLimit = 1000

    private static let keptHeaders = ["Content-Type", "Location", "ETag", "Cache-Control"]

    private let database: Database
    private let clock: any WallClock
    private let random: any RandomSource
    private let secret: [UInt8]
    /// Tells rows of this run from those of one that ended before its work did; of those that share
    /// a database it is the copy's number.
    private let run: String

    init(database: Database, key: [UInt8], runtime: Runtime) {
        self.database = database
        clock = runtime.clock
        random = runtime.random
        secret = HMAC.sha256(Array("kept answers of the gateway".utf8), key: key)
        run = database.copy.map { "\($0)" } ?? runtime.random.token(12)
    }

    static let migration = Migration("0010-kept-answers") { connection in
        let blob = connection.dialect.blobType
        try connection.script(
            """
            create table kept_answer (
                name text primary key, fingerprint \(blob) not null, run text not null,
                answer \(blob), expires bigint not null);
            create index kept_answer_expires on kept_answer (expires);
            """)
    }

    /// The same handler, once for each key of an account. `whose`: the account, or where nobody is
    /// logged in, the address that asks.
    func keeping(
        _ handler: @escaping RouteTable.Handler, bodyLimit: Int,
        whose: @escaping @Sendable (Request, Caller) -> String
    ) -> RouteTable.Handler {
        { request, caller in
            guard let key = try request.idempotencyKey() else {
                return try await handler(request, caller)
            }
            let body = try await request.body.collect(limit: bodyLimit)
            var request = request
            request.body = RequestBody(body)
            let entry = entry(key, whose(request, caller), request, body)
            if let kept = try await begin(entry) { return kept }
            do {
                let response = try await handler(request, caller)
                try await end(entry, response)
                return response
            } catch {
                // Also where the caller went away meanwhile: the next try must not find it begun.
                await Task { try? await forget(entry) }.value
                throw error
            }
        }
    }

    /// Removes what expired.
    func expire() async throws {
        let now = clock.now()
        try await database.write { connection in
            try connection.run(
                """
                delete from kept_answer where name in (
                    select name from kept_answer where expires <= ? order by expires limit ?)
                """, [.integer(now.milliseconds), .integer(Int64(KeptAnswers.expiryLimit))])
        }
    }

    // MARK: Rows

    private struct Entry: Sendable {
        let name: String
        let fingerprint: [UInt8]
        let sealKey: [UInt8]
    }

    private func entry(_ key: String, _ owner: String, _ request: Request, _ body: [UInt8]) -> Entry
    {
        let name = keyed("name", [owner, key])
        let query = request.query.items.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        let head = [request.method.rawValue, request.rawPath, query]
        return Entry(
            name: Hex.encode(name),
            fingerprint: HMAC.sha256(keyed("request", head) + body, key: secret),
            sealKey: keyed("seal", [owner, key]))
    }

    /// Lengths stand before the parts, so that no two lists of parts look alike.
    private func keyed(_ purpose: String, _ parts: [String]) -> [UInt8] {
        let text = ([purpose] + parts).map { "\($0.utf8.count):\($0)" }.joined()
        return HMAC.sha256(Array(text.utf8), key: secret)
    }

    /// The answer that is kept; nil where there is none, and then the work has begun. Throws 409.
    private func begin(_ entry: Entry) async throws -> Response? {
        let now = clock.now()
        let expires = now.advanced(by: KeptAnswers.life)
        let sealed = try await database.write { [run] connection -> [UInt8]? in
            try connection.run(
                "delete from kept_answer where name = ? and expires <= ?",
                [.text(entry.name), .integer(now.milliseconds)])
            let kept = try connection.first(
                "select fingerprint, run, answer from kept_answer where name = ?",
                [.text(entry.name)]
            ) {
                (fingerprint: $0.blob(0), run: $0.text(1), answer: $0.isNull(2) ? nil : $0.blob(2))
            }
            guard let kept else {
                try connection.run(
                    "insert into kept_answer (name, fingerprint, run, expires) values (?, ?, ?, ?)",
                    [
                        .text(entry.name), .blob(entry.fingerprint), .text(run),
                        .integer(expires.milliseconds),
                    ])
                return nil
            }
            guard kept.fingerprint == entry.fingerprint else { throw Problem.keyReused }
            if let answer = kept.answer { return answer }
            // Another copy may be at it.
            let isRunning =
                try kept.run == run
                || Int64(kept.run).map { try connection.isThere(copy: $0) }
                    ?? false
            throw isRunning ? Problem.keyInUse : Problem.outcomeUnknown
        }
        return try sealed.map { try open($0, entry) }
    }

    private func end(_ entry: Entry, _ response: Response) async throws {
        let body: [UInt8]
        switch response.body {
        case .bytes(let bytes): body = bytes
        case .empty: body = []
        // A stream cannot be kept; no route that takes a key answers one.
        case .stream: return try await forget(entry)
        }
        guard response.status < 400 else { return try await forget(entry) }
        let sealed = try seal(response, body, entry)
        try await database.write { connection in
            try connection.run(
                "update kept_answer set answer = ? where name = ?",
                [.blob(sealed), .text(entry.name)])
        }
    }

    private func forget(_ entry: Entry) async throws {
        try await database.write { [run] connection in
            try connection.run(
                "delete from kept_answer where name = ? and run = ? and answer is null",
                [.text(entry.name), .text(run)])
        }
    }

    // MARK: Answers

    /// A line of JSON with status and headers, and the body behind it.
    private func seal(_ response: Response, _ body: [UInt8], _ entry: Entry) throws -> [UInt8] {
        let headers = KeptAnswers.keptHeaders.compactMap { name in
            response.headers[name].map { (name, JSONValue.string($0)) }
        }
        let head: JSONValue = [
            "status": .number(JSONNumber(Int64(response.status))),
            "headers": .object(JSONObject(headers)),
        ]
        return try AESGCM.seal(
            head.bytes + [10] + body, key: entry.sealKey, associated: Array(entry.name.utf8),
            random: random)
    }

    private func open(_ sealed: [UInt8], _ entry: Entry) throws -> Response {
        // Sealed under another RPC_KEY, its row would not have been found; so this is damage.
        let bytes = try AESGCM.open(
            sealed, key: entry.sealKey, associated: Array(entry.name.utf8))
        guard let end = bytes.firstIndex(of: 10),
            let head = try? JSONValue(parsing: Array(bytes[..<end])),
            let status = head["status"]?.integer
        else { throw Problem.internalError }
        var headers = Headers()
        for (name, value) in head["headers"]?.object?.members ?? [] {
            headers.add(name, value.string ?? "")
        }
        let body = Array(bytes[(end + 1)...])
        return Response(
            status: Int(status), headers: headers, body: body.isEmpty ? .empty : .bytes(body))
    }
}

extension Problem {
    static let keyReused = Problem(
        status: 409, code: "idempotency-key-reused", title: "The key was used for something else",
        detail: "This Idempotency-Key came before with another request. Use a new one.")

    static let keyInUse = Problem(
        status: 409, code: "idempotency-key-in-use", title: "The same request is under way",
        detail: "A request with this Idempotency-Key has not ended. Send it again in a moment.",
        retryAfter: 1)

    static let outcomeUnknown = Problem(
        status: 409, code: "outcome-unknown", title: "Nobody knows whether it was done",
        detail: "A request with this Idempotency-Key was begun, and the service ended before it"
            + " did. Look whether it was done; if not, use a new key.")
}
