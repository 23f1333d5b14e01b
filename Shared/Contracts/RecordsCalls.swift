import JSON
import RPC

/// One record as JSON (API.md §4).
public struct GetRecord: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/get"
    public static let isSafe = true
    public var type: FullCode
    public var id: Int64
    public var select: [String]?
    public var expand: [String]?
    /// `include`: a deleted record too, for who may delete it.
    public var deleted: String?

    public init(
        _ type: FullCode, id: Int64, select: [String]? = nil, expand: [String]? = nil,
        deleted: String? = nil
    ) {
        self.type = type
        self.id = id
        self.select = select
        self.expand = expand
        self.deleted = deleted
    }
}

/// A page of records: `{"items", "next", "count"?, "totals"?}`.
public struct ListRecords: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/list"
    public static let isSafe = true
    public var type: FullCode
    public var filter: String?
    public var orderby: String?
    public var select: [String]?
    public var expand: [String]?
    public var limit: Int?
    public var cursor: String?
    public var count: Bool?
    /// Rows as the API view has them: without `describe`.
    public var view: Bool?
    /// `only` or `include`: deleted records that the caller may delete.
    public var deleted: String?
    /// For a file: only what the caller may both read and export.
    public var export: Bool?
    /// Words that the class's searched columns must have.
    public var search: String?
    /// What is added up over all that the filter finds: `sum(spent),avg(score)`.
    public var totals: String?

    public init(
        _ type: FullCode, filter: String? = nil, orderby: String? = nil, select: [String]? = nil,
        expand: [String]? = nil, limit: Int? = nil, cursor: String? = nil, count: Bool? = nil,
        view: Bool? = nil, deleted: String? = nil, search: String? = nil, totals: String? = nil
    ) {
        self.type = type
        self.filter = filter
        self.orderby = orderby
        self.select = select
        self.expand = expand
        self.limit = limit
        self.cursor = cursor
        self.count = count
        self.view = view
        self.deleted = deleted
        self.search = search
        self.totals = totals
    }
}

/// The rows of a model's query, with the caller's rights inside: `{"items", "next"}`.
public struct RunQuery: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/query"
    public static let isSafe = true
    public var query: FullCode
    /// An object of values by parameter; the text of a number or date is one too.
    public var parameters: JSONValue?
    /// 1 to 10,000; 1000 unless said.
    public var limit: Int?
    public var cursor: String?

    public init(
        _ query: FullCode, parameters: JSONValue? = nil, limit: Int? = nil, cursor: String? = nil
    ) {
        self.query = query
        self.parameters = parameters
        self.limit = limit
        self.cursor = cursor
    }
}

/// Creates one record from an object, or several from an array (then `{"results": [{"id",
/// "version", "operation"} | {"problem"}]}`, the operation being `insert`, or with `upsert` also
/// `change` or `none`). With the context's idempotency key, once.
public struct CreateRecord: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/create"
    public var type: FullCode
    public var body: JSONBytes
    /// Of an array: all or nothing.
    public var atomic: Bool?
    /// Of an array: these columns find an existing record, which is changed instead (a unique set).
    public var upsert: [String]?
    /// False: no rule runs on what is written, before or after; imports that say so. Its history
    /// shows it in the cause.
    public var rules: Bool?

    public init(
        _ type: FullCode, body: JSONBytes, atomic: Bool? = nil, upsert: [String]? = nil,
        rules: Bool? = nil
    ) {
        self.rules = rules
        self.type = type
        self.body = body
        self.atomic = atomic
        self.upsert = upsert
    }
}

/// Changes what `body` names. Answers the record; a change without a difference writes nothing.
public struct ChangeRecord: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/change"
    public var type: FullCode
    public var id: Int64
    /// The version that the caller saw; nil (inside the platform only) is whatever stands.
    public var version: Int64?
    public var body: JSONBytes

    public init(_ type: FullCode, id: Int64, version: Int64?, body: JSONBytes) {
        self.type = type
        self.id = id
        self.version = version
        self.body = body
    }
}

public struct DeleteRecord: Call, Codable {
    public typealias Response = Done
    public static let path = "records/delete"
    public var type: FullCode
    public var id: Int64
    public var version: Int64?

    public init(_ type: FullCode, id: Int64, version: Int64?) {
        self.type = type
        self.id = id
        self.version = version
    }
}

