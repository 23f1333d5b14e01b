import Contracts
import Database

/// The triggers of a family's table. Every write stands in the change log with what was before and
/// after, whoever made it: Records itself leaves a row in `write_context` while it writes; a write
/// that finds none is another program's, is checked here as the service checks its own, and gets
/// version, times and names.
struct ClassTriggers {
    let family: ClassFamily
    /// Where the records of a reference's class are.
    let target: (FullCode) -> ClassRows?
    let describing: DescribeSQL
    let dialect: Dialect
    /// Of who writes, on a server.
    let lock: Int64?

    private var table: String { family.table }
    /// Without history an entry stands only until it is sent; where no rule may run there is
    /// nobody to send it to.
    private var kept: Int { family.root.definition.history ? 1 : 0 }
    private static let logColumns =
        "class, record, operation, version, time, account, door, root, via, depth, before, after, "
        + "kept"

    /// What makes them all.
    var statements: [String] {
        let triggers =
            [ownInsert, ownUpdate, ownDelete, foreignInsert, foreignUpdate, foreignDelete]
            + (dialect.isSQLite
                ? [foreignArrive] + (foreignClash.map { [$0] } ?? []) : [ownArrival])
        return triggers.map { $0.statement(dialect) } + turns
    }

    private func trigger(
        _ name: String, _ event: TableTrigger.Event, isBefore: Bool = false,
        of writers: TableTrigger.Writers = .all, when condition: String? = nil, _ body: [String]
    ) -> TableTrigger {
        TableTrigger(
            name: "\(table)_\(name)", table: table, isBefore: isBefore, event: event,
            writers: writers, condition: condition, body: body)
    }

    // MARK: Records' own writes

    private func ownLog(
        _ row: String, _ operation: String, version: String, before: String, after: String
    ) -> String {
        """
        INSERT INTO change_log (\(ClassTriggers.logColumns), cause_account)
        SELECT \(number(row)), \(row).id, \(operation), \(version), c.time, c.account, c.door, \
        c.root, c.via, c.depth, \(before), \(after), \(kept), c.cause_account \
        FROM write_context AS c\(kept == 0 ? " WHERE c.silent = 0" : "")
        """
    }

    private var ownInsert: TableTrigger {
        trigger(
            "insert", .insert, of: .single,
            [ownLog("NEW", "'insert'", version: "NEW.version", before: "NULL", after: json("NEW"))])
    }

    /// What one statement inserts for several callers is logged at once, each record under its own
    /// writer. Where one had none, the log would refuse the statement.
    private var ownArrival: TableTrigger {
        let log = """
            INSERT INTO change_log (\(ClassTriggers.logColumns), cause_account)
            SELECT \(number("t")), t.id, 'insert', t.version, c.time, c.account, c.door, \
            c.root, c.via, c.depth, NULL, \(json("t")), \(kept), c.cause_account \
            FROM (SELECT a.*, row_number() OVER (ORDER BY a.id) AS "row-number" FROM arrived AS a) \
            AS t LEFT JOIN write_context AS c ON c.place = \
            CASE current_setting('\(WriteContext.parameter)') \
            WHEN '\(WriteContext.oneForAll)' THEN 1 ELSE t."row-number" END \
            \(kept == 0 ? "WHERE coalesce(c.silent, 0) = 0 " : "")ORDER BY t.id
            """
        let refusal = ClassTriggers.refusal(when: "pg_trigger_depth() > 1")
        return trigger("arrive", .insert, of: .group, [refusal, log])
    }

    /// A trigger of another program that writes as well does so for one of several callers, and
    /// nobody knows for which: each is written alone then.
    private static func refusal(when condition: String) -> String {
        "SELECT RAISE(ABORT, 'several callers') WHERE \(condition)"
    }

    private var refusals: [String] {
        dialect.isSQLite ? [] : [ClassTriggers.refusal(when: "\(WriteContext.kind) = '['")]
    }

    private var ownUpdate: TableTrigger {
        let log = ownLog(
            "NEW", ClassTriggers.operation, version: "NEW.version", before: json("OLD"),
            after: "CASE WHEN NEW.deleted = 0 THEN \(json("NEW")) END")
        return trigger("update", .update, of: .own, refusals + [log])
    }

    /// A row that was deleted logically before is no record any more.
    private var ownDelete: TableTrigger {
        let log = ownLog(
            "OLD", "'delete'", version: "OLD.version + 1", before: json("OLD"), after: "NULL")
        return trigger(
            "delete", .delete, of: .own, when: "OLD.deleted = 0", refusals + [log])
    }

    private static let operation = """
        CASE WHEN NEW.deleted > OLD.deleted THEN 'delete' \
        WHEN NEW.deleted < OLD.deleted THEN 'restore' ELSE 'change' END
        """

