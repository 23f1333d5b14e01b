import JSON
import RPC

/// `GET /api/incidents`: what needs a person, oldest first, of every service (API.md §6).
public struct ListIncidents: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/incidents"
    public static let isSafe = true
    public enum State: String, Sendable, Codable, CaseIterable { case open, resolved }
    /// Nil is the open ones.
    public var state: State?
    /// `step`, `quarantined`, `dead-letter`, …
    public var kind: String?
    /// Where it happened: `workflow`, `mail`, …
    public var service: String?
    /// `model.class/id`.
    public var record: String?
    public var limit: Int?
    public var cursor: String?
    public init(
        state: State? = nil, kind: String? = nil, service: String? = nil, record: String? = nil,
        limit: Int? = nil, cursor: String? = nil
    ) {
        self.state = state
        self.kind = kind
        self.service = service
        self.record = record
        self.limit = limit
        self.cursor = cursor
    }
}

/// What a person does about an incident.
public enum IncidentAction: String, Sendable, Codable, CaseIterable {
    /// Tries the work again.
    case retry
    /// Goes on without it.
    case skip
    /// Only says that it was seen.
    case close
}

/// A person's answer to an incident.
public struct ResolveIncident: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/resolve-incident"
    public typealias Action = IncidentAction
    public var id: Int64
    public var action: Action
    public init(id: Int64, action: Action) {
        self.id = id
        self.action = action
    }
}

/// An incident of another service than Workflow, as its owner has it. It is open, and at some time
/// resolved for ever: what fails anew is another one.
public struct IncidentReport: Sendable, Codable, JSONReadable, JSONWritable {
    /// The owner.
    public var service: String
    /// Unique among the owner's, for ever.
    public var key: String
    public var kind: String
    /// RFC 3339.
    public var time: String
    /// Whose tokens see it, where they name models.
    public var model: String?
    /// `model.class/id`.
    public var record: String?
    /// As problem+json, with the way that led there as `cycle` where it is a loop.
    public var problem: JSONValue
    /// What it is about: a path below `/api`.
    public var link: String?
    public var actions: [IncidentAction]
    /// Who sees it needs this too.
    public var permission: String?
    /// What ended it: an action, or `settled` where it ended by itself. Nil where it is open.
    public var resolution: String?
    /// An account, or the owner.
    public var resolvedBy: String?
    /// RFC 3339.
    public var resolvedAt: String?

    public init(
        service: String, key: String, kind: String, time: String, model: String?,
        record: String?, problem: JSONValue, link: String?, actions: [IncidentAction],
        permission: String?, resolution: String? = nil, resolvedBy: String? = nil,
        resolvedAt: String? = nil
    ) {
        self.service = service
        self.key = key
        self.kind = kind
        self.time = time
        self.model = model
        self.record = record
        self.problem = problem
        self.link = link
        self.actions = actions
        self.permission = permission
        self.resolution = resolution
        self.resolvedBy = resolvedBy
        self.resolvedAt = resolvedAt
    }
}

/// A service tells of an incident that it has opened or that has ended, at least once and in any
/// order: people see all of them in one list.
public struct TellIncident: Call, Codable {
    public typealias Response = Done
    public static let path = "workflow/tell-incident"
    public static let isSafe = true
    public var incident: IncidentReport
    public init(_ incident: IncidentReport) { self.incident = incident }
}

/// A person's answer to an incident, as Workflow hands it to the owner with the person's rights;
/// answers how the incident stands then.
public struct ActOnIncident: Call, Codable {
    public typealias Response = IncidentReport
    public static let path = "act-on-incident"
    public var key: String
    public var action: IncidentAction
    public init(key: String, action: IncidentAction) {
        self.key = key
        self.action = action
    }
}
