import Contracts
import JSON
import RPC
import ServiceRuntime

/// One import, export or synchronization, from the call that began it to its end.
struct Run: Sendable {
    /// Conflicts that a run shows; all of them stand in its rejected rows.
    static let conflictLimit = 100

    enum Kind: String, Sendable { case `import`, export, sync, undo }
    enum State: String, Sendable {
        case planned, running, succeeded, failed, cancelled
        var hasEnded: Bool { self != .planned && self != .running }
    }

    /// The parts of an import, in their order: rows of the file, or of a plan, and records that the
    /// file does not have.
    enum Stage: String, Sendable { case rows, find, check, apply, act }

    /// Rows by what became of them.
    struct Counters: Sendable, Equatable {
        var read = 0
        var inserted = 0
        var updated = 0
        var unchanged = 0
        var deleted = 0
        var rejected = 0

        var json: JSONValue {
            [
                "read": JSONValue(read), "inserted": JSONValue(inserted),
                "updated": JSONValue(updated), "unchanged": JSONValue(unchanged),
                "deleted": JSONValue(deleted), "rejected": JSONValue(rejected),
            ]
        }

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
        /// Export: what the writer needs to go on (`RowWriter.state`); null when the file is whole.
        var writer: JSONValue?
        var stage = Stage.rows
        /// The last row or record that this stage has done; how many it has seen.
        var number = 0
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
    /// Import: how fields become columns, fixed when the header was read. Export: its `columns`.
    var mapping: JSONValue?
    var problem: JSONValue?
    var isCancelled: Bool
    /// Import: a plan was asked for.
    var isPlanning = false
    /// What a plan that was made would do.
    var plan: Counters?
    /// Undo: the run that it takes back; of that one, the run that does so.
    var undoes: Int64?
    var undoneBy: Int64?
    /// Rejected rows of which nobody knows which record they are about.
    var unknownRows = 0
    /// Sync: whether both sides were found to be the same, and through when.
    var verified: Bool?
    var verifiedThrough: String?
    var counters: Counters

    /// An export once it is whole; an import from its beginning.
    var hasFile: Bool {
        !file.isEmpty && (kind == .import || kind == .export && place.writer == .null)
    }

    /// Of an export that names no columns: those that its file has.
    var columns: [String] {
        guard kind == .export else { return [] }
        return (mapping?["columns"]?.array ?? []).compactMap(\.string)
    }

    /// What of it is the same at each try: a call that is made again must be the same call.
    var constant: JSONValue {
        [
            "run": .number(JSONNumber(id)), "kind": .string(kind.rawValue),
            "definition": .string(definitionCode.description),
            "started": started.map { .string($0) } ?? .null,
            "account": .string(principal.account),
        ]
    }

    /// As API.md §7 has it.
    var json: JSONValue {
        let plain: JSONValue = [
            "run": .number(JSONNumber(id)),
            "kind": .string(kind.rawValue),
            "definition": .string(definitionCode.description),
            "state": .string(state.rawValue),
            "started": started.map { .string($0) } ?? .null,
            "ended": ended.map { .string($0) } ?? .null,
            "account": .string(principal.account),
            "counters": counters.json,
            "problem": problem ?? .null,
            "verified": verified.map { .boolean($0) } ?? .null,
            "verifiedThrough": verifiedThrough.map { .string($0) } ?? .null,
            "file": hasFile ? .string("/api/runs/\(id)/file") : .null,
        ]
        var members = plain.object ?? JSONObject()
        if !leftOut.isEmpty { members["leftOut"] = mapping?["leftOut"] }
        if let parts { members["runs"] = .array(parts.map { .number(JSONNumber($0)) }) }
        if let undoes { members["undoes"] = .number(JSONNumber(undoes)) }
        if let undoneBy { members["undoneBy"] = .number(JSONNumber(undoneBy)) }
        return .object(members)
    }

    /// The context of calls that the run makes: its caller's rights, its own door and cause.
    func context(key: String? = nil, timeout: Duration = .seconds(60)) -> CallContext {
        let door: Door =
            switch kind {
            case .import, .undo: .import
            case .export: .system
            case .sync: .sync
            }
        return CallContext(
            principal: principal, door: door,
            cause: cause.next("\(kind.rawValue):\(definitionCode)/\(id)"),
            trace: TraceContext(requestID: "\(kind.rawValue)-\(id)"), timeout: timeout,
            idempotencyKey: key)
    }
}

extension JSONValue {
    init(_ value: Int) { self = .number(JSONNumber(Int64(value))) }
}