    // MARK: Other programs' writes

    private func foreignLog(
        _ row: String, _ operation: String, version: String, before: String, after: String,
        from: String = ""
    ) -> String {
        """
        INSERT INTO change_log (\(ClassTriggers.logColumns))
        SELECT \(number(row)), \(row).id, \(operation), \(version), \(ClassTable.now), 'database', \
        'database', '', '', 0, \(before), \(after), \(kept)\(from)
        """
    }

    /// `INSERT OR REPLACE` removes rows without any trigger being told, so that the rows that it
    /// might replace are remembered before it; what then is gone is logged after it.
    private var foreignArrive: TableTrigger {
        var same = ["t.id = NEW.id"]
        for key in family.uniqueKeys {
            let equal = key.map { "t.\(quoted($0)) = NEW.\(quoted($0))" }
            same.append("(\(equal.joined(separator: " AND ")) AND t.deleted = 0)")
        }
        return trigger(
            "foreign_arrive", .insert, isBefore: true, of: .foreign,
            [
                "DELETE FROM replaced_row",
                """
                INSERT INTO replaced_row (class, record, version, before, logged)
                SELECT \(number("t")), t.id, t.version, \(json("t")), t.deleted
                FROM \(table) AS t WHERE \(same.joined(separator: " OR "))
                """,
            ])
    }

    /// On a server other programs write in turn with the service, so that the change log is in the
    /// order of the commits. The turn is taken before any row is.
    private var turns: [String] {
        guard !dialect.isSQLite, let lock else { return [] }
        let refused = literal("\(name): delete the records instead")
        return [
            TableTrigger.function(
                dialect.name("\(table)_foreign_turn"), "PERFORM pg_advisory_xact_lock(\(lock));",
                returning: "NULL",
                trigger: "BEFORE INSERT OR UPDATE OR DELETE ON \(table) "
                    + "FOR EACH STATEMENT WHEN (\(WriteContext.kind) = '')"),
            TableTrigger.function(
                dialect.name("\(table)_truncate"), "PERFORM gt_raise(\(refused));",
                returning: "NULL",
                trigger: "BEFORE TRUNCATE ON \(table) FOR EACH STATEMENT"),
        ]
    }

    private var foreignInsert: TableTrigger {
        let replaced = """
            INSERT INTO change_log (\(ClassTriggers.logColumns))
            SELECT o.class, o.record, 'delete', o.version + 1, \(ClassTable.now), 'database', \
            'database', '', '', 0, o.before, NULL, \(kept) FROM replaced_row AS o
            WHERE o.logged = 0 AND
            (o.record = NEW.id OR NOT EXISTS (SELECT 1 FROM \(table) AS t WHERE t.id = o.record))
            """
        let version =
            dialect.isSQLite
            ? """
            coalesce((SELECT o.version + 2 FROM replaced_row AS o WHERE o.record = NEW.id), 1)
            """ : "1"
        let logged = foreignLog(
            "t", "'insert'", version: "t.version", before: "NULL", after: json("t"),
            from: " FROM \(table) AS t WHERE t.id = NEW.id")
        return trigger(
            "foreign_insert", .insert, of: .foreign,
            checks(onUpdate: false) + (dialect.isSQLite ? [replaced] : [advance]) + numbering
                + [
                    "INSERT INTO filled_row (record) VALUES (NEW.id)",
                    """
                    UPDATE \(table) SET deleted = 0\(filling(onInsert: true)), \
                    creator = 'database', modifier = 'database', \
                    created = \(ClassTable.now), modified = \(ClassTable.now), \
                    version = \(version) WHERE id = NEW.id
                    """, "DELETE FROM filled_row",
                ] + (dialect.isSQLite ? ["DELETE FROM replaced_row"] : []) + [logged])
    }

    /// A server does not count what brings its own id.
    private var advance: String {
        let sequence = "pg_get_serial_sequence('\(table)', 'id')"
        return "SELECT setval(\(sequence), NEW.id) WHERE NEW.id > "
            + "coalesce(pg_sequence_last_value(\(sequence)::regclass), 0)"
    }

