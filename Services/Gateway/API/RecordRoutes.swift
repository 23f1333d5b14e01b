import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/records`: who asks is found here, whether they may is for Records. Answers pass as bytes.
struct RecordRoutes: Sendable {
    static let bodyLimit = 16 << 20
    static let path = "/api/records/{model}/{class}"
    static let one = "/api/records/{model}/{class}/{id:integer}"

    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, RecordRoutes.path, .account,
            Operation(
                "Records of a class",
                query: [
                    .init(name: "filter", about: "OData 4.01 filter, `status eq 'open'`"),
                    .init(name: "orderby", about: "`created desc,subject`"), .search,
                    .init(name: "select", about: "Columns, comma separated"),
                    .init(name: "expand", about: "References to show as objects"),
                    .limit, .cursor,
                    .init(name: "count", type: "boolean", about: "Whether to count all matches"),
                    .init(
                        name: "deleted",
                        about: "`only` or `include` deleted records, for who may delete them"),
                    .init(
                        name: "totals",
                        about: "`sum avg min max count` of columns, over all that the filter "
                            + "finds: `sum(spent),avg(score)`"),
                ], answers: [Answer(200, "A page of records", "RecordList")])
        ) { request, caller in try await list(request, caller) }
        table.on(
            .post, RecordRoutes.path, .account,
            Operation(
                "Creates one record from an object, or several from an array",
                query: [
                    .init(name: "atomic", type: "boolean", about: "Of an array: all or nothing"),
                    .init(
                        name: "upsert",
                        about: "Of an array: unique columns, comma separated, that find the record "
                            + "to change instead"),
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
                    .init(
                        name: "deleted",
                        about: "`include` shows a deleted one too, to who may delete it"),
                ], answers: [Answer(200, "The record", "Record")])
        ) { request, caller in try await read(request, caller) }
        addChanges(to: table)
        addMany(to: table)
        addRestore(to: table)
        table.on(
            .get, RecordRoutes.one + "/history", .account,
            Operation(
                "Who changed what, oldest first",
                query: [
                    .limit, .cursor,
                    .init(name: "newest", type: "boolean", about: "Whether the newest come first"),
                ], answers: [Answer(200, "The changes", "History")])
        ) { request, caller in
            let parameters = try QueryReader(request, ["limit", "cursor", "newest"])
            let call = RecordHistory(
                try request.fullCode("class"), id: try request.id(),
                limit: try parameters.limit(), cursor: parameters.text("cursor"),
                newest: try parameters.flag("newest") ? true : nil)
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
    }

    private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(
            request,
            [
                "search", "filter", "orderby", "select", "expand", "limit", "cursor", "count",
                "deleted", "totals",
            ])
        let call = ListRecords(
            try request.fullCode("class"), filter: parameters.text("filter"),
            orderby: parameters.text("orderby"), select: parameters.list("select"),
            expand: parameters.list("expand"), limit: try parameters.limit(),
            cursor: parameters.text("cursor"),
            count: try parameters.flag("count") ? true : nil,
            deleted: try parameters.word("deleted", of: ["only", "include"]),
            search: parameters.text("search"), totals: parameters.text("totals"))
        return .passed(try await records.forward(call, as: request.context(caller)))
    }

    private func create(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(request, ["atomic", "upsert"])
        let type = try request.fullCode("class")
        let body = try await request.jsonBytes(limit: RecordRoutes.bodyLimit)
        let isArray = body.bytes.first == UInt8(ascii: "[")
        let isAtomic = try parameters.flag("atomic")
        let call = CreateRecord(
            type, body: body, atomic: isArray && isAtomic ? true : nil,
            upsert: parameters.list("upsert"))
        let answer = try await records.forward(call, as: request.context(caller))
        if isArray { return .passed(answer) }
        let (id, version) = RecordRoutes.head(of: answer)
        var headers: Headers = [:]
        if let id { headers["Location"] = "/api/records/\(type.model)/\(type.code)/\(id)" }
        if let version { headers["ETag"] = Precondition.tag(version) }
        return .passed(answer, status: 201, headers: headers)
    }

    private func read(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(request, ["select", "expand", "deleted"])
        let call = GetRecord(
            try request.fullCode("class"), id: try request.id(),
            select: parameters.list("select"), expand: parameters.list("expand"),
            deleted: try parameters.word("deleted", of: ["include"]))
        return RecordRoutes.one(try await records.forward(call, as: request.context(caller)))
    }

    static func one(_ record: JSONBytes, status: Int = 200) -> Response {
        guard let version = head(of: record).version else {
            return .passed(record, status: status)
        }
        return .passed(record, status: status, headers: ["ETag": Precondition.tag(version)])
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
