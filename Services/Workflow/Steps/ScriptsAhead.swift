import JSON

/// What scripts come to that were run before their turn, over what they should then see. One is
/// used only where it does see that.
struct ScriptsAhead: Sendable {
    /// A step of a chain.
    struct Link: Sendable {
        let step: String
        var unit: ScriptJob.Unit
        let result: String?

        init(_ step: StepDefinition, _ unit: ScriptJob.Unit) {
            self.step = step.code
            result = step.result
            self.unit = unit
            self.unit.result = step.result
        }
    }

    private struct End: Sendable {
        let step: String
        let source: String
        let bindings: JSONObject
        let value: JSONValue
    }

    /// In the order in which they are taken.
    private var ends: [End] = []

    /// Keeps the ends of a chain up to the first that failed.
    mutating func keep(_ chain: [Link], _ outcomes: [ScriptOutcome], _ bindings: JSONObject) {
        ends = []
        var bindings = bindings
        for (link, outcome) in zip(chain, outcomes) {
            guard case .value(let value) = outcome else { return }
            ends.append(
                End(
                    step: link.step, source: link.unit.source, bindings: bindings, value: value))
            var values = value["values"]?.object ?? JSONObject()
            if let name = link.result { values[name] = value["result"] ?? .null }
            bindings["values"] = .object(values)
        }
    }

    /// What a script has come to. Where it sees something else, what was to follow is of no use
    /// either.
    mutating func take(
        _ step: StepDefinition, _ unit: ScriptJob.Unit, _ bindings: JSONObject
    ) -> JSONValue? {
        guard let first = ends.first else { return nil }
        guard first.step == step.code, first.source == unit.source, first.bindings == bindings
        else {
            ends = []
            return nil
        }
        ends.removeFirst()
        return first.value
    }
}
