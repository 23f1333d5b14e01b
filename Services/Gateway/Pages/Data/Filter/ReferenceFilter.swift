import Contracts
import HTTP
import JSON
import RPC

/// A reference in a filter: its record is found by words, and called by its name.
struct ReferenceFilter: Sendable {
    /// Records that one may choose from.
    static let limit = 20

    let records: Peer
    let context: CallContext

    /// Records that words find; none where the caller may not look.
    func find(_ words: String, in target: FullCode) async throws -> [RecordForm.Choice] {
        do {
            return try await found(words, in: target)
        } catch let problem as Problem where [400, 403, 404, 422].contains(problem.status) {
            return []
        }
    }

    private func found(_ words: String, in target: FullCode) async throws
        -> [RecordForm.Choice]
    {
        let type = try await records.call(DescribeClass(target), as: context)
        let found = QuickSearch(words, type)
        let call = ListRecords(
            target, filter: found.filter(nil), select: ["describe"], limit: ReferenceFilter.limit,
            search: found.words)
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        return (answer["items"]?.array ?? []).compactMap { item in
            item["id"]?.integer.map {
                RecordForm.Choice(id: $0, name: item["describe"]?.string ?? "#\($0)")
            }
        }
    }

    /// What the records are called that a filter names, by column and number: `customer 7`.
    func names(_ filter: String?, _ type: ClassDescription) async -> [String: String] {
        var asked: [(key: String, entry: RecentRecords.Entry)] = []
        for text in FilterText(filter).conditions {
            guard let condition = FilterCondition(text), let id = Int64(condition.value),
                let column = type.columns.first(where: { $0.code == condition.column }),
                column.type == "reference", let target = column.target
            else { continue }
            asked.append(("\(column.code) \(id)", .init(type: target, id: id)))
        }
        if asked.isEmpty { return [:] }
        let names = await RecordNames(records: records, context: context).names(asked.map(\.entry))
        return Dictionary(
            asked.compactMap { item in names[item.entry.text].map { (item.key, $0) } }
        ) { first, _ in first }
    }
}
