import Database
import ServiceRuntime

/// Sends what is queued: one call for one item of the queue.
struct Sender: Sendable {
    let database: Database
    let store: MailStore
    /// Nil where the mail's account is not configured any more.
    let transport: @Sendable (_ mail: Int64) async throws -> (any Transport)?
    /// Whether the uncertain is sent again.
    let resendsUncertain: Bool
    /// Where everything goes outside production.
    let redirect: String?
    let runtime: Runtime
    let metrics: MailMetrics
    /// The wait after the n-th attempt.
    let backoff: @Sendable (Int) -> Duration

    func send(_ item: DurableQueue.Item) async throws -> QueueWorker.Outcome {
        guard let id = Int64(String(decoding: item.payload, as: UTF8.self)) else {
            return .bury("the item names no mail")
        }
        let (delivery, isSending) = try await database.pointRead { connection in
            (
                try store.delivery(connection, id, redirect: redirect, from: database),
                try store.isSending(connection, id)
            )
        }
        if isSending { return try await settleInterrupted(id) }
        try await follow(id)
        guard let delivery else { return .done() }
        guard let transport = try await transport(id) else {
            let reply = SMTPReply(code: 0, text: Sender.noAccount)
            let verdicts = delivery.targets.map { _ in SMTPDialogue.Verdict.deferred(reply) }
            return settled(delivery, verdicts, attempts: [], server: "")
        }
        let attempts = AttemptBox()
        let verdicts = await transport.deliver(delivery) { [database, store, runtime] targets in
            let recipients = targets.flatMap {
                delivery.recipients(ofTarget: $0).map { delivery.recipients[$0].id }
            }
            let now = runtime.clock.now()
            let number = try await database.write {
                try store.beginFinalDot(
                    $0, mail: id, recipients: recipients, server: transport.server, now: now)
            }
            await attempts.add(number)
        }
        return settled(
            delivery, verdicts, attempts: await attempts.numbers, server: transport.server)
    }

    /// In the trace of what caused the mail.
    private func follow(_ id: Int64) async throws {
        guard runtime.tracer.isOn else { return }
        let root = try await database.pointRead { connection in
            try connection.first("select cause_root from mail where id = ?", [.integer(id)]) {
                $0.text(0)
            }
        }
        if let root { Tracer.follow(TraceContext(following: root)) }
    }

    static let noAccount =
        "the account that this mail leaves by is not configured; put it back into MAIL_ACCOUNTS"

    /// The item is ours, so nobody is sending: the answer of an earlier attempt could not be
    /// written.
    private func settleInterrupted(_ id: Int64) async throws -> QueueWorker.Outcome {
        let (resend, now) = (resendsUncertain, runtime.clock.now())
        try await database.write { [store] in
            try store.settleInterrupted($0, only: id, resends: { _ in resend }, now: now)
        }
        return .retryAt(now, "an earlier attempt was interrupted")
    }

    /// What came of an attempt, written in the transaction that settles the item.
    private func settled(
        _ delivery: Delivery, _ verdicts: [SMTPDialogue.Verdict], attempts: [Int64], server: String
    ) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        let isExpired = now >= delivery.expires
        var outcomes: [(recipient: Delivery.Recipient, outcome: Outcome)] = []
        for (target, verdict) in verdicts.enumerated() {
            let outcome = judge(verdict, isExpired: isExpired)
            outcomes += delivery.recipients(ofTarget: target).map {
                (delivery.recipients[$0], outcome)
            }
        }
        let all = outcomes
        let summary = Sender.summary(all.map(\.outcome))
        let tries = (delivery.recipients.map(\.attempts).max() ?? 0) + 1
        let due = now.advanced(by: backoff(tries))
        let effect: @Sendable (Connection) throws -> Timestamp? = { [store] connection in
            for (recipient, outcome) in all {
                try store.settle(
                    connection, recipient: recipient.id, state: outcome.state, code: outcome.code,
                    reply: outcome.reply, redirected: delivery.redirect)
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
            let waiting = try connection.count(
                """
                select count(*) from recipient
                where mail = ? and state in ('queued', 'deferred')
                """, [.integer(delivery.mail)])
            return waiting > 0 ? due : nil
        }
        return .decide(effect) { tell(delivery.mail, all.map(\.outcome), summary, server) }
    }

    /// After the commit.
    private func tell(
        _ mail: Int64, _ outcomes: [Outcome], _ summary: (outcome: String, reply: String),
        _ server: String
    ) {
        for outcome in outcomes { metrics.count(outcome.state) }
        guard summary.outcome != "sent" else { return }
        runtime.log.warning(
            "a mail was not sent to all",
            [
                "mail": .integer(Int(mail)), "server": .string(server),
                "outcome": .string(summary.outcome), "reply": .string(summary.reply),
            ])
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
                state: resendsUncertain ? .deferred : .uncertain, code: 0, reply: reason,
                isUncertain: true)
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
                let words = found.code == 0 ? found.reply : "\(found.code) \(found.reply)"
                return (state.rawValue, words)
            }
        }
        return ("sent", "")
    }
}

/// The attempts of one delivery: more than one where it has many recipients.
private actor AttemptBox {
    private(set) var numbers: [Int64] = []
    func add(_ number: Int64) { numbers.append(number) }
}
