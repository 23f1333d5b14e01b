import Database
import ServiceRuntime

/// Sends what is queued: one call for one item of the queue.
struct Sender: Sendable {
    let database: Database
    let store: MailStore
    let transport: any Transport
    let configuration: MailConfiguration.Outgoing
    let runtime: Runtime
    let metrics: MailMetrics
    /// The wait after the n-th attempt.
    let backoff: @Sendable (Int) -> Duration

    func send(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let id = Int64(String(decoding: item.payload, as: UTF8.self)) else {
            return .bury("the item names no mail")
        }
        let found = try await database.read { [store] connection in
            (try store.delivery(connection, id), try store.isSending(connection, id))
        }
        if found.1 {
            // The item is ours, so nobody is sending: the answer of an earlier attempt could not be
            // written.
            let (resend, now) = (configuration.resendsUncertain, runtime.clock.now())
            try await database.write { [store] in
                try store.settleInterrupted($0, only: id, resend: resend, now: now)
            }
            return .retryAt(now, "an earlier attempt was interrupted")
        }
        guard let delivery = found.0 else { return .done() }
        let attempt = AttemptBox()
        let verdicts = await transport.deliver(delivery) { [database, store, runtime] positions in
            let recipients = positions.map { delivery.recipients[$0].id }
            let (server, now) = (transport.server, runtime.clock.now())
            let number = try await database.write {
                try store.beginFinalDot(
                    $0, mail: id, recipients: recipients, server: server, now: now)
            }
            await attempt.add(number)
        }
        return try await settle(delivery, verdicts, attempts: await attempt.numbers)
    }

    /// Writes what came of an attempt; answers what to do with the item.
    private func settle(
        _ delivery: Delivery, _ verdicts: [SMTPDialogue.Verdict], attempts: [Int64]
    ) async throws -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        let isExpired = now >= delivery.expires
        let server = transport.server
        let outcomes = zip(delivery.recipients, verdicts).map { recipient, verdict in
            (recipient, judge(verdict, isExpired: isExpired))
        }
        let summary = Sender.summary(outcomes.map(\.1))
        let isPending = try await database.write { [store] connection in
            for (recipient, outcome) in outcomes {
                try store.settleIfOurs(connection, recipient: recipient.id, outcome)
            }
            if attempts.isEmpty {
                try store.addAttempt(
                    connection, mail: delivery.mail, server: server, outcome: summary.outcome,
                    reply: summary.reply, now: now)
            }
            for attempt in attempts {
                try store.endAttempt(
                    connection, attempt, outcome: summary.outcome, reply: summary.reply)
            }
            try store.summarize(connection, delivery.mail)
            return try store.delivery(connection, delivery.mail) != nil
        }
        for (_, outcome) in outcomes { metrics.count(outcome.state) }
        if summary.outcome != "sent" {
            runtime.log.warning(
                "a mail was not sent to all",
                [
                    "mail": .integer(Int(delivery.mail)), "server": .string(server),
                    "outcome": .string(summary.outcome), "reply": .string(summary.reply),
                ])
        }
        guard isPending else { return .done() }
        let tries = (delivery.recipients.map(\.attempts).max() ?? 0) + 1
        return .retryAt(now.advanced(by: backoff(tries)), summary.reply)
    }

    /// A recipient's new state.
    struct Outcome: Sendable {
        var state: DeliveryState
        var code: Int
        var reply: String
        /// Nobody knows, whatever is done about it.
        var isUncertain = false
    }

    private func judge(_ verdict: SMTPDialogue.Verdict, isExpired: Bool) -> Outcome {
        switch verdict {
        case .sent(let reply): Outcome(state: .sent, code: reply.code, reply: reply.text)
        case .failed(let reply): Outcome(state: .failed, code: reply.code, reply: reply.text)
        case .deferred(let reply) where isExpired:
            Outcome(
                state: .failed, code: reply.code, reply: "not sent in time; last: \(reply.text)")
        case .deferred(let reply):
            Outcome(state: .deferred, code: reply.code, reply: reply.text)
        case .uncertain(let reason):
            Outcome(
                state: configuration.resendsUncertain ? .deferred : .uncertain, code: 0,
                reply: reason, isUncertain: true)
        }
    }

    /// For the attempt: the outcome that most needs to be seen, with its words.
    private static func summary(_ outcomes: [Outcome]) -> (outcome: String, reply: String) {
        let order: [DeliveryState] = [.uncertain, .failed, .deferred, .sent]
        for state in order {
            let isOfState = { (outcome: Outcome) in
                outcome.isUncertain ? state == .uncertain : outcome.state == state
            }
            if let found = outcomes.first(where: isOfState) {
                return (
                    state.rawValue, found.code == 0 ? found.reply : "\(found.code) \(found.reply)"
                )
            }
        }
        return ("sent", "")
    }
}

extension MailStore {
    fileprivate func isSending(_ connection: Connection, _ mail: Int64) throws -> Bool {
        try connection.count(
            "select count(*) from recipient where mail = ? and state = 'sending'", [.integer(mail)])
            > 0
    }

    /// A person may have held the recipient meanwhile; then that stands, unless the server has the
    /// mail.
    fileprivate func settleIfOurs(
        _ connection: Connection, recipient: Int64, _ outcome: Sender.Outcome
    ) throws {
        let state = try connection.first(
            "select state from recipient where id = ?", [.integer(recipient)]
        ) { $0.text(0) }
        if state == "held", outcome.state != .sent, outcome.state != .uncertain { return }
        try settle(
            connection, recipient: recipient, state: outcome.state, code: outcome.code,
            reply: outcome.reply)
    }
}

/// The attempts of one delivery: more than one where it has many recipients.
private actor AttemptBox {
    private(set) var numbers: [Int64] = []
    func add(_ number: Int64) { numbers.append(number) }
}
