import JSON
import ServiceRuntime

/// An organization structure, as it stands in the database.
struct OrgStructure: Sendable, JSONWritable {
    enum Kind: String, Sendable, CaseIterable {
        case unit, team, manager

        /// The member of the document that holds the units.
        var member: String { self == .manager ? "people" : "units" }
    }

    /// A unit with its members. In kind `manager` each person is one: its code the account's,
    /// itself the only member, its parent the manager.
    struct Unit: Sendable, Hashable {
        var code: String
        /// Nil at the top.
        var parent: String?
        /// A text for people by language.
        var name: [String: String]
        /// Codes of accounts, in the order in which they were put.
        var members: [String]
        /// The first and the last day on which it gives anybody anything (UTC); nil is open.
        var from: CalendarDate?
        var until: CalendarDate?
    }

    var id: Int64
    var code: String
    var name: [String: String]
    var kind: Kind
    var version: Int64
    var created: Timestamp
    var modified: Timestamp
    /// In the order in which they were put.
    var units: [Unit]

    /// As API.md §2 shows it.
    func write(json writer: inout JSONWriter) {
        write(json: &writer, withUnits: true)
    }

    /// A list leaves the units out.
    func write(json writer: inout JSONWriter, withUnits: Bool) {
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("name")
        writer.value(Role.json(of: name))
        writer.key("kind")
        writer.string(kind.rawValue)
        if withUnits {
            writer.key(kind.member)
            writer.beginArray()
            for unit in units {
                if kind == .manager { unit.write(person: &writer) } else { unit.write(&writer) }
            }
            writer.endArray()
        }
        writer.stamps(version, created: created, modified: modified)
        writer.endObject()
    }
}

extension OrgStructure {
    /// Units that one entry of the audit shows; of further ones only the number.
    static let changesShown = 200

    /// What the audit says of a change: the name, and each unit that came, went or is another.
    func changes(since old: OrgStructure?) -> [JSONValue] {
        var changes: [JSONValue] = []
        if old?.name != name {
            changes.append(
                AuditChanges.change(
                    "name", old.map { Role.json(of: $0.name) } ?? .null, Role.json(of: name)))
        }
        let before = Dictionary((old?.units ?? []).map { ($0.code, $0) }) { first, _ in first }
        let after = Set(units.map(\.code))
        let other = units.filter { before[$0.code] != $0 }
        let gone = (old?.units ?? []).filter { !after.contains($0.code) }
        for unit in (other + gone).prefix(OrgStructure.changesShown) {
            changes.append(
                AuditChanges.change(
                    "\(kind.member)/\(unit.code)", json(before[unit.code]),
                    after.contains(unit.code) ? json(unit) : .null))
        }
        let more = other.count + gone.count - OrgStructure.changesShown
        if more > 0 {
            changes.append(
                AuditChanges.change(kind.member, .null, .string("and \(more) more")))
        }
        return changes
    }

    private func json(_ unit: Unit?) -> JSONValue {
        guard let unit else { return .null }
        var writer = JSONWriter()
        if kind == .manager { unit.write(person: &writer) } else { unit.write(&writer) }
        return (try? JSONValue(parsing: writer.bytes)) ?? .null
    }
}

extension OrgStructure.Unit {
    fileprivate func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("code")
        writer.string(code)
        writer.key("parent")
        writer.string(orNull: parent)
        writer.key("name")
        writer.value(Role.json(of: name))
        writer.key("members")
        writer.strings(members)
        writer.key("from")
        writer.string(orNull: from?.text)
        writer.key("until")
        writer.string(orNull: until?.text)
        writer.endObject()
    }

    fileprivate func write(person writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("account")
        writer.string(code)
        writer.key("manager")
        writer.string(orNull: parent)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func string(orNull value: String?) {
        if let value { string(value) } else { null() }
    }
}
