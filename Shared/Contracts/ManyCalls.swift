import JSON
import RPC

/// Changes every record that the filter names, all or none; needs the grant `changeMany`. Answers
/// `{"count", "changed"}`; 412 `count-mismatch` where there are not `expect` of them.
public struct ChangeMany: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/change-many"
    public var type: FullCode
    public var filter: String
    public var expect: Int64
    public var body: JSONBytes

    public init(_ type: FullCode, filter: String, expect: Int64, body: JSONBytes) {
        self.type = type
        self.filter = filter
        self.expect = expect
        self.body = body
    }
}

/// Deletes every record that the filter names, all or none; needs the grant `deleteMany`. Answers
/// as `ChangeMany`.
public struct DeleteMany: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/delete-many"
    public var type: FullCode
    public var filter: String
    public var expect: Int64

    public init(_ type: FullCode, filter: String, expect: Int64) {
        self.type = type
        self.filter = filter
        self.expect = expect
    }
}
