import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

private func makePool(
    hosts: Int = 2, timeout: Duration = .seconds(2), memory: Int = 256 << 20,
    queueLimit: Int = 256, slowAfter: Duration = .milliseconds(15),
    clock: any WallClock = SystemClock()
) -> ScriptPool {
    ScriptPool(
        settings: .init(
            executable: ChildProcess.product("script-host"), hosts: hosts,
            slowHosts: 1, slowAfter: slowAfter,
            limits: ScriptLimits(timeout: timeout, memory: memory), idle: .seconds(60),
            queueLimit: queueLimit), runtime: TestRuntime.make(clock: clock))
}

private func withPool<T>(
    hosts: Int = 2, timeout: Duration = .seconds(2), memory: Int = 256 << 20,
    queueLimit: Int = 256, slowAfter: Duration = .milliseconds(15),
    clock: any WallClock = SystemClock(),
    _ body: (ScriptPool) async throws -> T
) async throws -> T {
    let pool = makePool(
        hosts: hosts, timeout: timeout, memory: memory, queueLimit: queueLimit,
        slowAfter: slowAfter, clock: clock)
    do {
        let result = try await body(pool)
        await pool.close()
        return result
    } catch {
        await pool.close()
        throw error
    }
}

private func expression(_ source: String) -> ScriptJob.Unit { .init(name: "e", source: source) }

private func script(_ source: String) -> ScriptJob.Unit {
    .init(name: "s", source: source, isScript: true)
}

private func run(
    _ pool: ScriptPool, _ units: ScriptJob.Unit..., bindings: JSONObject = JSONObject()
) async throws -> [ScriptOutcome] {
    try await pool.run(ScriptJob(units: units, bindings: bindings)).outcomes
}

@Test func `expressions see the bindings and nothing of the host`() async throws {
    try await withPool { pool in
        let bindings = JSONObject([("record", ["id": 14, "tags": ["a", "b"], "text": "ä€😀\u{0}"])])
        let values = try await run(
            pool, expression("record.id + 1"), expression("{a: record.tags.length} // comment"),
            expression("record.text"), expression("undefined"), expression("new Date(0)"),
            expression("'\\ud800'"),
            expression("typeof console + typeof require + typeof WebAssembly"),
            expression(
                "(delete globalThis.console, delete globalThis.WebAssembly,"
                    + " typeof console + typeof WebAssembly + typeof globalThis.Atomics)"),
            bindings: bindings)
        #expect(
            values == [
                .value(15), .value(["a": 2]), .value("ä€😀\u{0}"), .value(.null),
                .value("1970-01-01T00:00:00.000Z"), .value("\u{fffd}"),
                .value("undefinedundefinedundefined"), .value("undefinedundefinedundefined"),
            ])
    }
}

@Test func `of however many scripts in a row, each has a context of its own`() async throws {
    try await withPool { pool in
        let leaving = """
            Array.prototype.left = Object.left = 1; delete globalThis.JSON;
            globalThis.parse = () => 1; return typeof [].left + typeof Object.left;
            """
        let looking = "return [typeof [].left, typeof Object.left, typeof parse, typeof JSON]"
        for _ in 0..<20 {
            let outcomes = try await run(pool, script(leaving)) + run(pool, script(looking))
            #expect(try ScriptEffect(outcomes[0].get()).result == "numbernumber")
            #expect(
                try ScriptEffect(outcomes[1].get()).result
                    == ["undefined", "undefined", "undefined", "object"])
        }
    }
}

@Test func `a script changes record and values and returns a value`() async throws {
    try await withPool { pool in
        let outcomes = try await run(
            pool, script("record.a += 1; values = {n: 2}; return 'done';"),
            bindings: JSONObject([("record", ["a": 1]), ("values", [:])]))
        let effect = ScriptEffect(try outcomes[0].get())
        #expect(effect.result == "done")
        #expect(effect.record == ["a": 2])
        #expect(effect.values == ["n": 2])
    }
}

@Test func `a fault is told with script, line and message`() async throws {
    try await withPool { pool in
        let outcomes = try await run(
            pool, script("let a = 1;\n\nnull.foo"), script("let b = ;"),
            expression("\nrecord.x"), script("throw 'plain'"), script("typo = 1"),
            script("return (async () => 1)()"), expression("10n"), expression("1"))
        let faults = outcomes.map { outcome -> ScriptFault? in
            if case .failed(let fault) = outcome { fault } else { nil }
        }
        #expect(faults[0]?.line == 3)
        #expect(faults[0]?.message.contains("TypeError") == true)
        #expect(faults[1]?.message.contains("SyntaxError") == true)
        #expect(faults[2]?.line == 2)
        #expect(faults[3] == ScriptFault(script: "s", message: "plain", line: 0))
        #expect(faults[4]?.message.contains("ReferenceError") == true)
        #expect(faults[5]?.message.contains("promise") == true)
        #expect(faults[6]?.message.contains("has no JSON") == true)
        #expect(faults[7] == nil)
    }
}

