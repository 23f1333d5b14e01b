import JSON

/// The record that every contender keeps: the same columns, the same values, the same index.
enum Ticket {
    static let statuses = ["new", "open", "waiting", "closed"]

    /// Row `n` of the load, from 1.
    static func json(_ n: Int) -> JSONValue {
        [
            "subject": .string("Printer on floor \(n % 40) is on fire, report \(n)"),
            "body": .string(body), "status": .string(statuses[n % 4]),
            "priority": .number(JSONNumber(Int64(n % 1000))), "spent": spent,
            "due": "2026-11-22T10:15:30.123Z", "email": .string("user\(n % 5000)@example.com"),
            "urgent": .boolean(n % 7 == 0),
        ]
    }

    /// What a load creates: the same text each time but for a counter that wrk keeps.
    static let luaBody = """
        local counter = 0
        local function body()
          counter = counter + 1
          return string.format('{"subject":"Printer on floor %d is on fire, new %d","body":"\(body)",' ..
            '"status":"new","priority":%d,"spent":2.50,"due":"2026-11-22T10:15:30.123Z",' ..
            '"email":"user%d@example.com","urgent":false}',
            counter % 40, counter, counter % 1000, counter % 5000)
        end

        """

    static let body =
        "It began to smoke after lunch and now nobody dares to go near; please send somebody."
    static let spent = JSONValue.number(JSONNumber(unscaled: 250, scale: 2))
}
