import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Answers what the scripts of one job ask by `gt`. A call has the rights of the script's `runAs`,
/// or else of who calls, or else of the account at the root of the cause. What acts carries a key
/// made of the job's own and of how many acting calls there were before it: a script that is run
/// again and makes the same calls does each once.
actor ScriptSession {
    enum Mode: Sendable {
        /// Before a save and on a mail.
        case reads
        case acts
        /// What would act is noted and not done.
        case tries
    }

    /// Lines of `gt.log` that one job writes; more are dropped.
    static let logLimit = 100
    /// Characters of a line.
    static let lineLimit = 2000

    let platform: ScriptPlatform
    let mode: Mode
    private let context: CallContext
    /// By unit of the job.
    private let owners: [ScriptOwner?]
    private var acted = 0
    private var principals: [String: Principal] = [:]
    /// What was logged, and, of a try, what would have been done.
    private(set) var log: [String] = []
    private(set) var tried: [JSONValue] = []
    private var triedBytes = 0
    /// Of the calls that a try notes.
    static let triedByteLimit = 4 << 20
    /// That whoever the last call was for could not be reached. A script that fails with that is
    /// not to blame.
    private(set) var unavailable: Problem?

    init(
        platform: ScriptPlatform, mode: Mode, context: CallContext, owners: [ScriptOwner?]
    ) {
        self.platform = platform
        self.mode = mode
        self.context = context
        self.owners = owners
    }

    /// Answers a call within `time`.
    func answer(_ call: ScriptCall, within time: Duration) async throws -> JSONValue {
        guard owners.indices.contains(call.unit), let owner = owners[call.unit] else {
            throw Problem.forbidden("gt.\(call.name) cannot be used in an expression here.")
        }
        let arguments = ScriptArguments(
            function: call.name, owner: owner, values: call.arguments)
        if call.name == "log" { return write(arguments, owner) }
        guard let function = ScriptFunction.all[call.name] else {
            throw Problem.notFound("There is no gt.\(call.name).")
        }
        unavailable = nil
        do {
            return try await run(function, arguments, call, within: time)
        } catch {
            if case .unavailable(let problem) = Failure(error) { unavailable = problem }
            throw error
        }
    }

    private func run(
        _ function: ScriptFunction, _ arguments: ScriptArguments, _ call: ScriptCall,
        within time: Duration
    ) async throws -> JSONValue {
        let owner = arguments.owner
        var context = try await self.context(of: owner)
        context.timeout = min(time, context.timeout ?? time)
        if function.acts {
            guard mode != .reads else {
                throw Problem.forbidden(
                    "gt.\(call.name) acts, and before a save or on a mail a script may only read."
                        + " Use a rule after the change, or a workflow.")
            }
            acted += 1
            context.idempotencyKey = self.context.idempotencyKey.map { "\($0)#\(acted)" }
            if mode == .tries {
                triedBytes += call.arguments.reduce(0) { $0 + $1.bytes.count }
                guard triedBytes <= ScriptSession.triedByteLimit else {
                    throw Problem.stepFailed(
                        "a try notes at most \(ScriptSession.triedByteLimit) bytes of calls")
                }
                tried.append(["call": .string(call.name), "arguments": .array(call.arguments)])
                return function.triedAnswer
            }
        } else {
            context.idempotencyKey = nil
        }
        return try await retried { [platform, context] in
            try await function.run(arguments, platform, context)
        }
    }

    // MARK: Rights

    private func context(of owner: ScriptOwner) async throws -> CallContext {
        let via = "script:\(owner.model).\(owner.name)"
        let cause = context.cause.next(via)
        guard cause.depth <= Cause.depthLimit else {
            throw Problem.loop("The chain of causes is longer than \(Cause.depthLimit).")
        }
        return CallContext(
            principal: try await principal(of: owner),
            // Who only tries comes by no other door than by which he came.
            door: mode == .tries ? context.door : .script, cause: cause,
            trace: context.trace, timeout: context.timeout)
    }

    private func principal(of owner: ScriptOwner) async throws -> Principal {
        if owner.runAs == nil, !context.principal.isSystem { return context.principal }
        guard let account = owner.runAs ?? context.cause.account else {
            throw Problem.forbidden(
                "Nobody's account caused this, so that gt has no rights: say in “runAs” of"
                    + " “\(owner.name)” with whose it acts.")
        }
        if let known = principals[account] { return known }
        let directory = platform.directory
        let known = try await retried { [context] in
            // Who calls may know of changes that are not here yet.
            try await directory.check(context.principal)
            return try await directory.principal(of: account)
        }
        guard let principal = known else {
            throw Problem.forbidden(
                "The account “\(account)”, with whose rights “\(owner.name)” would act, is"
                    + " unknown, locked or switched off.")
        }
        principals[account] = principal
        return principal
    }

    // MARK: Calls

    /// Records, and we too, may stand at an older directory for a moment; then nothing is done.
    private func retried<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        for wait in [50, 200, 1000] {
            do {
                return try await body()
            } catch let problem as Problem where problem.code == "directory-behind" {
                try await SystemClock().sleep(for: .milliseconds(wait))
            }
        }
        return try await body()
    }

    private func write(_ arguments: ScriptArguments, _ owner: ScriptOwner) -> JSONValue {
        guard log.count < ScriptSession.logLimit else { return .null }
        let words = arguments.values.map { $0.string ?? $0.text }.joined(separator: " ")
        let line = String(words.unicodeScalars.prefix(ScriptSession.lineLimit))
        log.append(line)
        if mode != .tries {
            platform.log.info(
                "a script says", trace: context.trace,
                ["script": .string("\(owner.model).\(owner.name)"), "text": .string(line)])
        }
        return .null
    }
}