@Test func `nothing leaks from one job into the next`() async throws {
    try await withPool(hosts: 1) { pool in
        _ = try await run(
            pool,
            script("globalThis.leak = 1; Array.prototype.x = 2; JSON.stringify = () => 'no';"))
        let values = try await run(
            pool, expression("typeof leak"), expression("[].x === undefined"),
            expression("JSON.stringify([1])"))
        #expect(values == [.value("undefined"), .value(true), .value("[1]")])
    }
}

/// Source and the words that its error must have.
private let attacks: [(String, String)] = [
    ("while (true) {}", "time"),
    ("try { while (true) {} } catch (e) { while (true) {} } finally { while (true) {} }", "time"),
    ("(async () => { while (true) await 1 })()", "time"),
    ("const a = []; while (true) a.push(new Array(1000).fill(1))", "memory"),
    ("const f = () => 1 + f(); f()", "Maximum call stack"),
    ("let s = 'x'; while (true) s += s", "Out of memory"),
    ("return 'x'.repeat(20 << 20)", "larger than"),
    ("const a = {}; a.a = a; return a", "no JSON"),
    ("let a = []; for (let i = 0; i < 200; i++) a = [a]; return a", "no JSON"),
    ("return {toJSON() { while (true) {} }}", "time"),
    ("throw {get message() { while (true) {} }, toString() { while (true) {} }}", "time"),
    ("Array.from({length: 1e9}, () => 'x'.repeat(1000))", "memory"),
    ("throw new Error('boom')", "boom"),
]

@Test(arguments: attacks)
func `an attack costs its own script only`(source: String, words: String) async throws {
    // What is to end by its time ends soon; the others have more than they need on a busy
    // machine.
    var attack = ScriptJob(units: [script(source)])
    if words == "time" { attack.timeout = .milliseconds(500) }
    try await withPool(timeout: .seconds(30), memory: 128 << 20) { [attack] pool in
        async let attacked = pool.run(attack).outcomes
        let others = try await run(pool, expression("1 + 1"))
        #expect(others == [.value(2)])
        do {
            let outcome = try await attacked[0]
            guard case .failed(let fault) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(fault.message.contains(words), "\(fault)")
        } catch let error as ScriptError {
            let problem = error.problem
            #expect(problem.status == 422)
            #expect(
                problem.extra["limit"] == .string(words)
                    || problem.detail?.contains(words) == true, "\(problem)")
        }
        #expect(try await run(pool, expression("2 + 2")) == [.value(4)])
    }
}

@Test func `a catastrophic regular expression ends within its time`() async throws {
    try await withPool(hosts: 1, timeout: .seconds(30)) { pool in
        let clock = ContinuousClock()
        let start = clock.now
        let source = "const t = 'a'.repeat(28) + 'b'; while (true) /^(a|a|aa)+$/.test(t)"
        do {
            _ = try await pool.run(
                ScriptJob(units: [script(source)], timeout: .milliseconds(300)))
            Issue.record("it was not stopped")
        } catch let error as ScriptError {
            #expect(error.problem.code == "script-killed")
        }
        #expect(clock.now - start < .seconds(5))
        let after = try await run(pool, expression("1"))
        #expect(after == [.value(1)])
    }
}

@Test func `a host that was killed is replaced`() async throws {
    try await withPool(hosts: 1) { pool in
        _ = try await run(pool, expression("1"))
        let pid = try #require(await pool.idleHosts().first)
        kill(pid, SIGKILL)
        try await eventually("end of the host") { await pool.idleHosts().isEmpty }
        #expect(try await run(pool, expression("2")) == [.value(2)])
    }
}

@Test func `a host that dies at work is that script's error`() async throws {
    try await withPool(hosts: 1, timeout: .seconds(20)) { pool in
        _ = try await run(pool, expression("1"))
        let pid = try #require(await pool.idleHosts().first)
        async let working = run(pool, script("while (true) {}"))
        try await eventually("work") { processorTicks(pid) > 20 }
        kill(pid, SIGKILL)
        do {
            _ = try await working
            Issue.record("it was not stopped")
        } catch let error as ScriptError {
            // It may have been killed before the job reached it; then the next one runs until its
            // end.
            #expect(error.problem.code == "script-killed")
        }
        #expect(try await run(pool, expression("2")) == [.value(2)])
    }
}

