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
        let change = ModelChange(from: store.definitions(of: code), to: definition.classes)
        let destructive = try destroyed(by: change, in: store)
        if !destructive.isEmpty, !allowDestructive {
            throw RecordsError.destructive(destructive)
        }
        try ClassMigration(connection: connection, model: code, standing: store).apply(
            change, classes: definition.classes)
        let version = (standing?.version ?? 0) + 1
        for item in change.changed where item.old.history != item.new.history {
            guard let number = store.number(model: code, item.new.code) else { continue }
            try ChangeLog.noteSwitch(
                connection, class: number, isOn: item.new.history, account: account,
                root: "model:\(code)/\(version)", now: now)
        }
        try keep(version: version)
        try ModelHandover.enqueue(connection, model: code, version: version, now: now)
        return Outcome(
            version: version, created: standing == nil, changed: true,
            generation: store.generation + 1)
    }

    private func destroyed(
        by change: ModelChange, in store: ModelTables
    ) throws -> [DestructiveChange] {
        var result: [DestructiveChange] = []
        for code in change.dropped {
            guard let number = store.number(model: self.code, code) else { continue }
            let rows = try connection.count("SELECT count(*) FROM \(ClassTable.name(number))")
            result.append(
                DestructiveChange(operation: .drop, kind: .class, code: code, rows: rows))
        }
        for item in change.changed {
            guard let number = store.number(model: code, item.new.code) else { continue }
            let lost =
                item.dropped.map { ($0, DestructiveChange.Operation.drop) }
                + item.retyped.map { ($0, .retype) }
            for (column, operation) in lost {
                let rows = try connection.count(
                    "SELECT count(\(quoted(column.code))) FROM \(ClassTable.name(number))")
                result.append(
                    DestructiveChange(
                        operation: operation, kind: .column,
                        code: "\(item.new.code).\(column.code)",
                        rows: rows))
            }
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

    func number(model: String, _ code: String) -> Int64? {
        classes.first { $0.type.model == model && $0.type.code == code }?.number
    }

    func definitions(of model: String) -> [ClassDefinition] { definitionsByModel[model] ?? [] }

    var snapshot: ModelSnapshot {
        let list = classes.compactMap { row in
            definitions(of: row.type.model).first { $0.code == row.type.code }.map {
                RecordClass(number: row.number, type: row.type, definition: $0)
            }
        }
        return ModelSnapshot(generation: generation, models: models, classes: list)
    }
}
