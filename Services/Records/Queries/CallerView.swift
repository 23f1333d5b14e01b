import Contracts
import Database

/// The API view of a class as one caller may see it: a subquery under the view's name, in front of
/// one that reads the table. Rows are those of the caller's grants; a column that is not the
/// caller's is empty.
struct CallerView {
    /// The API view's name.
    let name: String
    /// The name of the subquery that reads the table; nobody but us may know it.
    let reader: String
    let select: SQLText

    /// `access` is nil where nothing may be read: then it has no rows.
    init(_ recordClass: RecordClass, _ access: ClassAccess?, name: String, secret: String) {
        self.name = name
        reader = secret + name
        guard let access, let rights = access.rights.read, let plan = access.plan else {
            select = CallerView.empty(
                recordClass.definition, hasClassColumn: recordClass.hasClassColumn)
            return
        }
        var sql = SQLText("SELECT ")
        for (index, system) in SystemColumn.allCases.enumerated() {
            sql.append("\(index > 0 ? ", " : "")r.\(system.rawValue) AS \(system.rawValue)")
        }
        if recordClass.hasClassColumn { sql.append(", r.class AS class") }
        for column in recordClass.definition.columns {
            let known = QueryScope.column(
                column.code, of: recordClass, rights, alias: QueryScope.alias)
            sql.append(", ")
            sql.append(known.map { CallerView.shown($0, many: column.many) } ?? SQLText("NULL"))
            sql.append(" AS \(quoted(column.code))")
        }
        sql.append(" FROM main.\(recordClass.table) AS r WHERE ")
        sql.append(plan.condition)
        // Conditions of the query must not be tried on rows that are not the caller's: their errors
        // would tell of these. A limit keeps them outside, at the price of their indexes.
        if rights.rows != nil || recordClass.rows.classes != nil { sql.append(" LIMIT -1") }
        select = sql
    }

    /// Without rows, to compile a query over it.
    init(checking definition: ClassDefinition, hasClassColumn: Bool, name: String) {
        self.name = name
        reader = "checked " + name
        select = CallerView.empty(definition, hasClassColumn: hasClassColumn)
    }

    /// A decimal as a number, anything else as it is stored.
    private static func shown(_ column: QueryScope.Column, many: Bool) -> SQLText {
        guard column.scale > 0 else { return column.sql }
        guard many else { return "gt_decimal(" + column.sql + ", \(column.scale))" }
        return "(SELECT json_group_array(gt_decimal(v.value, \(column.scale))) FROM json_each("
            + column.sql + ") AS v)"
    }

    /// The view without any row, by its definition alone.
    private static func empty(_ definition: ClassDefinition, hasClassColumn: Bool) -> SQLText {
        let codes =
            SystemColumn.allCases.map(\.rawValue) + (hasClassColumn ? ["class"] : [])
            + definition.columns.map(\.code)
        return SQLText(
            "SELECT " + codes.map { "NULL AS \(quoted($0))" }.joined(separator: ", ")
                + " WHERE 1 = 0")
    }

    /// The statement of a query over these views; its limit and offset come last.
    static func statement(
        _ text: QueryText, over views: [CallerView], values: (String) -> SQLValue
    ) -> SQLText {
        var sql = SQLText()
        for view in views {
            sql.append(sql.text.isEmpty ? "WITH " : ", ")
            // Without the word a view that is named twice would be read as a whole first.
            sql.append("\(quoted(view.reader)) AS NOT MATERIALIZED (")
            sql.append(view.select)
            sql.append("), \(quoted(view.name)) AS NOT MATERIALIZED (SELECT * FROM ")
            sql.append("\(quoted(view.reader)))")
        }
        sql.append(" SELECT * FROM (")
        for (index, piece) in text.pieces.enumerated() {
            sql.append(piece)
            if index < text.parameters.count { sql.append(SQLText(values(text.parameters[index]))) }
        }
        // On a line of its own, since the query may end in a comment.
        sql.append("\n) LIMIT ? OFFSET ?")
        return sql
    }
}
