import Contracts
import Crypto
import JSON

/// A model as it stands, or as it would begin.
struct ModelStanding: Sendable {
    let code: String
    /// Counts its documents; 0 where there is none yet.
    let version: Int64
    let document: JSONValue

    /// One that does not stand yet.
    static func new(_ code: String, name: String?) -> ModelStanding {
        var object = JSONObject([("code", .string(code))])
        if let name, !name.isEmpty { object["name"] = .string(name) }
        return ModelStanding(code: code, version: 0, document: .object(object))
    }

    var exists: Bool { version > 0 }

    var roles: [String] { (document["roles"]?.array ?? []).compactMap(\.string) }

    func name(_ texts: Texts) -> String { ModelStanding.name(of: document, texts) }

    func definitions(_ part: ModelPart) -> [JSONValue] { document[part.rawValue]?.array ?? [] }

    func codes(_ part: ModelPart) -> [String] {
        definitions(part).compactMap { $0["code"]?.string }
    }

    func definition(_ part: ModelPart, _ code: String) -> JSONObject? {
        definitions(part).first { $0["code"]?.string == code }?.object
    }

    /// Codes and types of the columns of a class, with those of its parents.
    func columns(of type: String) -> [JSONObject] {
        var columns: [JSONObject] = []
        var next: String? = type
        var seen: Set<String> = []
        while let code = next, seen.insert(code).inserted, let found = definition(.classes, code) {
            columns = (found["columns"]?.array ?? []).compactMap(\.object) + columns
            next = found["parent"]?.string
        }
        return columns
    }

    /// A fault with a link to the definition that it is about.
    @HTMLBuilder func told(_ problem: FieldProblem, _ texts: Texts) -> HTML {
        let parts = problem.pointer.split(separator: "/").map(String.init)
        if parts.count >= 2, let part = ModelPart(rawValue: parts[0]), let place = Int(parts[1]),
            definitions(part).indices.contains(place),
            let code = definitions(part)[place]["code"]?.string
        {
            tag(.a, .href(Link("models", self.code, part.rawValue, code))) {
                "\(texts.modelKind(part)) \(code)"
            }
            let rest = parts.dropFirst(2).joined(separator: "/")
            (rest.isEmpty ? "" : " " + rest) + ": " + problem.detail
        } else {
            "\(problem.pointer): \(problem.detail)"
        }
    }

    /// What a definition is called.
    static func name(of definition: JSONValue, _ texts: Texts) -> String {
        text(definition["name"], texts) ?? definition["code"]?.string ?? ""
    }

    /// A text for people: `"…"`, or `{"en": "…"}`; nil where there is none.
    static func text(_ value: JSONValue?, _ texts: Texts) -> String? {
        guard value?.string != nil || value?.object?.isEmpty == false else { return nil }
        return texts.pick(value, else: "")
    }

    /// What tells one state of a definition from another.
    static func mark(of definition: JSONObject?) -> String {
        guard let definition else { return "" }
        return String(SHA256.hex(JSONValue.object(definition).bytes).prefix(16))
    }
}

/// What a form makes of a document, such that it can be made of another one too: the definitions
/// that it puts, adds or removes.
struct ModelEdit: Sendable {
    struct Change: Sendable {
        var part: ModelPart
        /// The definition that stands; nil adds one.
        var code: String?
        /// Nil removes it.
        var value: JSONObject?
    }

    /// A whole document in the place of what stands.
    var document: JSONValue?
    /// Of the model itself; null takes one away.
    var members = JSONObject()
    /// Added to the model's, where they are not there.
    var roles: [String] = []
    var changes: [Change] = []

    init(document: JSONValue) { self.document = document }

    init(_ changes: [Change], roles: [String] = [], members: JSONObject = JSONObject()) {
        self.changes = changes
        self.roles = roles
        self.members = members
    }

    /// As the plan's page carries it.
    init?(text: String) {
        guard let value = try? JSONValue(parsing: Array(text.utf8)), value.object != nil else {
            return nil
        }
        document = value["document"]
        members = value["members"]?.object ?? JSONObject()
        roles = (value["roles"]?.array ?? []).compactMap(\.string)
        for item in value["changes"]?.array ?? [] {
            guard let part = item["part"]?.string.flatMap(ModelPart.init(rawValue:)) else {
                return nil
            }
            changes.append(
                Change(part: part, code: item["code"]?.string, value: item["value"]?.object))
        }
    }

    var text: String {
        var object = JSONObject()
        object["document"] = document
        if !members.isEmpty { object["members"] = .object(members) }
        if !roles.isEmpty { object["roles"] = .array(roles.map { .string($0) }) }
        if !changes.isEmpty {
            object["changes"] = .array(
                changes.map { change in
                    var item = JSONObject([("part", .string(change.part.rawValue))])
                    item["code"] = change.code.map { .string($0) }
                    item["value"] = change.value.map { .object($0) }
                    return .object(item)
                })
        }
        return JSONValue.object(object).text
    }

    /// The document that this makes of the one that stands.
    func applied(to standing: ModelStanding) -> JSONValue {
        if let document { return document }
        var object = standing.document.object ?? JSONObject()
        for (key, value) in members.members { object[key] = value.isNull ? nil : value }
        let missing = roles.filter { !standing.roles.contains($0) }
        if !missing.isEmpty {
            object["roles"] = .array((standing.roles + missing).map { .string($0) })
        }
        for change in changes {
            var list = object[change.part.rawValue]?.array ?? []
            let place = change.code.flatMap { code in
                list.firstIndex { $0["code"]?.string == code }
            }
            switch (place, change.value) {
            case (let place?, let value?): list[place] = .object(value)
            case (let place?, nil): list.remove(at: place)
            case (nil, let value?): list.append(.object(value))
            case (nil, nil): continue
            }
            object[change.part.rawValue] = .array(list)
        }
        return .object(object)
    }

    /// Where the first changed definition stands in the document: `/rules/3`.
    func pointer(in standing: ModelStanding) -> String {
        guard let change = changes.first else { return "" }
        let list = standing.codes(change.part)
        let place = change.code.flatMap { list.firstIndex(of: $0) } ?? list.count
        return "/\(change.part.rawValue)/\(place)"
    }
}
