import Contracts
import Database
import HTTP
import JSON
import RPC

/// The calls that Records serves: one line each.
struct Routes: Sendable {
    let models: ModelStore
    let records: RecordStore
    let handover: ModelHandover
    let directory: DirectoryStore
    let files: FileCalls
    let secrets: SecretStore
    let verify: @Sendable (VerifyHistory) async throws -> HistoryVerification

    func add(to routes: RPCRoutes) {
        addFiles(to: routes)
        addSecrets(to: routes)
        let (models, records) = (models, records)
        routes.on(GetRecord.self) { call, context in
            try await shown(context) { try await records.get(call, context) }
        }
        routes.on(ListRecords.self) { call, context in
            try await shown(context) { try await records.list(call, context) }
        }
        routes.on(RunQuery.self) { call, context in
            try await shown(context) { try await records.query(call, context) }
        }
        routes.on(CreateRecord.self) { call, context in
            try await shown(context) { try await records.create(call, context) }
        }
        routes.on(ChangeRecord.self) { call, context in
            try await shown(context) { try await records.change(call, context) }
        }
        routes.on(DeleteRecord.self) { call, context in
            try await shown(context) { try await records.delete(call, context) }
            return Done()
        }
        routes.on(RestoreRecord.self) { call, context in
            try await shown(context) { try await records.restore(call, context) }
        }
        routes.on(ChangeMany.self) { call, context in
            try await shown(context) { try await records.changeMany(call, context) }
        }
        routes.on(DeleteMany.self) { call, context in
            try await shown(context) { try await records.deleteMany(call, context) }
        }
        routes.on(WriteRows.self) { call, context in
            try await shown(context) { try await records.writeRows(call, context) }
        }
        routes.on(WriteKnown.self) { call, context in
            try await shown(context) { try await records.writeKnown(call, context) }
        }
        routes.on(NewRecord.self) { call, context in
            try await shown(context) { try await records.new(call, context) }
        }
        routes.on(RecordHistory.self) { call, context in
            try await shown(context) { try await records.history(call, context) }
        }
        routes.on(SumRecords.self) { call, context in
            try await shown(context) { try await records.sums(call, context) }
        }
        routes.on(StoredRows.self) { call, context in
            try await shown(context) { try await records.storedRows(call, context) }
        }
        routes.on(ChangedKeys.self) { call, context in
            try await shown(context) { try await records.changedKeys(call, context) }
        }
        routes.on(ReadReplica.self) { call, context in
            try await shown(context) { try await records.replica(call, context) }
        }
        routes.on(ListClasses.self) { _, context in
            try await shown(context) { models.current.list(context) }
        }
        addModels(to: routes)
    }

    private func addModels(to routes: RPCRoutes) {
        let (models, records, handover, directory) = (models, records, handover, directory)
        let verify = verify
        routes.on(VerifyHistory.self) { call, context in
            guard context.principal.permissions.contains("operations:read") else {
                throw RecordsError.forbidden("It needs the permission operations:read.").problem
            }
            return try await shown { try await verify(call) }
        }
        routes.on(DescribeClass.self) { call, context in
            try await shown(context) { try models.current.describe(call.type, context) }
        }
        routes.on(ExplainRights.self) { call, context in
            try await shown(context) {
                for principal in call.principals { try await directory.check(principal) }
                return try await records.explain(call, context)
            }
        }
        routes.on(TakeDirectory.self) { call, _ in
            try await shown { try await directory.take(call) }
        }
        routes.on(CheckModel.self) { call, _ in try await shown { try await models.check(call) } }
        routes.on(PlanModel.self) { call, _ in try await shown { try await models.plan(call) } }
        routes.on(ListViews.self) { _, context in
            try await shown { try await models.views(context) }
        }
        routes.on(RebuildView.self) { call, _ in
            try await shown { try await models.rebuild(call) }
        }
        routes.on(GetModel.self) { call, _ in try await shown { try models.get(call.code) } }
        routes.on(ListModels.self) { _, _ in models.list() }
        routes.on(ActOnIncident.self, handover.act)
        routes.on(ApplyModel.self) { call, context in
            try await shown {
                let outcome = try await models.apply(call, account: context.principal.account)
                handover.wake()
                return ModelApplied(
                    version: outcome.version, created: outcome.created, changed: outcome.changed,
                    pending: await handover.pending(outcome, model: call.code))
            }
        }
    }

    private func addFiles(to routes: RPCRoutes) {
        let files = files
        routes.on(PutFile.self) { call, body, context in
            try await shown(context) { try await files.put(call, body, context) }
        }
        routes.on(StageFile.self) { call, body, context in
            try await shown(context) { try await files.stage(call, body, context) }
        }
        routes.on(GetFile.self) { call, _, context in
            try await shown(context) { try await files.get(call, context) }
        }
        routes.on(RemoveFile.self) { call, context in
            try await shown(context) { try await files.remove(call, context) }
        }
    }

    private func addSecrets(to routes: RPCRoutes) {
        routes.on(PutSecret.self, secrets.put)
        routes.on(DeleteSecret.self, secrets.delete)
        routes.on(ListSecrets.self, secrets.list)
        routes.on(ReadSecrets.self, secrets.read)
    }

    /// Answers a caller whose rights are known here.
    private func shown<T>(_ context: CallContext, _ body: () async throws -> T) async throws -> T {
        try await shown {
            try await directory.check(context.principal)
            return try await body()
        }
    }

    /// Every error as the problem that a caller may see; what is nobody's fault but ours stays an
    /// error, which the route logs.
    private func shown<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            if let problem = problem(of: error) { throw problem }
            throw error
        }
    }
}
