import JSON

/// The shapes that the routes name, a file for each owner.
enum Schemas {
    static let all: [(String, JSONValue)] =
        common + accounts + models + definitions + records + history + workflow + mail + batch

    // MARK: Building

    static let string: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    static let boolean: JSONValue = ["type": "boolean"]
    static let time: JSONValue = ["type": "string", "format": "date-time"]
    static let any: JSONValue = .object(JSONObject())
    static let strings: JSONValue = list(string)
    /// A text for people: one, or by language.
    static let text: JSONValue = [
        "oneOf": [["type": "string"], ["type": "object", "additionalProperties": string]]
    ]

    static func list(_ item: JSONValue) -> JSONValue { ["type": "array", "items": item] }

    static func optional(_ schema: String) -> JSONValue {
        ["type": [.string(schema), "null"]]
    }

    static func words(_ words: String...) -> JSONValue {
        ["type": "string", "enum": .array(words.map { .string($0) })]
    }

    /// `isOpen`: further members may come (the columns of a class, the parts of a definition).
    static func object(
        _ properties: [(String, JSONValue)], required: [String] = [], isOpen: Bool = true
    ) -> JSONValue {
        var schema = JSONObject([
            ("type", "object"), ("properties", .object(JSONObject(properties))),
        ])
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        if !isOpen { schema["additionalProperties"] = false }
        return .object(schema)
    }

    /// An answer in which every member stands; further ones may come.
    static func whole(_ properties: [(String, JSONValue)]) -> JSONValue {
        object(properties, required: properties.map(\.0))
    }

    /// `{"items", "next"}`.
    static func page(of schema: String) -> JSONValue {
        object(
            [("items", list(OpenAPI.reference(schema))), ("next", optional("string"))],
            required: ["items", "next"])
    }

    static let common: [(String, JSONValue)] = [
        (
            "Problem",
            object(
                [
                    ("type", string), ("title", string), ("status", integer), ("detail", string),
                    ("instance", string), ("requestId", string),
                    ("errors", list(OpenAPI.reference("FieldProblem"))),
                ], required: ["type", "title", "status"])
        ),
        (
            "FieldProblem",
            object(
                [("pointer", string), ("code", string), ("detail", string)],
                required: ["pointer", "code", "detail"])
        ),
    ]
}
