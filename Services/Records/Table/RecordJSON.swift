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

    /// SQLite takes at most 127 arguments of a function, PostgreSQL 100; an object of more members
    /// is put together.
    private static let membersPerCall = 45

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
            objects.append(object(rest.prefix(RecordJSON.membersPerCall)))
            rest = rest.dropFirst(RecordJSON.membersPerCall)
        }
        if objects.count == 1 { return objects[0] }
        return "('{' || \(objects.map(inner).joined(separator: " || ',' || ")) || '}')"
    }

    private func object(_ members: some Sequence<String>) -> String {
        let list = members.joined(separator: ", ")
        return dialect.isSQLite
            ? "json_object(\(list))" : "CAST(json_build_object(\(list)) AS TEXT)"
    }

    /// An object without its braces.
    private func inner(_ object: String) -> String {
        dialect.isSQLite
            ? "substr(\(object), 2, length(\(object)) - 2)" : "left(substr(\(object), 2), -1)"
    }

    private func value(_ column: ColumnDefinition) -> String {
        let name = "\(alias).\(quoted(column.code))"
        switch column.form {
        case .text, .date, .datetime, .integer: return name
        case .json where column.valueForm == .decimal && column.scale > 0:
            let text = RecordJSON.decimalText("CAST(v.value AS BIGINT)", column.scale)
            let list =
                dialect.isSQLite
                ? "json_group_array(json(\(text)))"
                : "coalesce(json_agg(CAST(\(text) AS JSON)), '[]')"
            return "(SELECT \(list) FROM json_each(\(name)) AS v)"
        case .json: return column.isList ? "json(coalesce(\(name), '[]'))" : "json(\(name))"
        case .boolean: return "json(CASE \(name) WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
        case .decimal:
            guard column.scale > 0 else { return name }
            let text = RecordJSON.decimalText(name, column.scale)
            return "json(CASE WHEN \(name) IS NOT NULL THEN \(text) END)"
        }
    }

    /// A whole number of the last decimal as a text with its point; empty of a NULL.
    static func decimalText(_ name: String, _ scale: Int) -> String {
        let power = "1" + String(repeating: "0", count: scale)
        // The least number that there is has no opposite, but its parts do.
        return "(CASE WHEN \(name) < 0 THEN '-' ELSE '' END || "
            + "CAST(abs(\(name) / \(power)) AS TEXT) || '.' || "
            + "substr(CAST(\(power) + abs(\(name) % \(power)) AS TEXT), 2))"
    }
}
