import Contracts
import HTTP
import JSON

/// What a script passed to a function of `gt`. Every fault names the function and says what it
/// takes.
struct ScriptArguments: Sendable {
    let function: String
    /// Who passed it; bare codes are of its model.
    let owner: ScriptOwner
    let values: [JSONValue]

    /// `model.code`, or a code of the script's own model.
    func code(_ place: Int, _ what: String) throws -> FullCode {
        let text = value(place).string ?? ""
        let full = FullCode.isCode(text) ? FullCode(model: owner.model, code: text) : FullCode(text)
        guard let full else { throw fault(place, "the \(what) is a code or model.code") }
        return full
    }

    func id(_ place: Int) throws -> Int64 {
        guard let id = value(place).integer, id > 0 else {
            throw fault(place, "the id of a record is a number from 1")
        }
        return id
    }

    /// An object; an empty one where it may be left out.
    func object(_ place: Int, _ what: String, optional: Bool = false) throws -> JSONObject {
        let value = value(place)
        if optional, value.isNull { return JSONObject() }
        guard let object = value.object else { throw fault(place, "\(what) is an object") }
        return object
    }

    /// An object of which only these members are known.
    func options(_ place: Int, _ known: [String]) throws -> ScriptOptions {
        let object = try object(place, "what else it takes", optional: true)
        if let other = object.keys.first(where: { !known.contains($0) }) {
            throw fault(
                place, "there is no \(other.prefix(100)); known: \(known.joined(separator: ", "))")
        }
        return ScriptOptions(arguments: self, place: place, object: object)
    }

    /// Nobody passes more than the function knows.
    func atMost(_ count: Int) throws {
        guard values.count <= count else { throw fault(count, "it takes \(count) arguments") }
    }

    func fault(_ place: Int, _ words: String) -> Problem {
        .validation([
            FieldProblem(
                pointer: "/\(place)", code: "invalid", detail: "gt.\(function): \(words).")
        ])
    }

    private func value(_ place: Int) -> JSONValue {
        values.indices.contains(place) ? values[place] : .null
    }
}

/// The members of an object that a script passed.
struct ScriptOptions: Sendable {
    let arguments: ScriptArguments
    let place: Int
    let object: JSONObject

    func value(_ name: String) -> JSONValue? {
        object[name].flatMap { $0.isNull ? nil : $0 }
    }

    func text(_ name: String) throws -> String? {
        try value(name).map { value in
            guard let text = value.string else { throw fault("\(name) is a text") }
            return text
        }
    }

    func integer(_ name: String) throws -> Int64? {
        try value(name).map { value in
            guard let integer = value.integer else { throw fault("\(name) is a whole number") }
            return integer
        }
    }

    /// An array of texts, or texts with commas between them.
    func list(_ name: String) throws -> [String]? {
        try value(name).map { value in
            if let text = value.string { return text.split(separator: ",").map(String.init) }
            let texts = value.array?.compactMap(\.string)
            guard let texts, texts.count == value.array?.count else {
                throw fault("\(name) is an array of texts")
            }
            return texts
        }
    }

    /// An array of texts, or one text.
    func texts(_ name: String) throws -> [String]? {
        if let text = value(name)?.string { return [text] }
        return try list(name)
    }

    func fault(_ words: String) -> Problem { arguments.fault(place, words) }
}
