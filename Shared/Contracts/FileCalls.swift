import JSON
import RPC

/// Stores the bytes of the body as a file of a record: in place of one that has the name, or after
/// the others. Answers the record.
public struct PutFile: StreamCall, Codable {
    public static let path = "records/put-file"
    public var type: FullCode
    public var id: Int64
    /// The version that the caller saw; nil (inside the platform only) is whatever stands.
    public var version: Int64?
    public var column: String
    public var name: String
    /// The media type that the sender names.
    public var contentType: String?

    public init(
        _ type: FullCode, id: Int64, version: Int64?, column: String, name: String,
        contentType: String?
    ) {
        self.type = type
        self.id = id
        self.version = version
        self.column = column
        self.name = name
        self.contentType = contentType
    }
}

/// Takes a file from a record. Answers the record.
public struct RemoveFile: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/remove-file"
    public var type: FullCode
    public var id: Int64
    public var version: Int64?
    public var column: String
    public var name: String

    public init(_ type: FullCode, id: Int64, version: Int64?, column: String, name: String) {
        self.type = type
        self.id = id
        self.version = version
        self.column = column
        self.name = name
    }
}

/// The bytes of a file of a record, checked against their hash while they are sent.
public struct GetFile: StreamCall, Codable {
    public static let path = "records/get-file"
    public var type: FullCode
    public var id: Int64
    public var column: String
    public var name: String
    /// One that the record listed under this name at some time, by its hash; nil is the present
    /// one.
    public var sha256: String?
    /// As the headers `Range` and `If-Range` came: a part is answered with 206.
    public var range: String?
    public var ifRange: String?

    public init(
        _ type: FullCode, id: Int64, column: String, name: String, sha256: String? = nil,
        range: String? = nil, ifRange: String? = nil
    ) {
        self.type = type
        self.id = id
        self.column = column
        self.name = name
        self.sha256 = sha256
        self.range = range
        self.ifRange = ifRange
    }
}

/// Stores the bytes of the body for a record that the same account is about to create, which then
/// lists `{"name", "type", "bytes", "sha256"}` as they are answered here. Only for the platform
/// itself; what no record has listed after a day is removed. The same bytes again are one file.
public struct StageFile: StreamCall, Codable {
    public static let path = "records/stage-file"
    public var contentType: String?

    public init(contentType: String?) { self.contentType = contentType }
}

/// What `StageFile` answers.
public struct StagedFile: Sendable, Codable, JSONReadable, JSONWritable {
    public var type: String
    public var bytes: Int64
    public var sha256: String

    public init(type: String, bytes: Int64, sha256: String) {
        self.type = type
        self.bytes = bytes
        self.sha256 = sha256
    }
}
