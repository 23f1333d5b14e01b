import Contracts
import JSON

/// An export as a model document defines it.
struct ExportDefinition: Sendable {
    struct Column: Sendable {
        var column: String
        var title: String
    }

    var code: String
    var type: FullCode
    var filter: String?
    /// Empty: every column that the caller may read.
    var columns: [Column]
    /// The format with its options: makes writers.
    var file: FileOptions
    /// Whether opening a URL may start it.
    var get = false
}

extension DefinitionReader {
    static func readExport(_ reader: ObjectReader, _ index: ClassIndex) -> ExportDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        let type = index.type(reader, "from")
        supported(reader, "target", "download", later: [], required: false)
        let filter = reader.string("filter")
        var columns: [ExportDefinition.Column] = []
        for item in reader.list("columns") {
            let column = item.string("column", required: true) ?? ""
            checkColumn(item, "column", column, type?.1, system: true)
            columns.append(.init(column: column, title: item.string("as") ?? column))
            item.finish()
        }
        let file = FileOptions.read(reader, isRead: false)
        let get = reader.boolean("get", default: false)
        reader.finish()
        guard let type else { return nil }
        return ExportDefinition(
            code: code, type: type.0, filter: filter, columns: columns, file: file, get: get)
    }
}
