import JSON
import ServiceRuntime

/// A person or a service account, as it stands in the database.
struct Account: Sendable {
    var id: Int64
    var code: String
    var name: String
    var email: String?
    var kind: String
    var enabled: Bool
    var locked: Bool
    var language: String
    var version: Int64
    var created: Timestamp
    var modified: Timestamp
    /// Codes, in their order.
    var roles: [String]
    /// Nothing else is open to its sessions before.
    var mustChangePassword = false

    /// The one account that manages the platform from the first start on; it has every permission.
    static let admin = "admin"
    /// Names that the platform itself appears under in histories.
    static let reserved: Set<String> = ["system", "database", "anonymous"]

    /// Whether it may act at all.
    var isActive: Bool { enabled && !locked }

    /// As API.md §2 shows it; a password is never part of it.
    func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("name")
        writer.string(name)
        writer.key("email")
        if let email { writer.string(email) } else { writer.null() }
        writer.key("kind")
        writer.string(kind)
        writer.key("enabled")
        writer.boolean(enabled)
        writer.key("locked")
        writer.boolean(locked)
        writer.key("language")
        writer.string(language)
        writer.key("roles")
        writer.strings(roles)
        writer.key("mustChangePassword")
        writer.boolean(mustChangePassword)
        writer.stamps(version, created: created, modified: modified)
        writer.endObject()
    }
}

extension Account: JSONWritable {}

/// What an account may hold besides itself: class data through grants, and permissions.
struct Role: Sendable, JSONWritable {
    var id: Int64
    var code: String
    /// A text for people by language.
    var name: [String: String]
    var enabled: Bool
    var permissions: [String]
    var version: Int64
    var created: Timestamp
    var modified: Timestamp
    /// Codes of accounts, in their order.
    var members: [String]
    /// Models in which it gives nothing, without anybody losing it.
    var disabledModels: [String] = []

    func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("name")
        writer.value(Role.json(of: name))
        writer.key("enabled")
        writer.boolean(enabled)
        writer.key("permissions")
        writer.strings(permissions)
        writer.key("members")
        writer.strings(members)
        writer.key("disabledModels")
        writer.strings(disabledModels)
        writer.stamps(version, created: created, modified: modified)
        writer.endObject()
    }

    /// A bare string is kept under the empty language and shown as one again.
    static func json(of name: [String: String]) -> JSONValue {
        if name.count == 1, let bare = name[""] { return .string(bare) }
        return .object(JSONObject(name.sorted { $0.key < $1.key }.map { ($0, .string($1)) }))
    }

    /// A text for people as it is stored: always by language.
    static func text(of name: [String: String]) -> String {
        let object = JSONObject(name.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
        return JSONValue.object(object).text
    }

    static func names(_ stored: String) throws -> [String: String] {
        let members = try JSONValue(parsing: Array(stored.utf8)).object?.members ?? []
        return Dictionary(members.map { ($0.key, $0.value.string ?? "") }) { first, _ in first }
    }
}

extension JSONWriter {
    /// What every object of the gateway has: its version, and since when it stands and stands so.
    mutating func stamps(_ version: Int64, created: Timestamp, modified: Timestamp) {
        key("version")
        integer(version)
        key("created")
        string(created.text)
        key("modified")
        string(modified.text)
    }

    mutating func strings(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}
