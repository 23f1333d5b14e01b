import Contracts
import Database
import HTTP
import JSON
import RPC

/// A page of records.
struct RecordList: Sendable {
    static let defaultLimit = 50
    static let limitRange = 1...1000
    /// A page ends early when it has this many bytes.
    static let bytesLimit = 8 << 20
    /// How long a page may take to be found and counted.
    static let time = Duration.seconds(5)

    let plan: RecordPlan
    /// The plan's, and what a search adds.
    let source: SQLText
    let condition: SQLText
    /// The same rows for counting: where an index can serve the rights, as it can.
    private let countCondition: SQLText
    /// Finds out whether the caller's rows are few.
    private let reach: RowReach?
    let order: OrderBy
    let limit: Int
    let isCounted: Bool
    let fingerprint: String
    let start: Cursor?

    init(
        _ call: ListRecords, access: ClassAccess, context: CallContext, snapshot: ModelSnapshot
    ) throws {
        let deleted = try DeletedRows(call.deleted)
        guard let rights = access.rights.read,
            let plan = try access.plan(
                select: call.select ?? (call.view == true ? access.viewColumns : nil),
                expand: call.expand, deleted: deleted, context: context, in: snapshot)
        else { throw RecordsError.forbidden("You may not read such records.") }
        self.plan = plan
        limit = call.limit ?? RecordList.defaultLimit
        guard RecordList.limitRange.contains(limit) else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/limit", code: "out-of-range", detail: "This must be 1 to 1000.")
            ])
        }
        isCounted = call.count ?? false
        let scope = QueryScope(
            recordClass: access.recordClass, rights: rights,
            target: snapshot.targets(for: context))
        var condition = SQLText()
        if let filter = call.filter, !filter.isEmpty {
            do throws(FilterFault) {
                let expression = try FilterParser.parse(filter)
                condition.append(" AND ")
                condition.append(try FilterCompiler(scope: scope).compile(expression))
            } catch {
                throw RecordsError.filter("filter", error)
            }
        }
        let search = try RecordList.search(call, deleted, scope)
        if let search { condition.append(" AND " + search.condition) }
        source = plan.source + (search?.join ?? SQLText())
        self.condition = plan.condition + condition
        countCondition = plan.countCondition + condition
        // What a search finds is few already.
        reach = deleted == .hidden && search == nil ? access.reach : nil
        do throws(FilterFault) {
            order =
                search?.isRanked == true
                ? try OrderBy(first: ClassSearch.rank, scope: scope)
                : try OrderBy(call.orderby, scope: scope)
        } catch {
            throw RecordsError.filter("orderby", error)
        }
        let isLive = deleted == .hidden
        fingerprint = Cursor.fingerprint(
            call.type, filter: isLive ? call.filter : "\(deleted)\u{2}\(call.filter ?? "")",
            orderby: call.orderby, search: call.search)
        guard let text = call.cursor, !text.isEmpty else {
            start = nil
            return
        }
        guard let cursor = Cursor(text, fingerprint: fingerprint, keys: order.keys) else {
            throw RecordsError.cursor
        }
        start = cursor
    }

    private static func search(
        _ call: ListRecords, _ deleted: DeletedRows, _ scope: QueryScope
    ) throws -> ClassSearch? {
        guard let search = call.search else { return nil }
        guard !scope.recordClass.definition.search.isEmpty else {
            throw RecordsError.filter(
                "search", FilterFault(detail: "finds nothing: no column is searched", offset: 0))
        }
        do throws(FilterFault) {
            return ClassSearch(
                try SearchText(search), scope.recordClass, scope.rights, deleted: deleted,
                isRanked: (call.orderby ?? "").isEmpty)
        } catch {
            throw RecordsError.filter("search", error)
        }
    }

    /// `{"items", "next", "count"?}`.
    func answer(
        _ connection: Connection, _ moment: QueryMoment, counts: CountCache
    ) throws -> JSONBytes {
        var page = Page(writer: JSONWriter(capacity: 512 * limit))
        page.writer.beginObject()
        page.writer.key("items")
        page.writer.beginArray()
        let few = try reach?.few(connection, moment)
        for phase in start.map({ order.phases(after: $0.position) }) ?? [SQLText()] {
            try read(statement(for: phase, among: few), connection, moment, &page)
            if page.isFull { break }
        }
        page.writer.endArray()
        page.writer.key("next")
        if page.isFull {
            let text = Cursor(position: page.position).text(fingerprint: fingerprint)
            guard text.utf8.count <= Cursor.lengthLimit else {
                throw RecordsError.filter(
                    "orderby", FilterFault(detail: "has texts too long to page by", offset: 0))
            }
            page.writer.string(text)
        } else {
            page.writer.null()
        }
        if isCounted {
            page.writer.key("count")
            let sql = "SELECT count(*) FROM " + source + " WHERE " + countCondition
            page.writer.integer(
                try counts.count(connection, sql.text, sql.values(for: moment)))
        }
        page.writer.endObject()
        return JSONBytes(page.writer.bytes)
    }

    /// The statement of a phase; its limit comes last. `few` are the only rows that it can be
    /// about.
    func statement(for phase: SQLText, among few: SQLText? = nil) -> SQLText {
        var sql = "SELECT " + plan.columns
        for key in order.keys { sql.append(", " + key.column.sql) }
        sql.append(" FROM ")
        if let few { sql.append("json_each(" + few + ") AS k CROSS JOIN ") }
        sql.append(source + " WHERE " + condition)
        if few != nil { sql.append(" AND \(QueryScope.alias).id = k.value") }
        if !phase.text.isEmpty { sql.append(" AND " + phase) }
        sql.append(order.sql + " LIMIT ?")
        return sql
    }

    private struct Page {
        var writer: JSONWriter
        var count = 0
        /// The keys of the last record written.
        var position: [SQLValue] = []
        /// There is more than this page holds.
        var isFull = false
    }

    private func read(
        _ sql: SQLText, _ connection: Connection, _ moment: QueryMoment, _ page: inout Page
    ) throws {
        // One more than wanted tells whether there is a next page.
        let values = sql.values(for: moment) + [.integer(Int64(limit - page.count + 1))]
        try connection.each(sql.text, values) { row in
            if page.count == limit || page.writer.bytes.count > RecordList.bytesLimit {
                page.isFull = true
                return false
            }
            plan.write(row, into: &page.writer)
            page.count += 1
            if page.count == limit || page.writer.bytes.count > RecordList.bytesLimit {
                page.position = order.keys.indices.map { row.value(plan.width + $0) }
            }
            return true
        }
    }
}

extension RecordStore {
    func list(_ call: ListRecords, _ context: CallContext) async throws -> JSONBytes {
        let counts = counts
        return try await current { snapshot in
            let access = try snapshot.access(
                call.type, context, purpose: call.export == true ? .exporting : nil)
            let list = try RecordList(call, access: access, context: context, snapshot: snapshot)
            let moment = moment(context)
            return try await database.quickRead(
                list.statement(for: SQLText()).text, within: RecordList.time
            ) {
                try list.answer($0, moment, counts: counts)
            }
        }
    }
}
