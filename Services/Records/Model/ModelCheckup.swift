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
            checkDescription(item, pointer, problems)
            try checkView(item, pointer, connection, problems)
        }
        checkReferrers(own, problems)
        try checkQueries(connection, problems)
        checkParents(problems)
        try checkRows(connection, problems)
    }

    /// Every query compiles over the views of the model as it will be.
    private func checkQueries(
        _ connection: Connection, _ problems: ObjectReader.Problems
    ) throws {
        let dialect = connection.dialect
        for (index, query) in definition.queries.enumerated() where query.text != .empty {
            var views = callerViews(definition.code, definition.classes, of: query, dialect)
            for (model, classes) in store.definitionsByModel where model != definition.code {
                views += callerViews(model, classes, of: query, dialect, sharedOnly: true)
            }
            let sample = QueryStatement(query, over: views, dialect).sample
            let confinement = QueryRun.confinement(of: views, sample: sample, dialect)
            if let fault = try connection.fault(of: sample, within: confinement) {
                problems.add("/queries/\(index)/sql", "wrong-sql", "cannot be run: \(fault)")
            }
        }
    }

    /// The views that a query names, to compile it over.
    private func callerViews(
        _ model: String, _ classes: [ClassDefinition], of query: QueryDefinition,
        _ dialect: Dialect, sharedOnly: Bool = false
    ) -> [CallerView] {
        classes.compactMap { item in
            let name = ClassTable.viewName(model: model, code: item.code)
            guard query.text.names.contains(name), item.isShared || !sharedOnly else { return nil }
            let isFamily = item.parent != nil || classes.contains { $0.parent == item.code }
            return CallerView(checking: item, hasClassColumn: isFamily, name: name, dialect)
        }
    }

    private func checkReferences(
        _ item: ClassDefinition, _ pointer: String, _ own: Set<String>,
        _ problems: ObjectReader.Problems
    ) {
        for (index, column) in item.columns.dropFirst(item.inheritedCount).enumerated() {
            guard let target = column.target else { continue }
            let exists =
                target.model == definition.code
                ? own.contains(target.code)
                : store.number(model: target.model, target.code) != nil
            if !exists {
                problems.add(
                    "\(pointer)/columns/\(index)/class", "unknown-class",
                    "There is no class \(target).")
            } else if target.model != definition.code, !isShared(target) {
                problems.add(
                    "\(pointer)/columns/\(index)/class", "not-shared",
                    "\(target) is not open to other models; its own must say `\"shared\": true`.")
            }
        }
    }

    /// What a description shows of other records must be a plain value of theirs.
    private func checkDescription(
        _ item: ClassDefinition, _ pointer: String, _ problems: ObjectReader.Problems
    ) {
        // What is inherited is said where it stands.
        let parent = definition.classes.first { $0.code == item.parent }
        guard item.describe != parent?.describe else { return }
        for (index, code) in item.describe.references {
            guard let code, let type = item.columns[index].target, let target = known(type),
                !target.isDescribable(code)
            else { continue }
            problems.add(
                "\(pointer)/describe", "unknown-column",
                "names {\(item.columns[index].code).\(code)}, which is no plain value of \(type)")
        }
    }

    /// A class as it will be.
    private func known(_ type: FullCode) -> ClassDefinition? {
        let classes =
            type.model == definition.code
            ? definition.classes : store.definitions(of: type.model)
        return classes.first { $0.code == type.code }
    }

    /// Views of all models share one name space with all tables and indexes.
    private func checkView(
        _ item: ClassDefinition, _ pointer: String, _ connection: Connection,
        _ problems: ObjectReader.Problems
    ) throws {
        if store.number(model: definition.code, item.code) != nil { return }
        let view = ClassTable.viewName(model: definition.code, code: item.code)
        // The class that has the name may be one that this document drops.
        let dropped = Set(store.definitions(of: definition.code).map(\.code)).subtracting(
            definition.classes.map(\.code))
        let freed = dropped.contains {
            ClassTable.viewName(model: definition.code, code: $0) == view
        }
        if try APIView.isTaken(view, connection), !freed {
            problems.add(
                "\(pointer)/code", "name-taken",
                "The API view would be called \(view), which something else is called already.")
        }
    }

    private func isShared(_ type: FullCode) -> Bool {
        store.definitions(of: type.model).first { $0.code == type.code }?.isShared ?? false
    }

    /// A class that goes, or is shared no more, must not be what a column or query of another
    /// model names.
    private func checkReferrers(_ own: Set<String>, _ problems: ObjectReader.Problems) {
        let shared = Set(definition.classes.filter(\.isShared).map(\.code))
        for (model, classes) in store.definitionsByModel where model != definition.code {
            for item in classes {
                for column in item.columns.dropFirst(item.inheritedCount) {
                    guard let target = column.target, target.model == definition.code,
                        !shared.contains(target.code)
                    else { continue }
                    let words = own.contains(target.code) ? "not shared here" : "missing here"
                    problems.add(
                        "/classes", "still-referenced",
                        "\(model).\(item.code).\(column.code) refers to \(target), which is "
                            + "\(words).")
                }
            }
            for item in classes {
                for (index, code) in item.describe.references {
                    guard let code, let type = item.columns[index].target,
                        type.model == definition.code, let target = known(type),
                        !target.isDescribable(code)
                    else { continue }
                    problems.add(
                        "/classes", "still-referenced",
                        "The description of \(model).\(item.code) shows \(type).\(code), which "
                            + "would be no plain value.")
                }
            }
            for query in store.models[model]?.queries ?? [] {
                for item in store.definitions(of: definition.code)
                where item.isShared && !shared.contains(item.code)
                    && query.text.names.contains(
                        ClassTable.viewName(model: definition.code, code: item.code))
                {
                    problems.add(
                        "/classes", "still-referenced",
                        "The query \(model).\(query.code) reads \(item.code), which is not shared "
                            + "here.")
                }
            }
        }
    }

    /// The table of a class is that of its family for as long as it stands.
    private func checkParents(_ problems: ObjectReader.Problems) {
        let standing = store.definitions(of: definition.code)
        for (index, item) in definition.classes.enumerated() {
            guard let before = standing.first(where: { $0.code == item.code }),
                before.parent != item.parent
            else { continue }
            let was = before.parent.map { "inherits from \($0)" } ?? "has no parent"
            problems.add(
                "/classes/\(index)/parent", "unchangeable",
                "\(item.code) \(was), and its records are in that table. Define a class of another "
                    + "code with this parent, copy the records, and drop \(item.code).")
        }
    }

    /// Rows that stand must have what columns newly demand. Of a family only the class that brings
    /// a column is asked, for all that inherit it.
    private func checkRows(_ connection: Connection, _ problems: ObjectReader.Problems) throws {
        let change = ModelChange(
            model: definition.code, from: store.families(of: definition.code),
            to: definition.classes)
        for item in change.changed {
            for member in item.new.members {
                try checkRows(of: member, item, connection, problems)
            }
            try checkConversions(item, connection, problems)
            try checkUnique(item, connection, problems)
        }
    }

    private func checkRows(
        of member: ClassFamily.Member, _ change: FamilyChange, _ connection: Connection,
        _ problems: ObjectReader.Problems
    ) throws {
        let code = member.type.code
        guard let index = definition.classes.firstIndex(where: { $0.code == code }) else { return }
        // A class that comes with this document has no rows; in a family of one all are its own.
        let rows = change.old.rows(of: code)
        let own = member.definition.columns.dropFirst(member.definition.inheritedCount)
        for (position, column) in own.enumerated() {
            let standing = change.old.columns.first { $0.column.code == column.code }
            guard let rows, standing?.column != column || standing?.owners.first != member.type
            else { continue }
            let isKept = standing != nil
            // Of the class itself; one that gets it from elsewhere in the family has no values yet.
            let before = isKept && standing?.owners.first == member.type ? standing?.column : nil
            let place = "/classes/\(index)/columns/\(position)"
            let quotedCode = quoted(column.code)
            func count(_ sql: String) throws -> Int64 {
                try connection.count(
                    "SELECT \(sql) FROM \(rows.table) AS t WHERE deleted = 0\(rows.condition("t"))")
            }
            let value = column.type == .text ? "nullif(\(quotedCode), '')" : quotedCode
            let missing = isKept ? "count(*) - count(\(value))" : "count(*)"
            if column.required, before == nil, column.givenSQL == nil, !column.isMade {
                let empty = try count(missing)
                if empty > 0 {
                    problems.add(
                        "\(place)/required", "default-needed",
                        "\(empty) rows would have no value; give a default.")
                }
            } else if column.required, let before, !before.required {
                let empty = try count(missing)
                if empty > 0 {
                    problems.add(
                        "\(place)/required", "rows-without-value",
                        "\(empty) rows have no value.")
                }
            }
        }
    }

    /// Values that must be there once now, and stood before.
    private func checkUnique(
        _ change: FamilyChange, _ connection: Connection, _ problems: ObjectReader.Problems
    ) throws {
        let standing = change.old.uniqueKeys
        // The check of a conversion looks for what would be twice.
        let anew = change.added + change.converted.map(\.column) + change.computed
        let fresh = Set(anew.map(\.column.code))
        for key in change.new.uniqueKeys
        where !standing.contains(key) && fresh.isDisjoint(with: key) {
            let list = key.map(quoted).joined(separator: ", ")
            let filled = key.map { "\(quoted($0)) IS NOT NULL" }.joined(separator: " AND ")
            let twice = try connection.count(
                """
                SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM \(change.old.table) \
                WHERE deleted = 0 AND \(filled) GROUP BY \(list)) AS k
                """)
            guard twice > 0 else { continue }
            problems.add(place(of: key), "rows-not-unique", "\(twice) values are there twice.")
        }
    }

    /// Values must become what the new definition of their column takes, every one.
    private func checkConversions(
        _ change: FamilyChange, _ connection: Connection, _ problems: ObjectReader.Problems
    ) throws {
        for item in change.converted {
            let (old, new) = (item.conversion.old, item.conversion.new)
            let place = place(of: new.code, in: item.column.owners[0].code)
            if case .refused(let words) = ColumnFate(from: old, to: new) {
                problems.add(place, "unsafe-conversion", words)
                continue
            }
            let faults = try ConversionFaults(connection, item, table: change.old.table)
            if faults.count > 0 {
                problems.add(place, "rows-not-convertible", faults.sentence(new.type))
            }
        }
    }

    private func place(of column: String, in type: String) -> String {
        guard let index = definition.classes.firstIndex(where: { $0.code == type }),
            let position = definition.classes[index].index(of: column)
        else { return "/classes" }
        let own = position - definition.classes[index].inheritedCount
        return "/classes/\(index)/columns/\(own)/type"
    }

    /// Where the document says that a key is unique.
    private func place(of key: [String]) -> String {
        for (index, item) in definition.classes.enumerated() {
            if key.count == 1, let position = item.index(of: key[0]),
                position >= item.inheritedCount, item.columns[position].unique
            {
                return "/classes/\(index)/columns/\(position - item.inheritedCount)/unique"
            }
            let inherited = definition.classes.first { $0.code == item.parent }?.uniqueSets ?? []
            if let position = item.uniqueSets.dropFirst(inherited.count).firstIndex(of: key) {
                return "/classes/\(index)/unique/\(position - inherited.count)"
            }
        }
        return "/classes"
    }
}
