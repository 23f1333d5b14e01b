import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Secrets of definitions, sealed. A seal holds for its name only, so that a row cannot be put in
/// the place of another.
struct SecretStore: Sendable {
    /// The most secrets.
    static let countLimit: Int64 = 1_000

    static let migration = Migration(
        "records-secrets",
        """
        CREATE TABLE secret (
            name TEXT PRIMARY KEY,
            key TEXT NOT NULL,
            value BLOB NOT NULL,
            changed TEXT NOT NULL
        );
        """)

    let database: Database
    let keys: SecretKeys
    let runtime: Runtime

    func put(_ call: PutSecret, _ context: CallContext) async throws -> Done {
        try need(context)
        try check(call)
        let key = keys.keys[0]
        let sealed = try AESGCM.seal(
            Array(call.value.utf8), key: key.bytes, associated: SecretStore.associated(call.name),
            random: runtime.random)
        let now = runtime.clock.now().text
        try await database.write { connection in
            let others = try connection.count(
                "SELECT count(*) FROM secret WHERE name <> ?", [.text(call.name)])
            guard others < SecretStore.countLimit else {
                throw Problem.conflict(
                    "There are \(SecretStore.countLimit) secrets already; delete one first.")
            }
            try connection.run(
                "INSERT INTO secret (name, key, value, changed) VALUES (?, ?, ?, ?)"
                    + " ON CONFLICT (name) DO UPDATE SET key = excluded.key,"
                    + " value = excluded.value, changed = excluded.changed",
                [.text(call.name), .text(key.id), .blob(sealed), .text(now)])
        }
        return Done()
    }

    func delete(_ call: DeleteSecret, _ context: CallContext) async throws -> Done {
        try need(context)
        let count = try await database.write { connection in
            try connection.run("DELETE FROM secret WHERE name = ?", [.text(call.name)])
        }
        guard count > 0 else { throw Problem.notFound("There is no such secret.") }
        return Done()
    }

    func list(_ call: ListSecrets, _ context: CallContext) async throws -> JSONBytes {
        try need(context)
        let items = try await database.read { connection in
            try connection.query("SELECT name, changed FROM secret ORDER BY name") { row in
                JSONValue.object(
                    JSONObject([
                        ("name", .string(row.text(0))), ("changed", .string(row.text(1))),
                    ]))
            }
        }
        return JSONBytes((["items": .array(items)] as JSONValue).bytes)
    }

    func read(_ call: ReadSecrets, _ context: CallContext) async throws -> SecretValues {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only the platform itself reads secrets.")
        }
        guard call.names.count <= ReadSecrets.nameLimit else {
            throw Problem.tooLarge(limit: ReadSecrets.nameLimit, "Too many secrets at once.")
        }
        let rows = try await database.read { connection in
            try call.names.map { name in
                try connection.first("SELECT key, value FROM secret WHERE name = ?", [.text(name)])
                {
                    (key: $0.text(0), value: $0.blob(1))
                }
            }
        }
        return SecretValues(values: try zip(call.names, rows).map(open))
    }

    private func open(_ name: String, _ row: (key: String, value: [UInt8])?) throws -> String {
        guard let row else {
            throw Problem(
                status: 422, code: "unknown-secret", title: "A secret is missing",
                detail: "There is no secret “\(name)”; put it with PUT /api/secrets/\(name).")
        }
        guard let key = keys.key(row.key),
            let bytes = try? AESGCM.open(
                row.value, key: key.bytes, associated: SecretStore.associated(name))
        else {
            throw Problem(
                status: 422, code: "secret-sealed", title: "A secret cannot be opened",
                detail: "The secret “\(name)” was sealed with another key: give the key of before"
                    + " in RECORDS_SECRET_KEY after the new one, or put the secret again.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func associated(_ name: String) -> [UInt8] { Array("secret:\(name)".utf8) }

    private func check(_ call: PutSecret) throws {
        var faults: [FieldProblem] = []
        if !FullCode.isCode(call.name) {
            faults.append(
                FieldProblem(
                    pointer: "/name", code: "invalid-code",
                    detail: "A name begins with a-z and has at most 63 of a-z, 0-9 and _."))
        }
        if call.value.isEmpty || call.value.utf8.contains(0) {
            faults.append(
                FieldProblem(
                    pointer: "/value", code: "invalid-value",
                    detail: "A secret is a text that is not empty and holds no NUL."))
        }
        if call.value.utf8.count > PutSecret.valueLimit {
            faults.append(
                FieldProblem(
                    pointer: "/value", code: "too-long",
                    detail: "A secret has at most \(PutSecret.valueLimit) bytes."))
        }
        if !faults.isEmpty { throw Problem.validation(faults) }
    }

    private func need(_ context: CallContext) throws {
        // A token of some models is not for what all models share.
        guard context.principal.permissions.contains("models:write"),
            (context.principal.models ?? []).isEmpty
        else {
            throw Problem.forbidden(
                "It needs the permission models:write, by a token for all models.")
        }
    }
}
