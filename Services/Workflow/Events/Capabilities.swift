import Contracts
import Crypto
import Database
import JSON
import ServiceRuntime

/// Links that raise an event for one instance, once. The token follows from the instance, the
/// event and how often it was used there, so that a mail that is made again holds the same link;
/// the database has its hash only.
struct Capabilities: Sendable {
    let key: [UInt8]
    let publicURL: String
    let life: Duration
    let clock: any WallClock

    struct Capability: Sendable {
        var hash: String
        var instance: Int64
        var event: FullCode
        var expires: Timestamp
        var usedAt: Timestamp?
        var usedBy: String?
    }

    static let keyName = "capability-key"

    /// The key of this database, made the first time.
    static func key(_ connection: Connection, random: any RandomSource) throws -> [UInt8] {
        try connection.run(
            "insert into secret (name, content) values (?, ?) on conflict (name) do nothing",
            [.text(keyName), .blob(random.bytes(32))])
        return try connection.first(
            "select content from secret where name = ?", [.text(keyName)]
        ) { $0.blob(0) } ?? []
    }

    /// The token that is valid now for this instance and event.
    func token(_ instance: Int64, _ event: FullCode, _ connection: Connection) throws -> String {
        let generation = try generation(instance, event, connection)
        let text = "\(instance)/\(event)/\(generation)"
        return Base64.encodeURL(HMAC.sha256(Array(text.utf8), key: key))
    }

    func url(_ token: String) -> String { publicURL + path(token) }

    func path(_ token: String) -> String { "/e/" + token }

    /// Makes the link work; it lives from the first time.
    func grant(
        _ token: String, _ instance: Int64, _ event: FullCode, _ connection: Connection
    ) throws {
        let generation = try generation(instance, event, connection)
        try connection.run(
            """
            insert into capability (hash, instance, event, generation, expires)
            values (?, ?, ?, ?, ?)
            on conflict (hash) do nothing
            """,
            [
                .text(Capabilities.hash(token)), .integer(instance), .text(event.description),
                .integer(generation),
                .integer(clock.now().advanced(by: life).milliseconds),
            ])
    }

    /// How often it was used: then a new link is needed.
    private func generation(
        _ instance: Int64, _ event: FullCode, _ connection: Connection
    ) throws -> Int64 {
        try connection.count(
            """
            select count(*) from capability
            where instance = ? and event = ? and used_at is not null
            """, [.integer(instance), .text(event.description)])
    }

    func find(_ token: String, _ connection: Connection) throws -> Capability? {
        try connection.first(
            """
            select hash, instance, event, expires, used_at, used_by from capability where hash = ?
            """, [.text(Capabilities.hash(token))]
        ) { row -> Capability? in
            guard let event = FullCode(row.text(2)) else { return nil }
            return Capability(
                hash: row.text(0), instance: row.integer(1), event: event,
                expires: Timestamp(milliseconds: row.integer(3)),
                usedAt: row.optionalInteger(4).map { Timestamp(milliseconds: $0) },
                usedBy: row.optionalText(5))
        }.flatMap(\.self)
    }

    func markUsed(_ capability: Capability, by account: String, _ connection: Connection) throws {
        try connection.run(
            "update capability set used_at = ?, used_by = ? where hash = ? and used_at is null",
            [
                .integer(clock.now().milliseconds), .text(account), .text(capability.hash),
            ])
    }

    private static func hash(_ token: String) -> String { SHA256.hex(Array(token.utf8)) }
}
