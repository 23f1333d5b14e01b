import Contracts
import JSON
import RPC
import ServiceRuntime

/// One import or export, from the call that began it to its end.
struct Run: Sendable {
    enum Kind: String, Sendable { case `import`, export }
    enum State: String, Sendable {
        case planned, running, succeeded, failed, cancelled
        var hasEnded: Bool { self != .planned && self != .running }
    }

    /// Rows by what became of them.
    struct Counters: Sendable, Equatable {
        var read = 0
        var inserted = 0
        var updated = 0
        var unchanged = 0
        var deleted = 0
        var rejected = 0

        static func += (a: inout Counters, b: Counters) {
            a.read += b.read
            a.inserted += b.inserted
            a.updated += b.updated
            a.unchanged += b.unchanged
            a.deleted += b.deleted
            a.rejected += b.rejected
        }
    }

    /// How far it has come: what is needed to go on after a restart.
    struct Place: Sendable, Equatable {
        /// Import: where the next row begins in the file. Export: how much of the file stands.
        var offset = 0
        /// Import: the line of the next row.
        var line = 1
        /// Export: the cursor of the next page.
        var cursor: String?
        /// Export: what the writer needs to go on (`RowWriter.state`).
        var writer: JSONValue?
    }

    var id: Int64
    var kind: Kind
    var definitionCode: FullCode
    var definition: JSONValue
    var state: State
    var principal: Principal
    var cause: Cause
    var started: String?
    var ended: String?
    /// Name of the file in the folder of runs.
    var file: String
    var bytes: Int
    var place: Place
    /// Import: how fields become columns, fixed when the header was read.
    var mapping: JSONValue?
    var problem: JSONValue?
    var isCancelled: Bool
    var counters: Counters

    /// As API.md §7 has it.
    var json: JSONValue {
        let hasFile = kind == .export && state == .succeeded
        return [
            "run": .number(JSONNumber(id)),
            "kind": .string(kind.rawValue),
            "definition": .string(definitionCode.description),
            "state": .string(state.rawValue),
            "started": started.map { .string($0) } ?? .null,
            "ended": ended.map { .string($0) } ?? .null,
            "account": .string(principal.account),
            "counters": [
                "read": JSONValue(counters.read), "inserted": JSONValue(counters.inserted),
                "updated": JSONValue(counters.updated), "unchanged": JSONValue(counters.unchanged),
                "deleted": JSONValue(counters.deleted), "rejected": JSONValue(counters.rejected),
            ],
            "problem": problem ?? .null,
            "verified": .null,
            "verifiedThrough": .null,
            "file": hasFile ? .string("/api/runs/\(id)/file") : .null,
        ]
    }

    /// The context of calls that the run makes: its caller's rights, its own door and cause.
    func context(key: String? = nil, timeout: Duration = .seconds(60)) -> CallContext {
        CallContext(
            principal: principal, door: kind == .import ? .import : .system,
            cause: cause.next("\(kind.rawValue):\(definitionCode)/\(id)"),
            trace: TraceContext(requestID: "\(kind.rawValue)-\(id)"), timeout: timeout,
            idempotencyKey: key)
    }
}

extension JSONValue {
    init(_ value: Int) { self = .number(JSONNumber(Int64(value))) }
}
