import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Makes a record of a mail that is in the ledger: parse, map, create. Nothing here touches the
/// source.
struct IntakeProcessor: Sendable {
    let database: Database
    let store: IntakeStore
    let definitions: Definitions
    let peers: Peers
    let runtime: Runtime
    let metrics: MailMetrics
    /// Parsing and iconv run here.
    let parser: ThreadExecutor
    let limits: MIMELimits
    /// Told after each entry that was tried.
    let pulse: Pulse

    /// An error that no peer's answer explains is tried this often; then the mail is quarantined.
    static let attemptLimit = 10

    enum Result: Sendable {
        /// `isReply`: the record was there, and the mail answers one about it.
        case done(record: String, isReply: Bool)
        case skipped(Problem, record: String?)
        case quarantined(Problem)
        /// A peer is down.
        case later(Problem)
    }

    /// For the queue's worker.
    func handle(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        defer { pulse.fire() }
        guard let id = Int64(String(decoding: item.payload, as: UTF8.self)) else {
            return .bury("the item names no entry")
        }
        let found = try await database.read { [store] connection in
            try store.entry(connection, id: id).map { ($0, try store.raw(connection, $0)) }
        }
        guard let (entry, raw) = found, entry.state == .staged, let raw else { return .done() }
        var result = await run(entry, raw, isReplay: false)
        if case .later(let problem) = result, problem.status == 500,
            entry.attempts + 1 >= IntakeProcessor.attemptLimit
        {
            result = .quarantined(
                IntakeProblem.gaveUp(problem, attempts: IntakeProcessor.attemptLimit))
        }
        log(entry, result)
        if case .later(let problem) = result {
            try await database.write { [store] in
                try store.postpone($0, entry.id, problem: problem)
            }
            return .retry(problem.detail ?? problem.title)
        }
        // Kept before the item is done, so that who waits for the pulse finds it kept; an item that
        // comes again finds the entry settled.
        let settled = result
        try await database.write { [store] in try store.keep($0, entry, settled) }
        return .done()
    }

    /// Runs a stored mail through the mapping again, now; answers what came of it.
    func replay(_ entry: IntakeEntry, _ raw: [UInt8]) async throws {
        let result = await run(entry, raw, isReplay: true)
        if case .later(let problem) = result { throw problem }
        log(entry, result)
        try await database.write { [store] connection in
            try store.keep(connection, entry, result)
            try store.queue.cancel(connection, key: IntakeStore.queueKey(entry.id))
        }
    }

    private func run(_ entry: IntakeEntry, _ raw: [UInt8], isReplay: Bool) async -> Result {
        do {
            let mailbox = try definitions.mailbox("\(entry.mailbox)", for: .system)
            let message = try await parser.run { [limits] in Message(parsing: raw, limits: limits) }
            guard message.isMail else { return .quarantined(IntakeProblem.unreadable) }
            if let reason = message.automatic, mailbox.automatic == .skip, !isReplay {
                return .skipped(IntakeProblem.automatic(reason), record: nil)
            }
            let (origin, loop) = try await origin(of: message, entry)
            let context = context(entry, cause: origin.cause(of: entry))
            // A person who replays it has looked at it.
            if let loop, !isReplay { return .quarantined(loop) }
            let bindings = MailBindings.value(
                message, received: entry.received.text, record: origin.record)
            if let reply = mailbox.onReply, let record = origin.record, !origin.isOurs,
                mailbox.isAbout(record)
            {
                if let reason = message.automatic, !isReplay {
                    return .skipped(IntakeProblem.automatic(reason, about: record), record: record)
                }
                let isTaken = try await ReplyTaker(peers: peers, database: database, store: store)
                    .take(
                        message, entry, mailbox, reply, record: record, bindings, context)
                if isTaken { return .done(record: record, isReply: true) }
            }
            let record = try await create(entry, mailbox, message, bindings, context)
            return .done(record: record, isReply: false)
        } catch let problem as Problem {
            return IntakeProcessor.isPassing(problem) ? .later(problem) : .quarantined(problem)
        } catch {
            return .later(Problem(error))
        }
    }

    /// Maps and creates. The key makes it one record, however often this is done. Attachments that
    /// the record is to list are with Records before it is.
    private func create(
        _ entry: IntakeEntry, _ mailbox: MailboxDefinition, _ message: Message,
        _ bindings: JSONValue, _ context: CallContext
    ) async throws -> String {
        let evaluated = try await peers["workflow"].call(
            Evaluate(
                model: mailbox.code.model, bindings: ["mail": bindings],
                expressions: .object(mailbox.map), script: mailbox.script), as: context)
        let values = try await IntakeFiles(message.attachments).staged(
            in: evaluated.values, by: peers, context)
        var context = context
        context.idempotencyKey = "mailbox:\(entry.mailbox)/\(entry.number)"
        let answer = try await peers["records"].call(
            CreateRecord(mailbox.type, body: JSONBytes(values.bytes)), as: context)
        guard let id = try? JSONValue(parsing: answer.bytes)["id"]?.integer else {
            throw Problem.internalError
        }
        return "\(mailbox.type)/\(id)"
    }

    private func context(_ entry: IntakeEntry, cause: Cause) -> CallContext {
        CallContext(
            principal: Principal(account: "mailbox:\(entry.mailbox.code)", isSystem: true),
            door: .mail, cause: cause, trace: TraceContext(following: cause.root))
    }

    /// Where it comes from, and the loop that it would go on.
    private func origin(
        of message: Message, _ entry: IntakeEntry
    ) async throws -> (MailOrigin, Problem?) {
        let origin = try await database.read { try MailOrigin(message, entry, $0) }
        guard origin.joined != nil else { return (origin, nil) }
        return (origin, try await database.write { try origin.join(entry, $0) })
    }

    /// What a later try may find otherwise: a peer that is down or overloaded, or an error of ours.
    private static func isPassing(_ problem: Problem) -> Bool {
        problem.status >= 500 || [401, 408, 429].contains(problem.status)
    }

    private func log(_ entry: IntakeEntry, _ result: Result) {
        let mailbox = Log.Value.string("\(entry.mailbox)")
        let number = Log.Value.integer(Int(entry.number))
        switch result {
        case .done: metrics.created.increment()
        case .skipped: metrics.skipped.increment()
        case .quarantined(let problem):
            metrics.quarantined.increment()
            runtime.log.warning(
                "a mail is quarantined",
                ["mailbox": mailbox, "number": number, "problem": .string(problem.code)])
        case .later(let problem):
            runtime.log.warning(
                "a mail waits",
                ["mailbox": mailbox, "number": number, "problem": .string(problem.code)])
        }
    }
}

extension IntakeStore {
    /// Writes the end of an entry's way.
    fileprivate func keep(
        _ connection: Connection, _ entry: IntakeEntry, _ result: IntakeProcessor.Result
    ) throws {
        switch result {
        case .done(let record, let isReply):
            try settle(
                connection, entry.id, state: .done, record: record, isReply: isReply, problem: nil)
        case .skipped(let problem, let record):
            try settle(connection, entry.id, state: .skipped, record: record, problem: problem)
        case .quarantined(let problem):
            try settle(connection, entry.id, state: .quarantined, record: nil, problem: problem)
        case .later: break
        }
    }
}

extension Message {
    /// Whether the bytes are a mail at all: one of the fields that every mail has some of.
    var isMail: Bool {
        let fields = ["from", "date", "subject", "to", "message-id", "received", "sender"]
        return header.fields.contains { fields.contains($0.name) }
    }
}
