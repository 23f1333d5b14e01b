import HTTP
import JSON
import TestSupport

/// A script beside others that hang, allocate, recurse and backtrack, all the time.
struct ScriptAttacks {
    private static let attacks = [
        "for (;;);",
        "try { while (true); } catch { while (true); } finally { while (true); }",
        "(async () => { while (true) await 1 })()",
        "const a = []; while (true) a.push(new Array(1000).fill(1))",
        "const f = () => 1 + f(); f()",
        "const t = 'a'.repeat(28) + 'b'; while (true) /^(a|a|aa)+$/.test(t)",
        "return Array(1 << 20).fill('x'.repeat(1000)).join().length",
        "for (;;) try { gt.log('x'.repeat(1 << 20)) } catch {}",
        "return {toJSON() { for (;;); }}",
    ]

    private static let document: JSONValue = [
        "code": "attacked", "name": "Scripts", "classes": [],
        "scripts": .array(
            [["code": "good", "web": true, "source": "return parameters.n + 1"]]
                + attacks.enumerated().map { index, source in
                    ["code": .string("bad\(index)"), "web": true, "source": .string(source)]
                }),
    ]

    static func run(
        _ geartrain: Geartrain, _ report: inout Report, seconds: Int, in folder: String
    ) async throws {
        let client = geartrain.client
        try await client.expect(201, .put, "/api/models/attacked", json: document)
        let load = geartrain.posts(
            2, "/api/scripts/attacked.good/run", "{\"parameters\":{\"n\":1}}")
        func measure() async throws -> Sample {
            try await load.run(
                port: geartrain.port, seconds: seconds,
                servers: geartrain.processes(of: ["workflow"]), in: folder, name: "good")
        }
        report.add("script c2", try await measure())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in attacks.indices {
                group.addTask {
                    while !Task.isCancelled {
                        let answer = try await client.send(
                            .post, "/api/scripts/attacked.bad\(index)/run", body: Array("{}".utf8))
                        // Refused, or too many of them wait.
                        guard [422, 503].contains(answer.status) else {
                            throw BenchmarkError("an attack was answered \(answer.status)")
                        }
                    }
                }
            }
            report.add("script c2 beside attacks", try await measure())
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error as BenchmarkError) = result { throw error }
            }
        }
        report.limit(
            "p99 of a script beside attacks", report.middle("script c2 beside attacks", \.p99),
            atMost: 100, unit: "ms")
    }
}
