import Contracts
import JSON
import ServiceRuntime

/// Work that is done by the clock, by the dates of records, or when a person says so.
struct JobDefinition: Sendable {
    /// What becomes of an occurrence while a run before it goes on.
    enum Overlap: String, Sendable, CaseIterable { case skip, queue, allow }

    /// What becomes of occurrences that came while the service was away.
    enum Missed: String, Sendable, CaseIterable { case once, all, skip }

    enum Trigger: Sendable {
        case byHand
        case schedule(CronSchedule, TimeZone)
        case dates(DateTrigger)
    }

    /// The steps of the job, or those of one level of an escalation.
    struct Level: Sendable {
        /// From the date of the record; zero where there is none.
        var offset = Duration.zero
        var steps: [JobStep]
    }

    var model: String
    var code: String
    var name: [String: String]
    var trigger: Trigger
    var overlap: Overlap
    var missed: Missed
    var isEnabled: Bool
    /// The first are the job's own steps.
    var levels: [Level]
    /// Whether a failed step ends the run.
    var stopsOnFailure: Bool
    var timeout: Duration
    /// The account with whose rights its scripts act.
    var runAs: String?
    /// Whether it stands still when integrations are switched off.
    var isIntegration: Bool
    /// As it stands in the model.
    var body: JSONObject
    /// A document of this job alone, from which it can be read again.
    var document: JSONValue

    var fullCode: FullCode { FullCode(model: model, code: code) }

    /// A run may take so long unless the job says otherwise.
    static let defaultTimeout = Duration.seconds(24 * 3600)

    /// What decides when it runs: it is planned anew where this changes.
    var plan: String {
        JSONValue.object(
            JSONObject(["enabled", "schedule", "zone", "when"].map { ($0, body[$0] ?? .null) })
        ).text
    }

    /// When it has to be looked at next: the schedule's next time, or now for dates of records.
    func next(after time: Timestamp) -> Timestamp? {
        guard isEnabled else { return nil }
        switch trigger {
        case .byHand: return nil
        case .schedule(let schedule, let zone): return schedule.next(after: time, in: zone)
        case .dates: return time
        }
    }
}

/// One step of a job.
struct JobStep: Sendable {
    enum Work: Sendable {
        case batch(Effects.RunKind, FullCode, waits: Bool)
        case script(FullCode, parameters: ExpressionTree)
        case workflow(FullCode, values: ExpressionTree, waits: Bool)
        case event(FullCode, content: ExpressionTree)
        case mail(MailAction)
        case http(ExpressionTree)
        case command(ExpressionTree)
        /// Columns of the record.
        case set(ExpressionTree)
    }

    var work: Work

    /// The word of the definition.
    var kind: String {
        switch work {
        case .batch(let kind, _, _): kind.rawValue
        case .script: "script"
        case .workflow: "workflow"
        case .event: "event"
        case .mail: "mail"
        case .http: "http"
        case .command: "command"
        case .set: "set"
        }
    }

    /// Whether it begins something whose end is its own.
    var begins: Bool {
        switch work {
        case .batch: true
        case .workflow(_, _, let waits): waits
        case .script, .event, .mail, .http, .command, .set: false
        }
    }

    /// What it is about; nil where it has no name.
    var target: String? {
        switch work {
        case .batch(_, let code, _), .script(let code, _), .workflow(let code, _, _),
            .event(let code, _):
            code.description
        case .mail(let mail): mail.notification.description
        case .http(let request): request.value["url"]?.string
        case .command(let command): command.value["command"]?.string
        case .set: nil
        }
    }
}
