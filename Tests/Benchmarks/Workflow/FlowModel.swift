import JSON

/// The workflows of the benchmarks, and two classes that differ by a rule before a save.
enum FlowModel {
    static let document: JSONValue = [
        "code": "flow", "name": ["en": "Flows"], "roles": ["agent"],
        "classes": [item("plain"), item("ruled")],
        "rules": [
            [
                "code": "tidy", "class": "ruled", "on": "inserting",
                "do": [["script": "tidy"]],
            ]
        ],
        "scripts": [["code": "tidy", "source": "record.amount = record.amount + 1;"]],
        "events": [["code": "go", "web": true]],
        "workflows": [
            workflow("scripts", script("a", "b") + script("b", "c") + script("c", "end")),
            workflow(
                "conditions", condition("a", "b") + condition("b", "c") + condition("c", "end")),
            workflow(
                "waiting",
                [
                    [
                        "code": "wait", "kind": "event", "event": "go", "key": "=values.key",
                        "timeout": "30d", "onTimeout": "end", "next": "after",
                    ]
                ] + script("after", "end")),
            workflow(
                "sleeping",
                [["code": "sleep", "kind": "timer", "wait": "=values.wait", "next": "end"]]),
        ],
    ]

    private static func item(_ code: String) -> JSONValue {
        [
            "code": .string(code), "name": ["en": "Item"], "describe": "#{id}",
            "webAccess": true,
            "columns": [
                ["code": "subject", "type": "text", "required": true, "max": 200],
                ["code": "amount", "type": "integer"],
            ],
            "grants": [
                [
                    "role": "agent", "operations": ["read", "insert", "change"],
                    "rows": ["scope": "all"],
                ]
            ],
        ]
    }

    private static func workflow(_ code: String, _ steps: [JSONValue]) -> JSONValue {
        [
            "code": .string(code), "start": steps[0]["code"] ?? .null,
            "steps": .array(steps + [["code": "end", "kind": "end"]]),
        ]
    }

    private static func script(_ code: String, _ next: String) -> [JSONValue] {
        [
            [
                "code": .string(code), "kind": "script", "source": "return (values.n ?? 0) + 1;",
                "result": "n", "next": .string(next),
            ]
        ]
    }

    private static func condition(_ code: String, _ next: String) -> [JSONValue] {
        [
            [
                "code": .string(code), "kind": "condition", "when": "=values.n > 0",
                "result": .string(code), "then": .string(next), "else": "end",
            ]
        ]
    }
}
