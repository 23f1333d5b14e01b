import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Rules tried out, and what rules and events did.
struct RuleRoutes: Sendable {
    let workflow: Peer
    let resolver: CodeResolver

    func add(to table: RouteTable) {
        table.on(
            .post, "/api/rules/try", .holder(of: Permissions.modelsWrite),
            Operation(
                "What the rules of a class would do",
                about: "Each rule that would be looked at, in order, for every moment of the"
                    + " operation: whether it fires, the value of its condition, and its actions"
                    + " with evaluated contents. Nothing is read, written or done.",
                body: .json("RuleTrialInput"),
                answers: [Answer(200, "What would happen", "RuleTrial")], problems: [404]),
            body: RouteTable.json
        ) { request, caller in try await tryOut(request, caller) }
        table.on(
            .get, "/api/firings", .holder(of: Permissions.operationsRead),
            Operation(
                "Rules that fired after a change, newest first",
                query: [
                    .init(
                        name: "class", about: "`model.class`, or its code alone",
                        namesDefinition: true),
                    .init(name: "record", about: "`model.class/id`, or a number beside `class`"),
                    .init(name: "rule", about: "`model.rule`"),
                    .init(name: "cause", about: "The root cause"), .limit, .cursor,
                ], answers: [Answer(200, "A page of firings", "FiringList")])
        ) { request, caller in
            let query = try QueryReader(
                request, ["class", "record", "rule", "cause", "limit", "cursor"])
            var type = query.text("class")
            if let code = type {
                type = try await resolver.resolve(code, .classes, trace: request.trace).description
            }
            let call = ListFirings(
                class: type, record: query.text("record"), rule: query.text("rule"),
                cause: query.text("cause"), limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
        table.on(
            .get, "/api/events", .holder(of: Permissions.operationsRead),
            Operation(
                "Events that were raised, newest first",
                query: [
                    .init(
                        name: "event", about: "`model.event`, or its code alone",
                        namesDefinition: true),
                    .init(
                        name: "state", about: "What became of it",
                        words: ListEvents.State.allCases.map(\.rawValue)),
                    .limit, .cursor,
                ], answers: [Answer(200, "A page of events", "RaisedEventList")])
        ) { request, caller in
            let query = try QueryReader(request, ["event", "state", "limit", "cursor"])
            var event: FullCode?
            if let code = query.text("event") {
                event = try await resolver.resolve(code, .events, trace: request.trace)
            }
            let state = try query.word("state", of: ListEvents.State.allCases.map(\.rawValue))
            let call = ListEvents(
                event: event, state: state.flatMap(ListEvents.State.init(rawValue:)),
                limit: try query.limit(), cursor: query.text("cursor"))
            return .passed(try await workflow.forward(call, as: request.context(caller)))
        }
    }

    private func tryOut(_ request: Request, _ caller: Caller) async throws -> Response {
        let problems = ObjectReader.Problems()
        let reader = ObjectReader(try await request.json(), at: "", problems: problems)
        let code = reader.string("class", required: true)
        let word = reader.word(
            "operation", of: TryRules.Operation.allCases.map(\.rawValue), default: nil)
        let (before, after) = (reader.value("before"), reader.value("after"))
        let rule = reader.value("rule")
        for (member, value) in [("before", before), ("after", after), ("rule", rule)] {
            if let value, !value.isNull, value.object == nil {
                let what = member == "rule" ? "A rule's definition." : "An object of columns."
                reader.fault(member, "wrong-type", what)
            }
        }
        reader.finish()
        guard problems.items.isEmpty, let code,
            let operation = word.flatMap(TryRules.Operation.init(rawValue:))
        else { throw Problem.validation(problems.items) }
        let type = try await resolver.resolve(code, .classes, trace: request.trace)
        let call = TryRules(
            class: type, operation: operation, before: before, after: after, rule: rule)
        return .passed(try await workflow.forward(call, as: request.context(caller)))
    }
}
