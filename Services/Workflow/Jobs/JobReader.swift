import Contracts
import JSON
import ServiceRuntime

/// Reads one job.
struct JobReader {
    private let reader: ModelReader
    private let item: ObjectReader

    static let stepLimit = 100
    static let levelLimit = 20
    private static let kinds = [
        "import", "export", "sync", "script", "workflow", "event", "mail", "http", "command", "set",
    ]

    init(_ reader: ModelReader, _ item: ObjectReader) {
        self.reader = reader
        self.item = item
    }

    func read() -> JobDefinition? {
        let code = item.code()
        let name = item.texts("name") ?? [:]
        let trigger = trigger()
        let type = JobReader.type(of: trigger)
        var levels = [JobDefinition.Level(steps: steps(item, type: type))]
        if case .dates(let dates, let offset)? = trigger {
            levels[0].offset = offset
            levels += escalation(dates)
        } else if item.given("escalate") != nil {
            item.fault("escalate", "not-allowed", "Only a job by dates (“when”) has levels.")
        }
        item.ignore("escalate")
        let overlap = item.word("overlap", of: JobDefinition.Overlap.words, default: "skip")
        let missed = item.word("missed", of: JobDefinition.Missed.words, default: "once")
        for member in ["overlap", "missed"] where type != nil && item.given(member) != nil {
            item.fault(
                member, "not-allowed",
                "A job by dates does each record once; “window” says how late it may be.")
        }
        let failure = item.word("onFailure", of: ["stop", "continue"], default: "stop")
        let definition = JobDefinition(
            model: reader.model, code: code, name: name, trigger: trigger?.trigger ?? .byHand,
            overlap: overlap.flatMap(JobDefinition.Overlap.init(rawValue:)) ?? .skip,
            missed: missed.flatMap(JobDefinition.Missed.init(rawValue:)) ?? .once,
            isEnabled: item.boolean("enabled", default: true), levels: levels,
            stopsOnFailure: failure != "continue",
            timeout: reader.positive(item, "timeout") ?? JobDefinition.defaultTimeout,
            runAs: item.given("runAs") == nil ? nil : item.code("runAs"),
            isIntegration: item.boolean("integration", default: true), body: item.object,
            document: document(trigger))
        item.ignore("runAs")
        item.finish()
        return trigger == nil ? nil : definition
    }

    // MARK: When

    private enum When {
        case byHand
        case schedule(CronSchedule, TimeZone)
        case dates(DateTrigger, offset: Duration)

        var trigger: JobDefinition.Trigger {
            switch self {
            case .byHand: .byHand
            case .schedule(let schedule, let zone): .schedule(schedule, zone)
            case .dates(let dates, _): .dates(dates)
            }
        }
    }

    private static func type(of when: When?) -> FullCode? {
        guard case .dates(let dates, _)? = when else { return nil }
        return dates.type
    }

    /// Nil after a fault.
    private func trigger() -> When? {
        let zone = zone(item)
        let text = item.string("schedule")
        guard item.given("when") != nil else {
            item.ignore("when")
            guard let text else { return item.given("schedule") == nil ? .byHand : nil }
            do throws(CronFault) {
                let schedule = try CronSchedule(text)
                return zone.map { .schedule(schedule, $0) }
            } catch {
                item.fault("schedule", "invalid-schedule", error.detail)
                return nil
            }
        }
        if text != nil {
            item.fault("schedule", "not-allowed", "A job has either a “schedule” or a “when”.")
        }
        guard let when = item.nested("when") else { return nil }
        defer { when.finish() }
        let own = when.given("zone") == nil ? zone : self.zone(when)
        when.ignore("zone")
        return dates(when, zone: own)
    }

    /// UTC where it says nothing; nil after a fault.
    private func zone(_ item: ObjectReader) -> TimeZone? {
        guard let name = item.string("zone") else { return .utc }
        do throws(ZoneError) {
            return try ZoneFile.zone(name)
        } catch {
            item.fault("zone", "unknown-zone", error.detail)
            return nil
        }
    }

    private func dates(_ when: ObjectReader, zone: TimeZone?) -> When? {
        let type = reader.reference(when, "class", to: "classes")
        let column = when.string("column", required: true)
        let at = when.string("at").flatMap { text in
            let time = DateTrigger.time(text)
            if time == nil { when.fault("at", "invalid-time", "Write a time such as 08:00.") }
            return time
        }
        let offset = offset(when, isByDay: at != nil, default: .zero)
        let filter = when.string("filter")
        let window = reader.positive(when, "window") ?? DateTrigger.defaultWindow
        if window > DateTrigger.windowLimit {
            when.fault(
                "window", "out-of-range",
                "At most \(DateTrigger.windowLimit.settingText), which the ledger is kept for.")
        }
        guard let type, let column, let zone, let offset else { return nil }
        guard type.model == reader.model else {
            when.fault("class", "not-allowed", "The class must be one of this model.")
            return nil
        }
        let kind = reader.document.columnType(column, of: type.code)
        guard kind == "date" || kind == "datetime" else {
            when.fault(
                "column",
                reader.document.hasColumn(column, of: type, in: reader.model)
                    ? "not-allowed" : "unknown-reference",
                "“\(column)” is no column of type date or datetime of “\(type.code)”.")
            return nil
        }
        return .dates(
            DateTrigger(
                type: type, column: column, isDate: kind == "date", filter: filter, zone: zone,
                at: at, window: window), offset: offset)
    }

