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

    /// A document that was looked at: what it does, and what that takes.
    struct Prepared {
        let standing: ModelTables
        let definition: ModelDefinition
        let change: ModelChange
        /// In the order of the document; empty where it is what stands.
        let operations: [ModelOperation]

        var version: Int64 { standing.models[definition.code]?.version ?? 0 }
    }

    /// Looks at the document and changes nothing; every fault is told.
    func prepare() throws -> Prepared {
        let value = try JSONValue(parsing: document.bytes)
        let problems = ObjectReader.Problems()
        let definition = ModelDefinition(
            code: code, document: value, problems: problems, connection.dialect)
        let store = try ModelTables.load(connection)
        let change = ModelChange(
            model: code, from: store.families(of: code), to: definition.classes)
        let old = try store.models[code].map { try JSONValue(parsing: $0.document.bytes) }
        if old == value {
            return Prepared(
                standing: store, definition: definition, change: change, operations: [])
        }
        try ModelCheckup(definition: definition, store: store).run(connection, problems)
        guard problems.items.isEmpty else { throw RecordsError.validation(problems.items) }
        let planner = ModelPlanner(
            connection: connection, standing: store, definition: definition, change: change,
            old: old ?? .object(JSONObject()), new: value)
        return Prepared(
            standing: store, definition: definition, change: change,
            operations: try planner.operations())
    }

    /// Does what `prepare` says, if it is over `expected` where that is said.
    func run(allowDestructive: Bool, over expected: Int64? = nil) throws -> Outcome {
        let prepared = try prepare()
        let generation = prepared.standing.generation
        guard !prepared.operations.isEmpty else {
            return Outcome(
                version: prepared.version, created: false, changed: false, generation: generation)
        }
        if let expected, expected != prepared.version {
            throw RecordsError.modelMoved(current: prepared.version)
        }
        let destructive = prepared.operations.filter(\.isDestructive)
        if !destructive.isEmpty, !allowDestructive {
            throw RecordsError.destructive(destructive)
        }
        let version = prepared.version + 1
        try ClassMigration(
            connection: connection, model: code, standing: prepared.standing, version: version
        ).apply(prepared.change, prepared.definition)
        try noteSwitches(prepared.change, version: version)
        try keep(version: version)
        // What other models' triggers know of this one's classes may be another now.
        try ClassMigration.renew(connection, ModelTables.load(connection), but: code)
        try ModelHandover.enqueue(connection, model: code, version: version, now: now)
        return Outcome(
            version: version, created: prepared.version == 0, changed: true,
            generation: generation + 1)
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

    private func keep(version: Int64) throws {
        try connection.run("DELETE FROM model WHERE code = ?", [.text(code)])
        try connection.run(
            "INSERT INTO model (code, version, document, applied, account) VALUES (?, ?, ?, ?, ?)",
            [
                .text(code), .integer(version), .blob(document.bytes), .text(now.text),
                .text(account),
            ])
        try connection.run("UPDATE store SET generation = generation + 1")
        try connection.announce(ModelStore.topic)
    }
}

/// The models and classes as the database has them.
struct ModelTables {
    let dialect: Dialect
    var generation: Int64 = 0
    var models: [String: AppliedModel] = [:]
    var classes: [Row] = []
    var definitionsByModel: [String: [ClassDefinition]] = [:]

    struct Row {
        var number: Int64
        var type: FullCode
    }

    static func load(_ connection: Connection) throws -> ModelTables {
        var tables = ModelTables(dialect: connection.dialect)
        tables.generation = try connection.count("SELECT generation FROM store")
        let rows = try connection.query("SELECT code, version, document FROM model") {
            ($0.text(0), $0.integer(1), $0.blob(2))
        }
        for (code, version, bytes) in rows {
            // It was checked when it was applied; what a later version of the check says is for the
            // next time.
            let definition = ModelDefinition(
                code: code, document: try JSONValue(parsing: bytes),
                problems: ObjectReader.Problems(), connection.dialect)
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
                family.members.map { RecordClass($0, of: family, dialect) }
            }
        }
        return ModelSnapshot(generation: generation, models: models, classes: list)
    }
}
