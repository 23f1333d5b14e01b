import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// What is worked out without a script host is what a script host would have answered.
@Suite struct PlainExpressionTests {
    private static let bindings: JSONValue = [
        "record": [
            "id": 14, "version": 0, "status": "new", "empty": "", "note": nil, "done": true,
            "open": false, "spent": .number(JSONNumber(unscaled: 250, scale: 2)),
            "umlaut": "e\u{301}", "list": [1], "owner": ["name": "Mara", "age": 40],
            "constructor": "own",
        ],
        "values": ["count": 3, "status": "new", "umlaut": "\u{e9}"], "event": nil,
    ]

    /// Random ones of the kind that people write, some of which are more than plain.
    private static func expression(_ random: inout TestRandom, depth: Int = 0) -> String {
        let paths = [
            "record.id", "record.version", "record.status", "record.empty", "record.note",
            "record.done", "record.open", "record.spent", "record.umlaut", "record.list",
            "record.owner", "record.owner.name", "record.owner.age", "record.missing",
            "record.missing.more", "record.note.more", "record.status.length", "record.toString",
            "record.constructor", "values.count", "values.status", "values.umlaut", "event",
            "event.payload", "values", "nobody",
        ]
        let literals = [
            "0", "14", "-1", "2.5", "1e3", "'new'", "\"new\"", "'nex'", "''", "'é'", "true",
            "false", "null", "undefined", "'a\\n'", "010",
        ]
        let operators = [
            "===", "!==", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "&&", "||", "+", "??",
        ]
        switch Int.random(in: 0...(depth > 3 ? 1 : 5), using: &random) {
        case 0: return paths.randomElement(using: &random) ?? ""
        case 1: return literals.randomElement(using: &random) ?? ""
        case 2: return "!" + expression(&random, depth: depth + 1)
        case 3: return "(" + expression(&random, depth: depth + 1) + ")"
        default:
            let sides = (0...1).map { _ in expression(&random, depth: depth + 1) }
            let space = Bool.random(using: &random) ? " " : ""
            let sign = operators.randomElement(using: &random) ?? "=="
            return sides[0] + space + sign + space + sides[1]
        }
    }

    @Test func `random expressions have the value that the engine gives them`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        let pool = ScriptPool(
            settings: .init(
                executable: ChildProcess.product("script-host"),
                limits: ScriptLimits(timeout: .seconds(20), memory: 256 << 20)),
            runtime: TestRuntime.make())
        let bindings = Self.bindings.object ?? JSONObject()
        var plain = 0
        for _ in 0..<10 {
            let sources = (0..<300).map { _ in Self.expression(&random) }
            let job = ScriptJob(
                units: sources.map { ScriptJob.Unit(name: "x", source: $0) }, bindings: bindings)
            let answer = try await pool.run(job)
            for (source, outcome) in zip(sources, answer.outcomes) {
                guard let value = PlainExpression(source)?.value(bindings) else { continue }
                plain += 1
                #expect(outcome == .value(value), "seed \(seed): \(source)")
            }
        }
        await pool.close()
        #expect(plain > 500, "seed \(seed)")
    }

    @Test(arguments: [
        "record.list == 1", "record.id == '14'", "record.toString", "record.note.more",
        "record.status.length", "record.owner", "record.spent", "nobody", "record.id + 1",
        "record.id ?? 1", "a == b == c", "record[0]", "record?.id", "010", "1e3", "'a\\n'",
        "record.id // 14", "[]", "{}", "", "(", "!", "record.", "=record.id", "-0",
        String(repeating: "(", count: 40) + "1" + String(repeating: ")", count: 40),
    ])
    func `what is more than plain is left to the engine`(source: String) {
        #expect(PlainExpression(source)?.value(Self.bindings.object ?? JSONObject()) == nil)
    }
}
