import Contracts
import Database

/// SQL that holds the values of another program's write against a class's columns, within a
/// trigger: it takes exactly what the service takes, or raises an error that names the column.
struct ForeignChecks {
    let family: ClassFamily
    /// Where the records of a reference's class are.
    let target: (FullCode) -> ClassRows?
    let dialect: Dialect

    /// A condition under which a value is at fault; without words it is good, and none after
    /// counts.
    private typealias Fault = (condition: String, words: String?)

    func sql(onUpdate: Bool) -> [String] {
        let checks = family.columns.filter { $0.column.type != .computed }.map { item in
            let column = item.column
            let code = quoted(column.code)
            var faults = self.faults(of: column, value: "NEW.\(code)", onUpdate: onUpdate)
            if !item.isOfAll { narrow(&faults, to: item, onUpdate: onUpdate) }
            if onUpdate, column.readOnly || column.type == .sequence {
                faults.insert((ForeignChecks.always, "is the same ever after"), at: 0)
            }
            let cases = faults.map { condition, words in
                let raise = words.map { literal("\(item.name) \($0)") }
                return "WHEN \(condition) THEN \(raise.map { "RAISE(ABORT, \($0))" } ?? "NULL")"
            }
            let scope = onUpdate ? " WHERE NEW.\(code) \(dialect.isDistinct) OLD.\(code)" : ""
            return "SELECT CASE \(cases.joined(separator: " ")) END\(scope)"
        }
        return classCheck(onUpdate: onUpdate) + checks
    }

    /// A column that not every class of the family has is empty in the others' rows, and in its own
    /// gets its default after the check.
    private func narrow(_ faults: inout [Fault], to item: FamilyColumn, onUpdate: Bool) {
        if !onUpdate, item.column.defaultValue != .null { faults[0].words = nil }
        let isOther = "NOT (\(item.condition("NEW")))"
        let isGiven = "NEW.\(quoted(item.column.code)) IS NOT NULL"
        faults.insert(("\(isOther) AND \(isGiven)", "is no column of the record's class"), at: 0)
        faults.insert((isOther, nil), at: 1)
    }

    private func classCheck(onUpdate: Bool) -> [String] {
        guard family.hasClassColumn else { return [] }
        let name = family.root.type.description
        if onUpdate {
            let words = literal("\(name): the class of a record cannot change")
            return ["SELECT RAISE(ABORT, \(words)) WHERE NEW.class \(dialect.isDistinct) OLD.class"]
        }
        let codes = family.members.map(\.type.description)
        let words = literal("\(name): class must be one of \(codes.joined(separator: ", "))")
        let list = codes.map(literal).joined(separator: ", ")
        return ["SELECT RAISE(ABORT, \(words)) WHERE NEW.class NOT IN (\(list))"]
    }

    private static let always = "1 = 1"

    /// In order.
    private func faults(
        of column: ColumnDefinition, value: String, onUpdate: Bool
    ) -> [Fault] {
        let isNeeded = column.required && (onUpdate || !column.isMade)
        var faults: [Fault] = [("\(value) IS NULL", isNeeded ? "must have a value" : nil)]
        switch column.type {
        case .file:
            let isEmpty = "\(value) = '[]'"
            faults.append(
                (
                    onUpdate ? ForeignChecks.always : "NOT \(isEmpty)",
                    "lists files, which are put through the API"
                ))
            return faults
        case .sequence: return faults + [(ForeignChecks.always, "is given by the platform")]
        case .computed: return faults
        case .text, .integer, .decimal, .boolean, .date, .datetime, .choice, .reference, .account,
            .unit, .json, .guid:
            break
        }
        guard column.many else {
            return faults + single(column, value, kind: "typeof(\(value))")
        }
        faults.append(("typeof(\(value)) <> 'text'", "must be a JSON array"))
        faults.append(("json_valid(\(value)) = 0", "must be a JSON array"))
        faults.append(("json_type(\(value)) <> 'array'", "must be a JSON array"))
        let least = column.required ? 1 : 0
        faults.append(
            (
                "json_array_length(\(value)) NOT BETWEEN \(least) AND "
                    + "\(ColumnDefinition.manyLimit)",
                "must have \(least) to \(ColumnDefinition.manyLimit) values"
            ))
        for (condition, words) in single(column, "v.value", kind: "v.type") {
            faults.append(
                (
                    "EXISTS (SELECT 1 FROM json_each(\(value)) AS v WHERE \(condition))",
                    words.map { "has a value that \($0)" }
                ))
        }
        return faults
    }

