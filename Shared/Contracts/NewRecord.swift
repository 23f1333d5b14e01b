import JSON
import RPC

/// The values that a new record would begin with, by column, as far as the caller may see them: its
/// defaults, then `values`, then what rules on `opening` set. Writes nothing.
public struct NewRecord: Call, Codable {
    public typealias Response = JSONBytes
    public static let path = "records/new"
    public static let isSafe = true
    public var type: FullCode
    /// What the caller fills in already.
    public var values: JSONValue

    public init(_ type: FullCode, values: JSONValue) {
        self.type = type
        self.values = values
    }
}
