import JSON
import RPC

/// `GET /api/firings`: which rules fired on what, newest first, and what became of what they
/// wanted.
public struct ListFirings: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/firings"
    public static let isSafe = true
    /// `model.class`.
    public var `class`: String?
    /// `model.class/id`, or a number beside `class`.
    public var record: String?
    /// `model.rule`.
    public var rule: String?
    /// The root cause, such as `request:01J…`.
    public var cause: String?
    public var limit: Int?
    public var cursor: String?

    public init(
        class type: String? = nil, record: String? = nil, rule: String? = nil,
        cause: String? = nil, limit: Int? = nil, cursor: String? = nil
    ) {
        self.class = type
        self.record = record
        self.rule = rule
        self.cause = cause
        self.limit = limit
        self.cursor = cursor
    }
}

/// `GET /api/events`: every event that was raised, newest first, and whether anybody took it.
public struct ListEvents: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/events"
    public static let isSafe = true
    public enum State: String, Sendable, Codable, CaseIterable {
        /// Some instance took it.
        case taken
        /// It waits for one.
        case buffered
        /// It waited in vain.
        case expired
        /// Nobody waited, and nothing is kept.
        case unheard
        /// Its instance has ended, or never was.
        case late
    }
    public var event: FullCode?
    public var state: State?
    public var limit: Int?
    public var cursor: String?

    public init(
        event: FullCode? = nil, state: State? = nil, limit: Int? = nil, cursor: String? = nil
    ) {
        self.event = event
        self.state = state
        self.limit = limit
        self.cursor = cursor
    }
}

/// `POST /api/rules/try`: what the rules of a class would make of a write. Nothing is read, written
/// or done.
public struct TryRules: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/try-rules"
    public static let isSafe = true
    public enum Operation: String, Sendable, Codable, CaseIterable {
        /// A new form.
        case open
        case insert, change, delete
    }
    public var `class`: FullCode
    public var operation: Operation
    /// The record as it is, for a change or a deletion.
    public var before: JSONValue?
    /// The record as it would be; of a change, what is not named stays as before.
    public var after: JSONValue?
    /// A rule of the class's model as it may become: it is tried in the place of the one with its
    /// code, or beside the others.
    public var rule: JSONValue?

    public init(
        class type: FullCode, operation: Operation, before: JSONValue? = nil,
        after: JSONValue? = nil, rule: JSONValue? = nil
    ) {
        self.class = type
        self.operation = operation
        self.before = before
        self.after = after
        self.rule = rule
    }
}