/// `{"items": […], "next"}`: a page of what happened to a record, oldest first.
public struct RecordHistory: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/history"
    public static let isSafe = true
    public var type: FullCode
    public var id: Int64
    /// 1 to 1000; nil is 50.
    public var limit: Int?
    public var cursor: String?
    /// Whether the newest come first.
    public var newest: Bool?

    public init(
        _ type: FullCode, id: Int64, limit: Int? = nil, cursor: String? = nil, newest: Bool? = nil
    ) {
        self.type = type
        self.id = id
        self.limit = limit
        self.cursor = cursor
        self.newest = newest
    }
}

/// What the caller may see and do of a class: for pages, imports and exports.
public struct DescribeClass: Call, Codable {
    public typealias Response = ClassDescription
    public static let path = "records/describe-class"
    public static let isSafe = true
    public var type: FullCode

    public init(_ type: FullCode) { self.type = type }
}

public struct ClassDescription: Sendable, Codable, JSONReadable, JSONWritable {
    public struct Column: Sendable, Codable {
        public var code: String
        public var name: [String: String]
        public var type: String
        public var required: Bool
        public var choices: [String]?
        /// What choices are called, by choice and language, where they have names.
        public var choiceNames: [String: [String: String]]?
        public var scale: Int?
        public var max: Int64?
        public var multiline: Bool
        /// The class of a reference.
        public var target: FullCode?
        /// The organization structure of a unit.
        public var structure: String?
        /// Whether the caller may write it.
        public var writable: Bool
        /// Whether it stays as it is once the record is there.
        public var readOnly: Bool
        /// Whether its value is an array.
        public var many: Bool
        public var unique: Bool
        /// Whether the caller may take it into a file; nil is yes.
        public var exportable: Bool?
        /// What a new record gets where nothing is said.
        public var defaultValue: JSONValue?

        public init(
            code: String, name: [String: String], type: String, required: Bool = false,
            choices: [String]? = nil, choiceNames: [String: [String: String]]? = nil,
            scale: Int? = nil, max: Int64? = nil, multiline: Bool = false,
            target: FullCode? = nil, structure: String? = nil, writable: Bool = true,
            readOnly: Bool = false, many: Bool = false, unique: Bool = false,
            defaultValue: JSONValue? = nil
        ) {
            self.code = code
            self.name = name
            self.type = type
            self.required = required
            self.choices = choices
            self.choiceNames = choiceNames
            self.scale = scale
            self.max = max
            self.multiline = multiline
            self.target = target
            self.structure = structure
            self.writable = writable
            self.readOnly = readOnly
            self.many = many
            self.unique = unique
            self.defaultValue = defaultValue
        }
    }

    /// A column of another class by which its records refer to those of this one.
    public struct Referrer: Sendable, Codable {
        public var type: FullCode
        public var name: [String: String]
        public var column: String
        public var columnName: [String: String]
        /// Whether the caller may make such a record, the column filled from the address.
        public var isFillable: Bool

        public init(
            type: FullCode, name: [String: String], column: String,
            columnName: [String: String], isFillable: Bool
        ) {
            self.type = type
            self.name = name
            self.column = column
            self.columnName = columnName
            self.isFillable = isFillable
        }
    }

    public var type: FullCode
    public var name: [String: String]
    /// Those that the caller may read, in the order of the definition.
    public var columns: [Column]
    /// Of `read insert change delete import export`.
    public var operations: [String]
    public var prefill: [String]
    public var webAccess: Bool
    /// Whether `search` of a list finds something: the class names searched columns.
    public var searched: Bool?
    /// Those that the caller may read; at most `referrerLimit`.
    public var referrers: [Referrer]?

    public static let referrerLimit = 20

    public init(
        type: FullCode, name: [String: String], columns: [Column], operations: [String],
        prefill: [String], webAccess: Bool, searched: Bool? = nil,
        referrers: [Referrer]? = nil
    ) {
        self.type = type
        self.name = name
        self.columns = columns
        self.operations = operations
        self.prefill = prefill
        self.webAccess = webAccess
        self.searched = searched
        self.referrers = referrers
    }
}

/// The classes that the caller may read, for the start page.
public struct ListClasses: Call, Codable {
    public typealias Response = ClassList
    public static let path = "records/classes"
    public static let isSafe = true
    public init() {}
}

public struct ClassList: Sendable, Codable, JSONReadable, JSONWritable {
    public struct Item: Sendable, Codable {
        public var type: FullCode
        public var name: [String: String]
        /// What its model is called.
        public var modelName: [String: String]?
        public init(
            type: FullCode, name: [String: String], modelName: [String: String]? = nil
        ) {
            self.type = type
            self.name = name
            self.modelName = modelName
        }
    }
    public var items: [Item]
    /// The queries that the caller may run.
    public var queries: [Item]?
    public init(items: [Item], queries: [Item]? = nil) {
        self.items = items
        self.queries = queries
    }
}
