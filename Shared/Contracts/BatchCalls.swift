import JSON
import RPC

/// Starts an import with the file as the body; answers `{"run": n}` when the file is staged.
public struct StartImport: StreamCall, Codable {
    public static let path = "batch/start-import"
    public var definition: FullCode
    /// `Idempotency-Key` of the caller, so that a repeated upload is one run.
    public var key: String?
    public init(definition: FullCode, key: String? = nil) {
        self.definition = definition
        self.key = key
    }
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

/// A run of API.md §7.
public struct GetRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "batch/run"
    public static let isSafe = true
    public var run: Int64
    public init(run: Int64) { self.run = run }
}

/// The file that an export made.
public struct GetRunFile: StreamCall, Codable {
    public static let path = "batch/run-file"
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
