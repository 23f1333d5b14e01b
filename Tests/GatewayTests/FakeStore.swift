import Contracts
import HTTP
import JSON
import RPC
import Synchronization

/// A class store for one class with a column of each type, and one that it refers to. Role `agent`
/// may everything, nobody else knows of it.
final class FakeStore: Sendable {
    private struct Record {
        var version: Int64 = 1
        var values: JSONObject
        var changes: [JSONValue] = []
    }

    private struct State {
        var records: [String: [Int64: Record]] = [:]
        var answers: [String: JSONBytes] = [:]
        /// What every name and label is decorated with.
        var decoration = ""
        /// What lists were asked for.
        var lists: [ListRecords] = []
        var many: [ChangeMany] = []
        /// What was deleted, by class.
        var gone: [String: [Int64: Record]] = [:]
        /// Operations beside the usual.
        var further: [String] = []
    }

    private let state = Mutex(State())

    /// Puts a text behind every name that a definition gives.
    func decorate(_ text: String) { state.withLock { $0.decoration = text } }

    var many: [ChangeMany] { state.withLock(\.many) }

    /// Gives every agent further operations.
    func grant(_ operations: [String]) { state.withLock { $0.further = operations } }

    var lists: [ListRecords] { state.withLock(\.lists) }

    func count(_ code: String) -> Int { state.withLock { $0.records[code]?.count ?? 0 } }

    func classes(_ principal: Principal) -> ClassList {
        guard principal.roles.contains("agent") else { return ClassList(items: []) }
        let more = state.withLock(\.decoration)
        return ClassList(
            items: ["ticket", "customer"].map {
                .init(type: FullCode(model: "helpdesk", code: $0), name: ["en": $0 + more])
            })
    }

    func describe(_ type: FullCode, _ principal: Principal) throws -> ClassDescription {
        try check(type, principal)
        let more = state.withLock(\.decoration)
        func column(
            _ code: String, _ type: String, required: Bool = false, choices: [String]? = nil,
            scale: Int? = nil, multiline: Bool = false, target: FullCode? = nil,
            writable: Bool = true, standard: JSONValue? = nil
        ) -> ClassDescription.Column {
            .init(
                code: code, name: ["en": code + more], type: type, required: required,
                choices: choices, scale: scale, max: type == "text" ? 20 : nil,
                multiline: multiline, target: target, writable: writable,
                defaultValue: standard)
        }
        let customer = FullCode(model: "helpdesk", code: "customer")
        let columns =
            type.code == "customer"
            ? [column("name", "text", required: true)]
            : [
                column("subject", "text", required: true), column("body", "text", multiline: true),
                column("status", "choice", choices: ["new", "open" + more], standard: "new"),
                column("count", "integer"), column("spent", "decimal", scale: 2),
                column("urgent", "boolean"), column("day", "date"), column("due", "datetime"),
                column("customer", "reference", target: customer),
                column("secret", "text", writable: false),
            ]
        return ClassDescription(
            type: type, name: ["en": type.code + more], columns: columns,
            operations: ["read", "insert", "change", "delete"] + state.withLock(\.further),
            prefill: ["subject", "customer"],
            webAccess: true,
            referrers: type.code == "ticket"
                ? nil
                : [
                    .init(
                        type: FullCode(model: "helpdesk", code: "ticket"),
                        name: ["en": "ticket" + more], column: "customer",
                        columnName: ["en": "customer" + more], isFillable: true)
                ])
    }

    func get(_ call: GetRecord, _ principal: Principal) throws -> JSONBytes {
        try check(call.type, principal)
        return try state.withLock { state in
            var all = state
            if call.deleted == "include", let gone = state.gone[call.type.code]?[call.id] {
                all.records[call.type.code]?[call.id] = gone
            }
            return try show(call.type, call.id, call.expand ?? [], all)
        }
    }

