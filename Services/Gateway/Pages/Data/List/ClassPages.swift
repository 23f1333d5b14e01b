import Contracts
import HTTP
import JSON
import RPC

/// `/m/{model}/{class}`: a list of records.
struct ClassPages: Sendable {
    static let pageSize = 50
    /// Columns of a list unless others are chosen; the record has them all.
    static let columnLimit = 6
    /// Characters of a cell; the record shows the rest.
    static let cellLimit = 160

    let pages: Pages
    let views: ListViewStore

    private var records: Peer { pages.records }

    func add() {
        pages.onPage(
            "/m/{model}/{class}", .account, "A list of records", query: ClassPages.parameters,
            files: [
                "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ]
        ) { request, caller in
            let type = try request.fullCode("class")
            let query = ListQuery(type, request.query)
            if let format = request.query["export"] {
                return try await export(request, query, caller, format)
            }
            if request.query["set"] != nil { return try await compose(request, query, caller) }
            return try await show(request, query, caller)
        }
    }

    private static let parameters: [Operation.Parameter] = [
        .init(name: "filter", about: "OData 4.01 filter"), .search,
        .init(name: "columns", about: "Codes of the columns to show, comma separated"),
        .init(name: "orderby", about: "Column, or `column desc`"), .cursor,
        .init(name: "at", type: "integer", about: "How many records are on the pages before"),
        .init(name: "trail", about: "The cursors of the pages before"),
        .init(name: "saved", type: "integer", about: "The saved view that this is"),
        .init(name: "view", about: "How it is shown", words: ["board"]),
        .init(name: "by", about: "The choice column of a board"),
        .init(name: "deleted", about: "`only`: deleted records, for who may delete them"),
        .init(name: "export", about: "The whole list as a file", words: ["csv", "xlsx"]),
        .init(name: "named", about: "A record's name, for a reference without its number"),
        .init(
            name: "totals", about: "What the last row adds up, `sum(spent),avg(score)`"),
        .init(
            name: "set", about: "A part of a form that goes into the address, which is answered",
            words: ["filter", "columns", "orderby", "search", "totals"]),
    ]

    // MARK: Forms that make an address

    /// What was clicked together becomes an address of its own; what cannot be is shown as wrong.
    private func compose(
        _ request: Request, _ query: ListQuery, _ caller: Caller
    ) async throws -> Response {
        let values = { (name: String) in
            request.query.items.filter { $0.name == name && !$0.value.isEmpty }.map(\.value)
        }
        switch request.query["set"] {
        case "columns":
            return PageFrame.redirect(
                to: query.changed { $0.columns = values("column") }.link)
        case "totals":
            return PageFrame.redirect(
                to: query.changed { $0.totals = ListTotal.read(values("total")) }.link)
        case "orderby":
            let all = { (name: String) in
                request.query.items.filter { $0.name == name }.map(\.value)
            }
            let order = zip(all("by"), all("way")).filter { !$0.0.isEmpty }
                .map { $0 + ($1 == "desc" ? " desc" : "") }
            return PageFrame.redirect(
                to: query.changed { $0.orderby = order.joined(separator: ",") }.link)
        case "filter":
            return try await filter(request, query, caller)
        default: return PageFrame.redirect(to: query.changed { _ in }.link)
        }
    }

    private func filter(
        _ request: Request, _ query: ListQuery, _ caller: Caller
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let type = try await records.call(DescribeClass(query.type), as: context)
        let builder = FilterBuilder(type, caller.texts)
        let (code, word) = (request.query["where"] ?? "", request.query["is"] ?? "")
        var value = (request.query["value"] ?? "").trimmed
        if value.isEmpty { value = (request.query["named"] ?? "").trimmed }
        // A record by what it is called; its number is as good.
        if let target = builder.target(code, word), !value.isEmpty, Int64(value) == nil {
            let finder = ReferenceFilter(records: records, context: context)
            let found = try await finder.find(value, in: target)
            // One that only has the words in its name may be another.
            guard let only = found.first, found.count == 1,
                only.name.lowercased() == value.lowercased()
            else {
                let texts = caller.texts
                return try await show(
                    request, query, caller,
                    fault: found.isEmpty ? texts.nothingFound : texts.whichRecord, found: found)
            }
            value = String(only.id)
        }
        switch builder.condition(code, word, value) {
        case .success(let condition):
            let text = FilterText(query.filter).and(condition).text
            return PageFrame.redirect(to: query.changed { $0.filter = text }.link)
        case .failure(let fault):
            return try await show(request, query, caller, fault: fault.text)
        }
    }

    /// The whole list as a file, with the columns that it shows.
    private func export(
        _ request: Request, _ query: ListQuery, _ caller: Caller, _ format: String
    ) async throws -> Response {
        guard ["csv", "xlsx"].contains(format) else {
            throw Problem.invalidParameter("export is csv or xlsx.")
        }
        let context = try request.context(caller, door: .page)
        let type = try await records.call(DescribeClass(query.type), as: context)
        let columns = ListColumns(type, query.columns, caller.texts)
        let found = QuickSearch(query.search, type)
        let codes = columns.shown.map(\.code)
        let call = ExportList(
            query.type, filter: found.filter(query.filter), orderby: query.orderby,
            search: found.words, columns: (codes.contains("id") ? [] : ["id"]) + codes,
            format: format, language: caller.texts.language)
        let answer = try await pages.batch.stream(call, body: .empty, as: context)
        let name = "\(query.type.code).\(format)"
        return .passed(
            answer, headers: ["Content-Disposition": "attachment; filename=\"\(name)\""])
    }

    // MARK: The list

    private func show(
        _ request: Request, _ query: ListQuery, _ caller: Caller, fault: String? = nil,
        found: [RecordForm.Choice] = []
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let account = try caller.required.accountID
        async let views = views.views(of: account, in: query.type)
        let type = try await records.call(DescribeClass(query.type), as: context)
        var page = ListPage(pages: pages, type: type, query: query, caller: caller)
        page.asked = request.query
        page.builderFault = fault
        page.found = found
        async let names = ReferenceFilter(records: records, context: context)
            .names(query.filter, type)
        do {
            if let board = BoardPage(page) {
                let lanes = try await board.load(records, context)
                page.lanes = lanes
                page.count = lanes.reduce(0) { $0 + $1.count }
            } else {
                try await load(&page, context)
            }
        } catch let problem as Problem where problem.status == 400 || problem.status == 422 {
            page.fault = problem.detail ?? problem.title
        }
        page.views = try await views
        page.names = await names
        return page.response(word: pages.word(for: request))
    }

    private func load(_ page: inout ListPage, _ context: CallContext) async throws {
        var call = page.call(limit: ClassPages.pageSize, cursor: page.query.cursor, count: true)
        let totals = page.totals
        if !totals.isEmpty { call.totals = totals.map(\.text).joined(separator: ",") }
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        page.records = answer["items"]?.array ?? []
        page.next = answer["next"]?.string
        page.count = answer["count"]?.integer
        page.sums = answer["totals"]
    }
}
