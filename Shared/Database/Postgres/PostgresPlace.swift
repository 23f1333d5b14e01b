/// Where a store is in a PostgreSQL: a schema of a database.
public struct PostgresPlace: Sendable, Hashable {
    /// How long a transaction of ours may do nothing before the server ends it, in milliseconds: a
    /// copy that hangs holds its lock no longer.
    static let idleLimit = 60_000

    public var address: PostgresAddress
    public var schema: String

    public init(_ address: PostgresAddress, schema: String) {
        self.address = address
        self.schema = schema
    }

    /// Whether a location is one: `postgresql://…`.
    public static func isOne(_ location: String) -> Bool {
        location.hasPrefix("postgresql://") || location.hasPrefix("postgres://")
    }

    /// Reads `postgresql://user:password@host:port/database?sslmode=…&schema=…`. `sslmode` is
    /// `disable`, `require` or `verify-full`, which it is where nothing is said; `sslrootcert` is a
    /// PEM file; `schema` is `name` where nothing is said. Throws `DatabaseError.schema`, without
    /// the password, where it is none.
    public init(_ location: String, schema name: String) throws {
        let rest = location.drop { $0 != "/" }.dropFirst(2)
        let hostEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<hostEnd]
        let at = authority.lastIndex(of: "@")
        let login = (at.map { authority[..<$0] } ?? "").split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        let (host, port) = try PostgresPlace.hostAndPort(place)
        let tail = rest[hostEnd...].split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let database = try PostgresPlace.decoded(tail.first?.dropFirst() ?? "")
        let user = try PostgresPlace.decoded(login.first ?? "")
        guard !database.isEmpty, !user.isEmpty, !host.isEmpty else {
            throw PostgresPlace.wrong("it names no user, host or database")
        }
        address = PostgresAddress(
            host: host, port: port, database: database, user: user,
            password: try PostgresPlace.decoded(login.count > 1 ? login[1] : ""))
        schema = name
        for pair in (tail.count > 1 ? tail[1] : "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try set(String(parts[0]), to: PostgresPlace.decoded(parts.count > 1 ? parts[1] : ""))
        }
        guard !schema.isEmpty, schema.utf8.count <= Dialect.nameLimit else {
            throw PostgresPlace.wrong("a schema's name has 1 to \(Dialect.nameLimit) bytes")
        }
    }

    private mutating func set(_ name: String, to value: String) throws {
        switch name {
        case "schema": schema = value
        case "sslrootcert": address.authorities = value
        case "sslmode":
            switch value {
            case "disable": address.encryption = .off
            case "require": address.encryption = .encrypt
            case "verify-full": address.encryption = .verify
            default:
                throw PostgresPlace.wrong("sslmode is disable, require or verify-full")
            }
        default:
            // Not by its name: that may be a piece of a password with a ? in it.
            throw PostgresPlace.wrong(
                "a parameter is none of schema, sslmode and sslrootcert (a ? in a password is"
                    + " written %3F)")
        }
    }

    private static func hostAndPort(_ text: Substring) throws -> (String, Int) {
        var host = text
        var port = 5432
        let colon = text.last == "]" ? nil : text.lastIndex(of: ":")
        if let colon {
            guard let number = Int(text[text.index(after: colon)...]), (1...65535).contains(number)
            else { throw wrong("its port is none") }
            port = number
            host = text[..<colon]
        }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        return (try decoded(host), port)
    }

    private static func decoded(_ text: Substring) throws -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let digits = String(rest.prefix(2)),
                let value = UInt8(digits, radix: 16)
            else { throw wrong("a % is not followed by two hexadecimal digits") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func wrong(_ why: String) -> DatabaseError {
        .schema(
            "the address of the database is not to be read: \(why). It is written"
                + " postgresql://user:password@host:port/database?sslmode=verify-full&schema=name")
    }

    /// Of the lock that whoever writes into the schema holds.
    var lockNumber: Int64 { lockNumber(of: "") }

    /// Where copies tell each other what was enqueued.
    var channel: String { Dialect.quote("geartrain \(schema)") }

    /// Of the lock that says that a copy of the service is there: it holds it, as one of many that
    /// may, in the session that writes and in the one that hears of others.
    func lock(ofCopy name: String) -> Int64 { lockNumber(of: "copy " + name) }

    /// Of the lock that each copy of the service holds once, by which they are counted.
    var lockOfCopies: Int64 { lockNumber(of: "copies") }

    /// Takes the lock of a copy, or that of all, in a session, for its life.
    static func presence(_ copy: Int64) -> String { "select pg_advisory_lock_shared(\(copy))" }

    /// FNV-1a of the names.
    func lockNumber(of work: String) -> Int64 {
        Int64(bitPattern: Fingerprint.of(schema + "/" + work))
    }
}
