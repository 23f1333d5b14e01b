import Contracts
import Database
import HTTP
import JSON
import RPC

/// Which runs a list asks for, as far as its caller may see them.
struct RunList: Sendable {
    private var conditions: [String] = []
    private var values: [SQLValue] = []
    private let limit: Int

    /// Throws a problem with every fault.
    init(_ call: ListRuns, as principal: Principal) throws(Problem) {
        limit = call.limit ?? 50
        var faults: [FieldProblem] = []
        if !(1...Receipts.pageLimit).contains(limit) {
            faults.append(
                FieldProblem(
                    pointer: "/limit", code: "out-of-range", detail: "This must be 1 to 1000."))
        }
        if let kind = call.kind {
            if Run.Kind(rawValue: kind) == nil { faults.append(RunList.unknown("kind", kind)) }
            add("kind = ?", .text(kind))
        }
        if let state = call.state {
            if Run.State(rawValue: state) == nil { faults.append(RunList.unknown("state", state)) }
            add("state = ?", .text(state))
        }
        if let definition = call.definition {
            if let full = FullCode(definition) {
                add("model = ? and code = ?", .text(full.model), .text(full.code))
            } else {
                add("code = ?", .text(definition))
            }
        }
        guard faults.isEmpty else { throw .validation(faults) }
        if let cursor = call.cursor, !cursor.isEmpty {
            guard let last = Int64(cursor) else {
                throw Problem(
                    status: 400, code: "invalid-cursor", title: "The cursor cannot be read",
                    detail: "Begin again without a cursor, and pass each next as it came.")
            }
            add("id < ?", .integer(last))
        }
        narrow(to: principal)
    }

    private mutating func narrow(to principal: Principal) {
        guard !principal.isSystem else { return }
        if !principal.permissions.contains("batch:operate") {
            add("account = ?", .text(principal.account))
        }
        if let models = principal.narrowing {
            conditions.append(
                "model in (\(Dialect.marks(models.count)))")
            values += models.map { .text($0) }
        }
    }

    private mutating func add(_ condition: String, _ new: SQLValue...) {
        conditions.append(condition)
        values += new
    }

    private static func unknown(_ member: String, _ word: String) -> FieldProblem {
        FieldProblem(
            pointer: "/\(member)", code: "not-allowed",
            detail: "“\(word)” is no \(member) of a run.")
    }

    /// `{"items", "next"}`.
    func page(_ connection: Connection) throws -> JSONValue {
        let clause = conditions.isEmpty ? "" : "where " + conditions.joined(separator: " and ")
        let runs = try RunStore.runs(
            connection, "\(clause) order by id desc limit \(limit + 1)", values)
        let page = runs.prefix(limit)
        let next = runs.count > limit ? page.last.map { JSONValue.string(String($0.id)) } : nil
        return ["items": .array(page.map(\.json)), "next": next ?? .null]
    }
}

extension Migrations {
    /// Lists by state and by definition, newest first.
    static let lists = Migration("0005-lists") { connection in
        try connection.script(
            """
            create index run_state on run (state, id);
            create index run_definition on run (code, id);
            """)
    }
}
