import Contracts
import Database

/// The API view of a class as one caller may see it: a subquery under the view's name. Rows are
/// those of the caller's grants; a column that is not the caller's is empty. On SQLite it stands in
/// front of one that reads the table, by whose name the engine knows it.
struct CallerView {
    /// The API view's name.
    let name: String
    /// The name of the subquery that reads the table on SQLite; nobody but us may know it.
    let reader: String
    let select: SQLText

    /// `access` is nil where nothing may be read: then it has no rows.
    init(_ recordClass: RecordClass, _ access: ClassAccess?, name: String, secret: String) {
        self.name = name
        reader = secret + name
        let dialect = recordClass.dialect
        guard let access, let rights = access.rights.read, let plan = access.plan else {
            select = CallerView.empty(
                recordClass.definition, hasClassColumn: recordClass.hasClassColumn, dialect)
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
            sql.append(
                known.map { CallerView.shown($0, column, dialect) }
                    ?? SQLText(CallerView.nothing(CallerView.type(of: column), dialect)))
            sql.append(" AS \(quoted(column.code))")
        }
        sql.append(" FROM \(dialect.isSQLite ? "main." : "")\(recordClass.table) AS r WHERE ")
        sql.append(plan.condition)
        // Conditions of the query must not be tried on rows that are not the caller's: their errors
        // would tell of these. A limit keeps them outside, at the price of their indexes.
        if rights.rows != nil || recordClass.rows.classes != nil {
            sql.append(" LIMIT \(Int64.max)")
        }
        select = sql
    }

    /// Without rows, to compile a query over it.
    init(
        checking definition: ClassDefinition, hasClassColumn: Bool, name: String,
        _ dialect: Dialect
    ) {
        self.name = name
        reader = "checked " + name
        select = CallerView.empty(definition, hasClassColumn: hasClassColumn, dialect)
    }

    /// The same of a class that stands.
    init(checking recordClass: RecordClass, name: String) {
        self.init(
            checking: recordClass.definition, hasClassColumn: recordClass.hasClassColumn,
            name: name, recordClass.dialect)
    }

    /// A decimal as a number, anything else as it is stored.
    private static func shown(
        _ column: QueryScope.Column, _ definition: ColumnDefinition, _ dialect: Dialect
    ) -> SQLText {
        guard dialect.isSQLite else {
            guard column.scale > 0 else {
                // The very type that it had when the query was checked.
                return "CAST(" + column.sql + " AS \(type(of: definition)))"
            }
            let unit = ClassTable.unit(of: column.scale)
            guard definition.many else { return "CAST((" + column.sql + ") * \(unit) AS NUMERIC)" }
            return ClassTable.decimals(in: column.sql, scale: column.scale)
        }
        guard column.scale > 0 else { return column.sql }
        guard definition.many else { return "gt_decimal(" + column.sql + ", \(column.scale))" }
        return "(SELECT json_group_array(gt_decimal(v.value, \(column.scale))) FROM json_each("
            + column.sql + ") AS v)"
    }

    /// What a column of the view is on PostgreSQL.
    private static func type(of column: ColumnDefinition) -> String {
        column.form == .decimal && column.scale > 0 ? "NUMERIC" : ClassTable.sqlType(column.form)
    }

    private static func nothing(_ type: String, _ dialect: Dialect) -> String {
        guard !dialect.isSQLite else { return "NULL" }
        return "CAST(NULL AS \(type))" + (type == "TEXT" ? " COLLATE \"C\"" : "")
    }

    /// The view without any row, by its definition alone.
    private static func empty(
        _ definition: ClassDefinition, hasClassColumn: Bool, _ dialect: Dialect
    ) -> SQLText {
        let columns =
            SystemColumn.allCases.map { ($0.rawValue, ClassTable.sqlType($0.form)) }
            + (hasClassColumn ? [("class", "TEXT")] : [])
            + definition.columns.map { ($0.code, type(of: $0)) }
        let list = columns.map { "\(nothing($1, dialect)) AS \(quoted($0))" }
        return SQLText("SELECT " + list.joined(separator: ", ") + " WHERE 1 = 0")
    }
}
