import Contracts
import Curl
import JSON

/// Calls to other systems and programs, wherever a definition has them: a step, an action of a
/// rule, a step of a job. What is told by the text alone is told here; the rest when they are done.
extension ModelReader {
    /// The members of `HTTPCall`; nil after a fault that leaves nothing.
    func http(_ item: ObjectReader) -> ExpressionTree? {
        let url = item.string("url", required: true)
        if let url, isPlain(url) {
            do throws(OutgoingError) {
                _ = try OutgoingURL(url)
            } catch {
                item.fault("url", "invalid-url", "\(error).")
            }
        }
        if let method = item.string("method"), isPlain(method),
            !OutgoingRequest.methods.contains(method.uppercased())
        {
            let words = OutgoingRequest.methods.joined(separator: ", ")
            item.fault("method", "not-allowed", "The method is one of \(words).")
        }
        for member in ["headers", "query", "form"] { _ = item.nested(member) }
        if item.given("body") != nil, item.given("form") != nil {
            item.fault("form", "not-allowed", "A call has either “body” or “form”.")
        }
        if let sign = item.string("sign"), SecretName.named(by: sign) == nil {
            item.fault("sign", "invalid-code", "Write secret: and the secret's name.")
        }
        _ = item.boolean("redirects", default: true)
        codes(item, 100...599)
        return url == nil ? nil : content(item, HTTPCall.members)
    }

    /// The members of `CommandCall`; nil after a fault that leaves nothing.
    func command(_ item: ObjectReader) -> ExpressionTree? {
        let name = item.string("command", required: true)
        if let name, !FullCode.isCode(name) {
            item.fault(
                "command", "invalid-code", "A program is named as the operator's list has it.")
        }
        if let arguments = item.given("arguments") {
            if arguments.array == nil {
                item.fault("arguments", "wrong-type", "Arguments are a list.")
            } else if SecretNames(in: arguments).names.isEmpty == false {
                item.fault(
                    "arguments", "not-allowed",
                    "Whoever is on the machine sees arguments; a secret stands in “input”.")
            }
        }
        codes(item, 0...255)
        return name == nil ? nil : content(item, CommandCall.members)
    }

    /// What both have.
    private func codes(_ item: ObjectReader, _ range: ClosedRange<Int64>) {
        _ = positive(item, "timeout")
        _ = item.boolean("integration", default: true)
        guard let expect = item.given("expect") else { return }
        let codes = expect.array?.map { $0.integer.map(range.contains) ?? false } ?? [false]
        if codes.isEmpty || codes.contains(false) {
            item.fault(
                "expect", "out-of-range",
                "This is a list of numbers from \(range.lowerBound) to \(range.upperBound).")
        }
    }

    private func content(_ item: ObjectReader, _ members: [String]) -> ExpressionTree {
        var content = JSONObject()
        for member in members {
            content[member] = item.given(member)
            item.ignore(member)
        }
        return tree(.object(content), at: item.pointer)
    }

    /// Neither an expression nor in need of a secret.
    private func isPlain(_ text: String) -> Bool {
        ExpressionTree.source(.string(text)) == nil && SecretNames(in: text).names.isEmpty
    }
}
