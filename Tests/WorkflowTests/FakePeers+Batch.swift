import Contracts
import HTTP
import JSON
import RPC
import Synchronization

/// Batch as far as Workflow calls it, and lists of records by date.
extension FakePeers {
    /// A run goes on until the test says how it ended.
    func addBatch(to routes: RPCRoutes) {
        routes.on(StartImportFromSource.self) { call, _ in
            throw Problem(
                status: 422, code: "validation-failed", title: "The import has no source",
                detail: "The source of \(call.definition) is upload: send the file as the body.")
        }
        routes.on(StartExport.self) { [self] call, context in
            let answer = try once(context, JSONCoder.encode(call).bytes) { state in
                let run = Int64(state.runs.count + 1)
                state.runs[run] = "running"
                return ["run": .number(JSONNumber(run))]
            }
            return JSONBytes(answer.bytes)
        }
        routes.on(GetRun.self) { [self] call, _ in
            JSONBytes(try run(call.run).bytes)
        }
        routes.on(CancelRun.self) { [self] call, _ in
            state.withLock { $0.runs[call.run] = "cancelled" }
            return JSONBytes(try run(call.run).bytes)
        }
    }

    private func run(_ id: Int64) throws -> JSONValue {
        guard let found = state.withLock({ $0.runs[id] }) else { throw Problem.notFound() }
        return [
            "run": .number(JSONNumber(id)), "state": .string(found),
            "problem": found == "failed" ? ["detail": "no such column"] : .null,
        ]
    }

    /// Terms such as `due le 2027-01-15T08:00:00.000Z` and `status ne 'closed'`, with `and`.
    func list(_ call: ListRecords) throws -> JSONBytes {
        let terms = (call.filter ?? "").replacing("(", with: "").replacing(")", with: "")
            .components(" and ").map { $0.split(separator: " ", maxSplits: 2).map(String.init) }
        if terms.contains(where: { $0[0] == "nothing" }) {
            throw Problem(status: 400, code: "invalid-filter", title: "The filter is not valid")
        }
        let found = state.withLock { state in
            state.records.sorted { $0.key < $1.key }.map(\.value).filter { record in
                terms.allSatisfy { term in
                    let literal = term[2].filter { $0 != "'" }
                    guard let value = record[term[0]]?.string else { return term[1] == "ne" }
                    switch term[1] {
                    case "ge": return value >= literal
                    case "le": return value <= literal
                    case "ne": return value != literal
                    default: return value == literal
                    }
                }
            }
        }
        // Pages of two, so that there are several.
        let after = Int(call.cursor ?? "0") ?? 0
        let page = found.dropFirst(after).prefix(2)
        let hasMore = found.count > after + 2
        let answer: JSONValue = [
            "items": .array(page.map { .object($0) }),
            "next": hasMore ? .string("\(after + 2)") : .null,
        ]
        return JSONBytes(answer.bytes)
    }
}

extension String {
    /// Parts between a separator.
    fileprivate func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
