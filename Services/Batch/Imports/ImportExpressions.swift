import Contracts
import HTTP
import JSON
import RPC

/// The `as` expressions of an import, run by Workflow's script hosts for a whole chunk at a time.
struct ImportExpressions: Sendable {
    /// A value, or why the row is refused.
    typealias Outcome = Result<JSONValue, RowRefused>

    let mapping: ImportMapping
    let model: String
    let workflow: Peer
    let context: CallContext

    /// For each row (the cells of `mapping.columns`) the values of the columns. A call that the
    /// script host refuses is made again with half of the rows, so that one bad row costs itself
    /// only.
    func values(_ rows: [[JSONValue]]) async throws -> [Result<[JSONValue], RowRefused>] {
        guard !rows.isEmpty else { return [] }
        do {
            let call = Evaluate(
                model: model, bindings: bindings(rows), expressions: .object(expressions))
            return collect(rows, try await workflow.call(call, as: context).values)
        } catch let problem as Problem where problem.status == 422 {
            if rows.count == 1 {
                return [.failure(RowRefused(problem.detail ?? problem.title))]
            }
            let half = rows.count / 2
            return try await values(Array(rows[..<half])) + values(Array(rows[half...]))
        }
    }

    private func bindings(_ rows: [[JSONValue]]) -> JSONValue {
        let list = rows.map { cells in
            JSONValue.object(
                JSONObject(
                    zip(mapping.columns, cells).filter { $0.0.field != nil }
                        .map { ($0.from, $1) }))
        }
        return ["rows": .array(list)]
    }

    /// One expression for each column that has one: an array with `[value]` or `{"error"}` for each
    /// row.
    private var expressions: JSONObject {
        var object = JSONObject()
        for column in mapping.columns {
            guard let expression = column.expression else { continue }
            let from = JSONValue.string(column.from).text
            // The line ends keep a comment in the expression from swallowing what follows.
            object[column.to] = .string(
                """
                =rows.map(function (row) { var value = row[\(from)]; \
                try { var made = (\(expression)
                ); return [made === undefined ? null : made]; } \
                catch (error) { return {"error": String(error)}; } })
                """)
        }
        return object
    }

    private func collect(_ rows: [[JSONValue]], _ made: JSONValue) -> [Result<
        [JSONValue], RowRefused
    >] {
        rows.indices.map { row in
            var values: [JSONValue] = []
            for (index, column) in mapping.columns.enumerated() {
                guard column.expression != nil else {
                    values.append(ImportMapping.value(rows[row][index], column))
                    continue
                }
                guard let list = made[column.to]?.array, list.count == rows.count else {
                    return .failure(RowRefused("\(column.to): the expression has no value."))
                }
                if let error = list[row]["error"]?.string {
                    return .failure(RowRefused("\(column.to): \(error)"))
                }
                let value = list[row].array?.first ?? .null
                // An expression over texts makes texts; they mean what they would mean in the file.
                values.append(ImportMapping.value(value, column))
            }
            return .success(values)
        }
    }
}
