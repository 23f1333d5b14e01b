import JSON
import TestSupport

/// A random model: workflows of every kind of step that ends in this house, which all come to an
/// end when their events, tasks and times come.
struct RandomModel {
    static let workflowCount = 8
    /// Kept where nobody waits yet, and not kept.
    static let events = ["early", "prompt"]

    private var random: TestRandom
    private var steps: [JSONValue] = []

    static func document(seed: UInt64) -> JSONValue {
        var random = TestRandom(seed: seed)
        let workflows = (0..<workflowCount).map { number in
            var model = RandomModel(random: random)
            defer { random = model.random }
            return model.workflow(number)
        }
        return [
            "code": "sim", "roles": ["agent"],
            "classes": [
                [
                    "code": "ticket",
                    "columns": [["code": "subject"], ["code": "email"], ["code": "note"]],
                ]
            ],
            "notifications": [["code": "tell"]],
            "exports": [["code": "list", "from": "ticket", "format": "csv"]],
            "events": [
                ["code": "early", "web": true, "buffer": "400d"],
                ["code": "prompt", "web": true],
            ],
            "rules": [
                [
                    "code": "begin", "class": "ticket", "on": "inserted",
                    "do": [["workflow": "w0"], ["workflow": "w1"]],
                ]
            ],
            "workflows": .array(workflows),
        ]
    }

    private init(random: TestRandom) { self.random = random }

    private mutating func workflow(_ number: Int) -> JSONValue {
        steps = [["code": "end", "kind": "end"]]
        let start = chain(Int.random(in: 2...6, using: &random), "end", number, isBranch: false)
        return [
            "code": .string("w\(number)"), "class": "ticket", "start": .string(start),
            "steps": .array(steps),
        ]
    }

    /// Steps one after another that lead to `next`; answers the first.
    private mutating func chain(
        _ count: Int, _ next: String, _ workflow: Int, isBranch: Bool
    ) -> String {
        var following = [next]
        for _ in 0..<count {
            following.append(step(following, workflow, isBranch: isBranch))
        }
        return following.last ?? next
    }

    private static let kinds = [
        "mail", "event", "event", "task", "condition", "change", "script", "timer", "workflow",
        "parallel", "export", "raise",
    ]

    /// `following` are the steps behind it, the last of them the next.
    private mutating func step(
        _ following: [String], _ workflow: Int, isBranch: Bool
    ) -> String {
        let next = JSONValue.string(following.last ?? "end")
        let code = "s\(steps.count)"
        var kind = RandomModel.kinds.randomElement(using: &random) ?? "timer"
        if kind == "parallel" && isBranch || kind == "workflow" && workflow == 0 {
            kind = "event"
        }
        var step = JSONObject([("code", .string(code)), ("kind", .string(kind))])
        steps.append(.null)
        let place = steps.count - 1
        let members = members(kind, next, following, workflow).object ?? JSONObject()
        for (name, value) in members.members { step[name] = value }
        steps[place] = .object(step)
        return code
    }

    private mutating func members(
        _ kind: String, _ next: JSONValue, _ following: [String], _ workflow: Int
    ) -> JSONValue {
        let other = JSONValue.string(following.randomElement(using: &random) ?? "end")
        switch kind {
        case "mail": return ["notification": "tell", "to": "=record.email", "next": next]
        case "event": return event(next, other)
        case "task":
            var task = JSONObject([
                ("title", "='Look at ' + record.id"), ("assignee", ["role": "agent"]),
                ("outcomes", ["yes": next, "no": other]),
            ])
            if Bool.random(using: &random) {
                task["due"] = "5d"
                task["onDue"] = other
            }
            return .object(task)
        case "condition":
            return [
                "when": "=(record.id + (values.count || 0)) % 2 === 0", "then": next,
                "else": other,
            ]
        case "change": return ["set": ["note": "='note ' + record.id"], "next": next]
        case "script":
            return [
                "source": "values.count = (values.count || 0) + 1; return values.count;",
                "result": "last", "next": next,
            ]
        case "timer":
            let wait = ["30s", "2h", "3d"].randomElement(using: &random) ?? "30s"
            return ["wait": .string(wait), "next": next]
        case "workflow":
            return [
                "workflow": .string("w\(Int.random(in: 0..<workflow, using: &random))"),
                "wait": .boolean(Int.random(in: 0...3, using: &random) > 0), "next": next,
            ]
        case "parallel":
            let join = following.last ?? "end"
            let branches = (0..<Int.random(in: 2...3, using: &random)).map { _ in
                JSONValue.string(
                    chain(Int.random(in: 1...3, using: &random), join, workflow, isBranch: true))
            }
            return ["branches": .array(branches), "join": .string(join)]
        case "export": return ["export": "list", "next": next]
        default:
            return [
                "event": "early", "key": "=record.id", "payload": ["from": "a step"],
                "next": next,
            ]
        }
    }

    private mutating func event(_ next: JSONValue, _ other: JSONValue) -> JSONValue {
        let code = RandomModel.events[Int.random(in: 0...1, using: &random)]
        var step = JSONObject([
            ("event", .string(code)), ("key", "=record.id"), ("next", next),
        ])
        if Bool.random(using: &random) {
            step["timeout"] = "4d"
            step["onTimeout"] = other
        }
        return .object(step)
    }
}