    func list(_ call: ListRecords, _ principal: Principal) throws -> JSONBytes {
        try check(call.type, principal)
        state.withLock { $0.lists.append(call) }
        if call.filter?.contains("nonsense") == true {
            throw Problem(
                status: 400, code: "invalid-filter", title: "The filter cannot be used",
                detail: "filter: nonsense is no column")
        }
        return try state.withLock { state in
            var state = state
            if call.deleted == "only" {
                state.records[call.type.code] = state.gone[call.type.code] ?? [:]
            }
            let named = FakeStore.ids(call.filter)
            let ids = (state.records[call.type.code] ?? [:]).keys.sorted().filter {
                named?.contains($0) ?? true
            }
            let start = call.cursor.flatMap { Int64($0) } ?? 0
            let page = ids.filter { $0 > start }.prefix(call.limit ?? 50)
            let items = try page.map {
                try JSONValue(parsing: show(call.type, $0, call.expand ?? [], state).bytes)
            }
            var answer = JSONObject([("items", .array(items))])
            let hasMore = page.last.map { $0 < (ids.last ?? 0) } ?? false
            answer["next"] = hasMore ? .string(String(page.last ?? 0)) : .null
            if call.count == true { answer["count"] = .number(JSONNumber(Int64(ids.count))) }
            if call.totals != nil {
                let average = JSONNumber(text: "1234.5").map { JSONValue.number($0) } ?? .null
                answer["totals"] = [
                    "count": ["avg": average], "day": ["max": "2026-11-30"], "due": ["min": .null],
                ]
            }
            return JSONBytes(JSONValue.object(answer).bytes)
        }
    }

    /// Those of `id in (1,2)`; nil for any other filter.
    private static func ids(_ filter: String?) -> Set<Int64>? {
        guard let filter, filter.hasPrefix("id in ("), filter.hasSuffix(")") else { return nil }
        return Set(filter.dropFirst(7).dropLast().split(separator: ",").compactMap { Int64($0) })
    }

    func changeMany(_ call: ChangeMany, _ principal: Principal) throws -> JSONBytes {
        try check(call.type, principal)
        state.withLock { $0.many.append(call) }
        return JSONBytes((["count": 3, "changed": 3] as JSONValue).bytes)
    }

    func writeKnown(_ call: WriteKnown, _ principal: Principal) throws -> JSONBytes {
        let items = try JSONValue(parsing: call.items.bytes).array ?? []
        let results = try items.map { item -> JSONValue in
            let parts = item.array ?? []
            let (id, version) = (parts[1].integer ?? 0, parts[2].integer ?? 0)
            do {
                if parts[0].string == "delete" {
                    _ = try delete(DeleteRecord(call.type, id: id, version: version), principal)
                } else {
                    _ = try change(
                        ChangeRecord(
                            call.type, id: id, version: version, body: JSONBytes(parts[3].bytes)),
                        principal)
                }
                return .array(parts)
            } catch let problem as Problem {
                return ["problem": ["title": .string(problem.title)], "id": parts[1]]
            }
        }
        return JSONBytes((["results": .array(results)] as JSONValue).bytes)
    }

    func create(_ call: CreateRecord, _ context: CallContext) throws -> JSONBytes {
        try check(call.type, context.principal)
        let value = try JSONValue(parsing: call.body.bytes)
        if let items = value.array {
            return JSONBytes((["results": .array(items.map { _ in ["id": 1] })] as JSONValue).bytes)
        }
        if let key = context.idempotencyKey, let kept = state.withLock({ $0.answers[key] }) {
            return kept
        }
        let values = value.object ?? JSONObject()
        try validate(call.type, values, isWhole: true)
        return try state.withLock { state in
            let id = Int64((state.records[call.type.code] ?? [:]).count + 1)
            var record = Record(values: values)
            record.changes.append(
                FakeStore.change("insert", 1, context.principal, JSONObject(), values))
            state.records[call.type.code, default: [:]][id] = record
            let answer = try show(call.type, id, [], state)
            if let key = context.idempotencyKey { state.answers[key] = answer }
            return answer
        }
    }

    func change(_ call: ChangeRecord, _ principal: Principal) throws -> JSONBytes {
        try check(call.type, principal)
        let changes = try JSONValue(parsing: call.body.bytes).object ?? JSONObject()
        try validate(call.type, changes, isWhole: false)
        return try state.withLock { state in
            guard var record = state.records[call.type.code]?[call.id] else {
                throw Problem.notFound()
            }
            try FakeStore.check(call.version, record.version)
            let old = record.values
            for (key, value) in changes.members { record.values[key] = value }
            record.version += 1
            record.changes.append(
                FakeStore.change("change", record.version, principal, old, changes))
            state.records[call.type.code]?[call.id] = record
            return try show(call.type, call.id, [], state)
        }
    }

