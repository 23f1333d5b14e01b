import Contracts
import Database
import JSON

/// How records of a class become JSON for a set of roles: which columns the statement selects, and
/// what is written of them. Made once and used for every row.
final class RecordPlan: Sendable {
    static let expandLimit = 20

    /// What is selected, in the order of the row's columns.
    let columns: SQLText
    /// `DataRow_1 AS r`, and a join for each expanded reference.
    let source: SQLText
    /// Which rows: not deleted, and granted.
    let condition: SQLText
    /// The same rows for counting them: where an index can serve the rights, as it can.
    let countCondition: SQLText
    /// How many columns the row has.
    let width: Int
    let object: ObjectPlan
    /// The object's fields once more, as rows are written by them.
    let steps: [Step]
    /// The keys of the steps, one after the other.
    let keys: [UInt8]
    /// One record by its id; its value comes last.
    let byID: SQLText
    let byIDText: String
    /// What an INSERT adds to answer the record, its id, and whether it may be read; nil where the
    /// plan looks into other tables than that.
    let returning: SQLText?

    /// Of an object: what is written, in order.
    struct ObjectPlan: Sendable {
        var fields: [Field] = []
    }

    /// A field as plain numbers, so that writing a row counts no references.
    struct Step: Sendable {
        enum Form { case integer, text, boolean, decimal, other }

        var form: Form
        var column: Int
        var scale = 0
        /// In `keys`.
        var key: Range<Int>
    }

    struct Field: Sendable {
        var key: JSONKey
        var column: Int
        var kind: Kind
        /// Columns that say of what the caller may read the field for; it is left out where none
        /// of them is true. Empty: it may be read in every row.
        var flags: [Int] = []
    }

    indirect enum Kind: Sendable {
        /// When (the field's column) and by whom it was deleted; null where it is not.
        case deletion(account: Int)
        case integer, text, boolean
        case decimal(scale: Int)
        /// JSON as it is stored.
        case json
        /// An array as it is stored; none is an empty one.
        case list
        /// An array of decimals.
        case decimals(scale: Int)
        case describe([DescribePart])
        /// The joined record where it may be read; its id alone where not. `id` is its own id's
        /// column.
        case reference(id: Int, ObjectPlan)
    }

    /// A piece of `describe`.
    struct DescribePart: Sendable {
        var literal: [UInt8] = []
        var field: Field?
    }

    /// A whole record.
    convenience init(
        _ recordClass: RecordClass, _ rights: RowRights,
        target: @escaping (FullCode) -> (RecordClass, RowRights)?
    ) {
        var builder = PlanBuilder(describing: DescribeSQL(by: target))
        builder.addObject(recordClass, rights, alias: QueryScope.alias, isWanted: { _ in true })
        self.init(builder, recordClass, rights)
    }

    /// A selection: `id` and `version`, and what `select` names (nil is all).
    convenience init(
        _ recordClass: RecordClass, _ rights: RowRights, select: [String]?, expand: [String],
        deleted: DeletedRows = .hidden, delete: RowRights? = nil,
        target: @escaping (FullCode) -> (RecordClass, RowRights)?
    ) throws {
        let scope = QueryScope(recordClass: recordClass, rights: rights, target: target)
        for code in (select ?? []) where code != "describe" {
            do throws(FilterFault) {
                _ = try scope.resolve(FilterPath(segments: [code], offset: 0))
            } catch {
                throw RecordsError.filter("select", error)
            }
        }
        var builder = PlanBuilder(describing: DescribeSQL(by: target))
        guard expand.count <= RecordPlan.expandLimit else {
            throw RecordsError.filter(
                "expand", FilterFault(detail: "names too many references", offset: 0))
        }
        for code in expand {
            let path = FilterPath(segments: [code], offset: 0)
            let fault = FilterFault(detail: "names \(code), which is no reference here", offset: 0)
            guard (try? scope.resolve(path)) != nil,
                let code = recordClass.definition.column(code)?.target
            else { throw RecordsError.filter("expand", fault) }
            builder.expanded[path.text] = target(code)
        }
        let wanted = select.map { Set($0).union(["id", "version"]).union(expand) }
        builder.addObject(recordClass, rights, alias: QueryScope.alias) {
            wanted?.contains($0) ?? true
        }
        if deleted != .hidden { builder.addDeletion(alias: QueryScope.alias) }
        self.init(
            builder, recordClass, rights,
            deleted.condition(alias: QueryScope.alias, delete))
    }

