import Contracts
import HTTP
import JSON
import RPC

/// Models read, planned and applied for the pages, with the rights of who looks at them.
struct ModelDesk: Sendable {
    let pages: Pages
    let applier: ModelApplier

    struct Item: Sendable {
        let code: String
        let version: Int64
        let name: JSONValue
    }

    static let permission: Permission = .holder(of: Permissions.modelsWrite)

    func list(_ context: CallContext) async throws -> [Item] {
        let answer = try JSONValue(
            parsing: try await pages.records.forward(ListModels(), as: context).bytes)
        return (answer["items"]?.array ?? []).compactMap { item in
            guard let code = item["code"]?.string else { return nil }
            return Item(
                code: code, version: item["version"]?.integer ?? 1,
                name: ["code": .string(code), "name": item["name"] ?? .null])
        }
    }

    /// The version is read before the document: a document that comes between is newer than the
    /// version says, and is refused when it is applied over.
    func find(_ code: String, _ context: CallContext) async throws -> ModelStanding? {
        guard let item = try await list(context).first(where: { $0.code == code }) else {
            return nil
        }
        let document = try await pages.records.forward(GetModel(code: code), as: context)
        return ModelStanding(
            code: code, version: item.version, document: try JSONValue(parsing: document.bytes))
    }

    /// The model of the path; 404 where there is none.
    func standing(_ request: Request, _ context: CallContext) async throws -> ModelStanding {
        guard let code = request.parameters["model"], FullCode.isCode(code),
            let found = try await find(code, context)
        else { throw Problem.notFound() }
        return found
    }

    /// The model of the path, or the beginning of one.
    func beginning(_ request: Request, name: String?, _ context: CallContext) async throws
        -> ModelStanding
    {
        guard let code = request.parameters["model"], FullCode.isCode(code) else {
            throw Problem.notFound()
        }
        return try await find(code, context) ?? .new(code, name: name)
    }

    /// The operations of a plan; throws 422 with what is wrong.
    func plan(_ edit: ModelEdit, over standing: ModelStanding, _ context: CallContext)
        async throws -> [JSONValue]
    {
        let document = JSONBytes(edit.applied(to: standing).bytes)
        let answer = try await applier.plan(standing.code, document, as: context)
        return try JSONValue(parsing: answer.bytes).array ?? []
    }

    /// A code of a name: `Frage & Antwort` is `frage_antwort`. Empty where nothing of it is left.
    static func code(of name: String) -> String {
        let plain: [Character: String] = [
            "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "á": "a", "č": "c", "ď": "d", "é": "e",
            "ě": "e", "í": "i", "ň": "n", "ó": "o", "ř": "r", "š": "s", "ť": "t", "ú": "u",
            "ů": "u", "ý": "y", "ž": "z", "à": "a", "è": "e", "ç": "c", "ñ": "n", "ł": "l",
        ]
        var code = ""
        for character in name.lowercased() {
            let text = plain[character] ?? String(character)
            let isPlain = text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (48...57).contains($0)
            }
            if isPlain, !code.isEmpty || text.first?.isLetter == true {
                code += text
            } else if !code.isEmpty, !code.hasSuffix("_") {
                code += "_"
            }
        }
        code = String(code.prefix(60))
        while code.hasSuffix("_") { code.removeLast() }
        return code
    }
}
