import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The secrets that a definition or a script names in its own text. Only these are ever put into
/// what it sends: a `secret:name` that comes with data stays what it is.
struct SecretNames: Sendable, Hashable {
    let names: Set<String>

    init(_ names: Set<String> = []) { self.names = names }

    /// In every text below a value of a definition, expressions among them.
    init(in value: JSONValue) {
        var names: Set<String> = []
        SecretNames.collect(value, &names)
        self.names = names
    }

    /// In a source.
    init(in text: String) { names = Set(SecretNames.mentions(text).map(\.name)) }

    private static func collect(_ value: JSONValue, _ names: inout Set<String>) {
        switch value {
        case .string(let text): names.formUnion(mentions(text).map(\.name))
        case .array(let elements): for element in elements { collect(element, &names) }
        case .object(let object): for (_, member) in object.members { collect(member, &names) }
        default: break
        }
    }

    /// Each `secret:name` that begins a word.
    static func mentions(_ text: String) -> [(range: Range<String.Index>, name: String)] {
        let prefix = SecretName.prefix
        guard text.contains(prefix) else { return [] }
        var found: [(range: Range<String.Index>, name: String)] = []
        var rest = text[...]
        while let match = rest.firstRange(of: prefix) {
            let name = rest[match.upperBound...].prefix { isNamePart($0) }
            let isWord =
                match.lowerBound == text.startIndex
                || !isWordPart(text[text.index(before: match.lowerBound)])
            if isWord, FullCode.isCode(name) {
                found.append((match.lowerBound..<name.endIndex, String(name)))
            }
            rest = rest[match.upperBound...]
        }
        return found
    }

    private static func isNamePart(_ character: Character) -> Bool {
        ("a"..."z").contains(character) || ("0"..."9").contains(character) || character == "_"
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}

/// What a definition or a script has at one place. Only what it names there is filled in there: a
/// `secret:name` in the data of another place stays what it is.
struct SecretPlace: Sendable {
    /// Nil for a script, whose whole source counts.
    private let node: JSONValue?
    /// Of this place and all below.
    let names: SecretNames

    init(_ definition: JSONValue) {
        node = definition
        names = SecretNames(in: definition)
    }

    init(source: String) {
        node = nil
        names = SecretNames(in: source)
    }

    /// Below an expression is what the expression names.
    private func below(_ find: (JSONValue) -> JSONValue?) -> SecretPlace {
        guard let node, node.string == nil else { return self }
        return SecretPlace(find(node) ?? .null)
    }

    subscript(key: String) -> SecretPlace { below { $0[key] } }

    subscript(index: Int) -> SecretPlace {
        below { node in
            node.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
        }
    }
}

/// The values of secrets, for the length of one call. Never kept, never told.
struct Secrets: Sendable {
    let values: [String: String]

    /// Shorter ones are not looked for in answers: they would be found everywhere.
    private static let hiddenMinimum = 4

    static let none = Secrets(values: [:])

    init(values: [String: String]) { self.values = values }

    /// Asks Records for them.
    init(_ names: SecretNames, from records: Peer, as context: CallContext) async throws {
        guard !names.names.isEmpty else {
            self = .none
            return
        }
        var reading = context
        reading.principal = .system
        reading.idempotencyKey = nil
        let sorted = names.names.sorted()
        let answer = try await records.call(ReadSecrets(names: sorted), as: reading)
        values = Dictionary(zip(sorted, answer.values), uniquingKeysWith: { first, _ in first })
    }

    /// The text with each secret in its place, `encoded` for where it stands; nil where it names
    /// none.
    func filled(
        _ text: String, at place: SecretPlace, encoded: (String) -> String = { $0 }
    ) -> String? {
        let mentions = SecretNames.mentions(text).filter {
            values[$0.name] != nil && place.names.names.contains($0.name)
        }
        guard !mentions.isEmpty else { return nil }
        var result = ""
        var start = text.startIndex
        for (range, name) in mentions {
            result += text[start..<range.lowerBound] + encoded(values[name] ?? "")
            start = range.upperBound
        }
        return result + text[start...]
    }

    /// The same in every text of a value.
    func filled(_ value: JSONValue, at place: SecretPlace) -> (value: JSONValue, hasSecret: Bool) {
        switch value {
        case .string(let text):
            let filled = filled(text, at: place)
            return (.string(filled ?? text), filled != nil)
        case .array(let elements):
            let parts = elements.enumerated().map { filled($1, at: place[$0]) }
            return (.array(parts.map(\.value)), parts.contains(where: \.hasSecret))
        case .object(let object):
            let parts = object.members.map { ($0.key, filled($0.value, at: place[$0.key])) }
            return (
                .object(JSONObject(parts.map { ($0.0, $0.1.value) })),
                parts.contains { $0.1.hasSecret }
            )
        default: return (value, false)
        }
    }

    /// With every secret that is found in it taken back to its name: some systems answer what they
    /// were sent.
    func hidden(_ text: String) -> String {
        var text = text
        for (name, value) in values.sorted(by: { $0.value.utf8.count > $1.value.utf8.count })
        where value.utf8.count >= Secrets.hiddenMinimum {
            // As it stands, in JSON, and in an address.
            let json = String(JSONValue.string(value).text.dropFirst().dropLast())
            for form in [value, json, Percent.encode(value)] where text.contains(form) {
                text = text.replacing(form, with: SecretName.prefix + name)
            }
        }
        return text
    }

    func hidden(_ value: JSONValue) -> JSONValue {
        guard !values.isEmpty else { return value }
        switch value {
        case .string(let text): return .string(hidden(text))
        case .array(let elements): return .array(elements.map { hidden($0) })
        case .object(let object):
            return .object(JSONObject(object.members.map { (hidden($0.key), hidden($0.value)) }))
        default: return value
        }
    }
}
