import Contracts
import Database
import JSON

/// What can be said of a definition only with the database at hand: references to other models,
/// names of views, and whether the rows that stand fit.
struct ModelCheckup {
    let definition: ModelDefinition
    let store: ModelTables

    func run(_ connection: Connection, _ problems: ObjectReader.Problems) throws {
        let own = Set(definition.classes.map(\.code))
        for (index, item) in definition.classes.enumerated() where !item.code.isEmpty {
            let pointer = "/classes/\(index)"
            checkReferences(item, pointer, own, problems)
            try checkView(item, pointer, connection, problems)
        }
        checkReferrers(own, problems)
        checkQueries(problems)
        try checkRows(connection, problems)
    }

    /// Every query compiles over the views of the model as it will be.
    private func checkQueries(_ problems: ObjectReader.Problems) {
        for (index, query) in definition.queries.enumerated() where query.text != .empty {
            let views = definition.classes.compactMap { item -> CallerView? in
                let name = ClassTable.viewName(model: definition.code, code: item.code)
                return query.text.names.contains(name)
                    ? CallerView(checking: item, name: name) : nil
            }
            let sql = CallerView.statement(query.text, over: views) { _ in .null }
            if let fault = QueryRun.confinement(of: views).fault(of: sql.text) {
                problems.add("/queries/\(index)/sql", "wrong-sql", "cannot be run: \(fault)")
            }
        }
    }

    private func checkReferences(
        _ item: ClassDefinition, _ pointer: String, _ own: Set<String>,
        _ problems: ObjectReader.Problems
    ) {
        for (index, column) in item.columns.enumerated() {
            guard let target = column.target else { continue }
            let exists =
                target.model == definition.code
                ? own.contains(target.code)
                : store.number(model: target.model, target.code) != nil
            if !exists {
                problems.add(
                    "\(pointer)/columns/\(index)/class", "unknown-class",
                    "There is no class \(target).")
            }
        }
    }

    /// Views of all models share one name space with all tables and indexes.
    private func checkView(
        _ item: ClassDefinition, _ pointer: String, _ connection: Connection,
        _ problems: ObjectReader.Problems
    ) throws {
        if store.number(model: definition.code, item.code) != nil { return }
        let view = ClassTable.viewName(model: definition.code, code: item.code)
        let sql = "SELECT count(*) FROM sqlite_master WHERE lower(name) = ? AND type <> 'trigger'"
        // The class that has the name may be one that this document drops.
        let dropped = Set(store.definitions(of: definition.code).map(\.code)).subtracting(
            definition.classes.map(\.code))
        let freed = dropped.contains {
            ClassTable.viewName(model: definition.code, code: $0) == view
        }
        let taken = try connection.count(sql, [.text(view)])
        if taken > 0, !freed {
            problems.add(
                "\(pointer)/code", "name-taken",
                "The API view would be called \(view), which something else is called already.")
        }
    }

    /// A class that goes must not be what a column of another model refers to.
    private func checkReferrers(_ own: Set<String>, _ problems: ObjectReader.Problems) {
        for (model, classes) in store.definitionsByModel where model != definition.code {
            for item in classes {
                for column in item.columns {
                    guard let target = column.target, target.model == definition.code,
                        !own.contains(target.code)
                    else { continue }
                    problems.add(
                        "/classes", "still-referenced",
                        "\(model).\(item.code).\(column.code) refers to \(target), which is "
                            + "missing here.")
                }
            }
        }
    }

    /// Rows that stand must have what columns newly demand.
    private func checkRows(_ connection: Connection, _ problems: ObjectReader.Problems) throws {
        let change = ModelChange(
            from: store.definitions(of: definition.code), to: definition.classes)
        for item in change.changed {
            guard let number = store.number(model: definition.code, item.new.code),
                let index = definition.classes.firstIndex(where: { $0.code == item.new.code })
            else { continue }
            let table = ClassTable.name(number)
            func report(
                _ column: ColumnDefinition, _ member: String, _ code: String, _ words: String
            ) {
                let position = item.new.index(of: column.code) ?? 0
                problems.add("/classes/\(index)/columns/\(position)/\(member)", code, words)
            }
            let rows = try connection.count("SELECT count(*) FROM \(table)")
            for column in item.added + item.retyped
            where column.required && column.defaultValue == .null && !column.isMade && rows > 0 {
                report(
                    column, "required", "default-needed",
                    "\(rows) rows would have no value; give a default.")
            }
            for column in item.newlyRequired {
                let code = quoted(column.code)
                let empty = column.type == .text ? "coalesce(\(code), '') = ''" : "\(code) IS NULL"
                let missing = try connection.count(
                    "SELECT count(*) FROM \(table) WHERE deleted = 0 AND \(empty)")
                if missing > 0 {
                    report(
                        column, "required", "rows-without-value", "\(missing) rows have no value.")
                }
            }
            for key in item.newlyUnique {
                let list = key.map(quoted).joined(separator: ", ")
                let filled = key.map { "\(quoted($0)) IS NOT NULL" }.joined(separator: " AND ")
                let twice = try connection.count(
                    """
                    SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM \(table) \
                    WHERE deleted = 0 AND \(filled) GROUP BY \(list)) AS k
                    """)
                guard twice > 0 else { continue }
                let words = "\(twice) values are there twice."
                if let column = item.new.column(key[0]), key.count == 1 {
                    report(column, "unique", "rows-not-unique", words)
                } else {
                    let position = item.new.uniqueSets.firstIndex(of: key) ?? 0
                    problems.add(
                        "/classes/\(index)/unique/\(position)", "rows-not-unique", words)
                }
            }
        }
    }
}
