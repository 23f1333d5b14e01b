import JSON

/// A member of a definition that a form shows as a field of its own.
struct DefinitionField: Sendable {
    enum Kind: Sendable {
        case line, number, area, source
        /// A text, or any other JSON value where it is one.
        case value
        /// Whether it is on where nothing is said.
        case flag(Bool)
        case words([String])
        /// A text for people, by language.
        case texts(isLong: Bool)
        /// An array of texts, one a line.
        case lines
        /// A list of roles as `[{"role": …}]`, one a line.
        case roleList
        /// The code of a definition of the model.
        case code(ModelPart)
        case json
        /// Choices, one a line: a code, or `code = name`.
        case choices
        /// An object of expressions or texts, by name.
        case pairs
        /// An array of objects with these members.
        case rows([DefinitionField])
        /// What a rule or a job does.
        case actions
        /// No field: it stays as it is.
        case kept
    }

    let path: [String]
    let kind: Kind
    var isRequired = false
    /// Shown only when one asks for more.
    var isMore = false

    init(_ path: String, _ kind: Kind, required: Bool = false, more: Bool = false) {
        self.path = path.split(separator: ".").map(String.init)
        self.kind = kind
        isRequired = required
        isMore = more
    }

    /// The name of its input.
    var name: String { path.joined(separator: ".") }

    var pointer: String { path.map { "/" + JSONPointer.escaped($0) }.joined() }
}

/// What came with a form, by name.
struct FormInputs: Sendable {
    let values: [String: String]

    init(_ form: Form) {
        values = Dictionary(form.fields.map { ($0.name, $0.value) }) { first, _ in first }
    }

    init(_ values: [String: String] = [:]) { self.values = values }

    /// With the line ends that a text has outside of browsers.
    subscript(name: String) -> String? {
        guard let value = values[name] else { return nil }
        guard value.utf8.contains(13) else { return value }
        return value.split(separator: "\r\n", omittingEmptySubsequences: false)
            .joined(separator: "\n")
    }

    /// The inputs of each number in names that begin so, whole: of `s.` those of `s.3.code` by 3.
    func numbered(_ prefix: String) -> [Int: FormInputs] {
        let own = values.filter { $0.key.hasPrefix(prefix) }
        let groups = Dictionary(grouping: own) { name, _ in
            Int(name.dropFirst(prefix.count).prefix { $0 != "." }) ?? -1
        }
        return groups.mapValues { group in
            FormInputs(Dictionary(group.map { ($0.key, $0.value) }) { first, _ in first })
        }
    }

    /// Rows that a form has beyond those of which something was sent.
    private static let spareRows = 10

    /// One more than the highest number in names that begin so: `columns.3.code` is 4. A row has at
    /// least one input, so that there are hardly more rows than inputs, whatever their numbers.
    func rows(_ prefix: String) -> Int {
        var (rows, count) = (0, 0)
        // A word is always chosen: it makes no row of what is empty.
        for (name, value) in values where name.hasPrefix(prefix) {
            count += 1
            guard !value.isEmpty, !name.hasSuffix(".kind") else { continue }
            let digits = name.dropFirst(prefix.count).prefix { $0.isNumber }
            // A form of a person has no more.
            if let number = Int(digits), number < 2000 { rows = max(rows, number + 1) }
        }
        return min(rows, count + FormInputs.spareRows)
    }
}

extension JSONObject {
    /// The value at a path of members.
    func value(at path: [String]) -> JSONValue? {
        guard let first = path.first, let value = self[first], !value.isNull else { return nil }
        return path.count == 1 ? value : value.object?.value(at: Array(path.dropFirst()))
    }

    /// Sets what stands at a path; nil removes it, and what is empty then.
    mutating func set(_ path: [String], _ value: JSONValue?) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            self[first] = value
            return
        }
        var inner = self[first]?.object ?? JSONObject()
        inner.set(Array(path.dropFirst()), value)
        self[first] = inner.isEmpty ? nil : .object(inner)
    }

    /// Puts another object's members over its own, object by object.
    mutating func merge(_ other: JSONObject) {
        for (key, value) in other.members {
            if let mine = self[key]?.object, let theirs = value.object {
                var merged = mine
                merged.merge(theirs)
                self[key] = .object(merged)
            } else {
                self[key] = value
            }
        }
    }
}
