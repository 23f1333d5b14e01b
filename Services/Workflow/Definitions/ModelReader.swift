import Contracts
import JSON
import ServiceRuntime

/// Reads Workflow's lists of a model document and gathers every fault. It does not run anything;
/// sources that have to compile are kept in `sources` for whoever has a script host.
final class ModelReader {
    struct Source {
        var pointer: String
        var text: String
        var isScript: Bool
    }

    let problems = ObjectReader.Problems()
    private(set) var sources: [Source] = []
    let model: String
    let document: DocumentNames

    /// `code` is the model's; the document's own is checked by Records.
    init(code: String, document: JSONValue) {
        model = code
        self.document = DocumentNames(document)
    }

    /// Reads everything; what it answers is of use only where `problems` is empty.
    func read(_ document: JSONValue) -> ModelDefinitions {
        let root = ObjectReader(document, at: "", problems: problems)
        var result = ModelDefinitions(code: model)
        result.parents = self.document.parents
        result.classes = self.document.classes
        for item in unique(root.list("events")) {
            let event = self.event(item)
            result.events[event.code] = event
        }
        result.scripts = ScriptReader(self).read(unique(root.list("scripts")))
        result.rules = unique(root.list("rules")).compactMap { RuleReader(self, $0).read() }
            .sorted { ($0.order, $0.code) < ($1.order, $1.code) }
        result.workflows = unique(root.list("workflows")).compactMap {
            WorkflowReader(self, $0).read()
        }
        result.jobs = unique(root.list("jobs")).compactMap { JobReader(self, $0).read() }
        return result
    }

    private func event(_ item: ObjectReader) -> EventDefinition {
        let event = EventDefinition(
            code: item.code(), name: item.texts("name") ?? [:],
            web: item.boolean("web", default: false), get: item.boolean("get", default: false),
            role: role(item), buffer: positive(item, "buffer"))
        item.finish()
        return event
    }

    // MARK: Parts that several readers share

    /// Codes must be unique in their list.
    func unique(_ items: [ObjectReader]) -> [ObjectReader] {
        var seen: Set<String> = []
        for item in items {
            guard let code = item.object["code"]?.string else { continue }
            if !seen.insert(code).inserted {
                item.fault("code", "duplicate-code", "“\(code)” is there already.")
            }
        }
        return items
    }

    func unsupported(_ pointer: String, _ what: String) {
        problems.add(pointer, "unsupported", "\(what) cannot be done yet; a later version can.")
    }

    func positive(_ item: ObjectReader, _ member: String) -> Duration? {
        guard let duration = item.duration(member) else { return nil }
        if duration > .zero { return duration }
        item.fault(member, "out-of-range", "This must be longer than nothing.")
        return nil
    }

    /// A value in which strings that begin with `=` are expressions.
    func tree(_ value: JSONValue, at pointer: String) -> ExpressionTree {
        let tree = ExpressionTree(value)
        for place in tree.places {
            let path = place.path.map { "/" + JSONPointer.escaped($0) }.joined()
            sources.append(Source(pointer: pointer + path, text: place.source, isScript: false))
        }
        return tree
    }

    /// A member that must be an expression as a whole.
    func expression(_ item: ObjectReader, _ member: String, required: Bool) -> ExpressionTree? {
        guard let text = item.string(member, required: required) else { return nil }
        guard ExpressionTree.source(.string(text)) != nil else {
            item.fault(member, "not-an-expression", "An expression begins with “=”.")
            return nil
        }
        return tree(.string(text), at: item.path(member))
    }

    func addScript(_ source: String, at pointer: String) {
        sources.append(Source(pointer: pointer, text: source, isScript: true))
    }

    /// A code of this model, or `model.code`; one of this model must stand in the document.
    func reference(
        _ item: ObjectReader, _ member: String, to list: String, required: Bool = true
    ) -> FullCode? {
        guard let text = item.string(member, required: required) else { return nil }
        return reference(text, at: item.path(member), to: list)
    }

    func reference(_ text: String, at pointer: String, to list: String) -> FullCode? {
        let full =
            FullCode.isCode(text) ? FullCode(model: model, code: text) : FullCode(text)
        guard let full else {
            problems.add(pointer, "invalid-code", "“\(text)” is neither a code nor model.code.")
            return nil
        }
        if full.model == model, !document.has(full.code, in: list) {
            problems.add(
                pointer, "unknown-reference", "The model has no “\(full.code)” among its \(list).")
        }
        return full
    }

