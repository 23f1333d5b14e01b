import JSON
import RPC

/// `POST /api/scripts/{script}/run`: runs a script of a model that is open to the outside (`web`,
/// and its `role`) over `parameters` and `me`, and answers `{"result": …}`, or `{"file": {"name",
/// "type", "content": base64}}` where it returns a file. It may act with the caller's rights; what
/// it does carries the context's key.
public struct RunScript: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/run-script"
    public var script: FullCode
    /// An object; nil is an empty one.
    public var parameters: JSONValue?
    /// It came as a URL that was opened: only where the script's definition says `get`.
    public var byGet: Bool?

    public init(script: FullCode, parameters: JSONValue? = nil, byGet: Bool? = nil) {
        self.script = script
        self.parameters = parameters
        self.byGet = byGet
    }
}

/// `POST /api/scripts/try`: runs a source that stands in no model. It reads with the caller's
/// rights; what it would do is answered and not done: `{"result", "file", "record", "values",
/// "log": […], "calls": [{"call", "arguments"}], "error": {"script", "line", "column", "message",
/// "values"}, "milliseconds"}`. For who holds `models:write`.
public struct TryScript: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/try-script"
    public static let isSafe = true
    /// Whose bare codes it means, and whose blocks it includes.
    public var model: String
    public var source: String
    public var include: [String]?
    public var parameters: JSONValue?
    /// An object, or with `class` the id of a record that the caller may read.
    public var record: JSONValue?
    public var `class`: String?

    public init(
        model: String, source: String, include: [String]? = nil, parameters: JSONValue? = nil,
        record: JSONValue? = nil, class type: String? = nil
    ) {
        self.model = model
        self.source = source
        self.include = include
        self.parameters = parameters
        self.record = record
        self.class = type
    }
}
