import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import Synchronization

/// The models: reads and applies documents, and has at hand what is in force.
///
/// Definitions change in a transaction of the writer like any record, so that a write may find that
/// the definition it was prepared by is no longer the one in force: it asks `isCurrent`,
/// and where not, reads the definitions in its own transaction.
final class ModelStore: Sendable {
    private let database: Database
    private let runtime: Runtime
    private let snapshot = Mutex(ModelSnapshot.empty)
    /// What the writer thread has applied, committed or not.
    private let written = Atomic<Int64>(-1)

    init(database: Database, runtime: Runtime) {
        self.database = database
        self.runtime = runtime
    }

    /// What is in force.
    var current: ModelSnapshot { snapshot.withLock { $0 } }

    /// What copies tell each other when a model was applied.
    static let topic = "models"
    /// The table that readers wait for while a model changes others.
    static let gate = "store"
    private static let generationSQL = "SELECT generation FROM store"

    /// Whether a write that was prepared by `snapshot` may go on; asked on the writer thread.
    func isCurrent(_ snapshot: ModelSnapshot, _ connection: Connection) throws -> Bool {
        guard connection.writeLock != nil else {
            return snapshot.generation == written.load(ordering: .acquiring)
        }
        // Another copy may have applied one; none does while this transaction writes.
        let generation = try connection.once(ModelStore.topic) {
            try connection.count(ModelStore.generationSQL)
        }
        if written.exchange(generation, ordering: .acquiringAndReleasing) != generation {
            try connection.forgetPlans()
            catchUp()
        }
        return snapshot.generation == generation
    }

    /// Reads what another copy has applied, soon after it did.
    func followCopies() {
        database.follow(ModelStore.topic) { [weak self] in self?.catchUp() }
    }

    private func catchUp() {
        database.readAgain(ModelStore.topic) { [weak self] in try await self?.reload() }
    }

    /// Reads what the database has, after everything that was written before. Called at the start,
    /// after an application, and by a call that met an old definition.
    func refresh() async throws {
        try await database.write { [self] connection in
            let generation = try connection.count(ModelStore.generationSQL)
            written.store(generation, ordering: .releasing)
        }
        try await reload()
    }

    /// Looks after the triggers, once at the start.
    func renew() async throws {
        try await database.write { connection in
            try ClassMigration.renew(connection, ModelTables.load(connection))
        }
    }

    private func reload() async throws {
        let fresh = try await database.read { try ModelTables.load($0) }.snapshot
        snapshot.withLock { if $0.generation < fresh.generation { $0 = fresh } }
    }

    /// Every fault of Records' part of a document.
    func check(_ call: CheckModel) async throws -> ModelCheck {
        try await database.read { connection in
            let problems = ObjectReader.Problems()
            guard FullCode.isCode(call.code) else {
                return ModelCheck(problems: [ModelStore.codeFault])
            }
            let value = try JSONValue(parsing: call.document.bytes)
            let definition = ModelDefinition(
                code: call.code, document: value, problems: problems, connection.dialect)
            if problems.items.isEmpty {
                let store = try ModelTables.load(connection)
                try ModelCheckup(definition: definition, store: store).run(connection, problems)
            }
            return ModelCheck(problems: problems.items)
        }
    }

    /// `[{"operation", "kind", "code", "destructive", "detail"}]`: what applying the document would
    /// do. Throws every fault that applying it would.
    func plan(_ call: PlanModel) async throws -> JSONBytes {
        guard FullCode.isCode(call.code) else {
            throw RecordsError.validation([ModelStore.codeFault])
        }
        let now = runtime.clock.now()
        return try await database.read { connection in
            let application = ModelApplication(
                connection: connection, code: call.code, document: call.document, account: "",
                now: now)
            let operations = try application.prepare().operations
            return JSONBytes(JSONValue.array(operations.map(\.json)).bytes)
        }
    }

    // MARK: API views

