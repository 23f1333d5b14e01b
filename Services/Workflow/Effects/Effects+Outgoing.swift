import JSON
import RPC

/// What leaves the house.
extension Effects {
    /// A request to another system, as `definition` has it (`ModelReader.http`), with its
    /// expressions evaluated. Only secrets that the definition itself names are put in, never one
    /// that data names. Answers `{"status", "headers", "body"}` of a success.
    func http(
        _ content: JSONValue, of definition: ExpressionTree, as context: CallContext
    ) async throws -> JSONValue {
        try await outgoing.http(content, of: SecretPlace(definition.value), as: context)
    }

    /// A program of the operator's list, as `definition` has it (`ModelReader.command`). Answers
    /// `{"exit", "stdout", "stderr"}` of a success.
    func command(
        _ content: JSONValue, of definition: ExpressionTree, as context: CallContext
    ) async throws -> JSONValue {
        let input = SecretPlace(definition.value["input"] ?? .null)
        return try await outgoing.command(content, input: input, as: context)
    }
}
