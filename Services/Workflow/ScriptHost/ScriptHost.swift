import CJavaScriptCore
import Glibc

/// The loop of the process: one job after another, each in a context of its own.
enum ScriptHost {
    static func serve(_ channel: FrameChannel) -> Never {
        limitProcess()
        let engine = ScriptEngine(channel)
        engine.prepare()
        // Says that the engine stands, so that its start never counts as a script's time.
        guard channel.write(Array("{}".utf8)) else { exit(0) }
        while let frame = channel.read() {
            let answer = engine.answer(to: frame)
            guard channel.write(answer), !engine.isSpent else { break }
            while !engine.isPrepared, !channel.hasMore { engine.prepare() }
        }
        exit(0)
    }

    /// Nothing here writes files, dumps core or opens anything.
    private static func limitProcess() {
        for (resource, most) in [(RLIMIT_CORE, 0), (RLIMIT_FSIZE, 0), (RLIMIT_NOFILE, 32)] {
            var limit = rlimit(rlim_cur: rlim_t(most), rlim_max: rlim_t(most))
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }
    }
}

/// One virtual machine. Contexts in it share compiled code by source text and nothing that a
/// script can reach.
final class ScriptEngine {
    private let group: JSContextGroupRef
    private let watchdog: Watchdog
    private let calls: CallLine
    /// Made while nobody waits, for the next jobs.
    private var ready: [JSGlobalContextRef] = []
    /// An instance's scripts come one right after another.
    private static let readyLimit = 4
    /// A script was stopped in the middle: what it left behind (pending promises) must not run in
    /// the next job, so the process answers and ends, and the parent starts another.
    var isSpent: Bool { watchdog.verdict != nil }

    init(_ channel: FrameChannel) {
        group = JSContextGroupCreate()
        watchdog = Watchdog(group: group)
        calls = CallLine(channel, watchdog)
    }

    var isPrepared: Bool { ready.count >= ScriptEngine.readyLimit }

    /// Makes a context ahead; it costs more than a short job.
    func prepare() {
        guard !isPrepared, let context = JSGlobalContextCreateInGroup(group, nil) else { return }
        let realm = Realm(context)
        realm.coverHostObjects()
        calls.bind(into: realm)
        ready.append(context)
    }

    /// Runs a frame; every way to fail is an answer.
    func answer(to frame: [UInt8]) -> [UInt8] {
        guard let context = takeContext() else {
            return Answer.refused("no context can be made")
        }
        defer { JSGlobalContextRelease(context) }
        let realm = Realm(context)
        guard let job = Job(frame, in: realm) else {
            return Answer.refused("the frame is no job")
        }
        watchdog.start(milliseconds: job.timeout, memory: job.memory)
        calls.begin(job)
        defer {
            watchdog.stop()
            calls.end(in: realm)
            job.release(in: realm)
        }
        switch job.work {
        case .compile: return compile(job, in: realm)
        case .evaluate: return evaluate(job, in: realm)
        case .rules: return runRules(job, in: realm)
        case .chain: return runChain(job, frame, in: realm)
        }
    }

    private func takeContext() -> JSGlobalContextRef? {
        if ready.isEmpty { prepare() }
        return ready.popLast()
    }

    /// Scripts one after another, each over the values that the one before it left and nothing else
    /// of it.
    private func runChain(_ job: Job, _ frame: [UInt8], in first: Realm) -> [UInt8] {
        var answer = Answer()
        var values: String?
        for (index, unit) in job.units.enumerated() where watchdog.verdict == nil {
            calls.unit = index
            guard index > 0 else {
                values = add(outcome(of: unit, job: job, in: first), unit, in: first, to: &answer)
                continue
            }
            guard let left = values, let context = takeContext() else {
                answer.add(.failure(Fault(unit, "it was not its turn")))
                continue
            }
            defer { JSGlobalContextRelease(context) }
            let realm = Realm(context)
            guard let own = Job(frame, in: realm), let value = realm.parse(Array(left.utf8)) else {
                return Answer.refused("the frame is no job")
            }
            realm.bind("values", value)
            JSValueUnprotect(context, value)
            values = add(outcome(of: unit, job: own, in: realm), unit, in: realm, to: &answer)
            calls.end(in: realm)
            own.release(in: realm)
        }
        if let verdict = watchdog.verdict { return Answer.killed(verdict) }
        return answer.bytes(links: nil)
    }