    /// `standing` says which rows are there to be read.
    private init(
        _ builder: PlanBuilder, _ recordClass: RecordClass, _ rights: RowRights,
        _ standing: SQLText = SQLText("\(QueryScope.alias).deleted = 0")
    ) {
        columns = builder.columns
        source = SQLText("\(recordClass.table) AS \(QueryScope.alias)") + builder.joins
        width = builder.width
        object = builder.object
        var keys: [UInt8] = []
        steps = builder.object.fields.map { field in
            let start = keys.count
            keys += field.key.encoded
            return Step(field, key: start..<keys.count)
        }
        self.keys = keys
        var condition = standing + recordClass.rows.condition(QueryScope.alias)
        var countCondition = condition
        if let rows = rights.condition(alias: QueryScope.alias) {
            condition.append(" AND " + rows)
            countCondition.append(
                " AND " + (rights.seekCondition(alias: QueryScope.alias) ?? rows))
        }
        self.condition = condition
        self.countCondition = countCondition
        byID = "SELECT " + columns + " FROM " + source + " WHERE " + condition + " AND r.id = "
        byIDText = byID.text + "?"
        returning =
            builder.joins.text.isEmpty
            ? " RETURNING " + columns + ", r.id, CASE WHEN " + condition + " THEN 1 ELSE 0 END"
            : nil
    }
}

/// Gathers what a plan selects.
private struct PlanBuilder {
    var columns = SQLText()
    var joins = SQLText()
    var width = 0
    var object = RecordPlan.ObjectPlan()
    /// References that are to be objects, with their classes.
    var expanded: [String: (RecordClass, RowRights)] = [:]
    private let describing: DescribeSQL
    private var flags: [Flag: Int] = [:]

    private struct Flag: Hashable {
        let alias: String
        let predicate: RowPredicate
    }

    init(describing: DescribeSQL) { self.describing = describing }

    /// Selects a column; answers its position.
    mutating func select(_ sql: String) -> Int { select(SQLText(sql)) }

    private mutating func select(_ sql: SQLText) -> Int {
        if width > 0 { columns.append(", ") }
        columns.append(sql)
        width += 1
        return width - 1
    }

    mutating func addObject(
        _ recordClass: RecordClass, _ rights: RowRights, alias: String,
        isWanted: (String) -> Bool
    ) {
        object = makeObject(recordClass, rights, alias: alias, isTop: true, isWanted: isWanted)
    }

    /// Last of all: when and by whom the record was deleted.
    mutating func addDeletion(alias: String) {
        let account = select("\(alias).modifier")
        let time = select("CASE WHEN \(alias).deleted = 1 THEN \(alias).modified END")
        object.fields.append(
            RecordPlan.Field(key: "deleted", column: time, kind: .deletion(account: account)))
    }

