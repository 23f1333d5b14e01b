import Contracts
import Database
import JSON
import ServiceRuntime
import Synchronization

/// The definitions that are in force, and the older versions that instances still run on. Kept in
/// memory; the database is read at the start and written by `take`.
final class DefinitionStore: Sendable {
    /// A version of a workflow.
    struct Version: Sendable {
        var id: Int64
        var model: String
        var version: Int64
        var workflow: WorkflowDefinition

        var fullCode: FullCode { FullCode(model: model, code: workflow.code) }
    }

    private struct State {
        var models: [String: ModelDefinitions] = [:]
        /// The version of each document.
        var modelVersions: [String: Int64] = [:]
        var rules: [FullCode: [RuleDefinition]] = [:]
        var current: [FullCode: Int64] = [:]
        var versions: [Int64: Version] = [:]
    }

    private let state = Mutex(State())

    // MARK: Reading

    func knows(_ model: String) -> Bool { state.withLock { $0.models[model] != nil } }

    func hasClass(_ type: FullCode) -> Bool {
        state.withLock { $0.models[type.model]?.classes.contains(type.code) ?? false }
    }

    /// Whether each of these documents has come in this version or a newer one.
    func has(_ versions: [String: Int64]) -> Bool {
        state.withLock { state in
            versions.allSatisfy { (state.modelVersions[$0.key] ?? 0) >= $0.value }
        }
    }

    func event(_ code: FullCode) -> EventDefinition? {
        state.withLock { $0.models[code.model]?.events[code.code] }
    }

    func events(of model: String) -> [String] {
        state.withLock { $0.models[model].map { $0.events.keys.sorted() } ?? [] }
    }

    /// By code.
    func scripts(of model: String) -> [String: ScriptDefinition] {
        state.withLock { $0.models[model]?.scripts ?? [:] }
    }

    func script(_ code: FullCode) -> ScriptDefinition? {
        state.withLock { $0.models[code.model]?.scripts[code.code] }
    }

    /// A step's script; of a named one, as it stands now. `step` is another one than the task's.
    func script(
        _ script: StepScript, of task: StepWork.Task, step: StepDefinition? = nil
    ) throws -> ScriptDefinition {
        let model = task.row.workflow.model
        switch script {
        case .source(let source):
            let code = (step ?? task.step).code
            return ScriptDefinition(model: model, code: code, source: source)
        case .named(let code):
            guard let found = self.script(FullCode(model: model, code: code)) else {
                throw WorkflowError.unknownScript(code)
            }
            return found
        }
    }

    /// By order, then by code; rules of every model on this class and on those that it inherits
    /// from.
    func rules(for type: FullCode, _ moment: RuleDefinition.Moment) -> [RuleDefinition] {
        rules(for: line(of: type), moment)
    }

    /// The class and those that it inherits from, nearest first.
    func line(of type: FullCode) -> [FullCode] {
        let parents = state.withLock { $0.models[type.model]?.parents ?? [:] }
        return ModelDefinitions.line(of: type.code, parents).map {
            FullCode(model: type.model, code: $0)
        }
    }

    /// The class and all that share its table: their records have one row of ids.
    func family(of type: FullCode) -> [FullCode] {
        guard
            let (classes, parents) = state.withLock({ state in
                state.models[type.model].map { ($0.classes, $0.parents) }
            })
        else { return [type] }
        let top = ModelDefinitions.line(of: type.code, parents).last
        let family = classes.filter { ModelDefinitions.line(of: $0, parents).last == top }
        return family.union([type.code]).sorted().map { FullCode(model: type.model, code: $0) }
    }

    /// The same of the classes themselves: a record's own and those above it.
    func rules(
        for types: [FullCode], _ moment: RuleDefinition.Moment
    ) -> [RuleDefinition] {
        let found = state.withLock { state in
            types.flatMap { state.rules[$0] ?? [] }.filter { $0.moment == moment }
        }
        return types.count == 1 ? found : found.sorted(by: DefinitionStore.precedes)
    }

    private static func precedes(_ a: RuleDefinition, _ b: RuleDefinition) -> Bool {
        (a.order, a.code, a.model) < (b.order, b.code, b.model)
    }

    func currentVersion(of workflow: FullCode) -> Version? {
        state.withLock { state in state.current[workflow].flatMap { state.versions[$0] } }
    }

    /// Any version by its id, from memory or by `connection`.
    func version(_ id: Int64, _ connection: Connection) throws -> Version? {
        if let known = state.withLock({ $0.versions[id] }) { return known }
        let read = try connection.first(
            "select model, workflow, version, body from definition where id = ?", [.integer(id)]
        ) { try Self.version(id, $0) }.flatMap(\.self)
        if let read { state.withLock { $0.versions[id] = read } }
        return read
    }

    /// The version number of a model; 0 where it is not known.
    func modelVersion(_ code: String, _ connection: Connection) throws -> Int64 {
        try connection.count("select version from model where code = ?", [.text(code)])
    }

    // MARK: Writing

    /// What another copy of the service has told of.
    static let topic = "definitions"

    /// Reads everything that is in force, and again whenever another copy was given more.
    func load(from database: Database) async throws {
        try await database.read { try self.load($0) }
        database.follow(DefinitionStore.topic) { [weak database] in
            database?.readAgain(DefinitionStore.topic) { [weak database] in
                try await database?.read { try self.load($0) }
            }
        }
    }

