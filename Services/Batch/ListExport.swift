import Contracts
import HTTP
import JSON
import RPC

/// A list as a file, for a person who looks at it: written while it is read, page by page, with no
/// run and nothing kept. What goes wrong before its first byte is a problem; later the answer
/// breaks off.
struct ListExport: Sendable {
    private let call: ExportList
    private let context: CallContext
    private let records: Peer
    private let file: FileOptions
    private let columns: [ExportColumn]

    init(_ call: ExportList, records: Peer, as context: CallContext) async throws {
        self.call = call
        self.context = context
        self.records = records
        guard let format = FileFormat(rawValue: call.format), [.csv, .xlsx].contains(format) else {
            throw Problem.validation([
                FieldProblem(pointer: "/format", code: "unknown", detail: "csv or xlsx")
            ])
        }
        var file = FileOptions(format)
        // Spreadsheets take a CSV for UTF-8 by this mark only.
        file.csv.byteOrderMark = true
        self.file = file
        let description = try await records.call(DescribeClass(call.type), as: context)
        guard description.operations.contains("export") else {
            throw Problem.forbidden("No role of yours may export records of \(call.type).")
        }
        let known = Dictionary(
            description.columns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        columns = call.columns.filter { known[$0]?.exportable ?? true }.map {
            ExportColumn(listed: $0, known[$0], language: call.language)
        }
    }

    func response() async throws -> Response {
        let first = try await page(nil)
        return Response(
            headers: ["Content-Type": file.mediaType],
            body: .stream(length: nil) { body in try await write(first, to: body) })
    }

    private func write(_ first: JSONValue, to body: BodyWriter) async throws {
        var writer = try file.writer(columns: columns.map(\.title))
        try writer.begin()
        var page = first
        var row = FileRow()
        while true {
            for item in page["items"]?.array ?? [] {
                row.removeAll()
                for column in columns { column.append(listed: item, to: &row) }
                try writer.row(row)
            }
            guard let next = page["next"]?.string else { break }
            let bytes = try writer.take()
            // The next page is read while this one goes out.
            async let following = self.page(next)
            try await body.write(bytes)
            page = try await following
        }
        try writer.finish()
        try await body.write(writer.take())
    }

    private func page(_ cursor: String?) async throws -> JSONValue {
        var list = ListRecords(
            call.type, filter: call.filter, orderby: call.orderby, select: columns.map(\.code),
            expand: columns.filter(\.isReference).map(\.code), limit: ExportRunner.pageLimit,
            cursor: cursor, search: call.search)
        list.export = true
        return try JSONValue(parsing: await records.call(list, as: context).bytes)
    }
}

extension ExportColumn {
    /// A column of a list, as people call it and its choices.
    fileprivate init(listed code: String, _ known: ClassDescription.Column?, language: String) {
        self.init(
            code: code, title: known?.name[language] ?? known?.name["en"] ?? known?.name[""] ?? code
        )
        isJSON = known?.type == "json" || known?.type == "file"
        isReference = known?.type == "reference"
        switch known?.type {
        case "date": kind = .date
        case "datetime": kind = .datetime
        case nil where ["created", "modified"].contains(code): kind = .datetime
        default: kind = .text
        }
        names = (known?.choiceNames ?? [:]).compactMapValues { $0[language] ?? $0["en"] }
    }

    /// A reference is what its record is called.
    fileprivate func append(listed record: JSONValue, to row: inout FileRow) {
        guard isReference, let value = record[code], !value.isNull else {
            append(record[code], to: &row)
            return
        }
        let named = (value.array ?? [value]).map { $0["describe"]?.string ?? $0.text }
        row.append(.text, named.joined(separator: ", "))
    }
}
