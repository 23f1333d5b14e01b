import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Expressions, scripts and templates for the other services.
struct ScriptCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let evaluator: Evaluator
    let capabilities: Capabilities

    func evaluate(_ call: Evaluate, _ context: CallContext) async throws -> Evaluated {
        let bindings = try ScriptCalls.bindings(call.bindings)
        var script: ScriptDefinition?
        if let code = call.script {
            let full =
                FullCode.isCode(code) ? FullCode(model: call.model, code: code) : FullCode(code)
            script = full.flatMap { definitions.script($0) }
            if script == nil { throw WorkflowError.unknownScript(code) }
        }
        let tree = ExpressionTree(call.expressions)
        return Evaluated(
            values: try await evaluator.record(
                tree, then: script, bindings: bindings, as: context))
    }

    /// Fills a notification's texts. A link that a text asks for works before the text is
    /// answered.
    func render(_ call: Render, _ context: CallContext) async throws -> Rendered {
        let bindings = try ScriptCalls.bindings(call.bindings)
        let parts = [("subject", call.subject), ("text", call.text), ("html", call.html)]
        let templates = try parts.compactMap { name, source in
            try source.map {
                RenderedTemplate(
                    name: name, template: try ScriptCalls.template($0, name), isHTML: name == "html"
                )
            }
        }
        let tokens = try await self.tokens(call)
        let (texts, used) = try await evaluator.render(
            templates, bindings: bindings, links: tokens.mapValues(capabilities.url))
        try await grant(used, tokens, call)
        var named = Dictionary(
            zip(templates.map(\.name), texts), uniquingKeysWith: { first, _ in first })
        let subject = (named.removeValue(forKey: "subject") ?? "")
            .split(whereSeparator: \.isNewline).joined(separator: " ")
        return Rendered(subject: subject, text: named["text"], html: named["html"])
    }

    /// By event, for the events of the instance's model; none without an instance, and none that
    /// works for a preview.
    private func tokens(_ call: Render) async throws -> [String: String] {
        if call.preview == true {
            let events = definitions.events(of: call.model)
            return Dictionary(events.map { ($0, "preview") }, uniquingKeysWith: { a, _ in a })
        }
        guard let id = call.instance else { return [:] }
        return try await database.pointRead { [definitions, capabilities] connection in
            guard let row = try InstanceRow.find(id, connection) else {
                throw WorkflowError.unknownInstance
            }
            var tokens: [String: String] = [:]
            for event in definitions.events(of: row.workflow.model) {
                let full = FullCode(model: row.workflow.model, code: event)
                tokens[event] = try capabilities.token(id, full, connection)
            }
            return tokens
        }
    }

    private func grant(
        _ used: [String], _ tokens: [String: String], _ call: Render
    ) async throws {
        guard let id = call.instance, !used.isEmpty else { return }
        try await database.write { [capabilities] connection in
            guard let row = try InstanceRow.find(id, connection) else { return }
            for event in used {
                guard let token = tokens[event] else { continue }
                let full = FullCode(model: row.workflow.model, code: event)
                try capabilities.grant(token, id, full, connection)
            }
        }
    }

    private static func template(_ source: String, _ name: String) throws -> Template {
        do throws(Template.Fault) {
            return try Template(source)
        } catch {
            throw WorkflowError.template(name: name, error)
        }
    }

    /// The members become globals, so that their names must be some.
    private static func bindings(_ value: JSONValue) throws -> JSONObject {
        if value.isNull { return JSONObject() }
        guard let object = value.object else {
            throw WorkflowError.invalid(pointer: "/bindings", detail: "This must be an object.")
        }
        for name in object.keys where !isName(name) { throw WorkflowError.invalidBinding(name) }
        return object
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "$")
        }
    }
}