    private mutating func makeObject(
        _ recordClass: RecordClass, _ rights: RowRights, alias: String, isTop: Bool,
        isWanted: (String) -> Bool
    ) -> RecordPlan.ObjectPlan {
        var plan = RecordPlan.ObjectPlan()
        let definition = recordClass.definition
        for column in SystemColumn.allCases where isWanted(column.rawValue) {
            plan.fields.append(
                RecordPlan.Field(
                    key: JSONKey(column.rawValue), column: select("\(alias).\(column.rawValue)"),
                    kind: column.type == .integer ? .integer : .text))
            if column == .version, isWanted("describe") {
                let parts = describe(definition, rights, alias: alias)
                plan.fields.append(
                    RecordPlan.Field(key: "describe", column: 0, kind: .describe(parts)))
            }
            if column == .version, recordClass.hasClassColumn, isWanted("class") {
                plan.fields.append(
                    RecordPlan.Field(key: "class", column: select("\(alias).class"), kind: .text))
            }
        }
        for (index, column) in definition.columns.enumerated()
        where rights.columns[index] != .nowhere && isWanted(column.code) {
            var field = field(column, rights.columns[index], alias: alias)
            if isTop, !column.many, let (target, targetRights) = expanded[column.code] {
                field.kind = join(target, targetRights, from: "\(alias).\(quoted(column.code))")
            }
            plan.fields.append(field)
        }
        return plan
    }

    private mutating func field(
        _ column: ColumnDefinition, _ reach: RowRights.Reach, alias: String
    ) -> RecordPlan.Field {
        let kind: RecordPlan.Kind
        switch column.form {
        case .text, .date, .datetime: kind = .text
        case .integer: kind = .integer
        case .decimal: kind = .decimal(scale: column.scale)
        case .boolean: kind = .boolean
        case .json where column.valueForm == .decimal && column.scale > 0:
            kind = .decimals(scale: column.scale)
        case .json: kind = column.isList ? .list : .json
        }
        return RecordPlan.Field(
            key: JSONKey(column.code), column: select("\(alias).\(quoted(column.code))"),
            kind: kind, flags: flags(reach, alias: alias))
    }

    /// Selects whether each predicate of a reach holds, once for each.
    private mutating func flags(_ reach: RowRights.Reach, alias: String) -> [Int] {
        guard case .under(let predicates) = reach else { return [] }
        return predicates.map { predicate in
            let flag = Flag(alias: alias, predicate: predicate)
            if let known = flags[flag] { return known }
            let position = select(predicate.check(alias: alias))
            flags[flag] = position
            return position
        }
    }

    /// What may not be read is blank in `describe` too.
    private mutating func describe(
        _ definition: ClassDefinition, _ rights: RowRights, alias: String
    ) -> [RecordPlan.DescribePart] {
        definition.describe.parts.compactMap { part in
            switch part {
            case .literal(let text): return RecordPlan.DescribePart(literal: Array(text.utf8))
            case .id:
                let column = select("\(alias).id")
                return RecordPlan.DescribePart(
                    field: RecordPlan.Field(key: "id", column: column, kind: .integer))
            case .column(let index):
                guard rights.columns[index] != .nowhere else { return nil }
                return RecordPlan.DescribePart(
                    field: field(definition.columns[index], rights.columns[index], alias: alias))
            case .reference(let index, let code):
                guard rights.columns[index] != .nowhere else { return nil }
                let text = describing.text(
                    of: definition.columns[index], showing: code, alias: alias)
                return RecordPlan.DescribePart(
                    field: RecordPlan.Field(
                        key: "describe", column: select(text), kind: .text,
                        flags: flags(rights.columns[index], alias: alias)))
            }
        }
    }

    private mutating func join(
        _ target: RecordClass, _ rights: RowRights, from reference: String
    ) -> RecordPlan.Kind {
        joinCount += 1
        let alias = "e\(joinCount)"
        var condition = SQLText(
            "\(alias).id = \(reference) AND \(alias).deleted = 0\(target.rows.condition(alias))")
        if let rows = rights.condition(alias: alias) { condition.append(" AND " + rows) }
        joins.append(" LEFT JOIN \(target.table) AS \(alias) ON " + condition)
        let id = select("\(alias).id")
        let object = makeObject(
            target, rights, alias: alias, isTop: false, isWanted: { _ in true })
        return .reference(id: id, object)
    }

    private var joinCount = 0
}
