import Contracts

/// The columns that a caller may use in a query over a class, each as SQL. What it may not read is
/// as unknown as what does not exist.
struct QueryScope {
    let recordClass: RecordClass
    let rights: RowRights
    /// The class of a reference with what the caller may read of it; nil where that is nothing.
    let target: (FullCode) -> (RecordClass, RowRights)?

    /// A column of the query.
    struct Column {
        var sql: SQLText
        var type: ColumnType
        var form: ValueForm
        var scale = 0
        var isNullable = true
        /// A column of the class's own table as it stands there, in every row.
        var isPlain = false
        /// Of a column of many: what stands after `FROM` for `sql` to be one of its values.
        var many: SQLText?

        /// The same as a column of many.
        fileprivate func each(_ source: SQLText, _ element: SQLText? = nil) -> Column {
            var column = self
            (column.many, column.sql) = (source, element ?? SQLText(form.element("v.value")))
            return column
        }
    }

    static let alias = "r"

    func resolve(_ path: FilterPath) throws(FilterFault) -> Column {
        let unknown = FilterFault(
            detail: "names \(path.text), which is no column here", offset: path.offset)
        guard let first = path.segments.first, path.segments.count <= 2 else {
            guard path.segments.count > 2 else { throw unknown }
            throw FilterFault(
                detail: "follows more than one reference in \(path.text)", offset: path.offset)
        }
        guard
            let column = QueryScope.column(first, of: recordClass, rights, alias: QueryScope.alias)
        else { throw unknown }
        let isList = recordClass.definition.column(first)?.isElementwise ?? false
        if path.segments.count == 1 {
            return isList ? column.each("json_each(" + column.sql + ") AS v") : column
        }
        guard let definition = recordClass.definition.column(first),
            let code = definition.target, let (targetClass, targetRights) = target(code),
            var far = QueryScope.column(
                path.segments[1], of: targetClass, targetRights, alias: "t")
        else { throw unknown }
        let isFarList = targetClass.definition.column(path.segments[1])?.isElementwise ?? false
        var condition = SQLText(
            "t.deleted = 0\(targetClass.rows.condition("t"))")
        if let rows = targetRights.condition(alias: "t") { condition.append(" AND " + rows) }
        far.isNullable = true
        far.isPlain = false
        if isList {
            var source = "json_each(" + column.sql + ") AS w JOIN \(targetClass.table) AS t "
            source.append("ON t.id = CAST(w.value AS BIGINT) AND " + condition)
            if !isFarList { return far.each(source, far.sql) }
            return far.each(source + ", json_each(" + far.sql + ") AS v")
        }
        far.sql =
            "(SELECT " + far.sql + " FROM \(targetClass.table) AS t WHERE " + condition
            + " AND t.id = " + column.sql + ")"
        return isFarList ? far.each("json_each(" + far.sql + ") AS v") : far
    }

    /// Nil where the caller may not read it.
    static func column(
        _ code: String, of recordClass: RecordClass, _ rights: RowRights, alias: String
    ) -> Column? {
        if let system = SystemColumn(rawValue: code) {
            return Column(
                sql: SQLText("\(alias).\(system.rawValue)"), type: system.type,
                form: system.form, isNullable: false, isPlain: true)
        }
        if code == "class", recordClass.hasClassColumn {
            return Column(
                sql: SQLText("\(alias).class"), type: .text, form: .text, isNullable: false)
        }
        guard let index = recordClass.definition.index(of: code) else { return nil }
        let definition = recordClass.definition.columns[index]
        var column = Column(
            sql: SQLText("\(alias).\(quoted(code))"), type: definition.type,
            form: definition.valueForm, scale: definition.scale, isNullable: true)
        switch rights.columns[index] {
        case .everywhere:
            column.isPlain = true
            return column
        case .under(let predicates):
            // In other rows the column is as if it were empty: no filter or order tells what is in
            // it.
            column.sql =
                "CASE WHEN " + RowRights.any(predicates, alias: alias) + " THEN " + column.sql
                + " END"
            return column
        case .nowhere: return nil
        }
    }
}

extension ValueForm {
    /// A value of a JSON array, `value` of `json_each`, as one of this form is stored.
    func element(_ value: String) -> String {
        switch self {
        case .integer, .decimal, .boolean: "CAST(\(value) AS BIGINT)"
        case .text, .date, .datetime, .json: value
        }
    }
}