    private var foreignUpdate: TableTrigger {
        let type = family.hasClassColumn ? ["class"] : []
        let changed =
            (family.storedColumns.map { quoted($0.column.code) } + type + ["deleted", "id"])
            .map { "NEW.\($0) \(dialect.isDistinct) OLD.\($0)" }.joined(separator: " OR ")
        let after = "CASE WHEN NEW.deleted = 0 THEN \(json("t")) END"
        let logged = foreignLog(
            "t", ClassTriggers.operation, version: "t.version", before: json("OLD"),
            after: after, from: " FROM \(table) AS t WHERE t.id = NEW.id")
        return trigger(
            "foreign_update", .update, of: .foreign,
            when: "(\(changed)) AND NOT EXISTS (SELECT 1 FROM filled_row)",
            [
                "SELECT RAISE(ABORT, \(literal("\(name): the id of a record cannot change"))) "
                    + "WHERE NEW.id <> OLD.id"
            ] + checks(onUpdate: true) + [
                "INSERT INTO filled_row (record) VALUES (NEW.id)",
                """
                UPDATE \(table) SET version = OLD.version + 1, created = OLD.created, \
                creator = OLD.creator, modified = \(ClassTable.now), modifier = 'database'\
                \(filling(onInsert: false)) WHERE id = NEW.id
                """, "DELETE FROM filled_row", logged,
            ])
    }

    private var foreignDelete: TableTrigger {
        let logged = foreignLog(
            "OLD", "'delete'", version: "OLD.version + 1", before: json("OLD"), after: "NULL")
        let noted = "UPDATE replaced_row SET logged = 1 WHERE record = OLD.id"
        return trigger(
            "foreign_delete", .delete, of: .foreign, when: "OLD.deleted = 0",
            (dialect.isSQLite ? [noted] : []) + [logged])
    }

    /// `UPDATE OR REPLACE` would remove the row that has the value already.
    private var foreignClash: TableTrigger? {
        let keys = family.uniqueKeys
        guard !keys.isEmpty else { return nil }
        let checks = keys.map { key in
            let words = literal("\(name).\(key.joined(separator: ", ")) must be unique")
            let equal = key.map { "t.\(quoted($0)) = NEW.\(quoted($0))" }
            return """
                SELECT RAISE(ABORT, \(words)) WHERE EXISTS (SELECT 1 FROM \(table) AS t \
                WHERE \(equal.joined(separator: " AND ")) AND t.deleted = 0 AND t.id <> OLD.id)
                """
        }
        return trigger(
            "foreign_clash", .update, isBefore: true, of: .foreign, when: "NEW.deleted = 0",
            checks)
    }

    /// What a row gets after another program wrote it: JSON without blanks, no list where it is
    /// empty, and, where it is new, the values that the platform gives and the table cannot.
    private func filling(onInsert: Bool) -> String {
        let values = family.columns.compactMap { item -> String? in
            let column = item.column
            let code = quoted(column.code)
            let json = dialect.isSQLite ? "json(\(code))" : "gt_compact(\(code))"
            if column.isList { return "\(code) = nullif(\(json), '[]')" }
            if column.type == .json { return "\(code) = \(json)" }
            if let counter = counter(item), onInsert {
                guard !item.isOfAll else { return "\(code) = \(counter.valueSQL)" }
                return "\(code) = CASE WHEN \(item.condition(table)) THEN \(counter.valueSQL) END"
            }
            guard onInsert, !item.isOfAll || column.isMade, let value = column.givenSQL else {
                return nil
            }
            if item.isOfAll { return "\(code) = coalesce(\(code), \(value))" }
            return "\(code) = CASE WHEN \(item.condition(table)) "
                + "THEN coalesce(\(code), \(value)) END"
        }
        return values.map { ", \($0)" }.joined()
    }

    /// Takes the next number of each sequence that the row has.
    private var numbering: [String] {
        family.columns.flatMap { item in
            counter(item)?.nextSQL(where: item.condition("NEW")) ?? []
        }
    }

    private func counter(_ item: FamilyColumn) -> SequenceCounter? {
        item.column.sequence.map {
            SequenceCounter(table: family.root.number, column: item.column.code, format: $0)
        }
    }

    private func checks(onUpdate: Bool) -> [String] {
        ForeignChecks(family: family, target: target, dialect: dialect).sql(onUpdate: onUpdate)
    }

    /// The record as the API has it, by the class that the row is of.
    private func json(_ alias: String) -> String {
        byClass(alias) { member in
            RecordJSON(
                definition: member.definition, hasClassColumn: family.hasClassColumn,
                alias: alias, describing: describing, dialect: dialect
            ).sql
        }
    }

    /// The number under which the change log has the row's class.
    private func number(_ alias: String) -> String { byClass(alias) { String($0.number) } }

    private func byClass(_ alias: String, _ sql: (ClassFamily.Member) -> String) -> String {
        guard family.hasClassColumn else { return sql(family.root) }
        let cases = family.members.dropFirst().map { member in
            "WHEN \(literal(member.type.description)) THEN \(sql(member))"
        }
        return "CASE \(alias).class \(cases.joined(separator: " ")) ELSE \(sql(family.root)) END"
    }

    /// For messages.
    private var name: String { family.root.type.description }
}