    /// Puts the first version back, whatever is asked for.
    func restore(_ call: RestoreRecord, _ principal: Principal) throws -> JSONBytes {
        if call.to == nil {
            try state.withLock { state in
                guard let gone = state.gone[call.type.code]?.removeValue(forKey: call.id) else {
                    throw Problem.notFound()
                }
                state.records[call.type.code]?[call.id] = gone
                state.records[call.type.code]?[call.id]?.values["deleted"] = nil
            }
            return try get(GetRecord(call.type, id: call.id), principal)
        }
        let first = state.withLock { $0.records[call.type.code]?[call.id]?.changes.first }
        let values = (first?["changes"]?.array ?? []).compactMap { change in
            change["column"]?.string.map { ($0, change["new"] ?? .null) }
        }
        let body = JSONBytes(JSONValue.object(JSONObject(values)).bytes)
        return try change(
            ChangeRecord(call.type, id: call.id, version: call.version, body: body), principal)
    }

    func delete(_ call: DeleteRecord, _ principal: Principal) throws -> Done {
        try check(call.type, principal)
        return try state.withLock { state in
            guard let record = state.records[call.type.code]?[call.id] else {
                throw Problem.notFound()
            }
            try FakeStore.check(call.version, record.version)
            state.records[call.type.code]?[call.id] = nil
            var gone = record
            gone.values["deleted"] = ["time": "2026-11-24T00:00:00.000Z", "account": "anna"]
            state.gone[call.type.code, default: [:]][call.id] = gone
            return Done()
        }
    }

    func history(_ call: RecordHistory, _ principal: Principal) throws -> JSONBytes {
        try check(call.type, principal)
        let changes = state.withLock { $0.records[call.type.code]?[call.id]?.changes }
        guard let changes else { throw Problem.notFound() }
        let items = call.newest == true ? changes.reversed() : changes
        return JSONBytes((["items": .array(items)] as JSONValue).bytes)
    }

    // MARK: Inside

    private func check(_ type: FullCode, _ principal: Principal) throws {
        guard type.model == "helpdesk", ["ticket", "customer"].contains(type.code),
            principal.roles.contains("agent")
        else { throw Problem.notFound() }
    }

    private static func check(_ wanted: Int64?, _ version: Int64) throws {
        guard wanted == version else {
            throw Problem(
                status: 412, code: "version-mismatch", title: "It changed", detail: "Meanwhile.")
        }
    }

    private func validate(_ type: FullCode, _ values: JSONObject, isWhole: Bool) throws {
        var faults: [FieldProblem] = []
        let key = type.code == "ticket" ? "subject" : "name"
        let text = values[key]?.string
        if isWhole ? text == nil : values[key] == .some(.null) {
            faults.append(FieldProblem(pointer: "/\(key)", code: "required", detail: "Needed."))
        }
        if let text, text.count > 40 {
            faults.append(
                FieldProblem(pointer: "/\(key)", code: "too-long", detail: "Too long a text."))
        }
        if !faults.isEmpty { throw Problem.validation(faults) }
    }

    private func show(_ type: FullCode, _ id: Int64, _ expand: [String], _ state: State) throws
        -> JSONBytes
    {
        guard let record = state.records[type.code]?[id] else { throw Problem.notFound() }
        let name = record.values["subject"]?.string ?? record.values["name"]?.string ?? ""
        var object = JSONObject([
            ("id", .number(JSONNumber(id))), ("version", .number(JSONNumber(record.version))),
            ("describe", .string("#\(id) \(name)")), ("created", "2026-11-23T00:00:00.000Z"),
            ("creator", "anna"), ("modified", "2026-11-23T00:00:01.000Z"), ("modifier", "anna"),
        ])
        for (key, value) in record.values.members { object[key] = value }
        for code in expand {
            guard let target = object[code]?.integer else { continue }
            let name = state.records["customer"]?[target]?.values["name"] ?? "?"
            object[code] = ["id": .number(JSONNumber(target)), "describe": name]
        }
        return JSONBytes(JSONValue.object(object).bytes)
    }

    private static func change(
        _ operation: String, _ version: Int64, _ principal: Principal, _ old: JSONObject,
        _ new: JSONObject
    ) -> JSONValue {
        let changes = new.members.map { key, value -> JSONValue in
            ["column": .string(key), "old": old[key] ?? .null, "new": value]
        }
        return [
            "version": .number(JSONNumber(version)), "operation": .string(operation),
            "time": "2026-11-23T00:00:01.000Z", "account": .string(principal.account),
            "door": "page", "cause": "request:1", "changes": .array(changes),
        ]
    }
}
