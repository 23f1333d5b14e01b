import Crypto
import HTTP
import JSON

/// A file that a script made by `gt.file({name, type, text | base64})`.
struct ScriptFile: Sendable, Hashable {
    var name: String
    var type: String
    var content: [UInt8]

    static let sizeLimit = 10 << 20
    static let nameLimit = 200

    /// `arguments` are those of the call; throws where they make no file.
    init(_ arguments: JSONValue) throws {
        let value = arguments.array?.first ?? .null
        name = value["name"]?.string ?? ""
        type = value["type"]?.string ?? "application/octet-stream"
        guard !name.isEmpty, name.unicodeScalars.count <= ScriptFile.nameLimit,
            name.unicodeScalars.allSatisfy({
                $0.value >= 32 && !"/\\\"\u{7F}".contains(Character($0))
            })
        else {
            throw ScriptFile.fault("its name has 1 to \(ScriptFile.nameLimit) characters, no slash")
        }
        guard ScriptFile.isType(type) else {
            throw ScriptFile.fault("its type is a media type such as text/csv")
        }
        switch (value["text"]?.string, value["base64"]?.string) {
        case (let text?, nil): content = Array(text.utf8)
        case (nil, let text?):
            guard let bytes = Base64.decode(text) else {
                throw ScriptFile.fault("its base64 cannot be read")
            }
            content = bytes
        default: throw ScriptFile.fault("it has a text or base64")
        }
        guard content.count <= ScriptFile.sizeLimit else {
            throw ScriptFile.fault("it has at most \(ScriptFile.sizeLimit >> 20) MiB")
        }
    }

    /// As the gateway reads it.
    var json: JSONValue {
        ["name": .string(name), "type": .string(type), "content": .string(Base64.encode(content))]
    }

    private static func isType(_ text: String) -> Bool {
        let parts = text.split(separator: ";", maxSplits: 1)[0].split(
            separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 100 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 }
    }

    private static func fault(_ words: String) -> Problem {
        Problem.stepFailed("gt.file: \(words)")
    }
}
