import Contracts
import HTTP
import JSON
import RPC

/// What a reference may take: all of them where they are few.
struct ReferenceChoices: Sendable {
    let records: Peer

    /// Of each reference, asked for side by side: where the caller may read them and they are not
    /// too many for a list.
    func of(_ type: ClassDescription, _ context: CallContext) async
        -> [String: [RecordForm.Choice]]
    {
        let columns = type.columns.filter { $0.type == "reference" && $0.writable && !$0.many }
        return await withTaskGroup(of: (String, [RecordForm.Choice]?).self) { group in
            for column in columns {
                guard let target = column.target else { continue }
                group.addTask { (column.code, try? await all(target, context)) }
            }
            var choices: [String: [RecordForm.Choice]] = [:]
            for await (code, found) in group { choices[code] = found }
            return choices
        }
    }

    private func all(_ target: FullCode, _ context: CallContext) async throws
        -> [RecordForm.Choice]?
    {
        let call = ListRecords(target, select: ["describe"], limit: RecordPages.choiceLimit)
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        guard answer["next"]?.string == nil else { return nil }
        return (answer["items"]?.array ?? []).compactMap { item in
            item["id"]?.integer.map {
                RecordForm.Choice(id: $0, name: item["describe"]?.string ?? "#\($0)")
            }
        }
    }

}

extension RecordPages {
    /// Records that a picker shows at once.
    static let pickLimit = 12

    func choices(_ type: ClassDescription, _ context: CallContext) async
        -> [String: [RecordForm.Choice]]
    {
        await ReferenceChoices(records: records).of(type, context)
    }

    /// What one looks for.
    func addPicker() {
        pages.table.on(
            .get, "/m/{model}/{class}/pick", .account,
            Operation(
                "Records that a field offers while one types",
                query: [.init(name: "q", about: "Words, or a number")],
                answers: [.init(200, "`id` and `describe` of each", .media("application/json"))])
        ) { request, caller in
            let context = try request.context(caller, door: .page)
            let type = try await records.call(
                DescribeClass(try request.fullCode("class")), as: context)
            let found = QuickSearch(request.query["q"], type)
            let call = ListRecords(
                type.type, filter: found.filter(nil), select: ["describe"],
                limit: RecordPages.pickLimit, search: found.words)
            return .passed(try await records.forward(call, as: context))
        }
    }
}