    /// With a time of the day it must be whole days. Nil after a fault.
    private func offset(
        _ item: ObjectReader, isByDay: Bool, default missing: Duration?
    ) -> Duration? {
        guard let text = item.string("offset", required: missing == nil) else { return missing }
        guard let offset = DateTrigger.offset(text) else {
            item.fault(
                "offset", "invalid-duration",
                "“\(text)” is no offset; write -2d for two days before, 36h for after.")
            return nil
        }
        if isByDay, offset.milliseconds % 86_400_000 != 0 {
            item.fault("offset", "not-allowed", "With “at” an offset is of whole days.")
        }
        return offset
    }

    private func escalation(_ dates: DateTrigger) -> [JobDefinition.Level] {
        let items = item.list("escalate")
        if items.count > JobReader.levelLimit {
            item.fault("escalate", "out-of-range", "At most \(JobReader.levelLimit) levels.")
            return []
        }
        return items.compactMap { level in
            defer { level.finish() }
            let steps = steps(level, type: dates.type)
            return offset(level, isByDay: dates.at != nil, default: nil)
                .map { JobDefinition.Level(offset: $0, steps: steps) }
        }
    }

    /// What it takes to read the job again: itself, and the type of its column.
    private func document(_ when: When?) -> JSONValue {
        var document = JSONObject([("jobs", [.object(item.object)])])
        if case .dates(let dates, _)? = when {
            let column: JSONValue = [
                "code": .string(dates.column), "type": dates.isDate ? "date" : "datetime",
            ]
            document["classes"] = [["code": .string(dates.type.code), "columns": [column]]]
        }
        return .object(document)
    }

    // MARK: Steps

    private func steps(_ item: ObjectReader, type: FullCode?) -> [JobStep] {
        let items = item.list("steps")
        if items.isEmpty, item.given("steps")?.array?.isEmpty ?? true {
            item.fault("steps", "required", "There must be at least one step.")
        }
        if items.count > JobReader.stepLimit {
            item.fault("steps", "out-of-range", "At most \(JobReader.stepLimit) steps.")
            return []
        }
        return items.compactMap { step($0, type: type).map { JobStep(work: $0) } }
    }

    private func step(_ item: ObjectReader, type: FullCode?) -> JobStep.Work? {
        guard item.object.count == 1, let kind = item.object.keys.first else {
            reader.problems.add(
                item.pointer, "wrong-type", "A step has one member, which says what is done.")
            return nil
        }
        if let run = Effects.RunKind(rawValue: kind) {
            return named(item, kind, in: run.list) { code, more in
                .batch(run, code, waits: more?.boolean("wait", default: true) ?? true)
            }
        }
        switch kind {
        case "script":
            return named(item, kind, in: "scripts") { code, more in
                .script(code, parameters: values(more, "parameters"))
            }
        case "workflow":
            return named(item, kind, in: "workflows") { code, more in
                _ = reader.fitting(code, more ?? item, more == nil ? "workflow" : "code", type)
                return .workflow(
                    code, values: values(more, "values"),
                    waits: more?.boolean("wait", default: false) ?? false)
            }
        case "event":
            return named(item, kind, in: "events") { code, more in
                .event(code, content: content(more, type: type))
            }
        case "mail":
            guard let mail = item.nested("mail") else { return nil }
            defer { mail.finish() }
            return reader.mail(mail).map { .mail($0) }
        case "http":
            guard let request = item.nested("http") else { return nil }
            defer { request.finish() }
            return reader.http(request).map { .http($0) }
        case "command": return command(item)
        case "set":
            if type == nil {
                item.fault("set", "not-allowed", "Only a job by dates (“when”) has a record.")
            }
            return reader.set(item, "set", type: type).map { .set($0) }
        default:
            item.fault(
                kind, "unknown-member",
                "“\(kind)” is no step; it is one of "
                    + JobReader.kinds.joined(separator: ", ") + ".")
            return nil
        }
    }

    /// The program's name, or an object with more to say.
    private func command(_ item: ObjectReader) -> JobStep.Work? {
        if item.given("command")?.string != nil {
            return reader.command(item).map { .command($0) }
        }
        guard let command = item.nested("command") else { return nil }
        defer { command.finish() }
        return reader.command(command).map { .command($0) }
    }

    /// `"code"`, or an object with `code` and what else there is to say.
    private func named(
        _ item: ObjectReader, _ kind: String, in list: String,
        _ make: (FullCode, ObjectReader?) -> JobStep.Work
    ) -> JobStep.Work? {
        if let text = item.value(kind)?.string {
            return reader.reference(text, at: item.path(kind), to: list).map { make($0, nil) }
        }
        guard let nested = item.nested(kind, required: true) else { return nil }
        defer { nested.finish() }
        return reader.reference(nested, "code", to: list).map { make($0, nested) }
    }

    private func values(_ item: ObjectReader?, _ member: String) -> ExpressionTree {
        guard let nested = item?.nested(member) else {
            return ExpressionTree(.object(JSONObject()))
        }
        return reader.tree(.object(nested.object), at: nested.pointer)
    }

    /// The record's id is the key where it says nothing.
    private func content(_ item: ObjectReader?, type: FullCode?) -> ExpressionTree {
        var content = JSONObject()
        content["key"] = item?.given("key")
        content["payload"] = item?.given("payload")
        item?.ignore("key", "payload")
        guard let item else {
            return ExpressionTree(type == nil ? .object(content) : ["key": "=record.id"])
        }
        return reader.tree(.object(content), at: item.pointer)
    }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    fileprivate static var words: [String] { allCases.map(\.rawValue) }
}
