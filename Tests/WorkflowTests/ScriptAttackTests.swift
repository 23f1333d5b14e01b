import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// Scripts that do their worst, beside one that does its work.
@Suite struct ScriptAttackTests {
    /// Each ends as an error of its own script.
    static let attacks = [
        "throw new Error('no')",
        "for (;;);",
        "try { while (true); } catch { while (true); } finally { while (true); }",
        "(async () => { while (true) await 1 })()",
        "return new Promise(() => {})",
        "const a = []; while (true) a.push(new Array(1000).fill(1))",
        "const f = () => 1 + f(); f()",
        "const t = 'a'.repeat(28) + 'b'; while (true) /^(a|a|aa)+$/.test(t)",
        "const a = Array(1 << 20).fill('x'.repeat(1000)); return a.join().length + a.join('yy')",
        "let s = 'x'; while (true) s += s",
        "gt.log('x'.repeat(64 << 20))",
        "for (;;) try { gt.log('x') } catch {}",
        "for (;;) gt.records.get('ticket', 1)",
        "gt.records.create('ticket', {a: 'x'.repeat(5 << 20)})",
        "return 'x'.repeat(100 << 20)",
        "const deep = []; let d = deep; for (;;) { d[0] = []; d = d[0] }",
        "return {toJSON() { for (;;); }}",
        "throw {get message() { for (;;); }, toString() { for (;;); }}",
        "Object.defineProperty(Object.prototype, 'toJSON', {value() { for (;;); }}); return {}",
        "gt.log({toJSON() { for (;;); }})",
        "gt = null",
        "gt.records.get = null",
    ]

    private static let good = """
        let sum = 0;
        for (let i = 0; i < 1000; i++) sum += i;
        return sum + gt.records.get('ticket', parameters.n)
        """

    private static func script(_ source: String) -> ScriptJob.Unit {
        .init(name: "s", source: source, isScript: true)
    }

    @Test func `each attack ends as an error of its own, and the others do their work`()
        async throws
    {
        var settings = ScriptPool.Settings(executable: ChildProcess.product("script-host"))
        settings.limits = ScriptLimits(
            timeout: .seconds(30), memory: 160 << 20, calls: 200, callTime: .seconds(2))
        settings.hosts = 2
        let pool = ScriptPool(settings: settings, runtime: TestRuntime.make())
        @Sendable func answer(_ call: ScriptCall, _ time: Duration) async throws -> JSONValue {
            call.name == "records.get" ? call.arguments.last ?? .null : .null
        }
        let isOver = Shared(false)
        @Sendable func work(_ number: Int64) async throws -> Duration {
            let n = JSONValue.number(JSONNumber(number))
            let job = ScriptJob(
                units: [Self.script(Self.good)],
                bindings: JSONObject([("parameters", ["n": n])]))
            let start = ContinuousClock().now
            let outcome = try await pool.run(job, answering: answer).outcomes[0].get()
            #expect(outcome["result"]?.integer == 499_500 + number)
            return ContinuousClock().now - start
        }
        // One that is known.
        _ = try await work(0)
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            group.addTask {
                var times: [Duration] = []
                while !isOver.value { times.append(try await work(Int64(times.count))) }
                return times
            }
            await withTaskGroup(of: Void.self) { attackers in
                for source in Self.attacks {
                    attackers.addTask {
                        let job = ScriptJob(
                            units: [Self.script(source)], timeout: .milliseconds(700))
                        do {
                            let answered = try await pool.run(job, answering: answer)
                            guard case .failed = answered.outcomes[0] else {
                                Issue.record("it did its work: \(source)")
                                return
                            }
                        } catch {
                            let problem = (error as? ScriptError)?.problem
                            #expect(problem?.status == 422, "\(error) of \(source)")
                        }
                    }
                }
            }
            isOver.set(true)
            return try await group.next() ?? []
        }
        await pool.close()
        let sorted = times.sorted()
        print("beside attacks: \(sorted.count) scripts, p99 \(sorted[sorted.count * 99 / 100])")
        #expect(sorted.count > 10)
    }

    @Test func `whatever a script does to its objects, it forges nothing`() async throws {
        let settings = ScriptPool.Settings(executable: ChildProcess.product("script-host"))
        let pool = ScriptPool(settings: settings, runtime: TestRuntime.make())
        let seen = Shared<[String]>([])
        @Sendable func answer(_ call: ScriptCall, _ time: Duration) async throws -> JSONValue {
            seen.set(seen.value + ["\(call.name) \(JSONValue.array(call.arguments).text)"])
            if call.name == "records.find" { throw Problem.notFound("none") }
            return ["kept": true]
        }
        let game = """
            JSON.stringify = () => '"call":"mail.send"'; JSON.parse = () => 'forged';
            for (const name of ['error', 'value', 'call', 'unit', 'code', 'outcomes', 'killed', '0', '1'])
                Object.prototype[name] = 'forged';
            Array.prototype.push = Array.prototype.map = null; Array.prototype[1] = {message: 'f'};
            globalThis.Error = globalThis.Promise = globalThis.Object = null;
            const got = gt.records.get('"},"call":"mail.send","x":{"', '\\ud800');
            let code; try { gt.records.find('a') } catch (error) { code = error.code }
            return [got.kept, code];
            """
        let job = ScriptJob(units: [Self.script(game)])
        let outcome = try await pool.run(job, answering: answer).outcomes[0].get()
        #expect(outcome["result"] == [true, "not-found"])
        #expect(
            seen.value == [
                #"records.get ["\"},\"call\":\"mail.send\",\"x\":{\"","\#u{fffd}"]"#,
                #"records.find ["a"]"#,
            ])
        // A value's own `toJSON` makes arguments of anything, and never a call of another name.
        seen.set([])
        let other = "Array.prototype.toJSON = () => ({call: 'mail.send'}); gt.log(1); return 2"
        let answered = try await pool.run(
            ScriptJob(units: [Self.script(other)]), answering: answer)
        #expect(try answered.outcomes[0].get()["result"] == 2)
        #expect(seen.value == ["log []"])
        // Without a parent that answers, gt says so.
        let alone = try await pool.run(ScriptJob(units: [Self.script("gt.log(1)")]))
        guard case .failed(let fault) = alone.outcomes[0] else {
            Issue.record("it was answered")
            return
        }
        #expect(fault.message.contains("cannot be used here"))
        await pool.close()
    }

    @Test func `a call that takes long keeps its script's time, and an end of it`() async throws {
        var settings = ScriptPool.Settings(executable: ChildProcess.product("script-host"))
        settings.limits = ScriptLimits(
            timeout: .seconds(1), memory: 256 << 20, callTime: .milliseconds(2900))
        let pool = ScriptPool(settings: settings, runtime: TestRuntime.make())
        @Sendable func slow(_ call: ScriptCall, _ time: Duration) async throws -> JSONValue {
            try await SystemClock().sleep(for: .milliseconds(1500))
            return 1
        }
        let once = ScriptJob(units: [Self.script("return gt.records.get('a', 1)")])
        let outcome = try await pool.run(once, answering: slow).outcomes[0].get()
        #expect(outcome["result"] == 1)
        let often = ScriptJob(units: [Self.script("for (;;) gt.records.get('a', 1)")])
        do {
            _ = try await pool.run(often, answering: slow)
            Issue.record("it did not end")
        } catch let error as ScriptError {
            #expect(error.problem.extra["limit"] == "calls")
        }
        await pool.close()
    }
}

/// A value that several tasks look at.
private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func set(_ value: Value) { state.withLock { $0 = value } }
}
