import Contracts
import HTTP
import JSON
import RPC

/// A record is saved, deleted, or put back.
extension RecordPages {
    /// A version that is not the one that stands is shown with both sides; so is one that loses the
    /// race.
    @Sendable func save(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        let id = try request.id()
        let type = try await records.call(DescribeClass(code), as: context)
        var form = RecordForm(type: type, texts: caller.texts)
        let values = form.read(sent)
        let current = try await record(type, id, context)
        let version = current["version"]?.integer ?? 0
        let seen = sent["_version"].flatMap { Int64($0) } ?? 0
        guard seen == version else {
            form.settle(current, before: await before(seen, type, id, caller, context))
            return try await show(request, caller, form: form, status: 412)
        }
        if !form.faults.isEmpty {
            return try await show(request, caller, form: form, status: 422)
        }
        let back = RecordPages.link(type, id, request)
        let changes = RecordPages.changes(values, current, form)
        if changes.isEmpty { return pages.redirect(to: back) }
        do {
            let body = JSONBytes(JSONValue.object(JSONObject(changes)).bytes)
            _ = try await records.forward(
                ChangeRecord(code, id: id, version: version, body: body), as: context)
            return pages.redirect(to: back, saying: "saved")
        } catch let problem as Problem where problem.status == 412 {
            let current = try await record(type, id, context)
            form.settle(current, before: await before(version, type, id, caller, context))
            return try await show(request, caller, form: form, status: 412)
        } catch let problem as Problem where problem.status == 422 || problem.status == 409 {
            form.take(problem)
            return try await show(request, caller, form: form, status: 422)
        }
    }

    /// Only what differs from what stands, compared as the form reads it.
    private static func changes(
        _ values: [(String, JSONValue)], _ current: JSONObject, _ form: RecordForm
    ) -> [(String, JSONValue)] {
        let columns = Dictionary(
            form.columns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        return values.filter { code, value in
            guard let column = columns[code] else { return false }
            let shown = ColumnValue(column: column, texts: form.texts)
            return shown.read(shown.input(current[code])) != .value(value)
        }
    }

    @Sendable func delete(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        try await act(request, caller, sent) { type, id, version, context in
            _ = try await records.forward(
                DeleteRecord(type, id: id, version: version), as: context)
            let list = ListQuery(type, text: request.query["list"]) ?? ListQuery(type)
            return pages.redirect(to: list.link, saying: "deleted")
        }
    }

    @Sendable func restore(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        try await act(request, caller, sent) { type, id, version, context in
            let to = sent["to"].flatMap { Int64($0) }
            _ = try await records.forward(
                RestoreRecord(type, id: id, version: version, to: to), as: context)
            // A deleted one is not on the list of those any more.
            let back = to == nil ? Link("m", type.model, type.code, String(id)) : nil
            return pages.redirect(
                to: back ?? RecordPages.link(type, id, request), saying: "saved")
        }
    }

    /// What is done to a record at the version that the person saw; what cannot be done is said on
    /// its page.
    func act(
        _ request: Request, _ caller: Caller, _ sent: Form,
        _ body: (FullCode, Int64, Int64, CallContext) async throws -> Response
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let (code, id) = (try request.fullCode("class"), try request.id())
        guard let version = sent["_version"].flatMap({ Int64($0) }) else {
            throw Problem.preconditionRequired
        }
        do {
            return try await body(code, id, version, context)
        } catch let problem as Problem where [409, 412, 413, 422, 507].contains(problem.status) {
            let type = try await records.call(DescribeClass(code), as: context)
            var form = RecordForm(type: type, texts: caller.texts)
            let current = try await record(type, id, context)
            form.show(current)
            if problem.status == 412 {
                form.standing = current
            } else {
                form.general.append(problem.errors.first?.detail ?? problem.detail ?? problem.title)
            }
            return try await show(request, caller, form: form, status: problem.status)
        }
    }

    // MARK: Common

    func record(_ type: ClassDescription, _ id: Int64, _ context: CallContext) async throws
        -> JSONObject
    {
        let references = type.columns.filter { $0.type == "reference" }.map(\.code)
        let mayDelete = type.operations.contains("delete")
        let call = GetRecord(
            type.type, id: id, expand: references, deleted: mayDelete ? "include" : nil)
        let answer = try await records.forward(call, as: context)
        guard let object = try JSONValue(parsing: answer.bytes).object else {
            throw Problem.internalError
        }
        return object
    }

    static func link(_ type: ClassDescription, _ id: Int64) -> Link {
        Link("m", type.type.model, type.type.code, String(id))
    }

    /// The same, with the way back to the list that the request knows.
    static func link(_ type: ClassDescription, _ id: Int64, _ request: Request) -> Link {
        link(type.type, id, request)
    }

    static func link(_ type: FullCode, _ id: Int64, _ request: Request) -> Link {
        let list = ListQuery(type, text: request.query["list"]) ?? ListQuery(type)
        return list.link(to: id)
    }
}
