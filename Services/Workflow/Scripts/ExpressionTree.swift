import JSON

/// A value of a definition in which a string that begins with `=` is an expression and any other
/// is itself.
struct ExpressionTree: Sendable, Hashable {
    struct Place: Sendable, Hashable {
        /// Keys and indexes from the top.
        var path: [String]
        /// Without the `=`.
        var source: String
        /// Where it needs no engine.
        let plain: PlainExpression?

        init(path: [String], source: String) {
            self.path = path
            self.source = source
            plain = PlainExpression(source)
        }
    }

    let value: JSONValue
    /// In the order of the text.
    let places: [Place]

    init(_ value: JSONValue) {
        self.value = value
        var places: [Place] = []
        ExpressionTree.collect(value, [], &places)
        self.places = places
    }

    /// Units for a job; `name` begins the name of each (`set.status`).
    func units(_ name: String) -> [ScriptJob.Unit] {
        places.map { place in
            ScriptJob.Unit(name: ([name] + place.path).joined(separator: "."), source: place.source)
        }
    }

    /// The values of all places, where none of them needs an engine.
    func plainValues(_ bindings: JSONObject) -> [JSONValue]? {
        var values: [JSONValue] = []
        for place in places {
            guard let value = place.plain?.value(bindings) else { return nil }
            values.append(value)
        }
        return values
    }

    /// Whether an expression looks at this binding, as far as can be told.
    func mayUse(_ name: String) -> Bool {
        places.contains { $0.plain?.names.contains(name) ?? true }
    }

    /// The value with each expression replaced by its own; `values` are in the order of `places`.
    func filled(_ values: some Sequence<JSONValue>) -> JSONValue {
        var iterator = values.makeIterator()
        return ExpressionTree.fill(value) { iterator.next() ?? .null }
    }

    /// The source of a value that is an expression as a whole.
    static func source(_ value: JSONValue) -> String? {
        guard case .string(let text) = value, text.utf8.first == UInt8(ascii: "=") else {
            return nil
        }
        return String(text.dropFirst())
    }

    private static func collect(_ value: JSONValue, _ path: [String], _ places: inout [Place]) {
        if let source = source(value) {
            places.append(Place(path: path, source: source))
        } else if let elements = value.array {
            for (index, element) in elements.enumerated() {
                collect(element, path + [String(index)], &places)
            }
        } else if let object = value.object {
            for (key, member) in object.members { collect(member, path + [key], &places) }
        }
    }

    private static func fill(_ value: JSONValue, _ next: () -> JSONValue) -> JSONValue {
        if source(value) != nil { return next() }
        if let elements = value.array { return .array(elements.map { fill($0, next) }) }
        guard let object = value.object else { return value }
        return .object(JSONObject(object.members.map { ($0.key, fill($0.value, next)) }))
    }
}
