import ServiceRuntime

/// Answers kept by idempotency key, in the transaction of the effect, so that a repeated call does nothing
/// and answers the same.
public struct IdempotencyTable: Sendable {
    public init() {}
    public var migration: Migration { fatalError("stub") }

    /// The answer kept for `key`; throws `IdempotencyError.reused` where `fingerprint` (a hash of the request)
    /// differs.
    public func answer(_ connection: Connection, key: String, fingerprint: [UInt8]) throws
        -> [UInt8]?
    { fatalError("stub") }

    /// Keeps an answer until `expires`.
    public func keep(
        _ connection: Connection, key: String, fingerprint: [UInt8], answer: [UInt8],
        expires: Timestamp
    ) throws { fatalError("stub") }

    /// Removes what expired, at most `limit` rows a call.
    public func expire(_ connection: Connection, now: Timestamp, limit: Int = 1000) throws {
        fatalError("stub")
    }
}

public enum IdempotencyError: Error, Sendable {
    /// The same key came with another request.
    case reused
}
