import Contracts
import HTTP
import JSON
import RPC

/// What Batch serves: one line a call.
enum Routes {
    static func add(_ service: BatchActions, to routes: RPCRoutes) {
        routes.on(CheckModel.self) { call, _ in try service.check(call) }
        routes.on(TakeModel.self) { call, _ in try await service.take(call) }
        routes.on(StartImport.self) { try await service.startImport($0, body: $1, as: $2) }
        routes.on(StartImportFromSource.self) { try await service.startImport($0, as: $1) }
        routes.on(StartExport.self) { try await service.startExport($0, as: $1) }
        routes.on(StartSync.self) { try await service.startSync($0, as: $1) }
        routes.on(ListRuns.self) { try await service.list($0, as: $1) }
        routes.on(CheckRunFile.self) { try await service.checkFile($0.run, as: $1) }
        routes.on(GetRun.self) { try await service.run($0.run, as: $1) }
        routes.on(CancelRun.self) { try await service.cancel($0.run, as: $1) }
        routes.on(ApplyRun.self) { try await service.apply($0.run, as: $1) }
        routes.on(UndoRun.self) { try await service.undo($0.run, as: $1) }
        routes.on(ListRunRows.self) { try await service.rows($0, as: $1) }
        routes.on(GetRunLog.self) { try await service.log($0.run, as: $1) }
        routes.on(WatchRun.self) { call, _, context in
            try await service.watch(call.run, as: context)
        }
        routes.on(GetRunFile.self) { call, _, context in
            try await service.file(call.run, byLink: call.byLink ?? false, as: context)
        }
        routes.on(ExportList.self) { call, _, context in
            try await service.export(call, as: context)
        }
        routes.on(GetRunErrors.self) { call, _, context in
            try await service.errors(call.run, as: context)
        }
    }
}
