import HTTP
import JSON
import ServiceRuntime

/// What a definition wants to be run, with its expressions evaluated.
struct CommandCall: Sendable {
    static let members = ["command", "arguments", "input", "expect", "timeout", "integration"]
    static let argumentLimit = 100
    static let argumentByteLimit = 64 << 10
    static let inputLimit = 1 << 20

    let name: String
    let arguments: [String]
    /// For its standard input: a text as it is, anything else as JSON. Secrets stand here only:
    /// whoever is on the machine sees the arguments of a program.
    let input: [UInt8]
    /// Exit codes that are success.
    let expected: [Int64]
    let timeout: Duration?
    let secrets: Secrets

    /// Throws a problem that no repetition mends.
    init(_ content: JSONValue, of place: SecretPlace, secrets: Secrets) throws {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(content, at: "", problems: problems)
        name = reader.string("command", required: true) ?? ""
        timeout = reader.duration("timeout")
        for member in CommandCall.members { reader.ignore(member) }
        reader.finish()
        if let first = problems.items.first {
            throw Problem.commandRefused("\(first.pointer.dropFirst()): \(first.detail)")
        }
        arguments = try (content["arguments"]?.array ?? []).map(CommandCall.argument)
        let bytes = arguments.reduce(0) { $0 + $1.utf8.count + 1 }
        guard arguments.count <= CommandCall.argumentLimit, bytes <= CommandCall.argumentByteLimit
        else {
            throw Problem.commandRefused(
                "there are more than \(CommandCall.argumentLimit) arguments or"
                    + " \(CommandCall.argumentByteLimit) bytes of them")
        }
        let given = secrets.filled(content["input"] ?? .null, at: place).value
        input = given.isNull ? [] : given.string.map { Array($0.utf8) } ?? given.bytes
        guard input.count <= CommandCall.inputLimit else {
            throw Problem.commandRefused("input has more than \(CommandCall.inputLimit) bytes")
        }
        expected = content["expect"]?.array?.compactMap(\.integer) ?? [0]
        self.secrets = secrets
    }

    private static func argument(_ value: JSONValue) throws -> String {
        let text: String
        switch value {
        case .string(let string): text = string
        case .number, .boolean: text = value.text
        case .null: text = ""
        default: throw Problem.commandRefused("an argument is neither a text nor a number")
        }
        guard !text.utf8.contains(0) else {
            throw Problem.commandRefused("an argument holds NUL")
        }
        return text
    }
}

extension Problem {
    static func commandRefused(_ detail: String) -> Problem {
        Problem(
            status: 422, code: "command-refused", title: "A program cannot be started",
            detail: detail)
    }

    static func commandFailed(_ detail: String) -> Problem {
        Problem(status: 422, code: "command-failed", title: "A program failed", detail: detail)
    }
}
