import HTTP
import JSON
import RPC

/// What leaves the house.
extension Effects {
    /// A request to another system: `{"method", "url", "headers"?, "body"?}`, as its definition
    /// has it with expressions evaluated; `secret:name` still stands for itself. Answers
    /// `{"status", "headers", "body"}`.
    func http(_ request: JSONValue, as context: CallContext) async throws -> JSONValue {
        throw Problem.stepFailed("http cannot be done yet")
    }

    /// A program of the operator's list: `{"command", "arguments"?}`. Answers `{"exit", "output"}`.
    func command(_ command: JSONValue, as context: CallContext) async throws -> JSONValue {
        throw Problem.stepFailed("command cannot be done yet")
    }
}