    /// Faults of one value, which is not NULL; `kind` is SQL that tells its type. One of a list may
    /// be of any type, and a number is a text there on PostgreSQL.
    private func single(
        _ column: ColumnDefinition, _ value: String, kind: String
    ) -> [Fault] {
        let mustBeText: Fault = ("\(kind) <> 'text'", "must be text")
        let listed = column.many ? [mustBeText] : []
        switch column.type {
        case .text: return [mustBeText] + text(column, value)
        case .integer, .decimal:
            let range = column.range
            let words =
                column.scale > 0 ? "a whole number of 10^-\(column.scale)" : "a whole number"
            return [
                ("\(kind) <> 'integer'", "must be \(words)"),
                (
                    "\(column.many ? "CAST(\(value) AS NUMERIC)" : value) "
                        + "NOT BETWEEN \(range.lowerBound) AND \(range.upperBound)",
                    "must be \(range.lowerBound) to \(range.upperBound)"
                ),
            ]
        case .boolean: return [("\(value) NOT IN (0, 1)", "must be 0 or 1")]
        case .date, .datetime: return listed + moment(column, value) + bounds(column, value)
        case .choice:
            let list = column.choices.map(literal).joined(separator: ", ")
            return listed + [("\(value) NOT IN (\(list))", "must be one of the choices")]
        case .reference:
            let rows =
                column.target.flatMap(target) ?? ClassRows(table: "no_table", classes: nil)
            // No id is longer, and none of these is too long for its type.
            let id =
                column.many
                ? "CASE WHEN length(\(value)) < 18 THEN CAST(\(value) AS BIGINT) END" : value
            return [
                ("\(kind) <> 'integer'", "must be the id of a record"),
                (
                    "NOT EXISTS (SELECT 1 FROM \(rows.table) AS x WHERE x.id = \(id) "
                        + "AND x.deleted = 0\(rows.condition("x")))",
                    "must be the id of a \(column.target?.description ?? "record")"
                ),
            ]
        case .account:
            let known = "SELECT 1 FROM directory_account WHERE code = \(value)"
            return [mustBeText, ("NOT EXISTS (\(known))", "must be the code of an account")]
        case .unit:
            let structure = column.structure ?? ""
            let known =
                "SELECT 1 FROM org_unit WHERE structure = \(literal(structure)) AND code = \(value)"
            return [mustBeText, ("NOT EXISTS (\(known))", "must be a unit of \(structure)")]
        case .guid:
            let pattern = [8, 4, 4, 4, 12]
                .map { String(repeating: "[0-9a-f]", count: $0) }.joined(separator: "-")
            let mismatch = dialect.isSQLite ? "NOT GLOB '\(pattern)'" : "!~ '^\(pattern)$'"
            return listed + [("\(value) \(mismatch)", "must be a UUID in lower case")]
        case .json:
            return [mustBeText, ("json_valid(\(value)) = 0", "must be JSON")]
                + (dialect.isSQLite ? jsonFaults(value) : postgresJSONFaults(value))
        case .file, .sequence, .computed: return []
        }
    }