    func role(_ item: ObjectReader) -> String? {
        guard let role = item.string("role") else { return nil }
        if !document.roles.contains(role) {
            item.fault(
                "role", "unknown-reference", "“\(role)” is not among the roles of the model.")
        }
        return role
    }

    /// `set`: an object of columns and values.
    func set(_ item: ObjectReader, _ member: String, type: FullCode?) -> ExpressionTree? {
        guard let nested = item.nested(member, required: true) else { return nil }
        if nested.object.isEmpty {
            item.fault(member, "required", "At least one column must be set.")
        }
        for column in nested.object.keys where !document.hasColumn(column, of: type, in: model) {
            nested.fault(
                column, "unknown-reference", "The class has no column “\(column)” to be set.")
        }
        return tree(.object(nested.object), at: nested.pointer)
    }

    /// A mail by notification: `{"notification", "to", "cc"?, "bcc"?, "values"?}`.
    func mail(_ item: ObjectReader) -> MailAction? {
        let notification = reference(item, "notification", to: "notifications")
        var content = JSONObject()
        for member in ["to", "cc", "bcc"] {
            guard let value = addresses(item, member, required: member == "to") else { continue }
            content[member] = value
        }
        if let values = item.nested("values") { content["values"] = .object(values.object) }
        let tree = self.tree(.object(content), at: item.pointer)
        return notification.map { MailAction(notification: $0, content: tree) }
    }

    private func addresses(_ item: ObjectReader, _ member: String, required: Bool) -> JSONValue? {
        guard let value = item.given(member) else {
            if required { item.fault(member, "required", "The member “\(member)” is required.") }
            return nil
        }
        let isText = value.string != nil
        let isTexts = value.array.map { !$0.isEmpty && $0.allSatisfy { $0.string != nil } } ?? false
        guard isText || isTexts else {
            item.fault(
                member, "wrong-type", "This must be an address, an expression or an array of them.")
            return nil
        }
        return value
    }
}

extension ObjectReader {
    /// The member as it stands; nil where it is missing or null.
    func given(_ member: String) -> JSONValue? {
        guard let value = value(member), !value.isNull else { return nil }
        return value
    }
}

/// The codes of a document, for references between its lists. Lists of other services are looked
/// at with indulgence: what is wrong there is their fault to report.
struct DocumentNames {
    private var lists: [String: Set<String>] = [:]
    let roles: Set<String>
    /// The class of each workflow that has one.
    private(set) var workflowClasses: [String: String] = [:]
    /// A class's own columns.
    private var columns: [String: Set<String>] = [:]
    /// The types of a class's own columns.
    private var columnTypes: [String: [String: String]] = [:]
    /// The class that each class inherits from.
    private(set) var parents: [String: String] = [:]

    init(_ document: JSONValue) {
        roles = Set(document["roles"]?.array?.compactMap(\.string) ?? [])
        for list in [
            "classes", "notifications", "events", "scripts", "workflows", "imports", "exports",
            "syncs",
        ] {
            lists[list] = DocumentNames.codes(document[list])
        }
        for item in document["workflows"]?.array ?? [] {
            guard let code = item["code"]?.string else { continue }
            workflowClasses[code] = item["class"]?.string
        }
        for item in document["classes"]?.array ?? [] {
            guard let code = item["code"]?.string else { continue }
            columns[code] = DocumentNames.codes(item["columns"])
            for column in item["columns"]?.array ?? [] {
                guard let name = column["code"]?.string else { continue }
                columnTypes[code, default: [:]][name] = column["type"]?.string
            }
            parents[code] = item["parent"]?.string
        }
    }

    var classes: Set<String> { lists["classes"] ?? [] }

    func has(_ code: String, in list: String) -> Bool { lists[list]?.contains(code) ?? false }

    /// True where it cannot be told: another model's class, or one that is not there.
    func hasColumn(_ column: String, of type: FullCode?, in model: String) -> Bool {
        guard let type, type.model == model else { return true }
        return line(of: type.code).contains { columns[$0]?.contains(column) ?? true }
    }

    /// The type of a column of a class, its own or an inherited one; nil where there is none.
    func columnType(_ column: String, of code: String) -> String? {
        line(of: code).lazy.compactMap { columnTypes[$0]?[column] }.first
    }

    /// The class and its ancestors, nearest first.
    func line(of code: String) -> [String] { ModelDefinitions.line(of: code, parents) }

    private static func codes(_ list: JSONValue?) -> Set<String> {
        Set(list?.array?.compactMap { $0["code"]?.string } ?? [])
    }
}
