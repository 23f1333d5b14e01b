import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

extension CallContext {
    /// A key that names a work for ever: the platform's own, and those of scripts that it runs; a
    /// person's live for a day.
    var platformKey: String? {
        guard let key = idempotencyKey else { return nil }
        let isOwn = ["workflow:", "rule:", "job:"].contains { key.hasPrefix($0) }
        return principal.isSystem || door == .script && isOwn ? key : nil
    }
}

/// The same call under the same idempotency key does its effect once and is answered the same.
struct KeyedAnswers: Sendable {
    let clock: any WallClock

    static let life = Duration.seconds(24 * 3600)

    /// Runs `effect` in the caller's transaction, or answers what it answered before. A call
    /// without a key runs.
    func once(
        _ context: CallContext, _ request: [UInt8], _ connection: Connection,
        effect: () throws -> JSONValue
    ) throws -> JSONValue {
        guard let key = context.idempotencyKey else { return try effect() }
        let table = IdempotencyTable()
        let fingerprint = SHA256.digest(request)
        do {
            let kept = try table.answer(connection, key: key, fingerprint: fingerprint)
            if let kept { return try JSONValue(parsing: kept) }
        } catch IdempotencyError.reused {
            throw WorkflowError.keyReused
        }
        let answer = try effect()
        try table.keep(
            connection, key: key, fingerprint: fingerprint, answer: answer.bytes,
            expires: clock.now().advanced(by: KeyedAnswers.life))
        return answer
    }
}
