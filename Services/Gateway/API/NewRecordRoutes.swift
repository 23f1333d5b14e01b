import Contracts
import HTTP
import JSON
import RPC

/// What the form of a new record begins with.
struct NewRecordRoutes: Sendable {
    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/records/{model}/{class}/new", .account,
            Operation(
                "The values that a new record would begin with",
                about: "Defaults, then what the query says for the columns in the class's "
                    + "`prefill` (`?subject=Printer`), then the rules on `opening`. Nothing is "
                    + "saved.", answers: [.init(200, "Values by column", "RecordInput")],
                problems: [422])
        ) { request, caller in
            let context = try request.context(caller)
            let type = try await records.call(
                DescribeClass(try request.fullCode("class")), as: context)
            _ = try QueryReader(request, type.prefill)
            let (values, faults) = Prefill(type, caller.texts)
                .read(request.query)
            if !faults.isEmpty { throw Problem.validation(faults) }
            return .passed(
                try await records.forward(
                    NewRecord(type.type, values: .object(values)), as: context))
        }
    }
}

/// What a URL fills into a new record: only columns that the class names in `prefill`.
struct Prefill {
    private let columns: [ClassDescription.Column]
    private let texts: Texts

    init(_ type: ClassDescription, _ texts: Texts) {
        columns = type.columns.filter { $0.writable && type.prefill.contains($0.code) }
        self.texts = texts
    }

    func read(_ query: Query) -> (values: JSONObject, faults: [FieldProblem]) {
        var values: [(String, JSONValue)] = []
        var faults: [FieldProblem] = []
        for column in columns {
            guard let text = query[column.code] else { continue }
            switch ColumnValue(column: column, texts: texts).read(text) {
            case .value(let value): values.append((column.code, value))
            case .fault(let detail):
                faults.append(
                    FieldProblem(
                        pointer: "/\(column.code)", code: "wrong-type", detail: detail))
            }
        }
        return (JSONObject(values), faults)
    }
}
