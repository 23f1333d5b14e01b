import Contracts
import HTTP
import JSON
import RPC

/// What another instance copies a class by.
struct ReplicaRoutes: Sendable {
    static let path = RecordRoutes.path + "/replica"
    /// Columns of one request.
    private static let columnLimit = 500

    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, ReplicaRoutes.path, .account,
            Operation(
                "A class as another instance copies it",
                about: "For synchronizations of the kind `geartrain`, for who may read and export "
                    + "every record. `columns` describes the class, `ranges` has checksums of "
                    + "consecutive ranges of keys, `rows` the records of a range as they are "
                    + "stored, `changes` those that were changed after a position.",
                query: [
                    .init(name: "part", about: "`columns`, `ranges`, `rows` or `changes`"),
                    .init(name: "key", about: "Columns that find a record, comma separated"),
                    .init(
                        name: "columns",
                        about: "Comma separated; `customer.number` is that column of what a "
                            + "reference means"),
                    .init(name: "after", about: "A key as JSON: what comes behind it"),
                    .init(name: "through", about: "A key as JSON: up to it"),
                    .init(name: "count", type: "integer", about: "Ranges"),
                    .init(name: "rows", type: "integer", about: "Records of a range"),
                    .init(name: "position", type: "integer", about: "Of the change log"),
                ], answers: [.init(200, "The part that was asked for", "Replica")],
                problems: [422])
        ) { request, caller in try await read(request, caller) }
    }

    private func read(_ request: Request, _ caller: Caller) async throws -> Response {
        let query = try QueryReader(
            request,
            ["part", "key", "columns", "after", "through", "count", "rows", "position"])
        let parts = ReadReplica.Part.allCases.map(\.rawValue)
        guard let word = try query.word("part", of: parts),
            let part = ReadReplica.Part(rawValue: word)
        else { throw Problem.invalidParameter("part takes \(parts.joined(separator: " or ")).") }
        let named = query.list("columns") ?? []
        guard named.count <= ReplicaRoutes.columnLimit else {
            throw Problem.invalidParameter(
                "columns takes at most \(ReplicaRoutes.columnLimit) names.")
        }
        let columns = try named.map { text in
            let parts = text.split(
                separator: ".", maxSplits: 1, omittingEmptySubsequences: false
            ).map(String.init)
            guard !parts.contains("") else {
                throw Problem.invalidParameter("columns takes names such as a or customer.number.")
            }
            return WriteRows.Column(parts[0], by: parts.count > 1 ? parts[1] : nil)
        }
        var call = ReadReplica(
            try request.fullCode("class"), part: part, key: query.list("key") ?? [],
            columns: columns)
        call.after = try ReplicaRoutes.key(query, "after")
        call.through = try ReplicaRoutes.key(query, "through")
        call.count = try query.integer("count", in: 1...ReadReplica.rangeLimit)
        call.rows = try query.integer("rows", in: 1...ReadReplica.rowLimit)
        call.position = try query.integer("position", in: 0 ... .max).map(Int64.init)
        return .passed(try await records.forward(call, as: request.context(caller)))
    }

    private static func key(_ query: QueryReader, _ name: String) throws -> JSONValue? {
        guard let text = query.text(name) else { return nil }
        guard let value = try? JSONValue(parsing: Array(text.utf8)) else {
            throw Problem.invalidParameter("\(name) is a key as JSON.")
        }
        return value
    }
}