    /// Reads what another copy was given, where it has not been read yet: for what nobody would ask
    /// again, such as whether any rule waits for an event.
    func catchUp(_ database: Database) async throws {
        guard database.isShared else { return }
        try await database.read { connection in
            let sql = "select count(*), coalesce(cast(sum(version) as bigint), 0) from model"
            let standing = try connection.first(sql) { [$0.integer(0), $0.integer(1)] }
            let known = self.state.withLock { state in
                [Int64(state.modelVersions.count), state.modelVersions.values.reduce(0, +)]
            }
            if standing != known { try self.load(connection) }
        }
    }

    /// Reads everything that is in force.
    func load(_ connection: Connection) throws {
        let documents = try connection.query("select code, document, version from model") {
            ($0.text(0), Array($0.text(1).utf8), $0.integer(2))
        }
        let versions = try connection.query(
            "select model, workflow, version, body, id from definition where is_current = 1"
        ) { try Self.version($0.integer(4), $0) }.compactMap(\.self)
        let ofModel = Dictionary(grouping: versions, by: \.model)
        for (code, bytes, version) in documents {
            let document = try JSONValue(parsing: bytes)
            install(
                ModelReader(code: code, document: document).read(document), version,
                ofModel[code] ?? [])
        }
    }

    /// Writes a document and new versions of the workflows that changed. Answers what `install`
    /// needs after the commit; nil where this version or a newer one is there.
    func take(
        _ code: String, version: Int64, document: JSONValue, _ connection: Connection
    ) throws -> (@Sendable () -> Void)? {
        guard try modelVersion(code, connection) < version else { return nil }
        try connection.announce(DefinitionStore.topic)
        let definitions = ModelReader(code: code, document: document).read(document)
        try connection.run(
            """
            insert into model (code, version, document) values (?, ?, ?)
            on conflict (code) do update
            set version = excluded.version, document = excluded.document
            """, [.text(code), .integer(version), .text(document.text)])
        let bodies = Dictionary(
            (document["workflows"]?.array ?? []).compactMap { body in
                body["code"]?.string.map { ($0, body) }
            }, uniquingKeysWith: { first, _ in first })
        var current: [Version] = []
        for workflow in definitions.workflows {
            guard let body = bodies[workflow.code] else { continue }
            let (id, number) = try writeVersion(code, workflow.code, body, connection)
            current.append(Version(id: id, model: code, version: number, workflow: workflow))
        }
        try retire(code, keeping: current.map(\.id), connection)
        return { [self, current] in install(definitions, version, current) }
    }

    /// The current version, or a new one where the body differs.
    private func writeVersion(
        _ model: String, _ workflow: String, _ body: JSONValue, _ connection: Connection
    ) throws -> (id: Int64, version: Int64) {
        let newest = try connection.first(
            """
            select id, version, body from definition where model = ? and workflow = ?
            order by version desc limit 1
            """, [.text(model), .text(workflow)]
        ) { (id: $0.integer(0), version: $0.integer(1), body: $0.text(2)) }
        if let newest, newest.body == body.text {
            try connection.run(
                "update definition set is_current = 1 where id = ?", [.integer(newest.id)])
            return (newest.id, newest.version)
        }
        let id = try connection.insert(
            """
            insert into definition (model, workflow, version, body, is_current)
            values (?, ?, ?, ?, 1)
            """,
            [
                .text(model), .text(workflow), .integer((newest?.version ?? 0) + 1),
                .text(body.text),
            ])
        return (id, (newest?.version ?? 0) + 1)
    }

    private func retire(_ model: String, keeping: [Int64], _ connection: Connection) throws {
        let old = try connection.query(
            "select id from definition where model = ? and is_current = 1", [.text(model)]
        ) { $0.integer(0) }
        for id in old where !keeping.contains(id) {
            try connection.run("update definition set is_current = 0 where id = ?", [.integer(id)])
        }
    }

    /// What is in force, with one model's definitions in the place of those that are.
    func with(_ definitions: ModelDefinitions) -> DefinitionStore {
        let store = DefinitionStore()
        let now = state.withLock { $0 }
        store.state.withLock { $0 = now }
        store.install(definitions, Int64.max, [])
        return store
    }

    /// The document of a model that is in force.
    func document(_ code: String, _ connection: Connection) throws -> JSONValue? {
        try connection.first("select document from model where code = ?", [.text(code)]) {
            Array($0.text(0).utf8)
        }.map { try JSONValue(parsing: $0) }
    }

    /// Nothing where a newer document is in force: commits may be told of in another order.
    private func install(
        _ definitions: ModelDefinitions, _ version: Int64, _ workflows: [Version]
    ) {
        state.withLock { state in
            guard (state.modelVersions[definitions.code] ?? 0) <= version else { return }
            state.models[definitions.code] = definitions
            state.modelVersions[definitions.code] = version
            let all = state.models.values.flatMap(\.rules).sorted(by: DefinitionStore.precedes)
            state.rules = Dictionary(grouping: all, by: \.type)
            state.current = state.current.filter { $0.key.model != definitions.code }
            for workflow in workflows {
                state.versions[workflow.id] = workflow
                state.current[workflow.fullCode] = workflow.id
            }
        }
    }

    private static func version(_ id: Int64, _ row: Row) throws -> Version? {
        let (model, code) = (row.text(0), row.text(1))
        let body = try JSONValue(parsing: Array(row.text(3).utf8))
        let document: JSONValue = ["workflows": .array([body])]
        let read = ModelReader(code: model, document: document).read(document)
        return read.workflows.first { $0.code == code }.map {
            Version(id: id, model: model, version: row.integer(2), workflow: $0)
        }
    }
}
