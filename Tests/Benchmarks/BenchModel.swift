import JSON

/// The classes of the benchmarks, all with the columns of a ticket.
enum BenchModel {
    static let document: JSONValue = [
        "code": "bench", "name": ["en": "Benchmark"], "roles": ["agent", "member"],
        "classes": [
            ticket("ticket"), ticket("fresh"), ticket("plain", history: false),
            ticket("big", history: false),
            owned,
        ],
    ]

    private static let columns: [JSONValue] = [
        ["code": "subject", "type": "text", "required": true, "max": 200],
        ["code": "body", "type": "text", "multiline": true],
        [
            "code": "status", "type": "choice",
            "choices": ["new", "open", "waiting", "closed"], "default": "new",
        ],
        ["code": "priority", "type": "integer"],
        ["code": "spent", "type": "decimal", "scale": 2],
        ["code": "due", "type": "datetime"], ["code": "email", "type": "text"],
        ["code": "urgent", "type": "boolean"],
    ]

    private static let agent: JSONValue = [
        "role": "agent", "operations": ["read", "insert", "change"], "rows": ["scope": "all"],
    ]

    private static func ticket(_ code: String, history: Bool = true) -> JSONValue {
        [
            "code": .string(code), "name": ["en": "Ticket"], "describe": "#{id} {subject}",
            "history": .boolean(history), "deletion": "logical", "webAccess": true,
            "columns": .array(columns), "indexes": [["status", "priority"]], "grants": [agent],
        ]
    }

    /// Of which members of the organization read what is their units' or lies below.
    private static let owned: JSONValue = [
        "code": "owned", "name": ["en": "Ticket of a unit"], "describe": "#{id} {subject}",
        "history": false, "webAccess": true,
        "columns": .array(
            columns + [["code": "unit", "type": "unit", "structure": "company"]]),
        "indexes": [["status", "priority"]],
        "grants": [
            agent,
            [
                "role": "member", "operations": ["read"],
                "rows": ["scope": "subtree", "column": "unit"],
            ],
        ],
    ]
}

/// A company of 10,000 units, ten below each, and somebody who stands over a tenth of them.
enum Organization {
    static let account = "member"
    static let units = 10_000

    static func code(_ n: Int) -> String { "u\(n)" }

    static let structure: JSONValue = [
        "name": ["en": "Company"], "kind": "unit",
        "units": .array(
            (0..<units).map { n in
                [
                    "code": .string(code(n)),
                    "parent": n == 0 ? nil : .string(code((n - 1) / 10)),
                    "name": .string("Unit \(n)"), "members": n == 1 ? [.string(account)] : [],
                ]
            }),
    ]

    /// A ticket of one of the units.
    static func ticket(_ n: Int) -> JSONValue {
        var ticket = Ticket.json(n).object ?? JSONObject()
        ticket["unit"] = .string(code(n % units))
        return .object(ticket)
    }
}
