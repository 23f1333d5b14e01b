import Database
import JSON
import RPC
import ServiceRuntime

/// Who asks for a change: for the checks, and for the audit.
struct Requester: Sendable {
    let account: String
    let permissions: Set<String>
    /// Of the caller, through trusted proxies.
    let address: String
    let requestID: String

    /// The platform itself, at its first start or when a model brings its roles.
    static let platform = Requester(
        account: Principal.system.account, permissions: Set(Permissions.all), address: "",
        requestID: "")
}

/// The audit of log-ins, refusals and changes of rights, in the gateway's database. A change is
/// written in its own transaction; what outsiders can cause at will is bounded.
final class Audit: Sendable {
    /// What happened; `GET /api/audit?kind=` takes these words.
    enum Kind: String, Sendable, CaseIterable {
        case sessionBegan = "session.began"
        case sessionRefused = "session.refused"
        case sessionEnded = "session.ended"
        case requestRefused = "request.refused"
        case requestDenied = "request.denied"
        case tokenCreated = "token.created"
        case tokenDeleted = "token.deleted"
        case passwordChanged = "password.changed"
        case resetRequested = "password.reset-requested"
        case accountCreated = "account.created"
        case accountChanged = "account.changed"
        case roleCreated = "role.created"
        case roleChanged = "role.changed"
        case structureCreated = "structure.created"
        case structureChanged = "structure.changed"
        case structureDeleted = "structure.deleted"
        case modelApplied = "model.applied"
        case secretPut = "secret.put"
        case secretDeleted = "secret.deleted"

        /// Whether it changes who somebody is or what they may, so that no copy of the gateway may
        /// go on with what it has in memory.
        var changesIdentities: Bool {
            switch self {
            case .sessionEnded, .tokenDeleted, .passwordChanged, .accountCreated,
                .accountChanged, .roleCreated, .roleChanged, .structureCreated,
                .structureChanged, .structureDeleted:
                true
            case .sessionBegan, .sessionRefused, .requestRefused, .requestDenied, .tokenCreated,
                .resetRequested, .modelApplied, .secretPut, .secretDeleted:
                false
            }
        }
    }

    struct Entry: Sendable {
        var kind: Kind
        /// What it was done to: `anna`, `agent`, `company`, `GET /api/accounts`.
        var subject: String
        var detail: String?
        /// `[{field, old, new}]`; never a secret.
        var changes: [JSONValue] = []

        init(
            _ kind: Kind, _ subject: String, detail: String? = nil, changes: [JSONValue] = []
        ) {
            self.kind = kind
            self.subject = subject
            self.detail = detail
            self.changes = changes
        }
    }

    /// The longest detail kept, in characters.
    static let detailLimit = 500

    let database: Database
    private let runtime: Runtime
    private let throttle: AuditThrottle

    init(database: Database, runtime: Runtime) {
        self.database = database
        self.runtime = runtime
        throttle = AuditThrottle(clock: runtime.clock)
    }

    /// Within the transaction of what it tells of, which thereby tells the other copies of the
    /// gateway too: a change of rights is not committed without that.
    static func write(
        _ connection: Connection, _ entry: Entry, by requester: Requester, at now: Timestamp
    ) throws {
        try connection.run(
            "insert into audit (time, kind, account, subject, address, request, detail, changes)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .integer(now.milliseconds), .text(entry.kind.rawValue), .text(requester.account),
                .text(entry.subject), .text(requester.address), .text(requester.requestID),
                SQLValue(entry.detail.map { String($0.prefix(detailLimit)) }),
                entry.changes.isEmpty
                    ? .null : .text(JSONValue.array(entry.changes).text),
            ])
        if entry.kind.changesIdentities { try connection.announce(IdentityCache.topic) }
    }

    func write(_ entry: Entry, by requester: Requester) async throws {
        let now = runtime.clock.now()
        try await database.write { try Audit.write($0, entry, by: requester, at: now) }
    }

    /// For what anybody can cause as often as they like: beyond the bounds of `AuditThrottle` only
    /// its number is kept. Never fails.
    func note(_ entry: Entry, by requester: Requester) async {
        let network = Visit.network(of: requester.address)
        guard let missed = throttle.take(entry.kind, address: network) else { return }
        var entry = entry
        if missed > 0 {
            entry.detail = (entry.detail.map { $0 + " " } ?? "") + AuditThrottle.words(missed)
        }
        do {
            try await write(entry, by: requester)
        } catch {
            runtime.log.warning("the audit missed an entry", ["error": .string("\(error)")])
        }
    }

    /// Writes what was only counted, and removes what is older than `life`; answers how many that
    /// are.
    func sweep(life: Duration) async throws -> Int {
        let now = runtime.clock.now()
        let counted = throttle.drain()
        return try await database.write { connection in
            for (kind, address, missed) in counted {
                let requester = Requester(
                    account: "", permissions: [], address: address, requestID: "")
                let entry = Entry(kind, "", detail: AuditThrottle.words(missed))
                try Audit.write(connection, entry, by: requester, at: now)
            }
            return try connection.run(
                "delete from audit where time < ?",
                [.integer(now.advanced(by: .zero - life).milliseconds)])
        }
    }
}

/// What differs between two states of something, as the audit shows it.
enum AuditChanges {
    /// What changes with everything, and says nothing.
    private static let ignored: Set<String> = ["code", "version", "created", "modified"]

    /// By the members of their JSON.
    static func between(_ old: (some JSONWritable)?, _ new: (some JSONWritable)?) -> [JSONValue] {
        let old = members(old)
        let new = members(new)
        var keys = new.keys
        keys += old.keys.filter { new[$0] == nil }
        return keys.compactMap { key in
            guard !ignored.contains(key), old[key] ?? .null != new[key] ?? .null else {
                return nil
            }
            return change(key, old[key] ?? .null, new[key] ?? .null)
        }
    }

    static func change(_ field: String, _ old: JSONValue, _ new: JSONValue) -> JSONValue {
        .object(JSONObject([("field", .string(field)), ("old", old), ("new", new)]))
    }

    private static func members(_ value: (some JSONWritable)?) -> JSONObject {
        guard let value else { return JSONObject() }
        var writer = JSONWriter()
        value.write(json: &writer)
        return (try? JSONValue(parsing: writer.bytes))?.object ?? JSONObject()
    }
}
