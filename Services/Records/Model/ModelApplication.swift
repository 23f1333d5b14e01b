import Contracts
import Database
import JSON
import ServiceRuntime

/// Applies a document within one transaction: looks at what stands, refuses what would destroy,
/// changes the tables, keeps the document and queues its hand-over.
struct ModelApplication {
    let connection: Connection
    let code: String
    let document: JSONBytes
    let account: String
    let now: Timestamp

    struct Outcome: Sendable {
        var version: Int64
        var created: Bool
        var changed: Bool
        /// Of the store after it.
        var generation: Int64
    }

    func run(allowDestructive: Bool) throws -> Outcome {
        let value = try JSONValue(parsing: document.bytes)
        let problems = ObjectReader.Problems()
        let definition = ModelDefinition(code: code, document: value, problems: problems)
        let store = try ModelTables.load(connection)
        let standing = store.models[code]
        if let standing, try JSONValue(parsing: standing.document.bytes) == value {
            return Outcome(
                version: standing.version, created: false, changed: false,
                generation: store.generation)
        }
        let check = ModelCheckup(definition: definition, store: store)
        try check.run(connection, problems)
        guard problems.items.isEmpty else { throw RecordsError.validation(problems.items) }
        let change = ModelChange(from: store.families(of: code), to: definition.classes)
        let destructive = try destroyed(by: change, in: store)
        if !destructive.isEmpty, !allowDestructive {
            throw RecordsError.destructive(destructive)
        }
        try ClassMigration(connection: connection, model: code, standing: store).apply(
            change, classes: definition.classes)
        let version = (standing?.version ?? 0) + 1
        try noteSwitches(change, version: version)
        try keep(version: version)
        try ModelHandover.enqueue(connection, model: code, version: version, now: now)
        return Outcome(
            version: version, created: standing == nil, changed: true,
            generation: store.generation + 1)
    }

    /// That history was switched is an entry of each class that it concerns.
    private func noteSwitches(_ change: ModelChange, version: Int64) throws {
        for item in change.changed {
            let isOn = item.new.root.definition.history
            guard item.old.root.definition.history != isOn else { continue }
            for member in item.old.members
            where item.new.members.contains(where: { $0.type == member.type }) {
                try ChangeLog.noteSwitch(
                    connection, class: member.number, isOn: isOn, account: account,
                    root: "model:\(code)/\(version)", now: now)
            }
        }
    }

    private func destroyed(
        by change: ModelChange, in store: ModelTables
    ) throws -> [DestructiveChange] {
        var result: [DestructiveChange] = []
        for family in store.families(of: code) {
            for member in family.members where change.dropped.contains(member.type.code) {
                let condition = family.hasClassColumn ? "t.class = ?" : "'' = ?"
                let value = family.hasClassColumn ? member.type.description : ""
                let rows = try connection.count(
                    "SELECT count(*) FROM \(family.table) AS t WHERE \(condition)",
                    [.text(value)])
                result.append(
                    DestructiveChange(
                        operation: .drop, kind: .class, code: member.type.code, rows: rows))
            }
        }
        for item in change.changed {
            let table = item.old.table
            func add(
                _ operation: DestructiveChange.Operation, _ column: FamilyColumn,
                _ classes: [FullCode]
            ) throws {
                let column = FamilyColumn(
                    column: column.column, owners: classes, isOfAll: !item.old.hasClassColumn)
                let rows = try connection.count(
                    "SELECT count(\(quoted(column.column.code))) FROM \(table) AS t "
                        + "WHERE \(column.condition("t"))")
                result.append(
                    DestructiveChange(
                        operation: operation, kind: .column,
                        code: "\(classes[0].code).\(column.column.code)", rows: rows))
            }
            // What a class that goes had in its columns is counted with it.
            let stays = Set(item.new.members.map(\.type))
            for column in item.dropped {
                let classes = column.owners.filter { stays.contains($0) }
                if !classes.isEmpty { try add(.drop, column, classes) }
            }
            for (column, classes) in item.lost { try add(.drop, column, classes) }
            for column in item.retyped { try add(.retype, column, column.owners) }
        }
        return result
    }

    private func keep(version: Int64) throws {
        try connection.run("DELETE FROM model WHERE code = ?", [.text(code)])
        try connection.run(
            "INSERT INTO model (code, version, document, applied, account) VALUES (?, ?, ?, ?, ?)",
            [
                .text(code), .integer(version), .blob(document.bytes), .text(now.text),
                .text(account),
            ])
        try connection.run("UPDATE store SET generation = generation + 1")
    }
}

/// The models and classes as the database has them.
struct ModelTables {
    var generation: Int64 = 0
    var models: [String: AppliedModel] = [:]
    var classes: [Row] = []
    var definitionsByModel: [String: [ClassDefinition]] = [:]

    struct Row {
        var number: Int64
        var type: FullCode
    }

    static func load(_ connection: Connection) throws -> ModelTables {
        var tables = ModelTables()
        tables.generation = try connection.count("SELECT generation FROM store")
        let rows = try connection.query("SELECT code, version, document FROM model") {
            ($0.text(0), $0.integer(1), $0.blob(2))
        }
        for (code, version, bytes) in rows {
            // It was checked when it was applied; what a later version of the check says is for the
            // next time.
            let definition = ModelDefinition(
                code: code, document: try JSONValue(parsing: bytes),
                problems: ObjectReader.Problems())
            tables.models[code] = AppliedModel(
                code: code, version: version, name: definition.name, document: JSONBytes(bytes),
                queries: definition.queries,
                beforeRules: definition.beforeRules)
            tables.definitionsByModel[code] = definition.classes
        }
        tables.classes = try connection.query(
            "SELECT number, model, code FROM class WHERE dropped = 0"
        ) { Row(number: $0.integer(0), type: FullCode(model: $0.text(1), code: $0.text(2))) }
        return tables
    }

    func families(of model: String) -> [ClassFamily] {
        var numbers: [String: Int64] = [:]
        for row in classes where row.type.model == model { numbers[row.type.code] = row.number }
        return ClassFamily.families(model, definitions(of: model), numbers: numbers)
    }

    /// Where the records of a class are; nil where there is none.
    func rows(of type: FullCode) -> ClassRows? {
        families(of: type.model).lazy.compactMap { $0.rows(of: type.code) }.first
    }

    func number(model: String, _ code: String) -> Int64? {
        classes.first { $0.type.model == model && $0.type.code == code }?.number
    }

    func definitions(of model: String) -> [ClassDefinition] { definitionsByModel[model] ?? [] }

    var snapshot: ModelSnapshot {
        let list = models.keys.flatMap { model in
            families(of: model).flatMap { family in
                family.members.map { RecordClass($0, of: family) }
            }
        }
        return ModelSnapshot(generation: generation, models: models, classes: list)
    }
}
