import Database
import JSON

/// SQL that makes the JSON of a record as the contract has it, for the triggers that write the
/// change log.
struct RecordJSON {
    let definition: ClassDefinition
    /// Whether the record says of which class it is.
    let hasClassColumn: Bool
    /// `NEW`, `OLD` or a table.
    let alias: String
    let describing: DescribeSQL
    let dialect: Dialect

    /// An engine takes at most 127 arguments of a function; an object of more members is put
    /// together.
    private static let membersPerCall = 60

    var sql: String {
        let describe = describing.text(definition, nil, alias: alias).text
        var members = [
            "'id', \(alias).id", "'version', \(alias).version", "'describe', \(describe)",
        ]
        if hasClassColumn { members.append("'class', \(alias).class") }
        for column in ["created", "creator", "modified", "modifier"] {
            members.append("'\(column)', \(alias).\(column)")
        }
        for column in definition.columns {
            members.append("'\(column.code)', \(value(column))")
        }
        var objects: [String] = []
        var rest = members[...]
        while !rest.isEmpty {
            objects.append(
                "json_object(\(rest.prefix(RecordJSON.membersPerCall).joined(separator: ", ")))")
            rest = rest.dropFirst(RecordJSON.membersPerCall)
        }
        guard var sum = objects.first else { return "'{}'" }
        for object in objects.dropFirst() {
            sum = "substr(\(sum), 1, length(\(sum)) - 1) || ',' || substr(\(object), 2)"
        }
        return sum
    }

    private func value(_ column: ColumnDefinition) -> String {
        let name = "\(alias).\(quoted(column.code))"
        switch column.form {
        case .text, .date, .datetime, .integer: return name
        case .json where column.valueForm == .decimal && column.scale > 0:
            let text = RecordJSON.decimalText("v.value", column.scale)
            return "(SELECT json_group_array(json(\(text))) FROM json_each(\(name)) AS v)"
        case .json: return column.isList ? "json(coalesce(\(name), '[]'))" : "json(\(name))"
        case .boolean: return "json(CASE \(name) WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        case .decimal:
            guard column.scale > 0 else { return name }
            let text = RecordJSON.decimalText(name, column.scale)
            return "json(CASE WHEN \(name) IS NOT NULL THEN \(text) END)"
        }
    }

    /// A whole number of the last decimal as a text with its point; for a NULL see to it before.
    static func decimalText(_ name: String, _ scale: Int) -> String {
        let power = "1" + String(repeating: "0", count: scale)
        return "printf('%s%d.%0\(scale)d', CASE WHEN \(name) < 0 THEN '-' ELSE '' END, "
            + "abs(\(name)) / \(power), abs(\(name)) % \(power))"
    }
}