    private func text(_ column: ColumnDefinition, _ value: String) -> [Fault] {
        let lengths = column.lengths
        let least = column.required ? max(1, lengths.lowerBound) : lengths.lowerBound
        let pattern = column.pattern.map {
            [($0.mismatchSQL(value, dialect), "must match \($0.text)")]
        }
        // PostgreSQL itself has no such text.
        let null: [Fault] =
            dialect.isSQLite
            ? [("instr(\(value), char(0)) > 0", "must not contain U+0000")] : []
        return null + [
            (
                "length(\(value)) NOT BETWEEN \(least) AND \(lengths.upperBound)",
                "must have \(least) to \(lengths.upperBound) characters"
            )
        ] + (pattern ?? [])
    }

    private func moment(_ column: ColumnDefinition, _ value: String) -> [Fault] {
        let isDate = column.type == .date
        let words = isDate ? "a date as 2026-11-22" : "a time as 2026-11-22T10:15:30.000Z"
        guard dialect.isSQLite else {
            return [("NOT gt_is_\(isDate ? "date" : "time")(\(value))", "must be \(words)")]
        }
        // Without a modifier the engine takes the thirtieth of February as it is.
        let normal =
            isDate
            ? "date(\(value), '+0 days')"
            : "strftime('%Y-%m-%dT%H:%M:%fZ', \(value), '+0 days')"
        return [("\(value) \(dialect.isDistinct) \(normal)", "must be \(words)")]
    }

    private func postgresJSONFaults(_ value: String) -> [Fault] {
        let limit = ColumnValue.jsonDepth
        let fault = "gt_json_fault(\(value), \(limit))"
        return [("\(fault) IS NULL", nil)]
            + [
                ("null", "must be NULL rather than null"),
                ("levels", "must have at most \(limit) levels"),
                ("half", "must be JSON of whole characters"), ("key", "must not repeat a key"),
            ].map { kind, words in ("\(fault) = '\(kind)'", words) }
    }

    /// What the engine takes for JSON and the service does not.
    private func jsonFaults(_ value: String) -> [Fault] {
        let limit = ColumnValue.jsonDepth
        let path = "length(path) - length(replace(replace(path, '.', ''), '[', ''))"
        let depth = """
            WITH RECURSIVE level(id, n) AS (SELECT 0, 1 UNION ALL SELECT j.id, level.n + 1 \
            FROM level JOIN json_tree(\(value)) AS j ON j.parent = level.id) \
            SELECT max(n) FROM level
            """
        let broken = "'*[' || char(65533) || ']*'"
        return [
            ("\(value) = 'null' OR json_type(\(value)) = 'null'", "must be NULL rather than null"),
            (
                // The first is quick and never too small; the second is right.
                "(SELECT max(\(path)) FROM json_tree(\(value))) >= \(limit) - 1 "
                    + "AND (\(depth)) > \(limit)",
                "must have at most \(limit) levels"
            ),
            (
                "EXISTS (SELECT 1 FROM json_tree(\(value)) WHERE typeof(key) = 'text' "
                    + "GROUP BY parent, key HAVING count(*) > 1)", "must not repeat a key"
            ),
            (
                // Half of a pair of surrogates, which is no character.
                "\(value) GLOB '*\\u[dD][89a-fA-F]*' AND EXISTS (SELECT 1 "
                    + "FROM json_tree(\(value)) WHERE type = 'text' AND value GLOB \(broken) "
                    + "OR key GLOB \(broken))", "must be JSON of whole characters"
            ),
        ]
    }

    private func bounds(_ column: ColumnDefinition, _ value: String) -> [Fault] {
        var faults: [Fault] = []
        let value = dialect.isSQLite ? value : "\(value) COLLATE \"C\""
        if let earliest = column.earliest {
            faults.append(("\(value) < \(literal(earliest))", "must not be before \(earliest)"))
        }
        if let latest = column.latest {
            faults.append(("\(value) > \(literal(latest))", "must not be after \(latest)"))
        }
        return faults
    }
}
