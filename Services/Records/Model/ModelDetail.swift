import JSON

/// What of a thing changes, or how much of it goes: a sentence in English, and the facts that it is
/// made of, for who says it in another language.
enum ModelDetail: Sendable, Hashable {
    case none
    /// A new class with so many columns.
    case columns(Int)
    /// A column of this type.
    case type(String)
    /// Members of a definition with another value, and lists in another order.
    case members([String], orders: [String] = [])
    /// Values of a column that become another type, in so many rows.
    case converted(from: String, to: String, rows: Int64, members: [String])
    /// Records that are lost with their class.
    case rowsGo(Int64)
    /// Records that lose a value.
    case valuesGo(Int64)
    /// The column comes from the class above now.
    case inherited
    /// A role of the document is made where it is missing; the one that left it stays.
    case roleMade, roleStays
    /// Another program's view of this name.
    case viewOverwritten, viewGoes
    /// The thing itself, as of a grant.
    case item(JSONValue)

    var text: String {
        switch self {
        case .none: ""
        case .columns(let count): count == 1 ? "1 column" : "\(count) columns"
        case .type(let name): name
        case .members(let members, let orders):
            (members + orders.map { "order of \($0)" }).joined(separator: ", ")
        case .converted(let from, let to, let rows, let members):
            "\(from) becomes \(to) in \(ModelDetail.words(rows)) "
                + "(\(members.joined(separator: ", ")))"
        case .rowsGo(let rows): "\(ModelDetail.words(rows)) would go"
        case .valuesGo(let rows): "\(ModelDetail.words(rows)) with a value would lose it"
        case .inherited: "is inherited now"
        case .roleMade: "made where it is missing"
        case .roleStays: "the role itself stays"
        case .viewOverwritten: "another program's view of this name would be overwritten"
        case .viewGoes: "another program's view of this name would go"
        case .item(let value): value.text
        }
    }

    /// `{"kind", …}`; null where there is nothing to say.
    var facts: JSONValue {
        switch self {
        case .none: .null
        case .columns(let count): ["kind": "columns", "count": .number(JSONNumber(Int64(count)))]
        case .type(let name): ["kind": "type", "type": .string(name)]
        case .members(let members, let orders):
            ["kind": "members", "members": .list(members), "orders": .list(orders)]
        case .converted(let from, let to, let rows, let members):
            [
                "kind": "converted", "from": .string(from), "to": .string(to),
                "rows": .number(JSONNumber(rows)), "members": .list(members),
            ]
        case .rowsGo(let rows): ["kind": "rowsGo", "rows": .number(JSONNumber(rows))]
        case .valuesGo(let rows): ["kind": "valuesGo", "rows": .number(JSONNumber(rows))]
        case .inherited: ["kind": "inherited"]
        case .roleMade: ["kind": "roleMade"]
        case .roleStays: ["kind": "roleStays"]
        case .viewOverwritten: ["kind": "viewOverwritten"]
        case .viewGoes: ["kind": "viewGoes"]
        case .item(let value): ["kind": "item", "item": value]
        }
    }

    /// Records that are lost or converted; deleted ones count too.
    var rows: Int64? {
        switch self {
        case .converted(_, _, let rows, _), .rowsGo(let rows), .valuesGo(let rows): rows
        default: nil
        }
    }

    private static func words(_ rows: Int64) -> String { rows == 1 ? "1 row" : "\(rows) rows" }
}

extension JSONValue {
    fileprivate static func list(_ words: [String]) -> JSONValue {
        .array(words.map { .string($0) })
    }
}
