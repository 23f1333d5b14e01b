import JSON

/// The classes of the benchmarks, all with the columns of a ticket.
enum BenchModel {
    static let document: JSONValue = [
        "code": "bench", "name": ["en": "Benchmark"], "roles": ["agent", "member", "clerk"],
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

    /// Of which members of the organization read what is their units', or lies below.
    private static let owned: JSONValue = [
        "code": "owned", "name": ["en": "Ticket of a unit"], "describe": "#{id} {subject}",
        "history": false, "webAccess": true,
        "columns": .array(
            columns + [
                ["code": "unit", "type": "unit", "structure": "company"],
                ["code": "desk", "type": "unit", "structure": "desks"],
            ]),
        "indexes": [["status", "priority"]],
        "grants": [
            agent,
            [
                "role": "member", "operations": ["read"],
                "rows": ["scope": "subtree", "column": "unit"],
            ],
            [
                "role": "clerk", "operations": ["read"],
                "rows": ["scope": "unit", "column": "desk"],
            ],
        ],
    ]
}

/// A company of 10,000 units, ten below each, and as many desks of which none is below another.
/// Somebody stands over a tenth of the company, somebody over a thousandth, and two others are
/// members of as many desks.
enum Organization {
    static let units = 10_000
    private static let below = 10
    /// The units above.
    private static let heads: [(unit: Int, tree: Geartrain.Reader, flat: Geartrain.Reader)] = [
        (1, .tree, .flat), (111, .smallTree, .smallFlat),
    ]

    static func code(_ n: Int) -> String { "u\(n)" }

    static let structures: [(String, JSONValue)] = [
        (
            "company",
            structure { n in
                (n == 0 ? nil : (n - 1) / below, heads.filter { $0.unit == n }.map(\.tree))
            }
        ),
        ("desks", structure { n in (nil, heads.filter { isBelow(n, $0.unit) }.map(\.flat)) }),
    ]

    private static func structure(
        _ unit: (Int) -> (parent: Int?, members: [Geartrain.Reader])
    ) -> JSONValue {
        [
            "name": ["en": "Company"], "kind": "unit",
            "units": .array(
                (0..<units).map { n in
                    let (parent, members) = unit(n)
                    return [
                        "code": .string(code(n)),
                        "parent": parent.map { .string(code($0)) } ?? .null,
                        "name": .string("Unit \(n)"),
                        "members": .array(members.map { .string($0.rawValue) }),
                    ]
                }),
        ]
    }

    /// Whether a unit is another or below it in the tree.
    private static func isBelow(_ n: Int, _ head: Int) -> Bool {
        var unit = n
        while unit > head { unit = (unit - 1) / below }
        return unit == head
    }

    /// A ticket of one of the units, and of the same desk.
    static func ticket(_ n: Int) -> JSONValue {
        var ticket = Ticket.json(n).object ?? JSONObject()
        ticket["unit"] = .string(code(n % units))
        ticket["desk"] = ticket["unit"]
        return .object(ticket)
    }
}
