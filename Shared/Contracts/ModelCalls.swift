import JSON
import RPC

// A model document is one definition over all services. The gateway asks each service to check its
// part; then Records keeps the whole document with its own part applied, and hands it to the others
// until each has it.

/// Checks a service's part of a document; the answer has every fault with its pointer. Every
/// service but the gateway serves it.
public struct CheckModel: Call, Codable {
    public typealias Response = ModelCheck
    public static let path = "check-model"
    public static let isSafe = true
    public var code: String
    public var document: JSONBytes

    public init(code: String, document: JSONBytes) {
        self.code = code
        self.document = document
    }
}

public struct ModelCheck: Sendable, Codable, JSONReadable, JSONWritable {
    public var problems: [FieldProblem]
    public init(problems: [FieldProblem]) { self.problems = problems }
}

/// Applies a checked document: tables, views, grants, and the hand-over to the other services.
/// Returns when all have it, or after a few seconds with `pending` naming those that will get it
/// later.
public struct ApplyModel: Call, Codable {
    public typealias Response = ModelApplied
    public static let path = "records/apply-model"
    public var code: String
    public var document: JSONBytes
    public var allowDestructive: Bool
    /// The version over which the document was made, 0 for none: another one that stands by now is
    /// 412 `version-mismatch`. Nil takes any.
    public var version: Int64?

    public init(
        code: String, document: JSONBytes, allowDestructive: Bool, version: Int64? = nil
    ) {
        self.code = code
        self.document = document
        self.allowDestructive = allowDestructive
        self.version = version
    }
}

/// What applying a checked document would do: `[{"operation", "kind", "code", "destructive",
/// "detail"}]`, empty where it is what stands.
public struct PlanModel: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/plan-model"
    public static let isSafe = true
    public var code: String
    public var document: JSONBytes

    public init(code: String, document: JSONBytes) {
        self.code = code
        self.document = document
    }
}

/// The API views: `{"items": [{"name", "model", "class", "columns", "version", "state"}]}`, the
/// state being `current`, `drifted` or `missing`.
public struct ListViews: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/views"
    public static let isSafe = true
    public init() {}
}

/// Makes the API view of a class again, whatever stands under its name; answers its item.
public struct RebuildView: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/rebuild-view"
    public var type: FullCode
    public init(_ type: FullCode) { self.type = type }
}

public struct ModelApplied: Sendable, Codable, JSONReadable, JSONWritable {
    /// Counts the documents of this model, from 1; unchanged where the document was the same.
    public var version: Int64
    public var created: Bool
    public var changed: Bool
    /// Services that do not have it yet.
    public var pending: [String]

    public init(version: Int64, created: Bool, changed: Bool, pending: [String]) {
        self.version = version
        self.created = created
        self.changed = changed
        self.pending = pending
    }
}

/// The document as it was put.
public struct GetModel: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/get-model"
    public static let isSafe = true
    public var code: String
    public init(code: String) { self.code = code }
}

/// `{"items": [{"code", "name", "version"}]}`.
public struct ListModels: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/models"
    public static let isSafe = true
    public init() {}
}

/// Hands a document to Mail, Workflow or Batch; an older version than it has is ignored.
public struct TakeModel: Call, Codable {
    public typealias Response = Done
    public static let path = "take-model"
    public static let isSafe = true
    public var code: String
    public var version: Int64
    public var document: JSONBytes

    public init(code: String, version: Int64, document: JSONBytes) {
        self.code = code
        self.version = version
        self.document = document
    }
}
