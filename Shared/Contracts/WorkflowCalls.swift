import JSON
import RPC

/// A change of a record as an event (CloudEvents' fields).
public struct RecordEvent: Sendable, Codable {
    /// Unique for ever: the change log's sequence number with the store's own id.
    public var id: String
    /// `record.created`, `record.changed`, `record.deleted`.
    public var type: String
    public var record: FullCode
    public var recordID: Int64
    /// RFC 3339.
    public var time: String
    public var account: String
    public var door: Door
    public var cause: Cause
    /// The record before (null on insert) and after (null on delete), as API.md §4 has it.
    public var before: JSONValue
    public var after: JSONValue

    public init(
        id: String, type: String, record: FullCode, recordID: Int64, time: String, account: String,
        door: Door, cause: Cause, before: JSONValue, after: JSONValue
    ) {
        self.id = id
        self.type = type
        self.record = record
        self.recordID = recordID
        self.time = time
        self.account = account
        self.door = door
        self.cause = cause
        self.before = before
        self.after = after
    }
}

/// Events in order, at least once; the inbox takes each id once. Answers after they are durable.
public struct DeliverEvents: Call, Codable {
    public typealias Response = Done
    public static let path = "workflow/deliver-events"
    public static let isSafe = true
    public var events: [RecordEvent]
    public init(events: [RecordEvent]) { self.events = events }
}

/// `POST /api/events/{event}`.
public struct RaiseEvent: Call, Codable {
    public typealias Response = EventRaised
    public static let path = "workflow/raise-event"
    public enum Scope: String, Sendable, Codable { case instance, workflow, all }
    public var event: FullCode
    public var scope: Scope
    public var instance: Int64?
    public var workflow: String?
    public var key: JSONValue?
    public var payload: JSONValue?
    /// It came as a URL that was opened: only where the event's definition says `get`.
    public var byGet: Bool?
    /// `model.class/id`: reaches the instances on this record alone, whether they wait with the
    /// key or without one. Inside the platform only.
    public var record: String?

    public init(
        event: FullCode, scope: Scope, instance: Int64? = nil, workflow: String? = nil,
        key: JSONValue? = nil, payload: JSONValue? = nil, byGet: Bool? = nil,
        record: String? = nil
    ) {
        self.byGet = byGet
        self.record = record
        self.event = event
        self.scope = scope
        self.instance = instance
        self.workflow = workflow
        self.key = key
        self.payload = payload
    }
}

public struct EventRaised: Sendable, Codable, JSONReadable, JSONWritable {
    public var event: Int64
    /// How many instances it woke.
    public var activated: Int
    public init(event: Int64, activated: Int) {
        self.event = event
        self.activated = activated
    }
}

/// What a person's link would do; changes nothing.
public struct ShowCapability: Call, Codable {
    public typealias Response = CapabilityView
    public static let path = "workflow/show-capability"
    public static let isSafe = true
    public var token: String
    public init(token: String) { self.token = token }
}

/// Does it, once; a second time answers who did it and when.
public struct UseCapability: Call, Codable {
    public typealias Response = CapabilityView
    public static let path = "workflow/use-capability"
    public static let isSafe = true
    public var token: String
    public init(token: String) { self.token = token }
}

public struct CapabilityView: Sendable, Codable, JSONReadable, JSONWritable {
    public enum State: String, Sendable, Codable { case open, used, expired }
    public var state: State
    /// What pressing does, in the language of the model's texts: the event's name and the record's
    /// description.
    public var title: String
    /// RFC 3339, where it was used.
    public var usedAt: String?
    public var usedBy: String?

    public init(state: State, title: String, usedAt: String? = nil, usedBy: String? = nil) {
        self.state = state
        self.title = title
        self.usedAt = usedAt
        self.usedBy = usedBy
    }
}

/// Evaluates expressions and a script over bindings, in a script host: mail mappings, import
/// columns, templates.
public struct Evaluate: Call, Codable {
    public typealias Response = Evaluated
    public static let path = "workflow/evaluate"
    public static let isSafe = true
    /// The model whose scripts may be named.
    public var model: String
    /// What the expressions see: `mail`, `record`, `value`, …
    public var bindings: JSONValue
    /// Name → value of a definition: an expression where it begins with `=`, else itself.
    public var expressions: JSONValue
    /// A script of the model that runs after the expressions over `record` (= their values).
    public var script: String?