@Test func `more jobs than may wait are refused`() async throws {
    try await withPool(hosts: 1, timeout: .seconds(30), queueLimit: 2, slowAfter: .seconds(90)) {
        pool in
        var refused = 0
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        _ = try await run(
                            pool, script("const e = Date.now() + 3000; while (Date.now() < e);"))
                        return nil
                    } catch {
                        return (error as? ScriptError)?.problem.status
                    }
                }
            }
            for await status in group where status == 503 { refused += 1 }
        }
        #expect(refused == 5)
    }
}

@Test func `hosts without work end, and start again with work`() async throws {
    let clock = ManualClock(start: Timestamp(milliseconds: 0))
    try await withPool(clock: clock) { pool in
        _ = try await run(pool, expression("1"))
        try await eventually("a sleeping sweeper") { clock.sleepers > 0 }
        clock.advance(by: .seconds(61))
        try await eventually("no hosts") { await pool.hostCount == 0 }
        #expect(try await run(pool, expression("3")) == [.value(3)])
    }
}

@Test func `a missing program is told as unavailable`() async throws {
    let pool = ScriptPool(
        settings: .init(executable: "/nowhere/script-host"), runtime: TestRuntime.make())
    do {
        _ = try await run(pool, expression("1"))
        Issue.record("it ran")
    } catch let error as ScriptError {
        #expect(error.problem.status == 503)
        #expect(error.isTransient)
    }
    await pool.close()
}

@Test func `links are told from other texts`() async throws {
    try await withPool { pool in
        let answer = try await pool.run(
            ScriptJob(
                units: [expression("link('a') + '!'"), expression("link('z')")],
                links: ["a": "http://x/e/1", "b": "http://x/e/2"]))
        #expect(answer.outcomes[0] == .value("http://x/e/1!"))
        #expect(answer.usedLinks == ["a"])
        guard case .failed = answer.outcomes[1] else {
            Issue.record("a link to nothing")
            return
        }
    }
}

/// What a process has used of the processor, in hundredths of a second.
private func processorTicks(_ pid: pid_t) -> Int {
    let stat = TestFile.text("/proc/\(pid)/stat") ?? ""
    let fields = stat.split(separator: " ")
    return fields.count > 13 ? Int(fields[13]) ?? 0 : 0
}

@Test func `scripts that hang again and again leave a host for the others`() async throws {
    try await withPool(hosts: 2, timeout: .seconds(30)) { pool in
        let attack = ScriptJob(units: [script("while (true) {}")], timeout: .seconds(3))
        _ = try? await pool.run(attack)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try? await pool.run(attack) } }
            try await eventually("suspects at work and in wait") {
                let suspects = await pool.suspectCounts
                return suspects.busy == 1 && suspects.waiting > 1
            }
            // One after another they take long; nobody else waits for them.
            for _ in 0..<5 {
                let outcomes = try await run(pool, expression("1"))
                #expect(outcomes == [.value(1)])
            }
            let suspects = await pool.suspectCounts
            #expect(suspects.waiting > 0)
            #expect(suspects.busy == 1)
            await pool.close()
            try await group.waitForAll()
        }
    }
}

@Test func `an event loop waits for a host, and is not held up by one that hangs`() async throws {
    let runtime = TestRuntime.make(clock: SystemClock())
    let loop = runtime.loops.next()
    try await withPool(timeout: .seconds(5)) { pool in
        try await withTaskExecutorPreference(loop) {
            for n in 1...50 {
                let values = try await run(pool, expression("\(n) + 1"))
                #expect(values == [.value(.number(JSONNumber(Int64(n + 1))))])
            }
            async let hung = run(pool, script("while (true) {}"))
            let start = ContinuousClock().now
            let values = try await run(pool, expression("2"))
            #expect(values == [.value(2)])
            #expect(ContinuousClock().now - start < .milliseconds(4500))
            do {
                _ = try await hung
                Issue.record("it was not stopped")
            } catch let error as ScriptError {
                #expect(error.problem.code == "script-killed")
            }
            // An answer that comes in pieces, and one that is larger than what a socket holds.
            let long = try await run(pool, script("return 'x'.repeat(3 << 20)"))
            #expect(try ScriptEffect(long[0].get()).result.string?.utf8.count == 3 << 20)
            let given = JSONObject([("record", .string(String(repeating: "y", count: 4 << 20)))])
            let sized = try await run(pool, expression("record.length"), bindings: given)
            #expect(sized == [.value(.number(JSONNumber(Int64(4 << 20))))])
        }
    }
}