    /// Answers the values that the next one sees; nil where the unit failed.
    private func add(
        _ outcome: Outcome, _ unit: Unit, in realm: Realm, to answer: inout Answer
    ) -> String? {
        answer.add(outcome)
        guard case .json(let text) = outcome else { return nil }
        guard let name = unit.result, let root = realm.parse(Array(text.utf8)) else {
            return realm.global("values").flatMap { realm.json($0) }
        }
        defer { JSValueUnprotect(realm.context, root) }
        guard let values = realm.member(root, "values"),
            realm.set(realm.member(root, "result"), at: [name], of: values)
        else { return nil }
        return realm.json(values)
    }

    private func compile(_ job: Job, in realm: Realm) -> [UInt8] {
        var answer = Answer()
        for unit in job.units {
            let fault = unit.isScript ? realm.checkScript(unit) : realm.checkExpression(unit)
            answer.add(fault.map(Outcome.failure) ?? .json("null"))
        }
        return answer.bytes(links: nil)
    }

    private func evaluate(_ job: Job, in realm: Realm) -> [UInt8] {
        var answer = Answer()
        for (index, unit) in job.units.enumerated() where watchdog.verdict == nil {
            calls.unit = index
            answer.add(outcome(of: unit, job: job, in: realm))
        }
        if let verdict = watchdog.verdict {
            return Answer.killed(verdict)
        }
        return answer.bytes(links: job.usedLinks.flatMap { realm.json($0) })
    }

    private func runRules(_ job: Job, in realm: Realm) -> [UInt8] {
        var answer = Answer()
        let run = RuleRun(job, in: realm, calls: calls)
        defer { run.release() }
        for item in run.items where watchdog.verdict == nil {
            answer.add(run.outcome(of: item))
        }
        if let verdict = watchdog.verdict { return Answer.killed(verdict) }
        return answer.bytes(links: nil)
    }

    private func outcome(of unit: Unit, job: Job, in realm: Realm) -> Outcome {
        if unit.isScript, let record = job.record { realm.bind("record", record) }
        switch unit.isScript ? realm.run(unit) : realm.evaluate(unit) {
        case .failure(let fault): return .failure(fault)
        case .success(let value):
            if realm.isPromise(value) {
                return .failure(Fault(unit, "a script returns a value, not a promise"))
            }
            if let path = unit.path, !realm.set(value, at: path, of: job.record) {
                return .failure(Fault(unit, "its place in the record does not exist"))
            }
            return encode(value, of: unit, in: realm)
        }
    }

    /// The value; for a script also `record` and `values` as it left them, and the file that it
    /// returned.
    private func encode(_ value: JSValueRef?, of unit: Unit, in realm: Realm) -> Outcome {
        var parts: [String] = []
        let file = unit.isScript ? calls.file(value, in: realm) : nil
        let readBack = unit.isScript ? [realm.global("record"), realm.global("values")] : []
        for part in [value] + readBack {
            switch realm.encode(part) {
            case .success(let text): parts.append(text)
            case .failure(let reason): return .failure(Fault(unit, reason.text))
            }
        }
        guard unit.isScript else { return .json(parts[0]) }
        let tail = file.map { #","file":\#($0)"# } ?? ""
        return .json(
            #"{"result":\#(parts[0]),"record":\#(parts[1]),"values":\#(parts[2])\#(tail)}"#)
    }
}
