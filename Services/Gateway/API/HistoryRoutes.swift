import Contracts
import HTTP
import JSON
import RPC

/// `/api/history`: the history as a whole; that of one record is the record's own.
struct HistoryRoutes: Sendable {
    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/history/verify", .holder(of: Permissions.operationsRead),
            Operation(
                "Verifies the chain of the history, as far as five seconds go",
                body: .json("HistoryVerificationInput"),
                answers: [
                    Operation.Answer(
                        200, "What was found; `fault` where it is not intact",
                        .json("HistoryVerification"))
                ]), body: RouteTable.json
        ) { request, caller in
            _ = try QueryReader(request, [])
            let body = try await request.json()
            let call = try HistoryRoutes.call(body)
            return .passed(try await records.forward(call, as: request.context(caller)))
        }
    }

    private static func call(_ body: JSONValue) throws -> VerifyHistory {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(body, at: "", problems: problems)
        let call = VerifyHistory(
            head: reader.string("head"), from: reader.integer("from", in: 0...Int64.max))
        reader.finish()
        guard problems.items.isEmpty else { throw Problem.validation(problems.items) }
        return call
    }
}
