import Contracts
import HTTP
import JSON
import RPC

/// What a record's page is made of.
extension RecordPages {
    /// The record's page. `form` is what a person sent and could not be saved.
    func show(
        _ request: Request, _ caller: Caller, form sent: RecordForm?, status: Int
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        let id = try request.id()
        let parts = RecordParts(
            pages: pages, type: code, id: id, caller: caller, context: context)
        async let history = parts.history()
        async let instances = parts.instances()
        async let tasks = parts.tasks()
        async let mails = parts.mails()
        let type = try await records.call(DescribeClass(code), as: context)
        let list = ListQuery(code, text: request.query["list"]) ?? ListQuery(code)
        async let neighbours = parts.neighbours(list, type)
        async let related = parts.related(type)
        let mayChange =
            type.operations.contains("change") && type.columns.contains(where: \.writable)
        async let choices = mayChange ? self.choices(type, context) : [:]
        let current = try await record(type, id, context)
        async let noted: Void = recents.note(
            .init(type: code, id: id), by: try caller.required.accountID)
        var form = sent ?? RecordForm(type: type, texts: caller.texts)
        if sent == nil { form.show(current) }
        form.choices = await choices
        var page = RecordPage(
            pages: pages, type: type, id: id, record: current, form: form, caller: caller,
            list: list)
        page.mayChange = mayChange && !page.isDeleted
        page.history = try await history
        page.instances = await instances
        page.tasks = await tasks
        page.mails = await mails
        page.neighbours = await neighbours
        page.related = await related
        try await noted
        return page.response(status: status, word: sent == nil ? pages.word(for: request) : nil)
    }

    /// What the record was to the person who saw `version`, as far as it was changed since; nil
    /// where no history tells.
    func before(
        _ version: Int64, _ type: ClassDescription, _ id: Int64, _ caller: Caller,
        _ context: CallContext
    ) async -> JSONObject? {
        let parts = RecordParts(
            pages: pages, type: type.type, id: id, caller: caller, context: context)
        guard let history = try? await parts.history(), !history.isEmpty else { return nil }
        var before = JSONObject()
        var reached = false
        // The newest first, so that the oldest value stands at the end.
        for item in history {
            guard let number = item["version"]?.integer, number > version else {
                reached = true
                break
            }
            for change in item["changes"]?.array ?? [] {
                if let code = change["column"]?.string { before[code] = change["old"] ?? .null }
            }
        }
        return reached ? before : nil
    }
}
