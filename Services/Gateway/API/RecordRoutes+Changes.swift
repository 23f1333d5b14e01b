import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

// Changes, deletions and restorations, of one record or of many.
extension RecordRoutes {
    func addChanges(to table: RouteTable) {
        table.on(
            .patch, RecordRoutes.one, .account,
            Operation(
                "Changes what the body names", body: .json("RecordInput"), needsVersion: true,
                answers: [Answer(200, "The record as it stands now", "Record")]),
            body: RouteTable.json + ["application/merge-patch+json"],
            bodyLimit: RecordRoutes.bodyLimit
        ) { request, caller in
            _ = try QueryReader(request, [])
            let version = try Precondition.requiredVersion(request.headers)
            let call = ChangeRecord(
                try request.fullCode("class"), id: try request.id(), version: version,
                body: try await request.jsonBytes(limit: RecordRoutes.bodyLimit))
            return RecordRoutes.one(try await records.forward(call, as: request.context(caller)))
        }
        table.on(
            .delete, RecordRoutes.one, .account,
            Operation(
                "Deletes a record", needsVersion: true, answers: [Answer(204, "It is deleted")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let version = try Precondition.requiredVersion(request.headers)
            let call = DeleteRecord(
                try request.fullCode("class"), id: try request.id(), version: version)
            _ = try await records.forward(call, as: request.context(caller))
            return Response(status: 204)
        }
    }

    /// Of all records that a filter names. `expect` is how many the caller has seen there to be.
    func addMany(to table: RouteTable) {
        let query: [Operation.Parameter] = [
            .init(name: "filter", about: "OData 4.01 filter: which records", required: true),
            .init(
                name: "expect", type: "integer", about: "How many there are; else nothing is done",
                required: true),
        ]
        table.on(
            .patch, RecordRoutes.path, .account,
            Operation(
                "Changes all records that the filter names, or none", query: query,
                body: .json("RecordInput"), answers: [Answer(200, "How many", "ManyDone")],
                problems: [412, 413, 428]),
            body: RouteTable.json + ["application/merge-patch+json"],
            bodyLimit: RecordRoutes.bodyLimit
        ) { request, caller in
            let (filter, expect) = try RecordRoutes.selection(request)
            let call = ChangeMany(
                try request.fullCode("class"), filter: filter, expect: expect,
                body: try await request.jsonBytes(limit: RecordRoutes.bodyLimit))
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
        table.on(
            .delete, RecordRoutes.path, .account,
            Operation(
                "Deletes all records that the filter names, or none", query: query,
                answers: [Answer(200, "How many", "ManyDone")], problems: [412, 413, 422, 428])
        ) { request, caller in
            let (filter, expect) = try RecordRoutes.selection(request)
            let call = DeleteMany(
                try request.fullCode("class"), filter: filter, expect: expect)
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
    }

    private static func selection(_ request: Request) throws -> (String, Int64) {
        let parameters = try QueryReader(request, ["filter", "expect"])
        guard let filter = parameters.text("filter"), !filter.isEmpty else {
            throw Problem.invalidParameter("filter says which records; id gt 0 is all.")
        }
        guard let expect = try parameters.integer("expect", in: 0...Int(Int32.max)) else {
            throw Problem(
                status: 428, code: "precondition-required", title: "The number is needed",
                detail: "Send expect with how many records there are by this filter.")
        }
        return (filter, Int64(expect))
    }

    func addRestore(to table: RouteTable) {
        table.on(
            .post, RecordRoutes.one + "/restore", .account,
            Operation(
                "Puts an earlier version back, or a deleted record", body: .json("RestoreInput"),
                needsVersion: true, answers: [Answer(200, "The record as it stands now", "Record")]
            ), body: RouteTable.json
        ) { request, caller in
            _ = try QueryReader(request, [])
            let version = try Precondition.requiredVersion(request.headers)
            let problems = ObjectReader.Problems()
            let reader = ObjectReader(try await request.json(), at: "", problems: problems)
            let to = reader.integer("version", in: 1...Int64.max)
            reader.finish()
            guard problems.items.isEmpty else { throw Problem.validation(problems.items) }
            let call = RestoreRecord(
                try request.fullCode("class"), id: try request.id(), version: version, to: to)
            return RecordRoutes.one(try await records.forward(call, as: request.context(caller)))
        }
    }
}
