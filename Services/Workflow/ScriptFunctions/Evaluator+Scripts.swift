import JSON
import RPC
import ServiceRuntime

/// What a script did.
struct ScriptRun: Sendable {
    var effect: ScriptEffect
    /// Lines of `gt.log`.
    var log: [String] = []
    /// Of a try: what would have been done, as `{"call", "arguments"}`.
    var tried: [JSONValue] = []
}

/// Scripts that may ask for something by `gt`. Those that act wait for answers that may need an
/// expression or a rule before a save: so they have hosts of their own.
extension Evaluator {
    /// Runs a script that may act. An error has the values that the script saw; where the script
    /// failed because somebody could not be reached, that is the error.
    func run(
        _ script: ScriptDefinition, bindings: JSONObject, as context: CallContext
    ) async throws -> ScriptRun {
        let session = ScriptSession(
            platform: platform, mode: .acts, context: context, owners: [script.owner])
        return try await run(script, bindings: bindings, session: session)
    }

    func run(
        _ script: ScriptDefinition, bindings: JSONObject, session: ScriptSession
    ) async throws -> ScriptRun {
        let job = ScriptJob(units: [script.unit], bindings: bindings, timeout: script.timeout)
        do {
            let answer = try await acting.run(job) { try await session.answer($0, within: $1) }
            guard let outcome = answer.outcomes.first else {
                throw ScriptError.unavailable("the answer does not fit the job")
            }
            return ScriptRun(
                effect: ScriptEffect(try outcome.get()), log: await session.log,
                tried: await session.tried)
        } catch ScriptError.failed(var fault) {
            if let problem = await session.unavailable { throw problem }
            fault.values = ScriptValues.summary(bindings)
            throw ScriptError.failed(fault)
        }
    }

    /// Runs a job whose scripts may read: before a save, and on a mail.
    func reading(_ job: ScriptJob, as context: CallContext) async throws -> ScriptAnswer {
        guard job.units.contains(where: { $0.owner != nil }) else { return try await pool.run(job) }
        let session = ScriptSession(
            platform: platform, mode: .reads, context: context, owners: job.units.map(\.owner))
        return try await pool.run(job) { try await session.answer($0, within: $1) }
    }
}

/// What a script saw, in short, for whoever mends it.
enum ScriptValues {
    static let names = ["record", "parameters", "values"]
    /// Of a text, an array, an object; and how deep.
    static let textLimit = 100
    static let elementLimit = 5
    static let memberLimit = 30
    static let depthLimit = 3
    /// The JSON of all together; beyond it the largest are left out.
    static let sizeLimit = 8 << 10

    static func summary(_ bindings: JSONObject) -> JSONValue {
        var summary = JSONObject()
        var size = 0
        for name in names {
            guard let value = bindings[name], !value.isNull else { continue }
            let short = shortened(value, depth: 0)
            size += short.bytes.count
            summary[name] = size <= sizeLimit ? short : "…"
        }
        return .object(summary)
    }

    private static func shortened(_ value: JSONValue, depth: Int) -> JSONValue {
        switch value {
        case .null, .boolean, .number: return value
        case .string(let text):
            let start = text.unicodeScalars.prefix(textLimit)
            return start.endIndex < text.unicodeScalars.endIndex
                ? .string(String(start) + "…") : value
        case .array(let elements):
            guard depth < depthLimit else { return "…" }
            let few = elements.prefix(elementLimit).map { shortened($0, depth: depth + 1) }
            return .array(elements.count > few.count ? few + ["…"] : few)
        case .object(let object):
            guard depth < depthLimit else { return "…" }
            let few = object.members.prefix(memberLimit).map {
                ($0.key, shortened($0.value, depth: depth + 1))
            }
            return .object(JSONObject(few))
        }
    }
}
