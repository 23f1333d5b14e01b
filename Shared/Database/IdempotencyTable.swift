import ServiceRuntime

/// Answers kept by idempotency key, in the transaction of the effect, so that a repeated call does
/// nothing and answers the same.
public struct IdempotencyTable: Sendable {
    public init() {}

    public var migration: Migration {
        Migration("idempotency-1") { connection in
            try connection.script(
                """
                create table idempotency (
                    key text primary key,
                    fingerprint \(connection.dialect.blobType) not null,
                    answer \(connection.dialect.blobType) not null,
                    expires bigint not null);
                create index idempotency_expires on idempotency (expires);
                """)
        }
    }

    /// The answer kept for `key`; throws `IdempotencyError.reused` where `fingerprint` (a hash of
    /// the request) differs.
    public func answer(_ connection: Connection, key: String, fingerprint: [UInt8]) throws
        -> [UInt8]?
    {
        let kept = try connection.first(
            "select fingerprint, answer from idempotency where key = ?", [.text(key)]
        ) { (fingerprint: $0.blob(0), answer: $0.blob(1)) }
        guard let kept else { return nil }
        guard kept.fingerprint == fingerprint else { throw IdempotencyError.reused }
        return kept.answer
    }

    /// Keeps an answer until `expires`.
    public func keep(
        _ connection: Connection, key: String, fingerprint: [UInt8], answer: [UInt8],
        expires: Timestamp
    ) throws {
        try connection.run(
            "insert into idempotency (key, fingerprint, answer, expires) values (?, ?, ?, ?)",
            [
                .text(key), .blob(fingerprint), .blob(answer), .integer(expires.milliseconds),
            ])
    }

    /// Removes what expired, at most `limit` rows a call.
    public func expire(_ connection: Connection, now: Timestamp, limit: Int = 1000) throws {
        try connection.run(
            """
            delete from idempotency where key in (
                select key from idempotency where expires <= ? order by expires limit ?)
            """, [.integer(now.milliseconds), .integer(Int64(limit))])
    }
}

public enum IdempotencyError: Error, Sendable {
    /// The same key came with another request.
    case reused
}
