import Contracts
import HTTP
import JSON
import RPC

/// What stands around a record: where it is in its list, what refers to it, what goes on with it.
/// Everything is asked for side by side.
struct RecordParts: Sendable {
    /// Of each part of the page.
    static let limit = 5
    /// Tasks of the caller that are looked through for those of the record.
    static let taskLimit = 200
    static let historyLimit = 100

    let pages: Pages
    let type: FullCode
    let id: Int64
    let caller: Caller
    let context: CallContext

    var record: String { "\(type.description)/\(id)" }

    struct Related: Sendable {
        let referrer: ClassDescription.Referrer
        let items: [JSONValue]
        let count: Int64
    }

    /// The records before and after it on its page of the list.
    struct Neighbours: Sendable {
        var previous: Int64?
        var next: Int64?
    }

    /// What happened to it, the newest first.
    func history() async throws -> [JSONValue] {
        do {
            let call = RecordHistory(
                type, id: id, limit: RecordParts.historyLimit, newest: true)
            return try JSONValue(
                parsing: await pages.records.forward(call, as: context).bytes)["items"]?.array ?? []
        } catch let problem as Problem where problem.status == 403 || problem.status == 404 {
            return []
        }
    }

    func instances() async -> Part<[JSONValue]> {
        await Part(caller.identity?.may(Permissions.operationsRead) ?? false) {
            try await items(
                pages.workflow, ListInstances(record: record, limit: RecordParts.limit))
        }
    }

    /// The caller's own.
    func tasks() async -> Part<[JSONValue]> {
        await Part {
            let all = try await items(
                pages.workflow, ListTasks(limit: RecordParts.taskLimit))
            let mine = all.filter { $0["record"]?.string == record }
            return mine.isEmpty ? nil : mine
        }
    }

    func mails() async -> Part<[JSONValue]> {
        await Part(caller.identity?.may(Permissions.mailRead) ?? false) {
            try await items(pages.mail, ListMails(record: record, limit: RecordParts.limit))
        }
    }

    func neighbours(_ list: ListQuery, _ type: ClassDescription) async -> Neighbours {
        let found = QuickSearch(list.search, type)
        let call = ListRecords(
            self.type, filter: found.filter(list.filter), orderby: list.orderby, select: ["id"],
            limit: ClassPages.pageSize, cursor: list.cursor,
            deleted: list.isDeleted ? "only" : nil, search: found.words)
        guard let all = try? await items(pages.records, call) else { return Neighbours() }
        let ids = all.compactMap { $0["id"]?.integer }
        guard let place = ids.firstIndex(of: id) else { return Neighbours() }
        return Neighbours(
            previous: place > 0 ? ids[place - 1] : nil,
            next: place + 1 < ids.count ? ids[place + 1] : nil)
    }

    /// Records of other classes that refer to this one, by class and column.
    func related(_ type: ClassDescription) async -> [Related] {
        let referrers = type.referrers ?? []
        return await withTaskGroup(of: (Int, Related?).self) { group in
            for (index, referrer) in referrers.enumerated() {
                group.addTask { (index, try? await self.related(referrer)) }
            }
            var found: [(Int, Related)] = []
            for await (index, related) in group {
                if let related { found.append((index, related)) }
            }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func related(_ referrer: ClassDescription.Referrer) async throws -> Related {
        let call = ListRecords(
            referrer.type, filter: "\(referrer.column) eq \(id)", orderby: "id desc",
            select: ["describe"], limit: RecordParts.limit, count: true)
        let answer = try JSONValue(
            parsing: await pages.records.forward(call, as: context).bytes)
        return Related(
            referrer: referrer, items: answer["items"]?.array ?? [],
            count: answer["count"]?.integer ?? 0)
    }

    private func items<C: Call>(_ peer: Peer, _ call: C) async throws -> [JSONValue] {
        try JSONValue(parsing: await peer.forward(call, as: context).bytes)["items"]?.array ?? []
    }
}
