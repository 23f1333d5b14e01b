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
    /// Of a search without an order of its own: by rank, unless too many are found.
    let order: OrderBy
    private let ranking: Ranking?
    let limit: Int
    let isCounted: Bool
    let totals: ListTotals?
    let fingerprint: String
    let start: Cursor?
    private let bound: OrderBound?

    /// The best of what a search finds come first.
    private struct Ranking: Sendable {
        /// How many it finds.
        let count: SQLText
        let byRank: OrderBy
    }

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
            try RecordList.reading("filter") { () throws(FilterFault) in
                let expression = try FilterParser.parse(filter)
                condition.append(" AND ")
                condition.append(try FilterCompiler(scope: scope).compile(expression))
            }
        }
        let search = try RecordList.search(call, deleted, scope)
        if let search { condition.append(" AND " + search.condition) }
        source = (search?.before ?? SQLText()) + plan.source
        self.condition = plan.condition + condition
        countCondition = plan.countCondition + condition
        // What a search finds is few already.
        reach = deleted == .hidden && search == nil ? access.reach : nil
        (order, ranking) = try RecordList.reading("orderby") { () throws(FilterFault) in
            guard let search, let id = search.id else {
                return (try OrderBy(call.orderby, scope: scope), nil)
            }
            let byRank = try OrderBy(first: search.rank, scope: scope)
            return (OrderBy(id: id), search.ranked.map { Ranking(count: $0, byRank: byRank) })
        }
        bound = search == nil ? OrderBound(order, of: access.recordClass) : nil
        totals = try RecordList.reading("totals") { () throws(FilterFault) in
            guard let text = call.totals, !text.isEmpty else { return nil }
            return try ListTotals(text, scope: scope)
        }
        let isLive = deleted == .hidden
        fingerprint = Cursor.fingerprint(
            call.type, filter: isLive ? call.filter : "\(deleted)\u{2}\(call.filter ?? "")",
            orderby: call.orderby, search: call.search)
        start = try RecordList.start(
            call.cursor, fingerprint, [order, ranking?.byRank].compactMap { $0 })
    }

    private static func start(
        _ text: String?, _ fingerprint: String, _ orders: [OrderBy]
    ) throws -> Cursor? {
        guard let text, !text.isEmpty else { return nil }
        for order in orders {
            if let cursor = Cursor(text, fingerprint: fingerprint, keys: order.keys) {
                return cursor
            }
        }
        throw RecordsError.cursor
    }

    /// Runs `body`; a fault says which parameter has it.
    private static func reading<T>(
        _ parameter: String, _ body: () throws(FilterFault) -> T
    ) throws -> T {
        do throws(FilterFault) {
            return try body()
        } catch {
            throw RecordsError.filter(parameter, error)
        }
    }

    private static func search(
        _ call: ListRecords, _ deleted: DeletedRows, _ scope: QueryScope
    ) throws -> ClassSearch? {
        guard let search = call.search else { return nil }
        guard !scope.recordClass.definition.search.isEmpty else {
            throw RecordsError.filter(
                "search", FilterFault(detail: "finds nothing: no column is searched", offset: 0))
        }
        let text = try reading("search") { () throws(FilterFault) in try SearchText(search) }
        return ClassSearch(
            text, scope.recordClass, scope.rights, deleted: deleted,
            isOrdered: !(call.orderby ?? "").isEmpty)
    }

    /// `{"items", "next", "count"?, "totals"?}`.
    func answer(
        _ connection: Connection, _ moment: QueryMoment, counts: CountCache
    ) throws -> JSONBytes {
        var page = Page(
            writer: JSONWriter(capacity: 512 * limit), order: try order(connection, moment))
        page.writer.beginObject()
        page.writer.key("items")
        page.writer.beginArray()
        let few = try reach?.few(connection, moment)
        for phase in start.map({ page.order.phases(after: $0.position) }) ?? [SQLText()] {
            let sql = statement(for: phase, among: few, by: page.order)
            try read(sql, connection, moment, &page)
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
            let sql = all("count(*)")
            page.writer.integer(
                try counts.count(connection, sql.text, sql.values(for: moment)))
        }
        if let totals {
            page.writer.key("totals")
            let sql = all(totals.columns)
            totals.write(
                try counts.row(
                    connection, sql.text, sql.values(for: moment), width: totals.width),
                into: &page.writer)
        }
        page.writer.endObject()
        return JSONBytes(page.writer.bytes)
    }

    /// Of all records of the list.
    private func all(_ columns: SQLText) -> SQLText {
        "SELECT " + columns + " FROM " + source + " WHERE " + countCondition
    }

    /// How this page is ordered. One that goes on keeps the order in which its list began.
    private func order(_ connection: Connection, _ moment: QueryMoment) throws -> OrderBy {
        guard let ranking else { return order }
        if let start {
            return start.position.count == ranking.byRank.keys.count ? ranking.byRank : order
        }
        let count = try connection.count(ranking.count.text, ranking.count.values(for: moment))
        return count > ClassSearch.rankLimit ? order : ranking.byRank
    }

    /// The statement of a phase; its limit comes last. `few` are the only rows that it can be
    /// about.
    func statement(
        for phase: SQLText, among few: SQLText? = nil, by other: OrderBy? = nil
    ) -> SQLText {
        let order = other ?? self.order
        var sql = "SELECT " + plan.columns
        for key in order.keys { sql.append(", " + key.column.sql) }
        sql.append(" FROM ")
        if let few { sql.append("json_each(" + few + ") AS k CROSS JOIN ") }
        var condition = condition
        if !phase.text.isEmpty { condition.append(" AND " + phase) }
        sql.append(source + " WHERE " + condition)
        if few != nil { sql.append(" AND \(QueryScope.alias).id = CAST(k.value AS BIGINT)") }
        if few == nil, let bound {
            sql.append(" AND " + bound.condition(condition, count: limit + 1))
        }
        sql.append(order.sql + " LIMIT ?")
        return sql
    }

    private struct Page {
        var writer: JSONWriter
        let order: OrderBy
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
                page.position = page.order.keys.indices.map { row.value(plan.width + $0) }
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
