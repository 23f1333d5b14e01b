import Contracts
import Database
import JSON

/// Batch's part of model documents: `imports`, `exports`, `syncs`.
enum Models {
    /// A definition with its own JSON, as it is kept.
    struct Definition: Sendable {
        var kind: Run.Kind
        var code: String
        var json: JSONValue
    }

    /// Every fault of Batch's part, and the definitions where there is none.
    static func read(_ document: JSONValue, model: String) -> ([FieldProblem], [Definition]) {
        let problems = ObjectReader.Problems()
        let index = ClassIndex(model: model, document: document)
        let top = ObjectReader(document, at: "", problems: problems)
        var definitions: [Definition] = []
        for (member, kind) in [
            ("imports", Run.Kind.import), ("exports", .export), ("syncs", .sync),
        ] {
            var codes: Set<String> = []
            for reader in top.list(member) {
                let code =
                    switch kind {
                    case .import: DefinitionReader.readImport(reader, index)?.code
                    case .export: DefinitionReader.readExport(reader, index)?.code
                    case .sync: DefinitionReader.readSync(reader, index)?.code
                    case .undo: String?.none
                    }
                guard let code else { continue }
                if !codes.insert(code).inserted {
                    reader.fault("code", "repeated", "The code \(code) stands twice in \(member).")
                }
                definitions.append(
                    Definition(kind: kind, code: code, json: .object(reader.object)))
            }
        }
        return (problems.items, definitions)
    }

    /// Keeps the definitions of a document; an older version than the one kept is ignored.
    static func take(
        _ connection: Connection, model: String, version: Int64, definitions: [Definition]
    ) throws {
        let kept = try connection.first(
            "select version from model where code = ?", [.text(model)]
        ) { $0.integer(0) }
        if let kept, kept >= version { return }
        try connection.run("delete from model where code = ?", [.text(model)])
        try connection.run(
            "insert into model (code, version) values (?, ?)", [.text(model), .integer(version)])
        try connection.run("delete from definition where model = ?", [.text(model)])
        for definition in definitions {
            try connection.run(
                "insert into definition (model, kind, code, json) values (?, ?, ?, ?)",
                [
                    .text(model), .text(definition.kind.rawValue), .text(definition.code),
                    .text(definition.json.text),
                ])
        }
    }

    /// A kept definition.
    static func definition(_ connection: Connection, _ kind: Run.Kind, _ code: FullCode) throws
        -> JSONValue?
    {
        try connection.first(
            "select json from definition where model = ? and kind = ? and code = ?",
            [.text(code.model), .text(kind.rawValue), .text(code.code)]
        ) { try JSONValue(parsing: Array($0.text(0).utf8)) }
    }

    /// Reads a kept definition again; it was checked before it was kept.
    static func importDefinition(_ json: JSONValue, model: String) -> ImportDefinition? {
        let reader = ObjectReader(json, at: "", problems: ObjectReader.Problems())
        return DefinitionReader.readImport(reader, open(json, "class", model))
    }

    static func exportDefinition(_ json: JSONValue, model: String) -> ExportDefinition? {
        let reader = ObjectReader(json, at: "", problems: ObjectReader.Problems())
        let key = json["view"] == nil ? "from" : "view"
        return DefinitionReader.readExport(reader, open(json, key, model))
    }

    static func syncDefinition(_ json: JSONValue, model: String) -> SyncDefinition? {
        let reader = ObjectReader(json, at: "", problems: ObjectReader.Problems())
        return DefinitionReader.readSync(reader, open(json, "class", model))
    }

    /// An index that knows the one class that the definition names.
    private static func open(_ json: JSONValue, _ key: String, _ model: String) -> ClassIndex {
        var index = ClassIndex(model: model, document: .null)
        let name = json[key]?.string ?? ""
        // As `model.class`, or as the name of an API view.
        let prefixes = key == "view" ? [".", "_"] : ["."]
        let own = prefixes.first { name.hasPrefix(model + $0) && index.classes[name] == nil }
        index.classes[own == nil ? name : String(name.dropFirst(model.count + 1))] = [:]
        return index
    }
}
