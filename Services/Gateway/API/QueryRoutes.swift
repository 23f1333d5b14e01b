import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// `/api/queries` and the rows of `/api/views`: data of classes as flat rows.
struct QueryRoutes: Sendable {
    private static let limits = 1...10_000

    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/queries/{model}/{query}", .account,
            Operation(
                "The rows of a query",
                about: """
                    Each parameter of the query is a parameter of the address. Rows and columns are \
                    those that the caller may read: others are not counted, summed or shown.
                    """,
                query: [
                    .init(
                        name: "limit", type: "integer", about: "Rows a page; 1000 unless said",
                        range: 1...10_000), .cursor,
                ], answers: [Answer(200, "The rows", "RowList")], problems: [400, 422])
        ) { request, caller in try await query(request, caller) }
        table.on(
            .get, "/api/views/{model}/{class}", .account,
            Operation(
                "The rows of an API view",
                query: [
                    .init(name: "filter", about: "OData 4.01 filter, `status eq 'open'`"),
                    .init(name: "orderby", about: "`created desc,subject`"), .search,
                    .init(name: "select", about: "Columns, comma separated"), .limit, .cursor,
                    .init(name: "count", type: "boolean", about: "Whether to count all matches"),
                ], answers: [Answer(200, "The rows", "RowList")])
        ) { request, caller in try await view(request, caller) }
    }

    private func query(_ request: Request, _ caller: Caller) async throws -> Response {
        let names = request.query.items.map(\.0)
        let parameters = try QueryReader(request, names)
        let own = names.filter { $0 != "limit" && $0 != "cursor" }
        let values = own.map { ($0, JSONValue.string(parameters.text($0) ?? "")) }
        let call = RunQuery(
            try request.fullCode("query"),
            parameters: values.isEmpty ? nil : .object(JSONObject(values)),
            limit: try parameters.integer("limit", in: QueryRoutes.limits),
            cursor: parameters.text("cursor"))
        return .passed(try await records.forward(call, as: request.context(caller)))
    }

    private func view(_ request: Request, _ caller: Caller) async throws -> Response {
        let parameters = try QueryReader(
            request, ["search", "filter", "orderby", "select", "limit", "cursor", "count"])
        let call = ListRecords(
            try request.fullCode("class"), filter: parameters.text("filter"),
            orderby: parameters.text("orderby"), select: parameters.list("select"),
            limit: try parameters.limit(), cursor: parameters.text("cursor"),
            count: try parameters.flag("count") ? true : nil, view: true,
            search: parameters.text("search"))
        return .passed(try await records.forward(call, as: request.context(caller)))
    }
}
