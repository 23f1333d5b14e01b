import JSON
import RPC

/// Writes the rows of a file, or of another system, as records of one class: each for itself, in
/// one transaction. Answers `{"results": […]}`, one per row and in order: `["insert", id,
/// version]`, `["change", id, version, {"column": [old, new]}]`, `["none", id, version]`, or
/// `{"problem", "id"}` (the record that the row's key found; null where it found none; left out
/// where the key could not be read). With the context's idempotency key, once.
public struct WriteRows: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/write-rows"
    /// Rows of one call.
    public static let rowLimit = 10_000

    public enum Mode: String, Sendable, Codable { case insert, update, upsert }

    public struct Column: Sendable, Codable, Hashable {
        public var code: String
        /// Of a reference: the values are those of this unique column of its class rather than ids.
        public var by: String?
        public init(_ code: String, by: String? = nil) {
            self.code = code
            self.by = by
        }
    }

    public var type: FullCode
    public var mode: Mode
    public var columns: [Column]
    /// Codes of the columns that find the record: a unique one, or all of a unique set.
    public var key: [String]
    /// An array of arrays: the values in the order of `columns`.
    public var rows: JSONBytes
    /// False: no rule runs, before or after. Its history shows it in the cause.
    public var rules: Bool?
    /// Nothing is written: the results say what would be, without the ids of new records, and with
    /// what a new record would have (`{"column": [null, new]}`).
    public var plan: Bool?
    /// The results that a plan of these rows had. Where one would differ, nothing of the call is
    /// written, and the answer is 409 `plan-moved`.
    public var expect: JSONBytes?

    public init(
        _ type: FullCode, mode: Mode, columns: [Column], key: [String], rows: JSONBytes,
        rules: Bool? = nil, plan: Bool? = nil, expect: JSONBytes? = nil
    ) {
        self.type = type
        self.mode = mode
        self.columns = columns
        self.key = key
        self.rows = rows
        self.rules = rules
        self.plan = plan
        self.expect = expect
    }
}

/// Changes, deletes and restores records whose ids and versions are known, in one transaction; what
/// stands at another version is refused by itself, or with `atomic` everything is (409
/// `plan-moved`). Results as of `WriteRows`, also `["delete", id, version]` and `["restore", …]`.
public struct WriteKnown: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/write-known"
    public var type: FullCode
    /// An array of `["change", id, version, {…}]`, `["delete", id, version]`, `["restore", id,
    /// version]`; at most `WriteRows.rowLimit`.
    public var items: JSONBytes
    public var rules: Bool?
    public var atomic: Bool?
    /// Nothing is written; the results say what would be.
    public var plan: Bool?
    /// References whose values are those of another column (`by`) rather than ids.
    public var lookups: [WriteRows.Column]?

    public init(
        _ type: FullCode, items: JSONBytes, rules: Bool? = nil, atomic: Bool? = nil,
        plan: Bool? = nil, lookups: [WriteRows.Column]? = nil
    ) {
        self.lookups = lookups
        self.type = type
        self.items = items
        self.rules = rules
        self.atomic = atomic
        self.plan = plan
    }
}

extension WriteRows {
    public init(json reader: inout JSONReader) throws(JSONError) {
        var call = WriteRows(
            FullCode(model: "", code: ""), mode: .insert, columns: [], key: [],
            rows: JSONBytes([]))
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "type": call.type = try reader.readFullCode()
            case "mode":
                guard let mode = Mode(rawValue: try reader.readString()) else {
                    throw reader.unexpected("the mode is not known")
                }
                call.mode = mode
            case "columns": call.columns = try reader.readRowColumns()
            case "key": call.key = try reader.readStrings() ?? []
            case "rows": call.rows = try reader.readRaw()
            case "rules": call.rules = try reader.readOptionalBoolean()
            case "plan": call.plan = try reader.readOptionalBoolean()
            case "expect": call.expect = try reader.readNull() ? nil : try reader.readRaw()
            default: throw reader.unknownMember(key)
            }
        }
        guard !call.type.code.isEmpty, !call.rows.bytes.isEmpty else {
            throw reader.missing("type and rows")
        }
        self = call
    }

    public func write(json writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        writer.member("mode", mode.rawValue)
        writer.key("columns")
        writer.beginArray()
        for column in columns {
            writer.beginObject()
            writer.member("code", column.code)
            writer.member("by", column.by)
            writer.endObject()
        }
        writer.endArray()
        writer.member("key", key)
        writer.key("rows")
        writer.raw(rows)
        writer.member("rules", rules)
        writer.member("plan", plan)
        if let expect {
            writer.key("expect")
            writer.raw(expect)
        }
        writer.endObject()
    }
}

extension JSONReader {
    fileprivate mutating func readRowColumns() throws(JSONError) -> [WriteRows.Column] {
        var columns: [WriteRows.Column] = []
        try beginArray()
        while try nextElement() {
            var column = WriteRows.Column("")
            try beginObject()
            while let key = try nextKey() {
                switch key {
                case "code": column.code = try readString()
                case "by": column.by = try readOptionalString()
                default: throw unknownMember(key)
                }
            }
            columns.append(column)
        }
        return columns
    }
}
