import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/records`: who asks is found here, whether they may is for Records. Answers pass as bytes.
struct RecordRoutes: Sendable {
    static let bodyLimit = 16 << 20
    private static let path = "/api/records/{model}/{class}"
    private static let one = "/api/records/{model}/{class}/{id:integer}"

    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, RecordRoutes.path, .account,
            Operation(
                "Records of a class",
                query: [
                    .init(name: "filter", about: "OData 4.01 filter, `status eq 'open'`"),
                    .init(name: "orderby", about: "`created desc,subject`"),
                    .init(name: "select", about: "Columns, comma separated"),
                    .init(name: "expand", about: "References to show as objects"),
                    .limit, .cursor,
                    .init(name: "count", type: "boolean", about: "Whether to count all matches"),
                ], answers: [Answer(200, "A page of records", "RecordList")])
        ) { request, caller in try await list(request, caller) }
        table.on(
            .post, RecordRoutes.path, .account,
            Operation(
                "Creates one record from an object, or several from an array",
                query: [
                    .init(name: "atomic", type: "boolean", about: "Of an array: all or nothing")
                ], body: .json("RecordInput"),
                answers: [
                    Answer(200, "What became of each item of the array", "BulkResults"),
                    Answer(201, "The record", "Record"),
                ], isKeptByOwner: true), body: RouteTable.json, bodyLimit: RecordRoutes.bodyLimit
        ) { request, caller in try await create(request, caller) }
        table.on(
            .get, RecordRoutes.one, .account,
            Operation(
                "One record",
                query: [
                    .init(name: "select", about: "Columns, comma separated"),
                    .init(name: "expand", about: "References to show as objects"),
                ], answers: [Answer(200, "The record", "Record")])
        ) { request, caller in try await read(request, caller) }
        addChanges(to: table)
        table.on(
            .get, RecordRoutes.one + "/history", .account,
            Operation(
                "Who changed what, oldest first", answers: [Answer(200, "The changes", "History")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let call = RecordHistory(try request.fullCode("class"), id: try request.id())
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
    }

    private func addChanges(to table: RouteTable) {
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

    private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(
            request, ["filter", "orderby", "select", "expand", "limit", "cursor", "count"])
        let call = ListRecords(
            try request.fullCode("class"), filter: parameters.text("filter"),
            orderby: parameters.text("orderby"), select: parameters.list("select"),
            expand: parameters.list("expand"), limit: try parameters.limit(),
            cursor: parameters.text("cursor"),
            count: try parameters.flag("count") ? true : nil)
        return .passed(try await records.forward(call, as: request.context(caller)))
    }

    private func create(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(request, ["atomic"])
        let type = try request.fullCode("class")
        let body = try await request.jsonBytes(limit: RecordRoutes.bodyLimit)
        let isArray = body.bytes.first == UInt8(ascii: "[")
        let isAtomic = try parameters.flag("atomic")
        let call = CreateRecord(type, body: body, atomic: isArray && isAtomic ? true : nil)
        let answer = try await records.forward(call, as: request.context(caller))
        if isArray { return .passed(answer) }
        let (id, version) = RecordRoutes.head(of: answer)
        var headers: Headers = [:]
        if let id { headers["Location"] = "/api/records/\(type.model)/\(type.code)/\(id)" }
        if let version { headers["ETag"] = Precondition.tag(version) }
        return .passed(answer, status: 201, headers: headers)
    }

    private func read(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(request, ["select", "expand"])
        let call = GetRecord(
            try request.fullCode("class"), id: try request.id(),
            select: parameters.list("select"), expand: parameters.list("expand"))
        return RecordRoutes.one(try await records.forward(call, as: request.context(caller)))
    }

    private static func one(_ record: JSONBytes) -> Response {
        guard let version = head(of: record).version else { return .passed(record) }
        return .passed(record, headers: ["ETag": Precondition.tag(version)])
    }

    /// Id and version, which stand first in a record, without reading the rest.
    static func head(of record: JSONBytes) -> (id: Int64?, version: Int64?) {
        var id: Int64?
        var version: Int64?
        do {
            var reader = JSONReader(record.bytes)
            try reader.beginObject()
            while id == nil || version == nil, let key = try reader.nextKey() {
                switch key {
                case "id": id = try reader.readInteger()
                case "version": version = try reader.readInteger()
                default: try reader.skip()
                }
            }
        } catch {
            return (id, version)
        }
        return (id, version)
    }
}
