import Contracts
import JSON

/// An export as a model document defines it.
struct ExportDefinition: Sendable {
    struct Column: Sendable {
        var column: String
        /// By language; a bare text stands under "". Empty: the column's own name or code.
        var titles: [String: String]
    }

    /// What is written: records of a class, the rows of its API view, or those of a query.
    enum Source: Sendable {
        case type(FullCode)
        case view(FullCode)
        case query(FullCode, parameters: JSONValue?)
    }

    /// Which records of a class.
    enum Scope: String, Sendable, CaseIterable { case active, deleted, all }

    var code: String
    var source: Source
    var target: ExportTarget
    var filter: String?
    var scope: Scope
    /// Empty: every column that the caller may read.
    var columns: [Column]
    /// The format with its options: makes writers.
    var file: FileOptions
    /// For people: titles and the names of choices in this language, instead of codes.
    var language: String?
    /// Whether opening a URL may start it.
    var get = false

    /// The class whose records are written; nil of a query.
    var type: FullCode? {
        switch source {
        case .type(let type), .view(let type): type
        case .query: nil
        }
    }
}

extension DefinitionReader {
    static func readExport(_ reader: ObjectReader, _ index: ClassIndex) -> ExportDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        var source: ExportDefinition.Source?
        var known: [String: ClassIndex.Column]?
        if let query = reader.string("query") {
            source = readQuery(reader, query, model: index.model)
        } else if reader.value("view") != nil {
            let type = readView(reader, index)
            known = type?.1
            source = type.map { .view($0.0) }
        } else {
            let type = index.type(reader, "from")
            known = type?.1
            source = type.map { .type($0.0) }
        }
        let target = ExportTarget.read(reader)
        let filter = reader.string("filter")
        let scopes = ExportDefinition.Scope.allCases.map(\.rawValue)
        let scope = reader.word("records", of: scopes, default: "active")
        let columns = exportColumns(reader, known)
        if reader.string("query") != nil, columns.isEmpty {
            reader.fault("columns", "required", "Name the columns of the query.")
        }
        let file = FileOptions.read(reader, isRead: false)
        let language = reader.string("language")
        let get = reader.boolean("get", default: false)
        reader.finish()
        guard let source else { return nil }
        return ExportDefinition(
            code: code, source: source, target: target, filter: filter,
            scope: scope.flatMap { .init(rawValue: $0) } ?? .active, columns: columns, file: file,
            language: language, get: get)
    }

    /// The API view of a class, by the class's code or by its own name, `helpdesk_ticket`.
    private static func readView(_ reader: ObjectReader, _ index: ClassIndex)
        -> (FullCode, [String: ClassIndex.Column]?)?
    {
        for key in ["from", "records"] where reader.value(key) != nil {
            reader.fault(key, "contradiction", "A view has the active records of its class.")
        }
        let prefix = index.model + "_"
        if let name = reader.string("view"), name.hasPrefix(prefix),
            let columns = index.classes[String(name.dropFirst(prefix.count))]
        {
            return (
                FullCode(model: index.model, code: String(name.dropFirst(prefix.count))), columns
            )
        }
        return index.type(reader, "view")
    }

    private static func readQuery(_ reader: ObjectReader, _ query: String, model: String)
        -> ExportDefinition.Source?
    {
        for key in ["from", "view", "filter", "records"] where reader.value(key) != nil {
            reader.fault(key, "contradiction", "The rows of a query are what the query says.")
        }
        let parameters = reader.value("parameters")
        if let parameters, parameters.object == nil {
            reader.fault("parameters", "wrong-type", "Values by parameter are needed.")
        }
        let parts = query.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ ObjectReader.isCode(String($0)) }) else {
            reader.fault("query", "invalid-code", "The code of a query is needed.")
            return nil
        }
        let full =
            parts.count == 2
            ? FullCode(model: String(parts[0]), code: String(parts[1]))
            : FullCode(model: model, code: query)
        return .query(full, parameters: parameters)
    }

    private static func exportColumns(
        _ reader: ObjectReader, _ known: [String: ClassIndex.Column]?
    ) -> [ExportDefinition.Column] {
        reader.list("columns").map { item in
            let column = item.string("column", required: true) ?? ""
            checkColumn(item, "column", column, known, system: true)
            let titles = item.texts("as") ?? [:]
            item.finish()
            return .init(column: column, titles: titles)
        }
    }
}
