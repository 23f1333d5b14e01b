import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Expressions, scripts and templates over the pool: what the other services ask for, and what
/// rules and steps need.
struct Evaluator: Sendable {
    let pool: ScriptPool
    /// For scripts that may act.
    let acting: ScriptPool
    let platform: ScriptPlatform

    /// The values of a definition's tree.
    func values(_ tree: ExpressionTree, name: String, bindings: JSONObject) async throws
        -> JSONValue
    {
        if let values = tree.plainValues(bindings) { return tree.filled(values) }
        let answer = try await pool.run(ScriptJob(units: tree.units(name), bindings: bindings))
        return try tree.filled(answer.outcomes.map { try $0.get() })
    }

    /// Several trees in one job, each with its own outcome. Where the job as a whole is stopped
    /// by one of them, each is tried alone, so that it costs the others nothing but time.
    func eachOf(
        _ trees: [(name: String, tree: ExpressionTree)], bindings: JSONObject
    ) async throws -> [Result<JSONValue, ScriptError>] {
        let plain = trees.compactMap { item in
            item.tree.plainValues(bindings).map { item.tree.filled($0) }
        }
        if plain.count == trees.count { return plain.map { .success($0) } }
        do {
            let units = trees.flatMap { $0.tree.units($0.name) }
            let answer = try await pool.run(ScriptJob(units: units, bindings: bindings))
            var rest = answer.outcomes[...]
            return trees.map { item in
                let mine = rest.prefix(item.tree.places.count)
                rest = rest.dropFirst(mine.count)
                return Evaluator.filled(item.tree, mine)
            }
        } catch let error as ScriptError where trees.count > 1 && !error.isTransient {
            return try await oneByOne(trees, bindings: bindings)
        } catch let error as ScriptError where !error.isTransient {
            return [.failure(error)]
        }
    }

    /// The record with the expressions' values in it, as the script left it.
    func record(
        _ tree: ExpressionTree, then script: ScriptDefinition?, bindings: JSONObject,
        as context: CallContext
    ) async throws -> JSONValue {
        guard let script else { return try await values(tree, name: "map", bindings: bindings) }
        var units = tree.units("map")
        for index in units.indices { units[index].path = tree.places[index].path }
        units.append(script.unit)
        let answer = try await reading(
            ScriptJob(
                units: units, bindings: bindings, record: tree.filled([]), timeout: script.timeout),
            as: context)
        for outcome in answer.outcomes.dropLast() { _ = try outcome.get() }
        guard let last = answer.outcomes.last else { return .null }
        return .object(try Evaluator.object(ScriptEffect(try last.get()).record, script))
    }

    /// The record among the bindings, as a script leaves it.
    func record(
        of script: ScriptDefinition, bindings: JSONObject, as context: CallContext
    ) async throws -> JSONObject {
        let answer = try await reading(
            ScriptJob(units: [script.unit], bindings: bindings, timeout: script.timeout),
            as: context)
        guard let outcome = answer.outcomes.last else { return JSONObject() }
        return try Evaluator.object(ScriptEffect(try outcome.get()).record, script)
    }

    private static func object(_ record: JSONValue, _ script: ScriptDefinition) throws -> JSONObject
    {
        guard let object = record.object else {
            throw ScriptError.failed(
                ScriptFault(script: script.code, message: "record is no object any more", line: 0))
        }
        return object
    }

    /// Fills the templates in one job; answers them and the events whose links they hold.
    func render(
        _ templates: [RenderedTemplate], bindings: JSONObject, links: [String: String]
    ) async throws -> (texts: [String], usedLinks: [String]) {
        let units = templates.flatMap { item in
            item.template.expressions.map { ScriptJob.Unit(name: item.name, source: $0) }
        }
        let answer = try await pool.run(ScriptJob(units: units, bindings: bindings, links: links))
        var rest = try answer.outcomes.map { try $0.get() }[...]
        let texts = templates.map { item in
            let mine = rest.prefix(item.template.expressions.count)
            rest = rest.dropFirst(mine.count)
            return item.template.filled(mine, escapingHTML: item.isHTML)
        }
        return (texts, answer.usedLinks)
    }

    private static func filled(
        _ tree: ExpressionTree, _ outcomes: ArraySlice<ScriptOutcome>
    ) -> Result<JSONValue, ScriptError> {
        do throws(ScriptError) {
            var values: [JSONValue] = []
            for outcome in outcomes { values.append(try outcome.get()) }
            return .success(tree.filled(values))
        } catch {
            return .failure(error)
        }
    }

    private func oneByOne(
        _ trees: [(name: String, tree: ExpressionTree)], bindings: JSONObject
    ) async throws -> [Result<JSONValue, ScriptError>] {
        var results: [Result<JSONValue, ScriptError>] = []
        for item in trees { results += try await eachOf([item], bindings: bindings) }
        return results
    }
}

/// A template with what errors call it.
struct RenderedTemplate: Sendable {
    var name: String
    var template: Template
    var isHTML = false
}
