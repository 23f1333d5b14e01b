import Contracts

/// SQL for the description of a record, as a text. What it shows of the records that it refers to
/// is looked up when it runs: a description is never kept.
struct DescribeSQL {
    /// The class of a reference; nil where nothing of it may be shown.
    let target: (FullCode) -> Target?

    struct Target {
        let rows: ClassRows
        let definition: ClassDefinition
        /// Of who reads; nil shows everything.
        var rights: RowRights?
    }

    /// The whole description of a row.
    func text(_ definition: ClassDefinition, _ rights: RowRights?, alias: String) -> SQLText {
        text(definition, rights, alias: alias, depth: 0)
    }

    /// What is shown of the record that a column refers to; empty where there is none, or none
    /// that may be read.
    func text(
        of reference: ColumnDefinition, showing code: String?, alias: String, depth: Int = 0
    ) -> SQLText {
        guard depth < DescribeFormat.depthLimit, let type = reference.target,
            let target = target(type)
        else { return "''" }
        let far = "d\(depth + 1)"
        let shown: SQLText
        if let code {
            shown = column(code, of: target, alias: far, depth: depth + 1)
        } else {
            shown = text(target.definition, target.rights, alias: far, depth: depth + 1)
        }
        var sql = "coalesce((SELECT " + shown
        sql.append(" FROM \(target.rows.table) AS \(far) WHERE \(far).deleted = 0")
        sql.append(target.rows.condition(far))
        if let rows = target.rights?.condition(alias: far) { sql.append(" AND " + rows) }
        sql.append(" AND \(far).id = \(alias).\(quoted(reference.code))), '')")
        return sql
    }

    private func text(
        _ definition: ClassDefinition, _ rights: RowRights?, alias: String, depth: Int
    ) -> SQLText {
        let parts = definition.describe.parts.map { part -> SQLText in
            switch part {
            case .literal(let text): SQLText(literal(text))
            case .id: SQLText("CAST(\(alias).id AS TEXT)")
            case .column(let index):
                shown(index, of: definition, rights, alias) {
                    SQLText(DescribeSQL.plain(definition.columns[index], alias: alias))
                }
            case .reference(let index, let code):
                shown(index, of: definition, rights, alias) {
                    self.text(
                        of: definition.columns[index], showing: code, alias: alias, depth: depth)
                }
            }
        }
        return parts.isEmpty ? "''" : .joined(parts, by: "||")
    }

    private func column(
        _ code: String, of target: Target, alias: String, depth: Int
    ) -> SQLText {
        if code == "id" { return SQLText("CAST(\(alias).id AS TEXT)") }
        guard let index = target.definition.index(of: code) else { return "''" }
        let column = target.definition.columns[index]
        return shown(index, of: target.definition, target.rights, alias) {
            column.type == .reference && !column.many
                ? text(of: column, showing: nil, alias: alias, depth: depth)
                : SQLText(DescribeSQL.plain(column, alias: alias))
        }
    }

    /// What may not be read is blank.
    private func shown(
        _ index: Int, of definition: ClassDefinition, _ rights: RowRights?, _ alias: String,
        _ sql: () -> SQLText
    ) -> SQLText {
        switch rights?.columns[index] ?? .everywhere {
        case .everywhere: return sql()
        case .nowhere: return "''"
        case .under(let predicates):
            return "CASE WHEN " + RowRights.any(predicates, alias: alias) + " THEN " + sql()
                + " ELSE '' END"
        }
    }

    /// A value of the row as a text.
    private static func plain(_ column: ColumnDefinition, alias: String) -> String {
        let name = "\(alias).\(quoted(column.code))"
        switch column.form {
        case .boolean:
            return "CASE \(name) WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END"
        case .decimal where column.scale > 0:
            let text = RecordJSON.decimalText(name, column.scale)
            return "CASE WHEN \(name) IS NULL THEN '' ELSE \(text) END"
        case .integer, .decimal: return "coalesce(CAST(\(name) AS TEXT), '')"
        case .text, .date, .datetime, .json: return "coalesce(\(name), '')"
        }
    }
}

extension ModelSnapshot {
    /// For what the platform itself writes down.
    var describing: DescribeSQL {
        DescribeSQL { type in
            self.classes[type].map { DescribeSQL.Target(rows: $0.rows, definition: $0.definition) }
        }
    }
}

extension DescribeSQL {
    /// For who reads.
    init(by target: @escaping (FullCode) -> (RecordClass, RowRights)?) {
        self.init { type in
            target(type).map { item, rights in
                Target(rows: item.rows, definition: item.definition, rights: rights)
            }
        }
    }
}