    public init(
        model: String, bindings: JSONValue, expressions: JSONValue, script: String? = nil
    ) {
        self.model = model
        self.bindings = bindings
        self.expressions = expressions
        self.script = script
    }
}

public struct Evaluated: Sendable, Codable, JSONReadable, JSONWritable {
    /// The expressions' values under their names, as the script left them.
    public var values: JSONValue
    public init(values: JSONValue) { self.values = values }
}

/// Fills templates: `{{expression}}` and `{{link('event')}}`; HTML templates escape what is filled
/// in.
public struct Render: Call, Codable {
    public typealias Response = Rendered
    public static let path = "workflow/render"
    public static let isSafe = true
    public var model: String
    public var subject: String
    public var text: String?
    public var html: String?
    public var bindings: JSONValue
    /// For `link()`: the instance whose event the link raises.
    public var instance: Int64?
    /// Nothing is sent: `link()` answers an address that raises nothing.
    public var preview: Bool?

    public init(
        model: String, subject: String, text: String?, html: String?, bindings: JSONValue,
        instance: Int64?, preview: Bool? = nil
    ) {
        self.model = model
        self.subject = subject
        self.text = text
        self.html = html
        self.bindings = bindings
        self.instance = instance
        self.preview = preview
    }
}

public struct Rendered: Sendable, Codable, JSONReadable, JSONWritable {
    public var subject: String
    public var text: String?
    public var html: String?
    public init(subject: String, text: String?, html: String?) {
        self.subject = subject
        self.text = text
        self.html = html
    }
}

/// Starts a workflow: `{id, state}`.
public struct StartWorkflow: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/start"
    public var workflow: FullCode
    public var values: JSONValue?
    public var record: Int64?
    public init(workflow: FullCode, values: JSONValue? = nil, record: Int64? = nil) {
        self.workflow = workflow
        self.values = values
        self.record = record
    }
}

/// `GET /api/instances`: newest first, by workflow, record or state.
public struct ListInstances: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/instances"
    public static let isSafe = true
    public var workflow: String?
    /// `model.class/id`.
    public var record: String?
    public var state: String?
    public var limit: Int?
    public var cursor: String?
    public init(
        workflow: String? = nil, record: String? = nil, state: String? = nil, limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.workflow = workflow
        self.record = record
        self.state = state
        self.limit = limit
        self.cursor = cursor
    }
}

/// `GET /api/instances/{id}`.
public struct GetInstance: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/instance"
    public static let isSafe = true
    public var id: Int64
    public init(id: Int64) { self.id = id }
}

/// `POST /api/instances/{id}/cancel|pause|resume|retry`: answers the instance without its steps.
/// 409 where its state does not allow it.
public struct ActOnInstance: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/act-on-instance"
    /// `retry` is of every step that failed, in instances that this one waits for too; `cancel`
    /// goes down to those.
    public enum Action: String, Sendable, Codable, CaseIterable {
        case cancel, pause, resume, retry
    }
    public var id: Int64
    public var action: Action
    public init(id: Int64, action: Action) {
        self.id = id
        self.action = action
    }
}

/// `GET /api/tasks`: the open tasks of the caller, oldest first.
public struct ListTasks: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/tasks"
    public static let isSafe = true
    public var limit: Int?
    public var cursor: String?
    public init(limit: Int? = nil, cursor: String? = nil) {
        self.limit = limit
        self.cursor = cursor
    }
}

/// `POST /api/tasks/{id}/complete`, once: 409 says who was faster. `values` become members of the
/// instance's `values`.
public struct CompleteTask: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/complete-task"
    public var id: Int64
    public var outcome: String
    /// An object; nil is an empty one.
    public var values: JSONValue?
    public init(id: Int64, outcome: String, values: JSONValue? = nil) {
        self.id = id
        self.outcome = outcome
        self.values = values
    }
}

/// A picture of a workflow as it is now, or of an instance with where it stands.
public struct DrawWorkflow: Call, Codable {
    public typealias Response = WorkflowDrawing
    public static let path = "workflow/draw"
    public static let isSafe = true
    /// One of them.
    public var workflow: FullCode?
    public var instance: Int64?
    public init(workflow: FullCode) { self.workflow = workflow }
    public init(instance: Int64) { self.instance = instance }
}

public struct WorkflowDrawing: Sendable, Codable, JSONReadable, JSONWritable {
    /// An SVG document.
    public var svg: String
    public init(svg: String) { self.svg = svg }
}
