import JSON
import RPC

/// `GET /api/jobs`: jobs by code, each with its next time and its last run.
public struct ListJobs: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/jobs"
    public static let isSafe = true
    /// 1 to 1000; nil is 50.
    public var limit: Int?
    public var cursor: String?
    public init(limit: Int? = nil, cursor: String? = nil) {
        self.limit = limit
        self.cursor = cursor
    }
}

/// `POST /api/jobs/{job}/run`: runs a job now; `{"run": n}`.
public struct RunJob: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/run-job"
    public var job: FullCode
    public init(job: FullCode) { self.job = job }
}

/// `GET /api/jobs/{job}/runs`: planned against ran, newest first.
public struct ListJobRuns: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/job-runs"
    public static let isSafe = true
    public var job: FullCode
    /// `planned running succeeded failed skipped missed cancelled`; nil is any.
    public var state: String?
    /// 1 to 1000; nil is 50.
    public var limit: Int?
    public var cursor: String?
    public init(job: FullCode, state: String? = nil, limit: Int? = nil, cursor: String? = nil) {
        self.job = job
        self.state = state
        self.limit = limit
        self.cursor = cursor
    }
}

/// `GET /api/jobs/{job}/runs/{run}`: one with its steps.
public struct GetJobRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/job-run"
    public static let isSafe = true
    public var job: FullCode
    public var run: Int64
    public init(job: FullCode, run: Int64) {
        self.job = job
        self.run = run
    }
}

/// `POST /api/jobs/{job}/runs/{run}/cancel`: stops it before its next step; answers the run.
public struct CancelJobRun: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "workflow/cancel-job-run"
    public var job: FullCode
    public var run: Int64
    public init(job: FullCode, run: Int64) {
        self.job = job
        self.run = run
    }
}