    /// `{"items": [{"name", "model", "class", "columns", "version", "state"}]}`, as far as the
    /// caller may read the classes; who may write models sees every one.
    func views(_ context: CallContext) async throws -> JSONBytes {
        let snapshot = current
        let mayWrite =
            context.principal.isSystem || context.principal.permissions.contains("models:write")
        let views = try await database.read { try APIView.all($0, ModelTables.load($0)) }
        let items = views.compactMap { view -> JSONValue? in
            var columns = view.columns
            if !mayWrite {
                guard let plan = try? snapshot.access(view.type, context).plan else { return nil }
                let shown = Set(plan.object.fields.map(\.key.text))
                columns = columns.filter { shown.contains($0) }
            }
            return view.json(columns)
        }
        return JSONBytes(JSONValue.object(JSONObject([("items", .array(items))])).bytes)
    }

    /// Makes the view of a class again, in place of another program's; nothing else changes.
    func rebuild(_ call: RebuildView) async throws -> JSONBytes {
        try await database.write { connection in
            let tables = try ModelTables.load(connection)
            let families = tables.families(of: call.type.model)
            guard let model = tables.models[call.type.model],
                let family = families.first(where: { $0.rows(of: call.type.code) != nil }),
                let member = family.members.first(where: { $0.type == call.type })
            else { throw RecordsError.notFound }
            try APIView.make(connection, member, of: family, version: model.version)
            let view = try APIView.all(connection, tables).first { $0.type == call.type }
            return JSONBytes(view?.json(view?.columns ?? []).bytes ?? [])
        }
    }

    private static let codeFault = FieldProblem(
        pointer: "/code", code: "invalid-code",
        detail: "A code begins with a lower-case letter and has at most 63 of a-z, 0-9 and _.")

    /// Applies a document in one transaction; when it returns, it is in force.
    func apply(_ call: ApplyModel, account: String) async throws -> ModelApplication.Outcome {
        guard FullCode.isCode(call.code) else {
            throw RecordsError.validation([ModelStore.codeFault])
        }
        let now = runtime.clock.now()
        do {
            let outcome = try await database.writeMany { [self] connection in
                let application = ModelApplication(
                    connection: connection, code: call.code, document: call.document,
                    account: account, now: now)
                let outcome = try application.run(
                    allowDestructive: call.allowDestructive, over: call.version)
                // From here on nothing is written by an older definition, even before the commit.
                written.store(outcome.generation, ordering: .releasing)
                connection.correct(ModelStore.topic, to: outcome.generation)
                return outcome
            }
            try await reload()
            return outcome
        } catch DatabaseError.constraint(kind: .unique, table: _, let columns) {
            try await refresh()
            let what = columns.isEmpty ? "values" : columns.joined(separator: ", ")
            throw RecordsError.conflict(
                "Rows that stand have the same \(what), which would have to be unique.")
        } catch DatabaseError.failed(let code, let message, _) where code & 0xff == 1 {
            try await refresh()
            throw RecordsError.conflict(
                "A view or trigger of another program stands in the way: \(message)")
        } catch {
            // A failed COMMIT leaves `written` ahead of what is stored.
            try await refresh()
            throw error
        }
    }

    func get(_ code: String) throws -> JSONBytes {
        guard let model = current.models[code] else { throw RecordsError.notFound }
        return model.document
    }

    /// `{"items": [{"code", "name", "version"}]}`.
    func list() -> JSONBytes {
        let items = current.models.values.sorted { $0.code < $1.code }.map { model in
            JSONValue.object(
                JSONObject([
                    ("code", .string(model.code)),
                    ("name", texts(model.name)),
                    ("version", .number(JSONNumber(model.version))),
                ]))
        }
        return JSONBytes(JSONValue.object(JSONObject([("items", .array(items))])).bytes)
    }
}

/// A text for people as a document has it: one without languages is a string.
func texts(_ texts: [String: String]) -> JSONValue {
    if texts.count == 1, let only = texts[""] { return .string(only) }
    return .object(
        JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
}
