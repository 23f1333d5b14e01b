import JSON
import RPC

/// Starts an import with the file as the body; answers `{"run": n}` when the file is staged.
public struct StartImport: StreamCall, Codable {
    public static let path = "batch/start-import"
    public var definition: FullCode
    /// `Idempotency-Key` of the caller, so that a repeated upload is one run.
    public var key: String?
    /// Makes a plan and writes nothing.
    public var plan: Bool?
    public init(definition: FullCode, key: String? = nil, plan: Bool? = nil) {
        self.definition = definition
        self.key = key
        self.plan = plan
    }
}

/// Starts an import of the new files of its source; answers `{"run": n}`. That run makes one of
/// each file, and ends when those have ended.
public struct StartImportFromSource: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/start-import-from-source"
    public var definition: FullCode
    public init(definition: FullCode) { self.definition = definition }
}

/// Starts an export; answers `{"run": n}`.
public struct StartExport: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/start-export"
    public var definition: FullCode
    /// It came as a URL that was opened: only where the definition says `get`.
    public var byGet: Bool?
    public init(definition: FullCode, byGet: Bool? = nil) {
        self.definition = definition
        self.byGet = byGet
    }
}

/// A list as a file, written while it is read, with the caller's rights to read and to export; it
/// is no run. Choices and references stand by what they are called.
public struct ExportList: StreamCall, Codable {
    public static let path = "batch/export-list"
    public var type: FullCode
    public var filter: String?
    public var orderby: String?
    public var search: String?
    /// Codes, `id` and the like among them.
    public var columns: [String]
    /// `csv` or `xlsx`.
    public var format: String
    /// Of titles and choices.
    public var language: String
    public init(
        _ type: FullCode, filter: String?, orderby: String?, search: String?, columns: [String],
        format: String, language: String
    ) {
        self.type = type
        self.filter = filter
        self.orderby = orderby
        self.search = search
        self.columns = columns
        self.format = format
        self.language = language
    }
}

/// A run of API.md §7.
public struct GetRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/run"
    public static let isSafe = true
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// Runs, newest first: the caller's own, or all where it holds `batch:operate`.
public struct ListRuns: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/runs"
    public static let isSafe = true
    /// `import export sync undo`.
    public var kind: String?
    /// `planned running succeeded failed cancelled`.
    public var state: String?
    /// `model.code`, or a code of any model.
    public var definition: String?
    /// 1 to 1000; nil is 50.
    public var limit: Int?
    public var cursor: String?
    public init(
        kind: String? = nil, state: String? = nil, definition: String? = nil, limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.kind = kind
        self.state = state
        self.definition = definition
        self.limit = limit
        self.cursor = cursor
    }
}

/// The file that an export made, or that an import read.
public struct GetRunFile: StreamCall, Codable {
    public static let path = "batch/run-file"
    public var run: Int64
    /// For who has a link of the caller's: only where `CheckRunFile` would let it be made.
    public var byLink: Bool?
    public init(run: Int64, byLink: Bool? = nil) {
        self.run = run
        self.byLink = byLink
    }
}

/// Refuses where the caller may not give the file of an export away: the run must be one that it
/// sees and has succeeded, and the caller must have the right to export what was exported.
public struct CheckRunFile: Call, Codable {
    public typealias Response = Done
    public static let path = "batch/check-run-file"
    public static let isSafe = true
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// The rejected rows as a CSV file with the reason in the last column.
public struct GetRunErrors: StreamCall, Codable {
    public static let path = "batch/run-errors"
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// Stops a run between two rows; answers the run.
public struct CancelRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/cancel-run"
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// Does exactly what the run's plan says, or refuses where the data moved; answers `{"run": n}`.
public struct ApplyRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/apply-run"
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// Takes back what an import did, by a run of its own; answers `{"run": n}`, the same each time.
public struct UndoRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/undo-run"
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// What a run did, or its plan would do, row by row: `{"items": [{"row", "operation", "record",
/// "version", "changes": [{"column", "old", "new"}]}], "next"}`.
public struct ListRunRows: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/run-rows"
    public static let isSafe = true
    public var run: Int64
    /// 1 to 1000; nil is 50.
    public var limit: Int?
    public var cursor: String?
    public init(run: Int64, limit: Int? = nil, cursor: String? = nil) {
        self.run = run
        self.limit = limit
        self.cursor = cursor
    }
}

/// What happened to a run: `{"items": [{"time", "text"}]}`.
public struct GetRunLog: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/run-log"
    public static let isSafe = true
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// A run as it goes on, as Server-Sent Events until it ends.
public struct WatchRun: StreamCall, Codable {
    public static let path = "batch/watch-run"
    public var run: Int64
    public init(run: Int64) { self.run = run }
}
